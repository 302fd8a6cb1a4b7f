"""The figures that a contract's table rules judge, computed in DuckDB: of the rows of a load, and of days.

A day's figures look back, but no further than `USUAL_REACH` or the rule's own limit: a night's cost does not grow with
history.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from pipeline.calendar import Day
from pipeline.contracts.model import Contract, TableRule
from pipeline.quoting import quoted, text

TABLE = "contract_figures"  # temporary: a row per day asked, one of the load (day is null), a column per rule

# A usual day is the same weekday a week before: a shop that is quiet on Saturdays is as quiet on the next. Before there
# is one, it is the median of the week's days, if there are enough of them to tell.
LEAST_DAYS = 3
LEAST_ROWS = 10  # of a usual day; below that chance alone empties a day
USUAL_REACH = timedelta(days=14)  # how far back it is looked whether a source was there a week before

DAY = re.compile(r"getvariable\(\s*'day'\s*\)", re.IGNORECASE)


@dataclass(frozen=True)
class Figures:
    """What could be computed into the table `contract_figures`. `errors`: rule → why it could not be."""

    rules: tuple[TableRule, ...]
    errors: dict[str, str]


def compute(con: duckdb.DuckDBPyConnection, contract: Contract, rows: str | None, days: Sequence[Day]) -> Figures:
    """Make the table of figures: of the rows of a query, unless that is None, and of each of the days.

    A rule whose figure cannot be computed is left out and told of: that is not a broken rule.
    """
    con.execute(f"create or replace temp table {TABLE} (day date, until timestamptz)")
    con.executemany(f"insert into {TABLE} values ($1, $2)", [[None, None]] + [[day.date, day.end] for day in days])
    dates = [day.date for day in days]
    done, errors = list[TableRule](), dict[str, str]()
    for rule in contract.table_rules:
        if (rows is None) if rule.is_of_load else not days:
            continue
        con.execute(f"alter table {TABLE} add column {quoted(rule.name)} double")
        try:
            if rule.figure == "query":
                _ask(con, contract, rule, dates)
            else:
                query = _of_load(rule, rows or "") if rule.is_of_load else _of_days(contract, rule, dates)
                con.execute(
                    f"update {TABLE} set {quoted(rule.name)} = found.value from ({query}) as found(day, value) "
                    f"where found.day is not distinct from {TABLE}.day"
                )
            done.append(rule)
        except duckdb.Error as error:
            con.execute(f"alter table {TABLE} drop column {quoted(rule.name)}")
            errors[rule.name] = str(error).partition("\n")[0]
    return Figures(tuple(done), errors)


def number(query: str, table: str) -> str:
    """A query rule's query as a SELECT of one number; the day it is about is in the variable `day`."""
    return f"select ({query.replace('${table}', table).strip().rstrip(';')})::double"


def _ask(con: duckdb.DuckDBPyConnection, contract: Contract, rule: TableRule, days: Sequence[date]) -> None:
    """A query about each day; one that does not name the day is asked once, as of the last."""
    try:
        for day in days if DAY.search(rule.query) else days[-1:]:
            con.execute("set variable day = $day", {"day": day})
            value = con.execute(number(rule.query, contract.table)).fetchall()[0][0]
            con.execute(
                f"update {TABLE} set {quoted(rule.name)} = $value where day = $day", {"value": value, "day": day}
            )
    finally:
        con.execute("reset variable day")


def _of_load(rule: TableRule, rows: str) -> str:
    if rule.figure == "rows":
        return f"select null::date, count(*) from ({rows})"
    if len(rule.columns) == 1:
        repeated = f"count({quoted(rule.columns[0])}) - count(distinct {quoted(rule.columns[0])})"
    else:
        names = [quoted(name) for name in rule.columns]  # nulls are no values, so they repeat none
        given = " and ".join(f"{name} is not null" for name in names)
        repeated = f"count(*) filter (where {given}) - count(distinct ({', '.join(names)})) filter (where {given})"
    figure = f"100.0 * ({repeated}) / nullif(count(*), 0)" if rule.unit == "percent" else repeated
    return f"select null::date, {figure} from ({rows})"


def _of_days(contract: Contract, rule: TableRule, days: Sequence[date]) -> str:
    if rule.figure == "usual_rows":
        return _usual_rows(contract, days)
    return _age_hours(contract, rule.limit.values[0], days)


def _usual_rows(contract: Contract, days: Sequence[date]) -> str:
    # rows that are set aside are no rows here: a crawler that keeps coming hides no outage
    counted = " and set_aside is null" if "set_aside" in contract.names else ""
    since, until = text(min(days) - USUAL_REACH), text(max(days))
    return f"""
        with counted as (
            select loads.source, received.day, sum(received.rows) as rows
            from (
                select load_id, day, count(*) as rows from {contract.table}
                where day between date {since} and date {until}{counted}
                group by load_id, day
            ) as received
            inner join ops.loads as loads on received.load_id = loads.load_id
            group by loads.source, received.day
        ),

        compared as (
            select
                asked.day,
                coalesce(sum(counted.rows) filter (where counted.day = asked.day), 0) as rows,
                coalesce(sum(counted.rows) filter (where counted.day = asked.day - 7), 0) as week_before,
                min(counted.day) <= asked.day - 7 as is_week_known,
                count(*) filter (where counted.day between asked.day - 7 and asked.day - 1) as days,
                median(counted.rows) filter (where counted.day between asked.day - 7 and asked.day - 1) as median_rows
            from {TABLE} as asked
            inner join counted on counted.day between asked.day - {USUAL_REACH.days} and asked.day
            group by asked.day, counted.source
        ),

        judged as (
            select
                day,
                rows,
                case when is_week_known then week_before when days >= {LEAST_DAYS} then median_rows end as usual
            from compared
        )

        select day, min(100.0 * rows / usual) from judged where usual >= {LEAST_ROWS} group by day
        """


def _age_hours(contract: Contract, most: float, days: Sequence[date]) -> str:
    time = quoted(contract.event_time or "")
    since = min(days) - timedelta(days=math.ceil(most / 24) + 1)
    return f"""
        with newest as (
            select day, max({time}) as at
            from {contract.table}
            where day between date {text(since)} and date {text(max(days))}
            group by day
        )

        select
            asked.day,
            coalesce(
                epoch(any_value(asked.until) - max(newest.at)) / 3600,
                -- older than all that was looked at, unless there never was any
                case when exists (select 1 from {contract.table} where day < date {text(since)}) then
                    24.0 * (asked.day - date {text(since)} + 1)
                end
            )
        from {TABLE} as asked
        left join newest on newest.day <= asked.day
        where asked.day is not null
        group by asked.day
        """

"""The same id twice: exact repeats are counted, of different versions the one received last stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from pipeline.contracts.contract import Contract
from pipeline.quoting import quoted, text
from pipeline.warehouse.daily import day_of
from pipeline.warehouse.staging import Staging

# A row comes again within days of its first version (GA4 and Snowplow: three); older ids are not looked up, so that
# the cost of a load grows with the load and not with history.
NEAR_DAYS = 3


@dataclass(frozen=True)
class Repeated:
    """Rows of `staged` that were not kept, and the days in which an older version was replaced."""

    duplicates: int
    superseded: int
    days: frozenset[date]


def resolve(
    con: duckdb.DuckDBPyConnection, contract: Contract, staging: Staging, load_id: str, source: str, shown: str
) -> Repeated:
    """Note in `judged` which rows of `staged` are there already, take out of the events table what is outdated."""
    key = quoted(contract.key[0])
    within = near(con, contract)
    flags = "is_old boolean, is_duplicate boolean, is_older boolean"
    con.execute(f"create or replace temp table judged (id bigint, key varchar, content bigint, {flags})")
    # numbers are compared faster than texts; the few that agree are then looked at as texts
    con.execute(
        f"""
        create or replace temp table repeated as
        with hashes as (
            select key_hash, false as is_old from staged where is_good
            union all select hash({key}), true from {contract.table} where {within}
        )
        select key_hash from hashes group by key_hash having count(*) > 1 and not bool_and(is_old)
        """
    )
    if con.execute("select count(*) from repeated").fetchall() == [(0,)]:
        return Repeated(0, 0, frozenset())
    names = [column.name for column in contract.inputs]
    content, stored = (content_of(contract, each) for each in (as_brought(contract, staging), map(quoted, names)))
    newest, stored_newest = (
        "received_at" if "received_at" in columns else "null::timestamptz" for columns in (staging.brought, names)
    )
    candidates = f"select {staging.id} from staged where is_good and key_hash in (from repeated)"
    # one content may stand several times: first the row that is in the table, then in the order of the file
    con.execute(
        f"""
        insert into judged
        with versions as (
            select id, false as is_old, {key} as key, {newest} as received, {content} as content
            from {staging.rows} where id in ({candidates})
            union all
            select rowid, true, {key}, {stored_newest}, {stored} from {contract.table}
            where {within} and hash({key}) in (from repeated)
        )
        select id, key, content, is_old,
            row_number() over (partition by key, content order by is_old desc, id) > 1 as is_duplicate,
            content <> first_value(content) over (partition by key order by received desc nulls last, content)
                as is_older
        from versions qualify count(*) over (partition by key) > 1
        """
    )
    _note_repeats(con, contract, load_id)
    days = _outdate(con, contract)
    gone = con.execute(
        "select count(*) filter (is_duplicate), count(*) filter (is_older and not is_duplicate) "
        "from judged where not is_old"
    ).fetchall()[0]
    if any(gone):
        about = f"{text(load_id)}, {text(source)}, {text(contract.name)}, {text(shown)}"
        superseded = "select id from judged where not is_old and is_older and not is_duplicate"
        _put_aside(con, contract, about, f"{staging.rows} r where r.id in ({superseded})", staging.brought)
    return Repeated(gone[0], gone[1], days)


def content_of(contract: Contract, values: Iterable[str]) -> str:
    """SQL of a number for all values of a row, input column by input column.

    It is noted (see `ops.repeats`), so it is the same on any machine and in any time zone of a session. Two contents of
    one id that share a number are not to be expected: there are 2^63.
    """
    plain = [
        f"epoch_us({value})" if column.type == "TIMESTAMPTZ" else value
        for column, value in zip(contract.inputs, values, strict=True)
    ]
    return f"(md5_number_lower(row({', '.join(plain)})::varchar) >> 1)::bigint"


def _note_repeats(con: duckdb.DuckDBPyConnection, contract: Contract, load_id: str) -> None:
    """Note which rows of other loads this one has brought, too: they are its own where the other takes them back."""
    con.execute(
        f"""
        insert into ops.repeats by name
        select distinct $load_id as load_id, $contract as contract, mine.key as id, mine.content,
            {"r.day" if contract.event_time else "null"} as day
        from judged as mine
        join judged as held on held.key = mine.key and held.content = mine.content and held.is_old
        join {contract.table} as r on r.rowid = held.id
        where mine.is_duplicate and not mine.is_old and r.load_id <> $load_id
            and (mine.key, mine.content) not in (select (id, content) from ops.repeats where load_id = $load_id)
        order by id, content
        """,
        {"load_id": load_id, "contract": contract.name},
    )


def as_brought(contract: Contract, staging: Staging) -> list[str]:
    """SQL of all input columns; null where the file does not bring one."""
    return [quoted(each.name) if each.name in staging.brought else f"null::{each.type}" for each in contract.inputs]


def insert(
    con: duckdb.DuckDBPyConnection, contract: Contract, staging: Staging, load_id: str, timezone: str
) -> frozenset[date]:
    """Add the good rows of `staged` to the events table, without those that `resolve` found to be there already.

    Gives the days that they belong to.
    """
    repeated = "select id from judged where not is_old and (is_duplicate or is_older)"
    has_repeats = con.execute(f"select count(*) from ({repeated})").fetchall() != [(0,)]
    good = "is_good" + (f" and id not in ({repeated})" if has_repeats else "")
    staged = f"(select {staging.id} as id, * from staged)"
    # few are left out: to look them up among the ids is faster than to ask each row whether it is good
    rows = f"from {staging.values or staging.rows} where id not in (select id from {staged} where not ({good}))"
    names, values = [*map(quoted, staging.brought), "load_id"], [*map(quoted, staging.brought), text(load_id)]
    if contract.event_time is None:
        con.execute(f"insert into {contract.table} ({', '.join(names)}) select {', '.join(values)} {rows}")
        return frozenset()
    first, last = _span(con, contract)
    time = quoted(contract.event_time)
    day = day_of(time, timezone, first, last)
    con.execute(f"insert into {contract.table} ({', '.join(names)}, day) select {', '.join(values)}, {day} {rows}")
    # days by quarters of an hour: no zone is further apart from another than that
    quarters = f"select distinct epoch_us({time}) // 900000000 as quarter from {staged} where {good}"
    start = "make_timestamptz(quarter * 900000000)"
    found = con.execute(f"select distinct {day_of(start, timezone, first, last)} from ({quarters})").fetchall()
    return frozenset(each for (each,) in found)


def _span(con: duckdb.DuckDBPyConnection, contract: Contract) -> tuple[datetime | None, datetime | None]:
    """The first and the last instant of the good rows."""
    time = quoted(contract.event_time or "")
    first, last = con.execute(f"select min({time}), max({time}) from staged where is_good").fetchall()[0]
    return first, last


def near(con: duckdb.DuckDBPyConnection, contract: Contract) -> str:
    """SQL of the rows of the events table that the file's rows may repeat; in UTC, hence a day more on either side."""
    if contract.event_time is None:
        return "true"
    first, last = _span(con, contract)
    if first is None or last is None:
        return "false"
    reach = timedelta(days=NEAR_DAYS + 1)
    return f"day between {_date(first, -reach)} and {_date(last, reach)}"


def _date(instant: datetime, shift: timedelta) -> str:
    try:
        return f"date '{(instant + shift).date().isoformat()}'"
    except OverflowError:
        return f"date '{instant.date().isoformat()}'"


def _outdate(con: duckdb.DuckDBPyConnection, contract: Contract) -> frozenset[date]:
    """Move rows of the events table that a newer version replaces to the quarantine; correct their load's counts."""
    outdated = "rowid in (select id from judged where is_old and is_older)"
    loads = con.execute(
        f"select load_id, count(*) from {contract.table} where {outdated} group by all order by all"
    ).fetchall()
    if not loads:
        return frozenset()
    days = (
        con.execute(f"select distinct day from {contract.table} where {outdated}").fetchall()
        if contract.event_time
        else []
    )
    about = f"load_id, (select source from ops.loads l where l.load_id = r.load_id), {text(contract.name)}, "
    about += "(select file from ops.loads l where l.load_id = r.load_id)"
    names = [column.name for column in contract.inputs]
    _put_aside(con, contract, about, f"{contract.table} r where {outdated}", names)
    con.execute(f"delete from {contract.table} where {outdated}")
    for load_id, rows in loads:
        con.execute(
            "update ops.loads set rows_kept = rows_kept - $rows, rows_quarantined = rows_quarantined + $rows "
            "where load_id = $id",
            {"rows": rows, "id": load_id},
        )
    return frozenset(day for (day,) in days)


def _put_aside(
    con: duckdb.DuckDBPyConnection, contract: Contract, about: str, rows: str, columns: Sequence[str]
) -> None:
    """Keep rows that a newer version replaces, to the letter: they stand again where that version is taken back."""
    rule = text(f"{contract.key[0]}.superseded")
    is_json = {column.name for column in contract.inputs if column.type == "JSON"}
    values = {name: f"r.{quoted(name)}" + "::varchar" * (name in is_json) for name in columns}
    names = ", ".join(f"{quoted(name)} := {value}" for name, value in values.items())
    con.execute(
        f"insert into ops.quarantine (load_id, source, contract, file, line, broken_rules, original) "
        f"select {about}, null, [{rule}], to_json(struct_pack({names}))::varchar from {rows}"
    )

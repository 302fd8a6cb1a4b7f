"""The same id twice: exact repeats are counted, of different versions the one received last stays."""

from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline.contracts.contract import Contract
from pipeline.quoting import quoted, text

# A row comes again within days of its first version (GA4 and Snowplow: three); older ids are not looked up, so that
# the cost of a load grows with the load and not with history.
NEAR_DAYS = 3


@dataclass(frozen=True)
class Repeated:
    """Rows of `staged` that were not kept, and the days in which an older version was replaced."""

    duplicates: int
    superseded: int
    days: frozenset[date]


def resolve(con: duckdb.DuckDBPyConnection, contract: Contract, load_id: str, source: str, shown: str) -> Repeated:
    """Take out of the temporary table `staged` what is there already, and out of the events table what is outdated."""
    key = quoted(contract.key[0])
    near = _near(contract)
    con.execute(
        f"""
        create or replace temp table repeated as
        select key from (
            select {key} as key from staged where is_good
            union all
            select {key} from {contract.table} where {near} and {key} in (select {key} from staged where is_good)
        ) group by key having count(*) > 1
        """
    )
    if con.execute("select count(*) from repeated").fetchall() == [(0,)]:
        return Repeated(0, 0, frozenset())
    names = [column.name for column in contract.inputs]
    content = f"md5(row({', '.join(quoted(name) for name in names)})::varchar)"
    newest = "received_at" if "received_at" in names else "null::timestamptz"
    # one content may stand several times: first the row that is in the table, then in the order of the file
    con.execute(
        f"""
        create or replace temp table judged as
        with versions as (
            select rowid as id, false as is_old, {key} as key, {newest} as received, {content} as content
            from staged where is_good and {key} in (from repeated)
            union all
            select rowid, true, {key}, {newest}, {content} from {contract.table}
            where {near} and {key} in (from repeated)
        )
        select id, is_old,
            row_number() over (partition by key, content order by is_old desc, id) > 1 as is_duplicate,
            content <> first_value(content) over (partition by key order by received desc nulls last, content)
                as is_older
        from versions
        """
    )
    days = _outdate(con, contract)
    gone = con.execute(
        "select count(*) filter (is_duplicate), count(*) filter (is_older and not is_duplicate) "
        "from judged where not is_old"
    ).fetchall()[0]
    about = f"{text(load_id)}, {text(source)}, {text(contract.name)}, {text(shown)}"
    _put_aside(con, contract, about, "staged", "not is_old and is_older and not is_duplicate")
    con.execute(
        "delete from staged where rowid in (select id from judged where not is_old and (is_duplicate or is_older))"
    )
    return Repeated(gone[0], gone[1], days)


def insert(con: duckdb.DuckDBPyConnection, contract: Contract, load_id: str, timezone: str) -> frozenset[date]:
    """Add the good rows of `staged` to the events table; gives the days that they belong to."""
    names = ", ".join(quoted(column.name) for column in contract.inputs)
    day = f"timezone({text(timezone)}, {quoted(contract.event_time)})::date" if contract.event_time else None
    derived = ["load_id"] + (["day"] if day else [])
    values = [text(load_id)] + ([day] if day else [])
    con.execute(
        f"insert into {contract.table} ({names}, {', '.join(derived)}) "
        f"select {names}, {', '.join(values)} from staged where is_good"
    )
    if day is None:
        return frozenset()
    found = con.execute(f"select distinct {day} from staged where is_good").fetchall()
    return frozenset(each for (each,) in found)


def _near(contract: Contract) -> str:
    if contract.event_time is None:
        return "true"
    # in UTC, hence a day more on either side
    time = quoted(contract.event_time)
    reach = f"to_days({NEAR_DAYS + 1})"
    return (
        f"day between (select (min({time}) - {reach})::date from staged where is_good) "
        f"and (select (max({time}) + {reach})::date from staged where is_good)"
    )


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
    _put_aside(con, contract, about, contract.table, "is_old and is_older")
    con.execute(f"delete from {contract.table} where {outdated}")
    for load_id, rows in loads:
        con.execute(
            "update ops.loads set rows_kept = rows_kept - $rows, rows_quarantined = rows_quarantined + $rows "
            "where load_id = $id",
            {"rows": rows, "id": load_id},
        )
    return frozenset(day for (day,) in days)


def _put_aside(con: duckdb.DuckDBPyConnection, contract: Contract, about: str, table: str, which: str) -> None:
    rule = text(f"{contract.key[0]}.superseded")
    names = ", ".join(f"{quoted(c.name)} := r.{quoted(c.name)}" for c in contract.inputs)
    con.execute(
        f"insert into ops.quarantine (load_id, source, contract, file, line, broken_rules, original) "
        f"select {about}, null, [{rule}], to_json(struct_pack({names}))::varchar from {table} r "
        f"where r.rowid in (select id from judged where {which})"
    )

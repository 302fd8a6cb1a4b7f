"""Take back what a file has brought in, and leave what other files have brought, too, or an older version of it.

Of rows that several files brought, the events table holds one, under the load that came first; `ops.repeats` knows the
others. Of several versions it holds the newest; the others wait in the quarantine. So where a load is taken back, a row
goes to the next load that brought it, and in place of a newest version that is gone the next one stands again. Nothing
of that needs the other files.
"""

from datetime import date

import duckdb

from pipeline.contracts.contract import Contract
from pipeline.contracts.contract import load as load_contract
from pipeline.quoting import quoted, text
from pipeline.warehouse.daily import day_of
from pipeline.warehouse.repeats import NEAR_DAYS, content_of


def unload(con: duckdb.DuckDBPyConnection, source: str, shown: str, timezone: str) -> frozenset[date]:
    """Take back what an earlier content of a file has brought in; gives the days that this may change.

    Must run inside a transaction. `timezone` is the project's: it gives rows that stand again their `day`.
    """
    found = con.execute(
        "select load_id, contract from ops.loads where source = $source and file = $file order by load_id",
        {"source": source, "file": shown},
    ).fetchall()
    days: set[date] = set()
    for identity, name in found:
        days |= _take_back(con, identity, load_contract(name), timezone)
    return frozenset(days)


def _take_back(con: duckdb.DuckDBPyConnection, load_id: str, contract: Contract, timezone: str) -> set[date]:
    days: set[date] = set()
    if contract.event_time:
        gone = con.execute(f"select distinct day from {contract.table} where load_id = $id", {"id": load_id})
        days |= {day for (day,) in gone.fetchall()}
    _hand_on(con, load_id, contract)
    _hand_on_superseded(con, load_id, contract)
    _find_older(con, load_id, contract)
    for each in (contract.table, "ops.quarantine", "ops.repeats", "ops.loads"):
        con.execute(f"delete from {each} where load_id = $id", {"id": load_id})
    return days | _put_back(con, contract, timezone)


def _hand_on(con: duckdb.DuckDBPyConnection, load_id: str, contract: Contract) -> None:
    """Rows of the events table that another load has brought, too, are that one's now."""
    content = content_of(contract, (quoted(column.name) for column in contract.inputs))
    _find_heirs(con, load_id, contract, f"select rowid as place, {quoted(contract.key[0])} as id, {content} as content "
                f"from {contract.table} where load_id = $load_id")  # fmt: skip
    con.execute(f"update {contract.table} as r set load_id = heirs.load_id from heirs where r.rowid = heirs.place")
    _account(con, "rows_kept")


def _hand_on_superseded(con: duckdb.DuckDBPyConnection, load_id: str, contract: Contract) -> None:
    """The same for rows of the quarantine that a newer version has replaced."""
    content = content_of(contract, (f"version.{quoted(column.name)}" for column in contract.inputs))
    _find_heirs(con, load_id, contract, f"select place, version.{quoted(contract.key[0])} as id, {content} as content "
                f"from ({_superseded(contract)}) where load_id = $load_id")  # fmt: skip
    con.execute(
        "update ops.quarantine as q set load_id = heirs.load_id, source = heirs.source, file = heirs.file, line = null "
        "from heirs where q.rowid = heirs.place"
    )
    _account(con, "rows_quarantined")


def _find_heirs(con: duckdb.DuckDBPyConnection, load_id: str, contract: Contract, rows: str) -> None:
    """Make `heirs`: which load is to have which of the rows; of several the first by source and file."""
    con.execute(
        f"""
        create or replace temp table heirs as
        with claims as (
            select c.load_id, c.id, c.content, l.source, l.file
            from ops.repeats as c join ops.loads as l using (load_id)
            where c.contract = $contract and c.load_id <> $load_id
        ),
        mine as (select * from ({rows}) where id in (select id from claims))
        select mine.place, id, content, claims.load_id, claims.source, claims.file
        from mine join claims using (id, content)
        qualify row_number() over (partition by id, content order by claims.source, claims.file, claims.load_id) = 1
        """,
        {"contract": contract.name, "load_id": load_id},
    )


def _account(con: duckdb.DuckDBPyConnection, column: str) -> None:
    """What the heirs have been given was a duplicate of theirs, and is none any more."""
    con.execute(
        f"""
        update ops.loads as l set {column} = {column} + given.rows, rows_duplicate = rows_duplicate - given.rows
        from (select load_id, count(*) as rows from heirs group by load_id) as given where l.load_id = given.load_id
        """
    )
    con.execute(
        "delete from ops.repeats as c using heirs "
        "where c.load_id = heirs.load_id and c.id = heirs.id and c.content = heirs.content"
    )


def _find_older(con: duckdb.DuckDBPyConnection, load_id: str, contract: Contract) -> None:
    """Make `older`: of each id that goes with the load, the newest version that another load has brought."""
    key = quoted(contract.key[0])
    content = content_of(contract, (f"version.{quoted(column.name)}" for column in contract.inputs))
    received = "version.received_at" if "received_at" in [each.name for each in contract.inputs] else "null"
    near = "and day between (select min(day) - $reach::int from gone) and (select max(day) + $reach::int from gone)"
    con.execute(
        f"""
        create or replace temp table older as
        with gone as (
            select {key} as id, {"day" if contract.event_time else "null::date as day"}
            from {contract.table} where load_id = $load_id
        ),
        waiting as (
            select place, load_id, version from ({_superseded(contract)})
            where load_id <> $load_id and version.{key} in (select id from gone)
        )
        select place, load_id, version from waiting
        where version.{key} not in (
            select {key} from {contract.table}
            where load_id <> $load_id and {key} in (select version.{key} from waiting)
            {near if contract.event_time else ""}
        )
        qualify row_number() over (partition by version.{key} order by {received} desc nulls last, {content}, place) = 1
        """,
        {"load_id": load_id} | ({"reach": NEAR_DAYS + 1} if contract.event_time else {}),
    )


def _put_back(con: duckdb.DuckDBPyConnection, contract: Contract, timezone: str) -> set[date]:
    """Move `older` from the quarantine to the events table, under the loads that brought it; gives the days."""
    if con.execute("select count(*) from older").fetchall() == [(0,)]:
        return set()
    names = [quoted(column.name) for column in contract.inputs]
    listed, values = [*names, "load_id"], [*(f"version.{name}" for name in names), "load_id"]
    if contract.event_time:
        time = f"version.{quoted(contract.event_time)}"
        first, last = con.execute(f"select min({time}), max({time}) from older").fetchall()[0]
        listed.append("day")
        values.append(day_of(time, timezone, first, last))
    con.execute(
        f"insert into {contract.table} ({', '.join(listed)}) select {', '.join(values)} from older "
        f"order by version.{quoted(contract.key[0])}"
    )
    con.execute("delete from ops.quarantine where rowid in (select place from older)")
    con.execute(
        """
        update ops.loads as l set rows_kept = rows_kept + back.rows, rows_quarantined = rows_quarantined - back.rows
        from (select load_id, count(*) as rows from older group by load_id) as back where l.load_id = back.load_id
        """
    )
    if not contract.event_time:
        return set()
    return {day for (day,) in con.execute(f"select distinct {values[-1]} from older").fetchall()}


def _superseded(contract: Contract) -> str:
    """A SELECT of the replaced rows that wait in the quarantine: place, load_id, version (their columns, typed)."""
    types = ", ".join(
        f'"{column.name}": "{"VARCHAR" if column.type == "JSON" else column.type}"' for column in contract.inputs
    )
    version = f"from_json(original, {text('{' + types + '}')})"
    return (
        f"select rowid as place, load_id, {version} as version from ops.quarantine "
        f"where contract = {text(contract.name)} and broken_rules = [{text(contract.key[0] + '.superseded')}]"
    )

"""Remove people from every table of one database.

What names a person in which table is told by the contracts' columns (`pipeline.contracts.people`), and looked up in the
tables that are there: an older version may have others. Loads still add up afterwards: rows of forgotten people are
none of a file's rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from pipeline.contracts import people as whose
from pipeline.contracts.people import People
from pipeline.quoting import quoted, text
from pipeline.warehouse.catalogue import tables
from pipeline.warehouse.connection import fetch

MADE = ("events", "journeys", "friction")  # schemas whose rows are of people; those of ops only quote them
NOTES = {"ops.source_failures": "error", "ops.contract_results": "found"}  # texts that may quote a row
_INSTEAD = "forgotten"


@dataclass(frozen=True)
class Gone:
    """Rows of a table that are removed: how many, and of which days, where the table has days."""

    table: str
    rows: int
    days: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Removed:
    """What was removed of a database.

    `files`: those from which the rows came. `rows`: keys by contract of rows of others, or of nobody, that named them.
    """

    tables: list[Gone]
    files: frozenset[str]
    rows: dict[str, frozenset[str]]

    @property
    def days(self) -> frozenset[date]:
        """All days of removed rows."""
        return frozenset(day for each in self.tables for day in each.days)


def device_events(con: duckdb.DuckDBPyConnection, customers: frozenset[str]) -> pl.DataFrame:
    """All events of devices on which the customers were seen, as `journeys.belonging` takes them.

    Where the events are not kept any more, journeys.identities still tells whose the device was.
    """
    return fetch(
        con,
        """
        with seen as (
            select event_id, occurred_at, anonymous_id, customer_id from events.clickstream
            where anonymous_id is not null
            union all
            select 'identity', last_seen_at, anonymous_id, customer_id from journeys.identities
        )
        from seen where anonymous_id in (
            select anonymous_id from seen where customer_id in (select unnest($customers::varchar[]))
        )
        order by all
        """,
        {"customers": sorted(customers)},
    )


def remove(con: duckdb.DuckDBPyConnection, people: People, *, mentions: bool, is_dry: bool = False) -> Removed:
    """Remove the people from all tables; must run inside a transaction, unless it `is_dry` and only counts.

    `mentions`: also rows of others whose words name them, and what notes quote of them.
    """
    columns = _mark(con, people)
    going = whose.pattern(people.spellings) if mentions else None
    gone, files, named = list[Gone](), set[str](), dict[str, frozenset[str]]()
    con.execute("create or replace temp table forgotten_keys (contract varchar, key varchar)")
    for table, contract in whose.inputs().items():
        if table not in columns:
            continue
        where, parameters = _which(table, columns[table], people, going)
        own = _own(table, columns[table])
        key = quoted(contract.key[0])
        con.execute(
            f"create or replace temp table going as select rowid as place, {key} as key, load_id, ({own}) as is_own, "
            f"{'day' if contract.event_time else 'null::date as day'} from {table} where {where}",
            parameters,
        )
        if con.execute("select count(*) from going").fetchall() == [(0,)]:
            continue
        con.execute("insert into forgotten_keys select distinct $contract, key from going", {"contract": contract.name})
        others = con.execute("select distinct key from going where not is_own").fetchall()
        if others:
            named[contract.name] = frozenset(each for (each,) in others)
        files |= _account(con, "rows_kept", is_dry=is_dry)
        gone.append(_delete(con, table, "rowid in (select place from going)", is_dry=is_dry))
        if not is_dry and "set_aside" in columns[table] and "ops.traffic" in columns:
            _recount(con, table, contract.name)
    gone += _remove_quarantined(con, people, files, is_dry=is_dry)
    gone += _remove_repeats(con, files, is_dry=is_dry)
    for table in (name for name in columns if name.partition(".")[0] in MADE and name not in whose.inputs()):
        where, parameters = _which(table, columns[table], people, going)
        gone.append(_delete(con, table, where, parameters, is_dry=is_dry))
    gone += [
        _blank(con, table, column, going, is_dry=is_dry)
        for table, column in NOTES.items()
        if going and table in columns
    ]
    return Removed([each for each in gone if each.rows], frozenset(files), named)


def _mark(con: duckdb.DuckDBPyConnection, people: People) -> dict[str, dict[str, str]]:
    """Make `forgotten_people`, of which `people.condition` speaks; gives the tables."""
    listed = [(whose.CUSTOMER, people.customers), (whose.DEVICE, people.devices), (whose.PERSON, people.persons)]
    listed += [(f"row of {name}", keys) for name, keys in sorted(people.rows.items())]
    rows = [(kind, value) for kind, values in listed for value in sorted(values)]
    con.register(
        "incoming", pl.DataFrame(rows, schema={"kind": pl.String, "value": pl.String}, orient="row").to_arrow()
    )
    con.execute("create or replace temp table forgotten_people as from incoming")
    con.unregister("incoming")
    columns = tables(con)
    visits = "journeys.stage_visits"
    if visits in columns:
        con.execute(
            f"insert into forgotten_people select distinct '{whose.VISIT}', {whose.VISIT} from {visits} "
            f"where {whose.condition(columns[visits])}"
        )
    return columns


def _own(table: str, columns: dict[str, str]) -> str:
    contract = whose.inputs().get(table)
    keys = (contract.name, contract.key[0]) if contract else None
    return whose.condition(columns, keys) or "false"


def _which(table: str, columns: dict[str, str], people: People, going: str | None) -> tuple[str, dict[str, object]]:
    """SQL of the rows of a table that go, with its parameters."""
    told = [_own(table, columns)]
    words = [name for name, kind in columns.items() if name in whose.WORDS and kind in whose.TEXTS]
    if going and words:
        told += [f"coalesce(regexp_matches({quoted(name)}::varchar, $going), false)" for name in words]
        return " or ".join(told), {"going": going}
    return told[0], {}


def _delete(
    con: duckdb.DuckDBPyConnection,
    table: str,
    where: str,
    parameters: dict[str, object] | None = None,
    *,
    is_dry: bool,
) -> Gone:
    if where == "false":
        return Gone(table, 0)
    day = "day" if "day" in tables(con)[table] else "null::date"
    rows = con.execute(f"select {day}, count(*) from {table} where {where} group by all", parameters or {}).fetchall()
    if rows and not is_dry:
        con.execute(f"delete from {table} where {where}", parameters or {})
    return Gone(table, sum(count for _, count in rows), frozenset(each for each, _ in rows if each))


def _account(con: duckdb.DuckDBPyConnection, column: str, *, is_dry: bool) -> set[str]:
    """Rows of `going` are none of their loads' any more; gives the files of the loads."""
    if not is_dry:
        con.execute(
            f"""
            update ops.loads as l set rows_read = rows_read - less.rows, {column} = {column} - less.rows
            from (select load_id, count(*) as rows from going group by load_id) as less where l.load_id = less.load_id
            """
        )
    files = con.execute("select file from ops.loads where load_id in (select load_id from going)").fetchall()
    return {file for (file,) in files}


def _remove_quarantined(
    con: duckdb.DuckDBPyConnection, people: People, files: set[str], *, is_dry: bool
) -> Iterator[Gone]:
    """Rows of the quarantine whose text names them; keys of replaced ones join `forgotten_keys`."""
    con.execute(
        "create or replace temp table going as select rowid as place, load_id, contract, broken_rules, original "
        "from ops.quarantine where regexp_matches(original, $words)",
        {"words": whose.pattern(people.spellings)},
    )
    for contract in whose.inputs().values():
        key = contract.key[0]
        con.execute(
            f"insert into forgotten_keys select contract, json_extract_string(original, {text('$.' + key)}) from going "
            "where contract = $contract and broken_rules = [$rule]",
            {"contract": contract.name, "rule": f"{key}.superseded"},
        )
    files |= _account(con, "rows_quarantined", is_dry=is_dry)
    yield _delete(con, "ops.quarantine", "rowid in (select place from going)", is_dry=is_dry)


def _remove_repeats(con: duckdb.DuckDBPyConnection, files: set[str], *, is_dry: bool) -> Iterator[Gone]:
    """What is noted of other loads that have brought a removed row, too; unless its id is of another row, too."""
    if "ops.repeats" not in tables(con):
        return
    there = {} if is_dry else whose.inputs()
    for table, contract in there.items():
        con.execute(
            f"delete from forgotten_keys where contract = $contract and key in (select {quoted(contract.key[0])} "
            f"from {table} where {quoted(contract.key[0])} in (select key from forgotten_keys))",
            {"contract": contract.name},
        )
    con.execute(
        "create or replace temp table going as select rowid as place, load_id from ops.repeats "
        "where (contract, id) in (select (contract, key) from forgotten_keys)"
    )
    files |= _account(con, "rows_duplicate", is_dry=is_dry)
    yield _delete(con, "ops.repeats", "rowid in (select place from going)", is_dry=is_dry)


def _recount(con: duckdb.DuckDBPyConnection, table: str, contract: str) -> None:
    """ops.traffic of the days and loads of `going`, whose rows are deleted: counted anew, by the same settings."""
    reasons = ("test", "internal", "bot", "impossible_rate")
    counts = ", ".join(f"count(*) filter (set_aside = {text(reason)}) as {reason}" for reason in reasons)
    con.execute(
        f"""
        create or replace temp table recounted as
        select t.day, t.load_id, t.settings, c.* exclude (day, load_id) from ops.traffic as t
        join (select distinct day, load_id from going) as touched using (day, load_id)
        left join (
            select day, load_id, count(*) as rows, count(set_aside) as rows_set_aside, {counts} from {table}
            where day in (select day from going) group by all
        ) as c using (day, load_id)
        where t.contract = $contract
        """,
        {"contract": contract},
    )
    con.execute(
        "delete from ops.traffic where contract = $contract "
        "and (day, load_id) in (select (day, load_id) from recounted)",
        {"contract": contract},
    )
    con.execute(
        "insert into ops.traffic by name select $contract as contract, * from recounted where rows is not null "
        "order by day, load_id",
        {"contract": contract},
    )


def _blank(con: duckdb.DuckDBPyConnection, table: str, column: str, going: str, *, is_dry: bool) -> Gone:
    """Put a word in place of the ids that a note quotes; two that share the sign between them take two turns."""
    named = f"regexp_matches({quoted(column)}, $going)"
    rows = con.execute(f"select count(*) from {table} where {named}", {"going": going}).fetchall()[0][0]
    for _ in range(2 if rows and not is_dry else 0):
        con.execute(
            f"update {table} set {quoted(column)} = regexp_replace({quoted(column)}, $going, $instead, 'g') "
            f"where {named}",
            {"going": going, "instead": rf"\1{_INSTEAD}\3"},
        )
    return Gone(table, rows)

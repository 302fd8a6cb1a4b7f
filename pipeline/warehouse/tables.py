"""Schemas, tables and views of the warehouse, all made from the contracts and from `sql/marts`."""

import duckdb

from pipeline.contracts.contract import Contract, load, load_all
from pipeline.errors import WarehouseError
from pipeline.quoting import quoted, text
from pipeline.resources import root
from pipeline.warehouse import headers, layout

SCHEMAS = {
    "events": "What happened, as received: one table per input, one row per event.",
    "journeys": "Who did what on the way: identities, sessions, stage visits and cases.",
    "friction": "Where it hurt: flags with their evidence, scored points, stages and persons.",
    "marts": "Views for people. Start here.",
    "ops": "How the tables came to be: runs, loads, quarantine, contract results, measurable signals.",
}


def create_for_load(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Create no more than what the rows of one file are loaded into, where nothing else is asked of a warehouse."""
    for name in sorted({"events", "ops", contract.table.partition(".")[0]}):
        con.execute(f"create schema if not exists {name}")
    for each in (contract, *map(load, ("loads", "quarantine", "repeats"))):
        con.execute(each.ddl())


def create_all(con: duckdb.DuckDBPyConnection) -> None:
    """Create what does not exist yet: schemas, tables and (anew) the views, with a comment on each."""
    for name in SCHEMAS:  # DuckDB keeps no comments on schemas: marts.dictionary tells what each is for
        con.execute(f"create schema if not exists {name}")
    for contract in load_all().values():
        _create_table(con, contract)
    layout.note(con)
    for path in sorted((root() / "sql" / "marts").glob("*.sql")):
        query = path.read_text(encoding="utf-8")
        con.execute(f"create or replace view marts.{quoted(path.stem)} as {query.rstrip().rstrip(';')}")
        header = headers.read(query)
        con.execute(f"comment on view marts.{quoted(path.stem)} is {text(header.summary)}")
        for name, words in header.columns.items():
            con.execute(f"comment on column marts.{quoted(path.stem)}.{quoted(name)} is {text(words)}")


def _create_table(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    con.execute(contract.ddl())
    found = {name: kind for name, kind, *_ in con.execute(f"describe {contract.table}").fetchall()}
    if missing := sorted(set(contract.names) ^ set(found)):
        raise WarehouseError(
            f"the warehouse was made by another version: {contract.table} differs in {', '.join(missing)}. "
            "Move the old file away and backfill."
        )
    comment = f"{contract.description} Grain: {contract.grain}."
    con.execute(f"comment on table {contract.table} is {text(comment)}")
    for column in contract.columns:
        unit = "" if column.unit == "none" else f" [{column.unit}]"
        words = text(column.description + unit)
        con.execute(f"comment on column {contract.table}.{quoted(column.name)} is {words}")

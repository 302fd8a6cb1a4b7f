"""One file into a warehouse in memory, as a night loads it."""

import contextlib
import csv
import dataclasses
import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.contracts.contract import load as load_contract
from pipeline.quoting import quoted
from pipeline.settings import Dialect
from pipeline.sources.files import open_file
from pipeline.sources.mapping import Mapping as SourceMapping
from pipeline.warehouse import loading
from pipeline.warehouse.loading import Loaded
from pipeline.warehouse.tables import create_all

Row = Mapping[str, Any]


def new_warehouse() -> duckdb.DuckDBPyConnection:
    """An empty warehouse in memory."""
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    create_all(con)
    return con


@contextlib.contextmanager
def undone(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What happens in it leaves no trace: an empty warehouse for the next example."""
    con.begin()
    try:
        yield
    finally:
        con.rollback()


def take(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    contract: str = "clickstream",
    *,
    limit: float | None = 1.0,
    mapping: SourceMapping | None = None,
    timezone: str = "UTC",
    dialect: Dialect | None = None,
) -> Loaded:
    """Load a file and note the load; `limit` replaces the contract's share of rows that may be bad."""
    found = load_contract(contract)
    if limit is not None:
        found = dataclasses.replace(found, quarantine_limit_share=limit)
    loaded = loading.load(con, "web", found, open_file(path, path.name, None), mapping, timezone, dialect)
    row = dataclasses.asdict(loaded)
    row.pop("days")
    listed = ", ".join(row)
    con.execute(
        f"insert into ops.loads ({listed}, run_id, loaded_at) "
        f"select {', '.join('$' + name for name in row)}, 'r', timestamptz '2026-01-16 03:00:00Z'",
        row,
    )
    return loaded


def kept(con: duckdb.DuckDBPyConnection, contract: str = "clickstream") -> list[tuple[Any, ...]]:
    """The events table, without the columns that say whence a row came, in a total order."""
    found = load_contract(contract)
    names = ", ".join(quoted(name) for name in found.names if name != "load_id")
    return con.execute(f"select {names} from {found.table} order by all").fetchall()


def balance(con: duckdb.DuckDBPyConnection) -> None:
    """What is noted of every load adds up, and agrees with the tables."""
    loads = con.execute(
        "select load_id, contract, rows_read, rows_kept, rows_quarantined, rows_duplicate from ops.loads"
    ).fetchall()
    for identity, contract, read, stayed, quarantined, duplicate in loads:
        assert read == stayed + quarantined + duplicate, identity
        table = load_contract(contract).table
        for name, noted in ((table, stayed), ("ops.quarantine", quarantined)):
            found = con.execute(f"select count(*) from {name} where load_id = $id", {"id": identity}).fetchall()
            assert found == [(noted,)], f"{name}: {noted} noted, {found} found"


def quarantined(con: duckdb.DuckDBPyConnection) -> list[tuple[int | None, list[str], str]]:
    """Line, sorted rules and original text of each quarantined row."""
    rows = con.execute("select line, list_sort(broken_rules), original from ops.quarantine order by all").fetchall()
    return [(line, list(rules), original) for line, rules, original in rows]


# --- writing ---------------------------------------------------------------------------------------------------------


def as_csv(rows: Sequence[Row], names: Sequence[str]) -> bytes:
    """CSV as Python writes it: quotes where they are needed, also around half a line's end; nothing for null."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_ndjson(rows: Sequence[Row]) -> bytes:
    """One object per line, without the keys whose value is null."""
    objects = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects).encode()


def as_parquet(rows: Sequence[Row], schema: Mapping[str, Any]) -> bytes:
    """Parquet with the columns of the schema."""
    content = io.BytesIO()
    pl.DataFrame([dict(row) for row in rows], schema=dict(schema)).write_parquet(content)
    return content.getvalue()


def put(folder: Path, name: str, content: bytes | str) -> Path:
    """Write a file; one whose name ends in .gz is packed."""
    path = folder / name
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    return path

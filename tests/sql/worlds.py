"""Small warehouses, drawn: only the columns that a story needs."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipeline.contracts.contract import Column, Contract, load_all
from pipeline.quoting import quoted
from pipeline.resources import root
from pipeline.warehouse import headers
from pipeline.warehouse.tables import create_all
from tests.drawn import table

PARAMETERS: dict[str, object] = {
    "day": date(2026, 1, 15),
    "before": date(2026, 1, 14),
    "from_day": date(2026, 1, 1),
    "to_day": date(2026, 1, 31),
    "since": datetime(2026, 1, 1, tzinfo=UTC),
    "timezone": "UTC",
    "stage": "checkout",
    "days": 28,
    "min_flags": 3,
    "most": 10,
}


def rows(name: str, text: str) -> pl.DataFrame:
    """Drawn rows of the contract `name`; what is required and not drawn comes from the contract's examples.

    Keys that are not drawn are numbered, and a `day` that is not drawn is that of the drawn event time in UTC.
    """
    contract = load_all()[name]
    drawn = re.split(r"\s*\|\s*", text.strip().splitlines()[0].strip())
    frame = table(text, **{column: contract.schema()[column] for column in drawn})
    for column in contract.columns:
        if column.name not in drawn and column.is_required:
            frame = frame.with_columns(_filled(contract, column, frame).alias(column.name))
    return frame


def warehouse(**drawn: str) -> duckdb.DuckDBPyConnection:
    """A warehouse in memory with all tables and views; the named tables (by contract) hold the drawn rows."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")  # times come back in UTC on every machine
    create_all(con)
    for name, text in drawn.items():
        con.register("drawn_rows", rows(name, text))
        con.execute(f"insert into {load_all()[name].table} by name select * from drawn_rows")
        con.unregister("drawn_rows")
    return con


def files(folder: str) -> list[Path]:
    """The SQL files of one folder of `sql/`."""
    return sorted((root() / "sql" / folder).glob("*.sql"))


def query(con: duckdb.DuckDBPyConnection, name: str, **given: object) -> pl.DataFrame:
    """What the file `folder/name` of `sql/` returns; parameters that are not given are those of `PARAMETERS`."""
    text = (root() / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    named = headers.read(text).params
    found: pl.DataFrame = con.sql(text, params={key: (PARAMETERS | given)[key] for key in named}).pl()
    return found


def mart(con: duckdb.DuckDBPyConnection, name: str) -> pl.DataFrame:
    """All rows of a view, in its own order."""
    found: pl.DataFrame = con.sql(f"select * from marts.{quoted(name)}").pl()
    return found


def picked(found: pl.DataFrame, expected: str, decimals: int = 6) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The columns of `found` that the drawn `expected` shows, and `expected` with their types: ready to compare."""
    names = re.split(r"\s*\|\s*", expected.strip().splitlines()[0].strip())
    shown = found.select(names).with_columns(pl.selectors.float().round(decimals))
    return shown, table(expected, **dict(shown.schema))


def _filled(contract: Contract, column: Column, frame: pl.DataFrame) -> pl.Expr | pl.Series:
    dtype = contract.schema()[column.name]
    if column.name == "day" and contract.event_time in frame.columns:
        return pl.col(str(contract.event_time)).dt.date()
    if column.is_key and column.type == "VARCHAR":
        return pl.Series([f"{column.example}-{number}" for number in range(frame.height)], dtype=pl.String)
    return pl.Series([_example(column)] * frame.height, dtype=dtype)


def _example(column: Column) -> Any:
    if column.type == "TIMESTAMPTZ":
        return datetime.fromisoformat(str(column.example)).astimezone(UTC)
    return date.fromisoformat(str(column.example)) if column.type == "DATE" else column.example

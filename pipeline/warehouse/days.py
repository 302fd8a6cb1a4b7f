"""A day of a table is the unit of writing: replaced whole, in one transaction."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

import duckdb
import polars as pl

from pipeline.contracts.contract import load
from pipeline.quoting import quoted

LINEAGE = ("load_id", "run_id", "loaded_at", "started_at", "seconds")


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of it or none of it."""
    con.begin()
    try:
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


def replace_day(con: duckdb.DuckDBPyConnection, name: str, day: date, rows: pl.DataFrame) -> int:
    """Make `rows` the whole content of one day of a contract's table; gives the number of rows.

    Columns, their types and their order come from the contract. Raises ValueError where a column is missing or of
    another type – DuckDB would round and cast in silence – or a row is of another day.
    """
    contract = load(name)
    for column, kind in contract.schema().items():
        if rows.schema.get(column) != kind:
            raise ValueError(f"{contract.table}: {column} is {rows.schema.get(column)}, its contract says {kind}")
    if rows.height and rows["day"].ne_missing(day).any():
        raise ValueError(f"{contract.table}: rows of another day than {day}")
    columns = ", ".join(quoted(column) for column in contract.names)
    order = ", ".join(quoted(column) for column in contract.key)
    con.register("incoming", rows.select(contract.names).to_arrow())
    try:
        with transaction(con):
            con.execute(f"delete from {contract.table} where day = $day", {"day": day})
            con.execute(f"insert into {contract.table} ({columns}) select {columns} from incoming order by {order}")
    finally:
        con.unregister("incoming")
    return rows.height


def fingerprint(con: duckdb.DuckDBPyConnection, table: str, besides: Iterable[str] = LINEAGE) -> str:
    """A hash of a table's content, whatever the order of its rows; columns that tell when and whence are left out."""
    names = [name for (name, *_) in con.execute(f"describe {table}").fetchall() if name not in set(besides)]
    listed = ", ".join(quoted(name) for name in names)
    rows = con.execute(f"select md5(row({listed})::varchar) as row_hash from {table} order by row_hash").fetchall()
    return hashlib.sha256("".join(row_hash for (row_hash,) in rows).encode()).hexdigest()

"""Space that re-runs leave is given back: a file with many free blocks is written anew before it is published."""

from pathlib import Path

import duckdb

from pipeline.errors import WarehouseError
from pipeline.quoting import text
from pipeline.warehouse.connection import SESSION, STORAGE

# A file may be so much larger than one that is written anew: 1 / 0.85 is 1.18 times.
WORN_SHARE = 0.15


def worn_share(con: duckdb.DuckDBPyConnection) -> float:
    """The share of a checkpointed file that holds nothing any more.

    A day that is replaced leaves free blocks, which DuckDB uses again but never gives back; and, in blocks that other
    days share, deleted rows, which stay stored until so many of their neighbours are gone that two of their groups of
    rows become one. A table's share of the file is taken for its share of values.
    """
    total, free = con.execute("select total_blocks, free_blocks from pragma_database_size()").fetchall()[0]
    stored = alive = 0
    for name, columns in con.execute(
        'select format(\'"{}"."{}"\', schema_name, table_name), column_count from duckdb_tables() order by all'
    ).fetchall():
        rows = con.execute(
            "select coalesce(sum(count), 0) from pragma_storage_info($name) "
            "where column_id = 0 and column_path = '[0]'",
            {"name": name},
        ).fetchall()[0][0]
        stored += rows * columns
        alive += con.execute(f"select count(*) from {name}").fetchall()[0][0] * columns
    used = (total - free) / total if total else 1.0
    return float(1 - used * (alive / stored if stored else 1.0))


def compact(path: Path) -> None:
    """Write a database that nobody has open anew, and put that in its place; rows keep their order, and all comments.

    Raises WarehouseError where it cannot be written; the file is then as it was.
    """
    fresh = path.with_suffix(".compact")
    fresh.unlink(missing_ok=True)
    try:
        with duckdb.connect(config={"storage_compatibility_version": STORAGE}) as con:
            con.execute(SESSION)
            con.execute(f"attach {text(str(path))} as worn (read_only)")
            con.execute(f"attach {text(str(fresh))} as fresh (storage_version {text(STORAGE)})")
            con.execute("copy from database worn to fresh")
            con.execute("detach fresh")
    except duckdb.Error as error:
        fresh.unlink(missing_ok=True)
        raise WarehouseError(f"{path} could not be written anew to free its space: {error}") from error
    fresh.replace(path)

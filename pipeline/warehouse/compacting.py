"""Space that re-runs leave is given back: a file with many free blocks is written anew before it is published."""

from pathlib import Path

import duckdb

from pipeline.errors import WarehouseError
from pipeline.quoting import text
from pipeline.warehouse.connection import SESSION, STORAGE

# A day that is replaced leaves its old blocks free, and DuckDB uses them again but never gives them back. Rows that are
# deleted within a block are not among them and take as much again at most: so both stay below a fifth of a fresh file.
FREE_SHARE = 0.1


def free_share(con: duckdb.DuckDBPyConnection) -> float:
    """The share of the file's blocks that hold nothing, once it is checkpointed."""
    total, free = con.execute("select total_blocks, free_blocks from pragma_database_size()").fetchall()[0]
    return float(free / total) if total else 0.0


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

"""Opening DuckDB: one process writes its own file, any number read the published one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from pipeline.errors import WarehouseError
from pipeline.warehouse import layout

# Files that DuckDB 1.4 and 1.5 can open too: analysts' clients are older than the pipeline.
STORAGE = "v1.4.0"
SESSION = "set timezone = 'UTC'; set enable_progress_bar = false"  # the run has a progress of its own


@contextmanager
def writing(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that may write. Raises WarehouseError where another process holds the file, or the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _opened(path, read_only=False) as con:
            yield con
    except (duckdb.IOException, duckdb.FatalException) as error:
        raise WarehouseError(f"{path} cannot be written: {error}") from error


@contextmanager
def reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published database, without access to other files or the network.

    Raises WarehouseError where there is none, or it has the layout of another version of the program.
    """
    if not path.exists():
        raise WarehouseError(f"there is no warehouse at {path}. Run a day first: friction run --day YYYY-MM-DD")
    with looking(path.resolve()) as con:
        layout.check_readable(con, path)
        yield con


@contextmanager
def looking(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to a version, whichever layout it has."""
    with _opened(path, read_only=True) as con:
        con.execute("set enable_external_access = false")
        yield con


def fetch(con: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None) -> pl.DataFrame:
    """The rows of a query as a frame."""
    frame: pl.DataFrame = con.sql(query, params=dict(parameters or {})).pl()
    return frame


@contextmanager
def _opened(path: Path, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        if read_only:
            con = duckdb.connect(str(path), read_only=True)
        else:
            con = duckdb.connect(str(path), config={"storage_compatibility_version": STORAGE})
    except duckdb.Error as error:
        raise WarehouseError(f"{path} cannot be opened: {error}") from error
    try:
        con.execute(SESSION)
        yield con
    finally:
        con.close()

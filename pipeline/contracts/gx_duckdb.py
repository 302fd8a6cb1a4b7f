"""Great Expectations on DuckDB: a dialect that leaves transactions alone.

Great Expectations 1.24 closes a connection before it fetches the result; the rollback on closing discards DuckDB's
open result ("list index out of range"). With these three methods it runs, about thirty times as fast as on pandas.
Importing this module registers the dialect `duckdb+shared`, which works on a connection of ours that is open already.
"""

from typing import Any

import duckdb
import duckdb_engine
from sqlalchemy.dialects import registry
from sqlalchemy.pool import Pool, SingletonThreadPool

SHARED: dict[str, duckdb.DuckDBPyConnection] = {}


class Lent(duckdb_engine.ConnectionWrapper):
    """A connection that SQLAlchemy may use and not close: an engine that is thrown away would close it under us."""

    def close(self) -> None:
        """Leave closing to whoever opened the connection."""


class SharedDuckDB(duckdb_engine.Dialect):
    """DuckDB through a connection in SHARED, named like a database file in the URL."""

    supports_statement_cache = False  # says so, so that SQLAlchemy does not warn of it

    def do_begin(self, dbapi_connection: Any) -> None:
        """Leave transactions to whoever opened the connection."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Leave transactions to whoever opened the connection."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """A rollback would discard a result that is still to be fetched."""

    def do_close(self, dbapi_connection: Any) -> None:
        """The connection is not ours to close; the pool would, whenever it is collected."""

    @classmethod
    def get_pool_class(cls, url: Any) -> type[Pool]:
        """One connection, always the same."""
        return SingletonThreadPool

    def connect(self, *args: Any, **options: Any) -> Any:
        """The shared connection of that name."""
        return Lent(SHARED[options.get("database") or args[0]])


registry.register("duckdb.shared", __name__, "SharedDuckDB")

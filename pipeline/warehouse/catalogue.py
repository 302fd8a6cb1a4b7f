"""Which tables a database has, and which columns: what an older version has may differ from the contracts."""

import duckdb


def tables(con: duckdb.DuckDBPyConnection, database: str | None = None) -> dict[str, dict[str, str]]:
    """The tables that are there, by `schema.table`, with the types of their columns, in a fixed order; no views.

    `database`: one that is attached; otherwise the connection's own. Nothing where it is not attached.
    """
    rows = con.execute(
        """
        select schema_name || '.' || table_name, column_name, data_type
        from duckdb_columns() join duckdb_tables() using (database_name, schema_name, table_name)
        where database_name = coalesce($database, current_database())
        order by schema_name, table_name, column_index
        """,
        {"database": database},
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found

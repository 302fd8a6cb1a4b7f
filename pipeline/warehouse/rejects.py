"""Rows that DuckDB's reader of text could not make out: where they begin, what they say, why."""

from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class Reject:
    """A row that was left out while a file was read. It begins at the byte `at` on the line `line`, both from 1."""

    at: int
    line: int
    text: str
    rule: str


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Forget what was rejected before: DuckDB keeps it for as long as a connection lasts."""
    con.execute("drop table if exists reject_errors")
    con.execute("drop table if exists reject_scans")


def rejected(con: duckdb.DuckDBPyConnection) -> list[Reject]:
    """The rows that were left out since `forget`, in the order of the file."""
    if con.execute("select count(*) from duckdb_tables() where table_name = 'reject_errors'").fetchall() == [(0,)]:
        return []
    found = con.execute(
        """
        select line_byte_position, min(line), ltrim(any_value(csv_line), chr(13) || chr(10)),
               'row.' || lower(replace(any_value(error_type::varchar), ' ', '_'))
        from reject_errors group by line_byte_position order by line_byte_position
        """
    ).fetchall()
    return [Reject(*row) for row in found]

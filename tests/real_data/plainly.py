"""The raw files as DuckDB reads them by itself, for queries that know nothing of the product: text in, counts out."""

from pathlib import Path

import duckdb

from tests.real_data import nights


def query(file: str) -> str:
    """A query that stands beside the settings of its data."""
    return (Path(__file__).parent / file).read_text(encoding="utf-8")


def open_csv(data: Path, delimiter: str = ",", **files: str) -> duckdb.DuckDBPyConnection:
    """A database in memory with a table per file, of which each column is text; times are in UTC."""
    con = _new()
    for name, file in files.items():
        con.execute(
            f"create table {name} as from read_csv($path, header = true, all_varchar = true, delim = $delimiter)",
            {"path": str(nights.raw(data, file)), "delimiter": delimiter},
        )
    return con


def open_xes(data: Path, file: str) -> duckdb.DuckDBPyConnection:
    """A database in memory with `log`: each event's attributes as a map, its trace and its number in the trace.

    The text is taken apart line by line, which is enough for a log that is written an element a line.
    """
    con = _new()
    con.execute(
        """
        create table log as
        with lines as (
            select row_number() over () as number, trim(line, E'\\t ') as line
            from read_csv($path, header = false, columns = {'line': 'varchar'}, delim = E'\\x01', quote = '',
                          escape = '', auto_detect = false, parallel = false, compression = 'gzip')
        ),
        marked as (
            select number, line,
                sum((line = '<trace>')::int) over (order by number) as trace,
                sum((line = '<event>')::int) over (order by number) as event,
                sum((line = '<event>')::int - (line = '</event>')::int) over (order by number) > 0 as is_in_event
            from lines
        ),
        named as (
            select *, regexp_extract(line, 'key="([^"]*)"', 1) as key,
                   regexp_extract(line, 'value="([^"]*)"', 1) as value
            from marked where trace > 0 and line like '<%key=%'
        ),
        events as (
            select trace, event, map_from_entries(list((key, value))) as attributes
            from named where is_in_event group by trace, event
        ),
        tickets as (select trace, value as ticket from named where not is_in_event and key = 'concept:name')
        select ticket, row_number() over (partition by ticket order by event) as place, attributes
        from events join tickets using (trace)
        """,
        {"path": str(nights.raw(data, file))},
    )
    return con


def _new() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    return con

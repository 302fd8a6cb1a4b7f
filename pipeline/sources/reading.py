"""SQL relations over one file: every column as text (Parquet: as it is), under the names of the file."""

import csv
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipeline.quoting import text
from pipeline.sources.files import LONGEST_LINE, SourceFile, csv_header, opened
from pipeline.sources.mapping import Mapping

# A line is a row of one column: of a delimiter that no text has. Lines that are not UTF-8 are rejected.
READ_LINES = (
    "columns = {'raw': 'VARCHAR'}, delim = '\x01\x02\x03\x04', quote = '', escape = '', header = false, "
    "auto_detect = false, strict_mode = false, store_rejects = true"
)
UNDECODED = re.compile("[\udc80-\udcff]")  # what `surrogateescape` makes of bytes that are not UTF-8


def columns_of(con: duckdb.DuckDBPyConnection, file: SourceFile, mapping: Mapping | None) -> list[str]:
    """Names of the file's columns; of NDJSON the keys of its first thousand rows, in alphabetical order."""
    if file.format == "csv":
        named = list(mapping.fields) if mapping else []
        return named or csv_header(file, mapping.delimiter if mapping else ",")
    if file.format == "parquet":
        found = con.execute(f"describe from read_parquet({text(file.path)})").fetchall()
        return [name for (name, *_) in found]
    keys = con.execute(
        f"""
        select distinct unnest(json_keys(raw)) as key
        from (from {lines(file)} limit 1000)
        where json_valid(raw) and json_type(raw) = 'OBJECT' order by key
        """
    ).fetchall()
    return [key for (key,) in keys]


def lines(file: SourceFile) -> str:
    """A relation with the file's lines, except empty ones, in `raw`."""
    return f"(from read_csv({text(file.path)}, {READ_LINES}, max_line_size = {LONGEST_LINE}) where raw is not null)"


def relation(file: SourceFile, columns: list[str], mapping: Mapping | None) -> str:
    """A relation with one row per row of the file, in the file's order; NDJSON for a mapping is one column `json`."""
    if file.format == "parquet":
        return f"read_parquet({text(file.path)})"
    if file.format == "csv":
        return csv_relation(file.path, columns, mapping)
    if mapping is not None:
        return f"(select case when json_valid(raw) then raw::json end as json from {lines(file)})"
    shape = ", ".join(f'"{name}": "VARCHAR"' for name in columns)
    return (
        f"(select unnest(case when json_valid(raw) and json_type(raw) = 'OBJECT' "
        f"then from_json(raw, {text('{' + shape + '}')}) end) from {lines(file)})"
    )


def csv_relation(path: Path, columns: list[str], mapping: Mapping | None) -> str:
    """A relation with the rows of a CSV file; rows that are not of the header's shape go to `reject_errors`.

    A file whose columns the mapping names (Snowplow's) has neither header nor quotes.
    """
    names = ", ".join(f"{text(name)}: 'VARCHAR'" for name in columns)
    quote, header = ("", "false") if mapping and mapping.fields else ('"', "true")
    return (
        f"read_csv({text(path)}, columns = {{{names}}}, delim = {text(mapping.delimiter if mapping else ',')}, "
        f"quote = {text(quote)}, escape = {text(quote)}, header = {header}, auto_detect = false, "
        f"max_line_size = {LONGEST_LINE}, store_rejects = true)"
    )


def original_rows(
    file: SourceFile, mapping: Mapping | None, rejected: set[str], wanted: set[int]
) -> tuple[list[tuple[int | None, int, str]], int]:
    """Original text of rows of a CSV or NDJSON file: (ordinal among the rows that were read, line, text), and how many
    rows there are.

    Gives the `wanted` ordinals, and with ordinal None the rows that DuckDB has rejected: those whose text is among the
    `rejected`, and those that are not UTF-8. Whether DuckDB rejects a row depends on its text alone.
    """
    found: list[tuple[int | None, int, str]] = []
    rows = ordinal = 0
    try:
        for line, row in _records(file, mapping):
            rows += 1
            if UNDECODED.search(row):
                found.append((None, line, row.encode(errors="surrogateescape").decode(errors="replace")))
            elif row in rejected:
                found.append((None, line, row))
            else:
                ordinal += 1
                if ordinal in wanted:
                    found.append((ordinal, line, row))
    except (csv.Error, OSError, EOFError, zlib.error):  # Python and DuckDB do not agree about what this file is
        return [], -1
    return found, rows


def _records(file: SourceFile, mapping: Mapping | None) -> Iterator[tuple[int, str]]:
    with (
        opened(file) as unpacked,
        io.TextIOWrapper(unpacked, encoding="utf-8-sig", errors="surrogateescape", newline="") as content,
    ):
        if file.format == "ndjson" or (mapping and mapping.fields):
            for number, row in enumerate(content, start=1):
                if row.strip("\r\n"):
                    yield number, row.rstrip("\r\n")
        else:
            yield from _csv_records(content, mapping.delimiter if mapping else ",")


def _csv_records(content: Iterator[str], delimiter: str) -> Iterator[tuple[int, str]]:
    taken: list[str] = []

    def noting() -> Iterator[str]:
        for each in content:
            taken.append(each)
            yield each

    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(noting(), delimiter=delimiter)
    first_line = 1
    for number, record in enumerate(reader):
        if number > 0 and record:
            yield first_line, "".join(taken).rstrip("\r\n")
        taken.clear()
        first_line = reader.line_num + 1

"""SQL relations over one prepared file: a row per row of the file, in its order.

Of CSV every column is text, of Parquet it is as it is, both under the names of the file; of JSON the row is one text,
in the place of all columns.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import InputError
from pipeline.quoting import quoted, text
from pipeline.settings import Dialect
from pipeline.sources import packing
from pipeline.sources.files import LONGEST_LINE, SourceFile
from pipeline.sources.mapping import Mapping
from pipeline.sources.packing import DAMAGED, unpacked

# A line is a row of one column: of a delimiter that no text has. Lines that are not UTF-8 are rejected.
READ_LINES = (
    "delim = '\x01\x02\x03\x04', quote = '', escape = '', header = false, auto_detect = false, strict_mode = false, "
    "store_rejects = true"
)
RAW = quoted("text of the row")
ORDINAL = quoted("place of the row")
PAGE_BYTES = 1 << 30  # of one JSON document that holds the rows in an array: it is read at once
SAMPLE_ROWS = 10_000  # rows that tell which keys are usual; the keys of every row are looked at all the same
DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 4_000  # of a CSV file: with ten thousand DuckDB is busy for minutes, and no export has them
ROW_BYTES = 16  # of a row of Parquet, at least: it has an id of its own
DECIMAL_DIGITS = 38  # that DuckDB holds
SHOWN = 200  # characters of a header that an error quotes


@dataclass(frozen=True)
class Table:
    """How a file is read: `relation` has the file's columns, or for JSON the column RAW (null: an empty line).

    `columns`: name → DuckDB type, of JSON none. `numbered`: the same relation with ORDINAL, from 1; it is slower, and
    the order of the rows tells as much unless a mapping makes other rows of them. `keys` are those of JSON objects in
    the file's first rows, `usual_keys` hashes of the sets of keys that hold no others than `names` and `keys` do.
    `has_others`: some of the first rows are no objects.
    """

    file: SourceFile
    columns: dict[str, str]
    relation: str
    numbered: str
    delimiter: str = ","
    keys: frozenset[str] = frozenset()
    usual_keys: tuple[int, ...] = ()
    has_others: bool = False

    @property
    def is_json(self) -> bool:
        """Its rows are JSON texts."""
        return self.file.format in {"ndjson", "json"}


def table(
    con: duckdb.DuckDBPyConnection, file: SourceFile, mapping: Mapping | None, dialect: Dialect, names: list[str]
) -> Table:
    """How to read a prepared file; `names` are the contract's, by which the delimiter of a CSV file is recognised."""
    if file.format == "parquet":
        path = text(file.path)
        found = con.execute(f"describe from read_parquet({path})").fetchall()
        packing.refuse_bomb(file.path, _size(con, path), file.shown)
        numbered = (
            f"(select * exclude (file_row_number), file_row_number + 1 as {ORDINAL} "
            f"from read_parquet({path}, file_row_number = true))"
        )
        if any(name.lower() == "file_row_number" for name, *_ in found):  # then DuckDB cannot add its own
            numbered = f"(select *, row_number() over () as {ORDINAL} from read_parquet({path}))"
        kinds = {name: kind for name, kind, *_ in found} | _long_decimals(con, path) | _durations(file.path)
        return Table(file, kinds, f"read_parquet({path})", numbered)
    if file.format == "csv":
        delimiter = dialect.delimiter or _delimiter(file, mapping, names)
        columns = list(mapping.fields) if mapping and mapping.fields else csv_header(file, delimiter)
        relation = _csv(file, columns, mapping, delimiter)
        types = dict.fromkeys(columns, "VARCHAR")
        return Table(file, types, relation, f"(select *, row_number() over () as {ORDINAL} from {relation})", delimiter)
    relation = _lines(file) if file.format == "ndjson" else _elements(con, file, mapping)
    numbered = f"(select *, row_number() over () as {ORDINAL} from {relation})"
    if mapping is not None:
        return Table(file, {}, relation, numbered)
    keys, usual = _keys(con, relation, names)
    return Table(file, {}, relation, numbered, keys=keys, usual_keys=usual, has_others=_has_others(con, relation))


def _size(con: duckdb.DuckDBPyConnection, path: str) -> int:
    """Bytes that a Parquet file unpacks to, at least: a repeated value takes none, but its row does."""
    rows = con.execute(f"select sum(num_rows) from parquet_file_metadata({path})").fetchall()[0][0]
    packed = con.execute(f"select sum(total_uncompressed_size) from parquet_metadata({path})").fetchall()[0][0]
    return max(int(rows or 0) * ROW_BYTES, int(packed or 0))


def _long_decimals(con: duckdb.DuckDBPyConnection, path: str) -> dict[str, str]:
    """Columns of decimals that DuckDB reads as floating numbers, of whose digits they hold sixteen."""
    found = con.execute(
        f"select name, 'decimals of ' || precision || ' digits' from parquet_schema({path}) "
        f"where precision > {DECIMAL_DIGITS}"
    ).fetchall()
    return dict(found)


def _durations(path: Path) -> dict[str, str]:
    """Columns of durations: only Arrow tells them, to DuckDB they are whole numbers of whatever unit."""
    from pyarrow import ArrowException, parquet, types

    try:
        schema = parquet.read_schema(path)
    except (ArrowException, OSError):  # it need not understand all that DuckDB does
        return {}
    return {field.name: "DURATION" for field in schema if types.is_duration(field.type)}


def _keys(con: duckdb.DuckDBPyConnection, relation: str, names: list[str]) -> tuple[frozenset[str], tuple[int, ...]]:
    """Keys of the contract in the file's first rows, and hashes of the sets of keys that are all of the contract."""
    sets = con.execute(
        f"select distinct hash(keys) as key_hash, keys from (select try(json_keys({RAW})) as keys from {relation} "
        f"limit {SAMPLE_ROWS}) where len(keys) > 0 order by key_hash"
    ).fetchall()
    known = frozenset(names)
    usual = tuple(key_hash for key_hash, keys in sets if known.issuperset(keys))
    return known & {key for _, keys in sets for key in keys}, usual


def _has_others(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    """Whether any of the first rows is no object."""
    is_other = f"{RAW} is not null and json_type(try_cast({RAW} as json)) is distinct from 'OBJECT'"
    found = con.execute(f"select count(*) from (select {RAW} from {relation} limit {SAMPLE_ROWS}) where {is_other}")
    return found.fetchall() != [(0,)]


def _lines(file: SourceFile) -> str:
    column = f"columns = {{{text(RAW[1:-1])}: 'VARCHAR'}}"
    return f"read_csv({text(file.path)}, {column}, {READ_LINES}, max_line_size = {LONGEST_LINE})"


def _elements(con: duckdb.DuckDBPyConnection, file: SourceFile, mapping: Mapping | None) -> str:
    """The elements of the array that a JSON document is, or holds under the mapping's key of the records."""
    path = text(file.path)
    with unpacked(file.path) as content:
        is_array = content.read(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    if is_array:
        return (
            f"(select json::varchar as {RAW} "
            f"from read_json_objects({path}, format = 'array', maximum_object_size = {LONGEST_LINE}))"
        )
    key = mapping.records if mapping else None
    pages = f"read_json_objects({path}, format = 'unstructured', maximum_object_size = {PAGE_BYTES})"
    array = f"json -> {text(key)}"
    without = con.execute(f"select count(*) from {pages} where json_type({array}) is distinct from 'ARRAY'").fetchall()
    if without != [(0,)]:
        raise InputError(
            f"{file.shown}: has no array {key!r} of records, as its mapping says it has. Correct `records` in it, or "
            "export the page again."
        )
    return f"(select unnest(from_json({array}, '[\"JSON\"]'))::varchar as {RAW} from {pages})"


def _csv(file: SourceFile, columns: list[str], mapping: Mapping | None, delimiter: str) -> str:
    """Rows that are not of the header's shape go to `reject_errors`.

    A file whose columns the mapping names (Snowplow's) has neither header nor quotes.
    """
    names = ", ".join(f"{text(name)}: 'VARCHAR'" for name in columns)
    quote, header = ("", "false") if mapping and mapping.fields else ('"', "true")
    return (
        f"read_csv({text(file.path)}, columns = {{{names}}}, delim = {text(delimiter)}, "
        f"quote = {text(quote)}, escape = {text(quote)}, header = {header}, auto_detect = false, "
        f"max_line_size = {LONGEST_LINE}, store_rejects = true)"
    )


def _delimiter(file: SourceFile, mapping: Mapping | None, names: list[str]) -> str:
    """The delimiter under which the header names most of the contract's columns; a mapping knows its columns itself."""
    usual = "\t" if ".tsv" in [ending.lower() for ending in Path(file.shown).suffixes] else ","
    if mapping is not None:
        return usual
    header = _first_line(file)
    known = {name.lower() for name in names}

    def matching(delimiter: str) -> int:
        return len(known & {cell.strip('" ').lower() for cell in header.split(delimiter)})

    return max((usual, *DELIMITERS), key=matching)  # the first of equals


def csv_header(file: SourceFile, delimiter: str) -> list[str]:
    """Names of a CSV file's columns, from its first line; a column without a name is called by its place.

    Raises InputError where there is no such line, or it names a column twice: to SQL, `Value` and `value` are one.
    """
    try:
        names = next(csv.reader(io.StringIO(_first_line(file), newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise InputError(f"{file.shown}: the header cannot be read: {error}. Export it again.") from error
    if not any(names):
        raise InputError(
            f"{file.shown}: has no header. An export without rows still names its columns in its first line. "
            "Export it again."
        )
    if len(names) > MOST_COLUMNS:
        raise InputError(
            f"{file.shown}: has {len(names):,} columns, more than {MOST_COLUMNS:,}. Export those that the contract has."
        )
    names = [name or f"column {place}" for place, name in enumerate(names, start=1)]
    lowered = [name.lower() for name in names]
    twice = sorted({name for name in names if lowered.count(name.lower()) > 1})
    if twice:
        told = ", ".join(map(repr, twice))[:SHOWN]
        raise InputError(f"{file.shown}: the header names {told} more than once. Rename or remove one of them.")
    return names


def _first_line(file: SourceFile) -> str:
    try:
        with unpacked(file.path) as content:
            first = content.readline(LONGEST_LINE)
    except DAMAGED as error:
        raise InputError(f"{file.shown}: cannot be read: {error}. Export or copy it again.") from error
    if b"\0" in first:
        raise InputError(f"{file.shown}: the header holds zero bytes: this is no CSV, or is damaged. Export it again.")
    return first.decode("utf-8-sig", errors="surrogateescape")

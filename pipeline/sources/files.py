"""Which files a source has for a day, and how DuckDB is to read one of them."""

import csv
import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from pipeline.errors import InputError, SettingsError

FORMATS = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
LONGEST_LINE = 16 * 1024 * 1024  # bytes; a longer line is no event but a broken file


@dataclass(frozen=True)
class SourceFile:
    """One file: `shown` is its path as the settings put it, `sha256` the hash of its content.

    `format` is what the name's ending tells; where it tells none, only a mapping that names a format can read the file.
    """

    path: Path
    shown: str
    day: date | None
    format: str | None
    sha256: str


def find(folder: Path, pattern: str, day: date) -> list[tuple[Path, str]]:
    """Files that a path of the settings means on a day, in order of name: (path, path as shown)."""
    shown = pattern.replace("{day}", day.isoformat())
    path = Path(shown)
    base = Path(path.anchor) if path.is_absolute() else folder
    relative = str(path.relative_to(path.anchor)) if path.is_absolute() else shown
    try:
        found = sorted(base.glob(relative))
    except (ValueError, NotImplementedError) as error:
        raise SettingsError(f"sources: {pattern!r} is not a path: {error}") from error
    return [(each, str(each) if path.is_absolute() else str(each.relative_to(folder))) for each in found]


def open_file(path: Path, shown: str, day: date | None) -> SourceFile:
    """Recognise a file by its name and hash its content. Raises InputError where it cannot be read."""
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    if endings and endings[-1] in {".gz", ".zst"}:
        endings.pop()
    form = FORMATS.get(endings[-1] if endings else "")
    try:
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{shown}: cannot be read: {error.strerror or error}") from error
    return SourceFile(path, shown, day, form, digest)


def in_format(file: SourceFile, named: str | None) -> SourceFile:
    """The file in the format that its mapping names, else in that of its ending. Raises InputError without one."""
    form = named or file.format
    if form is None:
        known = ", ".join(FORMATS)
        raise InputError(
            f"{file.shown}: the name's ending tells no format that can be read. Known: {known}, also with .gz or .zst. "
            "A mapping file may name another file's format (format: csv)."
        )
    return replace(file, format=form)


def opened(file: SourceFile) -> BinaryIO:
    """The file's content, unpacked."""
    packing = file.path.suffix.lower()
    if packing == ".zst":
        return cast(BinaryIO, io.BufferedReader(pa.input_stream(str(file.path), compression="zstd")))
    return cast(BinaryIO, gzip.open(file.path, "rb")) if packing == ".gz" else file.path.open("rb")


def csv_header(file: SourceFile, delimiter: str) -> list[str]:
    """Names of a CSV file's columns, from its first line; a column without a name is called by its place.

    Raises InputError where there is no such line, or it names a column twice: to SQL, `Value` and `value` are one.
    """
    try:
        with opened(file) as content:
            first = content.readline(LONGEST_LINE)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file.shown}: cannot be read: {error}") from error
    try:
        names = next(csv.reader(io.StringIO(first.decode("utf-8-sig"), newline=""), delimiter=delimiter), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file.shown}: the header is not text in UTF-8: {error}") from error
    if not any(names):
        raise InputError(
            f"{file.shown}: has no header. An export without rows still names its columns in its first line."
        )
    names = [name or f"column {place}" for place, name in enumerate(names, start=1)]
    lowered = [name.lower() for name in names]
    twice = sorted({name for name in names if lowered.count(name.lower()) > 1})
    if twice:
        raise InputError(f"{file.shown}: the header names {', '.join(map(repr, twice))} more than once.")
    return names

"""Workbooks (XLSX) as Parquet: one sheet, its first row the header."""

import re
import zipfile
from pathlib import Path
from xml.parsers import expat

import fastexcel
import polars as pl

from pipeline.errors import InputError
from pipeline.sources.packing import verify_workbook

# The reader makes room for every cell from A1 to the last one, empty or not: a million rows of twenty columns fit.
MOST_CELLS = 25_000_000
CHUNK = 1 << 22  # bytes
WHOLE = 1 << 53  # whole numbers up to here are exact as floating numbers, the only ones that a workbook has
_CELL = re.compile(rb"""\br=["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
_RENAMED = re.compile(r"(.+)_\d+")  # what the reader makes of the second column of a name


def to_parquet(path: Path, shown: str, sheet: str | None, target: Path) -> None:
    """Write a sheet, by default the first, as Parquet.

    A column of numbers or of dates is one, of whole numbers where all of them are; a column of both, or of anything
    else, is text. Raises InputError where the file is no workbook, has no such sheet or cells far from all others, or
    the sheet has no header or one that names a column twice.
    """
    verify_workbook(path, shown)
    _verify_parts(path, shown)
    try:
        book = fastexcel.read_excel(path)
        if sheet is not None and sheet not in book.sheet_names:
            raise InputError(
                f"{shown}: has no sheet {sheet!r}. Found: {', '.join(book.sheet_names)}. Name one of them: sheet = …."
            )
        wanted = sheet if sheet is not None else 0
        # types are those of all rows: one told by the first thousand would make the text below it vanish
        batch, errors = book.load_sheet(wanted, schema_sample_rows=None).to_arrow_with_errors()
        frame = _with_errors(pl.DataFrame(batch), errors.errors if errors else [])
        known = set(frame.columns)
        if any((found := _RENAMED.fullmatch(name)) and found[1] in known for name in known):
            _refuse_twice(book.load_sheet(wanted, header_row=None, n_rows=1, dtypes="string").to_polars(), shown)
    except fastexcel.FastExcelError as error:
        raise InputError(f"{shown}: cannot be read as a workbook (XLSX). Open it and save it again.") from error
    if not frame.width or all(name.startswith("__UNNAMED__") for name in frame.columns):
        raise InputError(f"{shown}: the sheet has no header. Name the columns in its first row.")
    frame = frame.with_columns(pl.selectors.duration().dt.total_seconds(fractional=True))
    frame.with_columns(_whole_numbers(frame)).write_parquet(target)


def _with_errors(frame: pl.DataFrame, errors: list[fastexcel.CellError]) -> pl.DataFrame:
    """What is wrong with cells like #REF! in the place of the nulls that the reader makes of them.

    So among numbers and dates they are put aside. Among texts anything would be one: there they stay empty.
    """
    by_column: dict[int, dict[int, str]] = {}
    for each in errors:
        row, column = each.offset_position
        by_column.setdefault(column, {})[row] = each.detail
    for column, details in by_column.items():
        if frame.dtypes[column] == pl.String:
            continue
        told = pl.Series(list(details.values()), dtype=pl.String)
        texts = frame.to_series(column).cast(pl.String).scatter(list(details), told)
        frame = frame.with_columns(texts)
    return frame


def _whole_numbers(frame: pl.DataFrame) -> list[pl.Expr]:
    """To a workbook every number is a floating one; an id 1 is not meant to be 1.0."""
    floats = frame.select(pl.selectors.float())
    is_whole = floats.select(
        ((pl.all() == pl.all().round()) & (pl.all().abs() <= WHOLE)).fill_null(value=True).all()
    )  # NaN and infinities are not
    return [pl.col(name).cast(pl.Int64) for name in floats.columns if is_whole[name].item()]


def _refuse_twice(header: pl.DataFrame, shown: str) -> None:
    names = [str(name) for name in header.row(0) if name is not None] if header.height else []
    if twice := sorted({name for name in names if names.count(name) > 1}):
        listed = ", ".join(map(repr, twice))[:200]
        raise InputError(f"{shown}: the header names {listed} more than once. Rename or remove one of them.")


def _verify_parts(path: Path, shown: str) -> None:
    """Raise InputError where a part is no XML, of which the reader would take what it can, or a cell is far away."""
    try:
        with zipfile.ZipFile(path) as book:
            for part in book.namelist():
                if part.endswith(".xml"):
                    _verify_part(book, part, shown)
    except expat.ExpatError as error:
        raise InputError(f"{shown}: {error}: is a damaged workbook (XLSX). Open it and save it again.") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise InputError(f"{shown}: is no workbook (XLSX), or is damaged: {error}. Save it again.") from error


def _verify_part(book: zipfile.ZipFile, part: str, shown: str) -> None:
    parser = expat.ParserCreate()
    columns, rows, left = 0, 0, b""
    with book.open(part) as content:
        while chunk := content.read(CHUNK):
            parser.Parse(chunk, False)
            cells = _CELL.findall(left + chunk)
            left = chunk[-32:]  # a cell may lie across the border of two chunks
            if cells:
                letters, digits = zip(*cells, strict=True)
                columns = max(columns, *map(_column, set(letters)))
                rows = max(rows, *map(int, set(digits)))
            if columns * rows > MOST_CELLS:
                raise InputError(
                    f"{shown}: its cells reach to row {rows:,} and column {columns:,}, which are more than "
                    f"{MOST_CELLS:,} cells. Remove those that are far from all others, or export it as CSV."
                )
    parser.Parse(b"", True)


def _column(letters: bytes) -> int:
    """The place of a column, from 1: A, …, Z, AA, …"""
    place = 0
    for letter in letters.upper():
        place = place * 26 + letter - 64
    return place

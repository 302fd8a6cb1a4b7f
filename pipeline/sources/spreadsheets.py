"""Workbooks (XLSX) as Parquet: one sheet, its first row the header."""

from pathlib import Path

import fastexcel
import polars as pl

from pipeline.errors import InputError
from pipeline.sources.packing import verify_workbook


def to_parquet(path: Path, shown: str, sheet: str | None, target: Path) -> None:
    """Write a sheet, by default the first, as Parquet.

    A column of numbers or of dates is one; a column of both, or of anything else, is text. Raises InputError where the
    file is no workbook, or has no such sheet, or the sheet has no header.
    """
    verify_workbook(path, shown)
    try:
        book = fastexcel.read_excel(path)
        if sheet is not None and sheet not in book.sheet_names:
            raise InputError(
                f"{shown}: has no sheet {sheet!r}. Found: {', '.join(book.sheet_names)}. Name one of them: sheet = …."
            )
        # types are those of all rows: one told by the first thousand would make the text below it vanish
        rows = book.load_sheet(sheet if sheet is not None else 0, schema_sample_rows=None)
        frame = rows.to_polars()
    except fastexcel.FastExcelError as error:
        raise InputError(f"{shown}: cannot be read as a workbook (XLSX). Open it and save it again.") from error
    if not frame.width or all(name.startswith("__UNNAMED__") for name in frame.columns):
        raise InputError(f"{shown}: the sheet has no header. Name the columns in its first row.")
    frame = frame.with_columns(pl.selectors.duration().dt.total_seconds(fractional=True))
    frame.write_parquet(target)

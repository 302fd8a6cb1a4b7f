"""A report as files: the page, the summary, and the day's tables as CSV, Parquet and JSON."""

import shutil
import tempfile
from json import dumps
from pathlib import Path

import polars as pl

from pipeline.reports import html, markdown
from pipeline.reports.report import Report

TABLES = ("points", "stage_scores", "flags")
PAGE = "report.html"

# What spreadsheets take for the start of a formula.
_FORMULA = r"^[=+\-@\t\r\n]"


def write(report: Report, folder: Path) -> list[Path]:
    """Write `<folder>/<day>/` and return the paths of its files: page and summary first, then the tables.

    The same report gives the same bytes. Everything is written aside first and then moved into place file by file,
    tables before the page: a reader never meets half a file, nor a page whose tables are not there. What a killed
    process left aside is removed by the next one.
    """
    target = folder / report.day.isoformat()
    target.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob(f".{report.day.isoformat()}-*"):
        shutil.rmtree(left_over)
    aside = Path(tempfile.mkdtemp(prefix=f".{report.day.isoformat()}-", dir=folder))
    try:
        tables = [path for name in TABLES for path in _write_table(getattr(report, name), aside / name)]
        summary, page = aside / "summary.md", aside / PAGE
        summary.write_text(markdown.render(report), encoding="utf-8", newline="\n")
        page.write_text(html.render(report), encoding="utf-8", newline="\n")
        for path in [*tables, summary, page]:
            path.replace(target / path.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return [target / path.name for path in (page, summary, *tables)]


def _write_table(frame: pl.DataFrame, stem: Path) -> list[Path]:
    csv, parquet, json = (stem.with_suffix(f".{kind}") for kind in ("csv", "parquet", "json"))
    frame.write_parquet(parquet, compression="zstd")
    readable = in_iso(frame)
    flat = readable.with_columns(
        pl.col(name).map_elements(_as_json, pl.String, skip_nulls=True)
        for name, dtype in readable.schema.items()
        if isinstance(dtype, pl.List)
    )
    guarded(flat).write_csv(csv)
    records = (row.rstrip("\n") for row in readable.write_ndjson().splitlines())
    json.write_text("[\n" + ",\n".join(records) + "\n]\n", encoding="utf-8", newline="\n")
    return [csv, parquet, json]


def in_iso(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with days and instants as ISO 8601 text (instants in UTC), and no NaN: JSON has no word for it."""
    changed = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Datetime):
            changed.append(pl.col(name).dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
        elif dtype == pl.Date:
            changed.append(pl.col(name).dt.strftime("%Y-%m-%d"))
        elif dtype.is_float():
            changed.append(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name))
    return frame.with_columns(changed)


def guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before each text that a spreadsheet would run as a formula."""
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(text.str.contains(_FORMULA)).then(pl.lit("'") + text).otherwise(text).name.keep())


def _as_json(values: pl.Series) -> str:
    return dumps(values.to_list(), ensure_ascii=False, separators=(",", ":"))

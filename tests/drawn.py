"""Small drawn tables: the picture is the test's data and its documentation."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from polars.datatypes import DataType, DataTypeClass

Dtype = DataType | DataTypeClass
INSTANT = pl.Datetime("us", "UTC")
RULE = re.compile(r"[-+|\s]*--[-+|\s]*")  # the line under the header; a row of blanks is a row


def table(text: str, **dtypes: Dtype) -> pl.DataFrame:
    """A drawn table as a frame, its rows in the order of the picture.

        person | clicked_at          | is_new | tags
        -------+---------------------+--------+-----
        angry  | 2026-01-01 10:00:00 | true   | a, b
        calm   |                     | false  | []

    Cells are split at `|`, a line of dashes is skipped, as are blank lines and lines that begin with `#`. Columns are
    strings unless `dtypes` says otherwise. A blank cell is null, `''` the empty string, `[]` the empty list.
    `pl.Datetime` makes instants: ISO 8601, UTC where no offset is given, in microseconds; a cell without a time is
    midnight.

    Raises ValueError, with the line, where a row has not as many cells as the header or a cell is not of its dtype.
    """
    lines = [line.strip() for line in text.splitlines()]
    rows = [line for line in lines if line and not line.startswith("#") and not RULE.fullmatch(line)]
    if not rows:
        raise ValueError("a drawn table needs a header")
    names = _cells(rows[0])
    if len(set(names)) < len(names):
        raise ValueError(f"a column is drawn twice: {names}")
    if unknown := set(dtypes) - set(names):
        raise ValueError(f"no such column is drawn: {sorted(unknown)}. Drawn: {names}")
    schema = {name: INSTANT if _is_instant(dtypes.get(name)) else dtypes.get(name, pl.String()) for name in names}
    readers = {name: _reader(dtype) for name, dtype in schema.items()}
    parsed: list[list[Any]] = []
    for row in rows[1:]:
        cells = _cells(row)
        if len(cells) != len(names):
            raise ValueError(f"{len(cells)} cells for {len(names)} columns in: {row}")
        try:
            parsed.append([readers[name](cell) if cell else None for name, cell in zip(names, cells, strict=True)])
        except ValueError as error:
            raise ValueError(f"{error} in: {row}") from error
    return pl.DataFrame(parsed, schema=schema, orient="row", strict=True)


def instant(cell: str) -> datetime:
    """ISO 8601 as an instant in UTC; without an offset it is UTC already."""
    found = datetime.fromisoformat(cell)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.split("|")]


def _is_instant(dtype: Dtype | None) -> bool:
    return dtype is not None and dtype.base_type() is pl.Datetime


def _reader(dtype: Dtype) -> Callable[[str], Any]:
    if isinstance(dtype, pl.List):
        inner = _reader(dtype.inner)
        return lambda cell: [] if cell == "[]" else [inner(part.strip()) for part in cell.split(",")]
    base = dtype.base_type()
    if base is pl.List:
        return _reader(pl.List(pl.String))
    if base is pl.Datetime:
        return instant
    if base is pl.Date:
        return date.fromisoformat
    if base is pl.Boolean:
        return _truth
    if base.is_integer():
        return int
    if base.is_float():
        return float
    return lambda cell: "" if cell == "''" else cell


def _truth(cell: str) -> bool:
    if cell not in {"true", "false"}:
        raise ValueError(f"{cell!r} is neither true nor false")
    return cell == "true"

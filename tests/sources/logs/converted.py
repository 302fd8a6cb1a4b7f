"""A log as its converter writes it, and as the mapping then reads it."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from pipeline.sources import mapping
from pipeline.warehouse.loading import Loaded
from tests.warehouse.loads import take

Convert = Callable[[BinaryIO, BinaryIO, str], None]


def rows(convert: Convert, content: str | bytes | BinaryIO, shown: str = "log") -> list[dict[str, Any]]:
    """The events of a log. Each line is read by strict JSON, which knows no NaN."""
    given = content.encode() if isinstance(content, str) else content
    out = io.BytesIO()
    convert(io.BytesIO(given) if isinstance(given, bytes) else given, out, shown)
    return [json.loads(line, parse_constant=refuse) for line in out.getvalue().splitlines()]


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def taken(con: duckdb.DuckDBPyConnection, folder: Path, name: str, convert: Convert, content: bytes) -> Loaded:
    """Load a log by its built-in mapping, as JSON lines."""
    path = folder / f"{name}.ndjson"
    with path.open("wb") as out:
        convert(io.BytesIO(content), out, name)
    found = mapping.load(name, folder)
    assert found is not None
    assert found.format == name
    return take(con, path, mapping=found.model_copy(update={"format": "ndjson"}))

"""The checks of `sql/checks`: each query returns the rows that should not be there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from pipeline.errors import WarehouseError
from pipeline.resources import root
from pipeline.warehouse import headers

SAMPLE_ROWS = 5  # enough to see what is wrong, few enough to print
CHUNK_ROWS = 10_000  # offending rows are counted in chunks: a broken table may offend with every row


@dataclass(frozen=True)
class CheckResult:
    """What one check found: `rows` offending rows, the first of them in `sample` by column name."""

    name: str
    severity: Literal["fail", "warn"]
    summary: str
    rows: int
    sample: tuple[Mapping[str, Any], ...]

    @property
    def holds(self) -> bool:
        """Nothing offends."""
        return self.rows == 0


def run(con: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]) -> list[CheckResult]:
    """Run all checks, in the order of their file names; changes nothing.

    `parameters` holds at least what the headers name: `day` (date), `timezone` (of the project). A check gets those
    that its own header names, and no others.

    Raises WarehouseError where a parameter is missing, or a check itself cannot be run.
    """
    return [_run_one(con, path, parameters) for path in sorted((root() / "sql" / "checks").glob("*.sql"))]


def _run_one(con: duckdb.DuckDBPyConnection, path: Path, parameters: Mapping[str, object]) -> CheckResult:
    query = path.read_text(encoding="utf-8")
    header = headers.read(query)
    if header.severity is None:
        raise WarehouseError(f"check {path.stem}: its first line must be `-- fail` or `-- warn`.")
    missing = sorted(set(header.params) - set(parameters))
    if missing:
        raise WarehouseError(f"check {path.stem}: no value for {', '.join('$' + name for name in missing)}.")
    try:
        cursor = con.execute(query, {name: parameters[name] for name in header.params})
        names = [column[0] for column in cursor.description or []]
        sample = cursor.fetchmany(SAMPLE_ROWS)
        rows = len(sample)
        while chunk := cursor.fetchmany(CHUNK_ROWS):  # to the end: an open result owns the connection
            rows += len(chunk)
    except duckdb.Error as error:
        raise WarehouseError(f"check {path.stem} cannot be run: {error}") from error
    return CheckResult(
        name=path.stem,
        severity="fail" if header.severity == "fail" else "warn",
        summary=header.summary,
        rows=rows,
        sample=tuple(dict(zip(names, row, strict=True)) for row in sample),
    )

"""Nights over real data, as a user would set them up: a settings file, mapping files and a journey of one's own."""

import csv
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline import settings, steps
from pipeline.settings import Settings
from pipeline.warehouse.connection import reading

HERE = Path(__file__).parent
STARTED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Ran:
    """Nights that have run: their settings, their days, and the reports by day."""

    settings: Settings
    days: Sequence[date]
    reports: dict[date, Path]

    @property
    def last(self) -> date:
        return self.days[-1]

    def ask(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Rows of a query on the published database."""
        with self.open() as con:
            return con.execute(query, values or None).fetchall()

    def one(self, query: str, **values: object) -> Any:
        """The only row of a query; its only value where it has one column."""
        (row,) = self.ask(query, **values)
        return row[0] if len(row) == 1 else row

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with reading(self.settings.warehouse) as con:
            con.execute("set timezone = 'UTC'")
            yield con

    def page(self, day: date | None = None) -> str:
        return self.reports[day or self.last].read_text(encoding="utf-8")


def raw(data: Path, name: str) -> Path:
    """A file of the real data, read where it is."""
    path = data / name
    if not path.is_file():
        pytest.fail(f"FRICTION_REAL_DATA has no {name}")
    return path


def records(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a file as plain Python reads them, by name; a row that is cut short lacks its last values."""
    with path.open(encoding="utf-8", newline="") as content:
        return list(csv.DictReader(content, delimiter=delimiter))


def span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def run(name: str, folder: Path, data: Path, days: Sequence[date], reported: Sequence[date]) -> Ran:
    """Set a project up in `folder` from the files in `name`, run its days, and write the reports of some of them."""
    shutil.copytree(HERE / name, folder, dirs_exist_ok=True)
    template = (folder / "friction.toml.in").read_text(encoding="utf-8")
    config = folder / "friction.toml"
    config.write_text(template.replace("{data}", data.as_posix()), encoding="utf-8")
    project = settings.load(config)
    steps.prepare(project, days, f"real-{name}", STARTED_AT)
    steps.ingest(project, days)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what Great Expectations imports
        steps.check(project, days)
    steps.flag(project, days)
    steps.score(project, days)
    steps.publish(project, days)
    pages = steps.report(project, reported)
    return Ran(project, days, dict(zip(reported, pages, strict=True)))


def why_unmeasurable(ran: Ran) -> dict[str, str]:
    """Signals that could not be looked for on the last day, and what the input lacks."""
    query = "select signal, why from ops.signals where day = $day and not is_measurable"
    return dict(ran.ask(query, day=ran.last))

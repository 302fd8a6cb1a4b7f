"""Nights from the command line: all steps with their progress, how fast they were and what they found."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import typer

from pipeline import answers, recounting, steps, terminal
from pipeline.settings import Settings
from pipeline.warehouse import versions
from pipeline.warehouse.connection import reading

Step = Callable[[Settings, list[date], steps.Progress], object]

INTERRUPTED = 130  # what a shell calls Ctrl-C


def run(settings: Settings, days: list[date], *, reported: list[date], bring: Step | None = None) -> None:
    """All steps; prints how fast each was, what is to say about the input, the last day's ten lines and its report.

    `bring` is the step that brings rows into the warehouse, by default `steps.ingest`.
    """
    try:
        pages = _run(settings, days, reported, bring or steps.ingest)
    except KeyboardInterrupt:
        terminal.err().print("interrupted: what readers open is whole, as it was or as this run has published it.")
        raise typer.Exit(INTERRUPTED) from None
    tell_again(settings, days)
    tell(settings, reported[-1], pages[-1])


def tell_again(settings: Settings, asked: Sequence[date]) -> None:
    """Print for which of the asked days nothing was new, and which others the last run computed again, and why."""
    with reading(settings.warehouse) as con:
        for line in recounting.lines(con, asked):
            terminal.err().print(terminal.shown(line))


def tell(settings: Settings, day: date, page: Path) -> None:
    """Print how fast the last run was, what is to say about the day's input, its ten lines and where its report is."""
    with reading(settings.warehouse) as con:
        _speeds(con)
        for line in answers.came_in(con, settings, day):
            terminal.err().print(terminal.shown(line))
        for line in answers.summary(con, settings, day):
            terminal.out().print(terminal.shown(line))
    terminal.out().print(terminal.shown(f"\nReport:  {near(page)}"), soft_wrap=True)


def _run(settings: Settings, days: list[date], reported: list[date], bring: Step) -> list[Path]:
    started = datetime.now(UTC)
    with versions.exclusive(settings.warehouse):
        try:
            steps.prepare(settings, days, f"{started:%Y-%m-%dT%H:%M:%S.%fZ}", started)
            for step in (bring, steps.check, steps.flag, steps.score, steps.publish):
                step(settings, days, terminal.progress)
        finally:  # once published there is nothing left; a step of Airflow is tried again, a command is not
            versions.discard(settings.warehouse)
        return steps.report(settings, reported, terminal.progress)


def _speeds(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        """
        select step, rows, seconds, rows / greatest(seconds, 0.001) as rows_per_second from ops.runs
        where run_id = (select run_id from ops.runs order by started_at desc limit 1) order by rowid
        """
    ).fetchall()
    terminal.err().print(terminal.table(["step", "rows", "seconds", "rows per second"], rows))


def near(path: Path) -> Path:
    """The path as seen from the working directory, where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

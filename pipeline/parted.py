"""A backfill from the command line: part by part, each published when it is done, so that little is ever lost."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import typer

from pipeline import backfilling, nights, steps, terminal
from pipeline.errors import ContractError, FrictionError, InputError, SomeDaysError
from pipeline.reports.files import PAGE
from pipeline.settings import Settings
from pipeline.warehouse import versions
from pipeline.warehouse.connection import reading

# What is wrong with a day's input stops that day. Settings, a lock or a full disk would stop every other day, too.
OF_A_DAY = (InputError, ContractError)


@dataclass
class Backfill:
    """How far a backfill has come.

    With a `helper`, another process, contracts are checked while days are computed, and reports `written` while the
    next part is. `version` is the one that the last part has published.
    """

    settings: Settings
    planned: Sequence[date]
    forced: frozenset[date] = frozenset()
    helper: Executor | None = None
    version: str | None = None
    written: list[Future[list[Path]]] = field(default_factory=list)
    done: set[date] = field(default_factory=set)
    failed: dict[date, FrictionError] = field(default_factory=dict)

    def part(self, days: Sequence[date]) -> None:
        """Compute and publish the days together; where that fails, one by one, to find out which of them it is."""
        try:
            self._night(days)
        except OF_A_DAY as error:
            if len(days) == 1:
                self.failed[days[0]] = error
                return
            for day in days:
                self.part([day])

    def _night(self, days: Sequence[date]) -> None:
        settings, run_id = self.settings, f"{(started := datetime.now(UTC)):%Y-%m-%dT%H:%M:%S.%fZ}"
        steps.prepare(settings, days, run_id, started)
        steps.ingest(settings, days, terminal.progress, since=min(self.planned), forced=self.forced)
        if self.helper is None:
            steps.check(settings, days, terminal.progress)
            _computed(settings, days)
        else:
            _side_by_side(partial(steps.check, settings, days), partial(_computed, settings, days))
        self.version = steps.publish(settings, days, terminal.progress, instead_of=self.version)
        self.done |= set(days)
        nights.tell_again(settings, days)
        if self.helper is None:
            write_reports(settings)
        else:
            self.written.append(self.helper.submit(write_reports, settings))


def _computed(settings: Settings, days: Sequence[date]) -> None:
    steps.flag(settings, days, terminal.progress)
    steps.score(settings, days, terminal.progress)


def _side_by_side(check: Callable[[], object], compute: Callable[[], object]) -> None:
    """Both at once, the first in a thread that has this one's right to write; what either raises is raised."""
    with ThreadPoolExecutor(1) as thread:
        checked = thread.submit(copy_context().run, check)
        compute()
        checked.result()


def write_reports(settings: Settings) -> list[Path]:
    """Write the reports that are missing or older than their day's tables; gives their pages.

    A run that was killed once it had published has left such ones.
    """
    with reading(settings.warehouse) as con:
        rows = con.execute(
            "select c.day, max(r.started_at) from ops.computed c join ops.runs r using (run_id) "
            "where c.reason <> 'too_late' group by c.day order by c.day"
        ).fetchall()
    old = [day for day, began in rows if _written(settings.reports / day.isoformat() / PAGE) < began]
    return steps.report(settings, old, terminal.progress) if old else []


def _written(page: Path) -> datetime:
    return datetime.fromtimestamp(page.stat().st_mtime if page.exists() else 0, UTC)


def run(settings: Settings, plan: backfilling.Plan, jobs: int = 1) -> None:
    """All days of the plan; prints after each part how far it is and how long the rest will take, and what failed.

    Raises SomeDaysError at the end where days have failed.
    """
    planned, parts, began = [each.day for each in plan.asked], plan.parts(), perf_counter()
    forced = frozenset(each.day for each in plan.asked if each.reason == backfilling.FORCED)
    with versions.exclusive(settings.warehouse), _helper(jobs if parts else 1) as helper:
        backfill = Backfill(settings, planned, forced, helper)
        try:
            for days in parts:
                backfill.part(days)
                _tell(backfill, days, perf_counter() - began)
            for each in backfill.written:
                each.result()
            if not parts:
                write_reports(settings)
        except KeyboardInterrupt:
            terminal.err().print(
                f"interrupted: {len(backfill.done)} of {len(planned)} days are published. The same command goes on "
                "with the others."
            )
            raise typer.Exit(nights.INTERRUPTED) from None
        finally:
            versions.discard(settings.warehouse)
    if last := max(backfill.done, default=None):
        nights.tell(settings, last, settings.reports / last.isoformat() / PAGE)
    if backfill.failed:
        told = "\n  ".join(f"{day}: {error}" for day, error in sorted(backfill.failed.items()))
        raise SomeDaysError(
            f"{len(backfill.failed)} of {len(planned)} days failed, the others are published:\n  {told}\n"
            "Mend what is wrong and run the same command again: it does only what is still to be done."
        )


@contextmanager
def _helper(jobs: int) -> Iterator[Executor | None]:
    """A process beside this one, where there are two jobs; begun anew, for threads cannot be copied."""
    if jobs == 1:
        yield None
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as helper:
        yield helper


def _tell(backfill: Backfill, days: Sequence[date], seconds: float) -> None:
    tried = len(backfill.done) + len(backfill.failed)
    rest = len(backfill.planned) - tried
    how = f"about {duration(seconds / tried * rest)} left" if rest else f"in {duration(seconds)}"
    words = f"{days[0]} to {days[-1]}: {tried} of {len(backfill.planned)} days, {how}"
    bad = [day for day in days if day in backfill.failed]
    terminal.err().print(words + (f"; failed: {', '.join(map(str, bad))}" if bad else ""))


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

"""Forget customers everywhere: in what readers open, in every version that is kept, in the reports; then look for them.

What readers open is computed again without them, as a run of its own. From older versions their rows are taken out and
the file is written anew; points and scores of days stay there as they were published: they are counts without names.
Each file is replaced at one stroke, so whoever is cut off half-way forgets again and finds the rest.
"""

import os
import re
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from pipeline import answers, computed, forgetting, steps
from pipeline.contracts import people as whose
from pipeline.contracts.people import People
from pipeline.errors import NotFoundError, WarehouseError
from pipeline.settings import Settings
from pipeline.warehouse import blocking, catalogue, compacting, kept, searching, versions
from pipeline.warehouse import forgetting as tables
from pipeline.warehouse.connection import looking, reading, writing
from pipeline.warehouse.days import transaction
from pipeline.warehouse.forgetting import Gone, Removed
from pipeline.warehouse.searching import Trace


@dataclass(frozen=True)
class Version:
    """What was, or would be, removed of a version; what still names the customers; how many columns were searched."""

    version: str
    is_current: bool
    removed: list[Gone]
    left: list[Trace]
    columns_searched: int


@dataclass(frozen=True)
class Forgotten:
    """What has become of the customers.

    `computed_again`: days that were computed without them. `files`: input files from which their rows came, and which
    still hold them if they are still there. `reports`: days whose reports were written anew. `reports_left` and
    `other_files`: reports of days that are not known any more and name them; databases in the warehouse's folder that
    friction has not published and does not touch.
    """

    versions: list[Version]
    computed_again: list[date]
    files: list[str]
    reports: list[date]
    reports_left: list[str]
    other_files: list[str]

    @property
    def rows(self) -> int:
        """Rows that were removed of all versions."""
        return sum(each.rows for version in self.versions for each in version.removed)

    @property
    def is_proven(self) -> bool:
        """Nothing that friction keeps names them any more."""
        return not self.reports_left and not any(version.left for version in self.versions)


def survey(
    settings: Settings, customers: Collection[str], *, mentions: bool, progress: steps.Progress = steps.quietly
) -> Forgotten:
    """What would be removed, found out without changing anything.

    Raises NotFoundError where a customer is named nowhere and has not been forgotten before.
    """
    current, found, files = kept.current_file(settings.warehouse), list[Version](), set[str]()
    asked, paths = _people(settings, customers), _paths(settings)
    blocked, seen = blocking.read(settings.warehouse), set[str]()
    for path in progress("Looking", paths):
        with looking(path) as con:
            removed = tables.remove(con, asked, mentions=mentions, is_dry=True)
            seen |= {each for each in customers if _is_known(con, each)}
        files |= removed.files
        found.append(Version(path.stem, path == current, removed.tables, [], 0))
    for each in customers:
        if each not in seen and not (blocked and blocked.knows(each)):
            raise NotFoundError(
                f"there is no customer {each!r} in {settings.warehouse}, nor in any of the {len(paths)} versions that "
                "are kept, nor in their quarantines. Write the id as it stands in the column customer_id."
            )
    return Forgotten(found, [], sorted(files), [], [], _other_files(settings))


def _is_known(con: duckdb.DuckDBPyConnection, customer: str) -> bool:
    alone = People(frozenset({customer}))
    found, _ = searching.traces(con, alone, only=[whose.CUSTOMER, whose.PERSON, "original"])
    return bool(found)


def forget(
    settings: Settings,
    customers: Collection[str],
    run_id: str,
    started_at: datetime,
    *,
    mentions: bool,
    progress: steps.Progress = steps.quietly,
) -> Forgotten:
    """Forget the customers. Raises WarehouseError where another run is writing or a file cannot be written anew."""
    with versions.exclusive(settings.warehouse):
        planned = survey(settings, customers, mentions=mentions, progress=progress)
        removed = {each.version: each.removed for each in planned.versions}
        asked = _people(settings, customers)
        blocked = blocking.add(settings.warehouse, asked)  # what is loaded from now on is without them
        again: list[date] = []
        try:
            if any(each.is_current and each.removed for each in planned.versions):
                again = _compute_again(settings, asked, run_id, started_at, mentions, progress)
            current = kept.current_file(settings.warehouse)
            older = [path for path in versions.kept(settings.warehouse) if path != current and removed.get(path.stem)]
            for path in progress("Rewriting versions", older):
                _rewrite(settings, path, asked, run_id, started_at, blocked, mentions=mentions)
        finally:
            versions.discard(settings.warehouse)
        pages = _rewrite_reports(settings, asked, again, progress)
        searched = [
            _searched(path, path == current, asked, removed) for path in progress("Searching", _paths(settings))
        ]
        gone = [
            each for each in planned.versions if each.version not in {one.version for one in searched} and each.removed
        ]
        left = [str(path) for path, _ in _naming(settings, asked)]
        return Forgotten([*searched, *gone], again, planned.files, pages, left, planned.other_files)


def _paths(settings: Settings) -> list[Path]:
    """All versions that are kept, the newest first."""
    found = list(reversed(versions.kept(settings.warehouse)))
    if not found:
        raise WarehouseError(
            f"there is no warehouse at {settings.warehouse}. Run a day first: friction run --day YYYY-MM-DD"
        )
    return found


def _people(settings: Settings, customers: Collection[str]) -> People:
    """Who they are, as all versions together know it: a device that one of them knows to be of others is shared."""
    found = People(frozenset(customers))
    for path in _paths(settings):
        with looking(path) as con:
            found |= forgetting.people(con, customers)
    return found


def _compute_again(
    settings: Settings, asked: People, run_id: str, started_at: datetime, mentions: bool, progress: steps.Progress
) -> list[date]:
    """Publish a version without them; gives the days that were computed again for it."""
    with reading(settings.warehouse) as con:
        days = [answers.last_day(con)]
    steps.prepare(settings, days, run_id, started_at)
    steps.forget(settings, days, asked, mentions=mentions)
    for step in (steps.flag, steps.score, steps.publish):
        step(settings, days, progress)
    with reading(settings.warehouse) as con:
        found = con.execute(
            "select distinct day from ops.computed where run_id = $run and reason <> 'too_late' order by day",
            {"run": run_id},
        ).fetchall()
    return [day for (day,) in found]


def _rewrite(
    settings: Settings,
    path: Path,
    asked: People,
    run_id: str,
    started_at: datetime,
    blocked: blocking.Blocked,
    *,
    mentions: bool,
) -> None:
    """Take them out of an older version, write it anew and put it in its place; it stays as old as it was."""
    work, about = versions.work_file(settings.warehouse), path.stat()
    versions.discard(settings.warehouse)
    shutil.copyfile(path, work)
    with writing(work) as con:
        with transaction(con):
            removed = tables.remove(con, asked, mentions=mentions)
            forgetting.note(con, run_id, started_at, blocked.hashed(asked.customers), removed, is_recomputed=False)
            _owe(con, settings, removed, run_id, started_at)
        con.execute("checkpoint")
    compacting.compact(work)
    os.utime(work, ns=(about.st_atime_ns, about.st_mtime_ns))
    work.replace(path)


def _owe(
    con: duckdb.DuckDBPyConnection, settings: Settings, removed: Removed, run_id: str, started_at: datetime
) -> None:
    """Note that the days are owed something: who goes back to this version has them computed again by a backfill."""
    if "ops.computed" not in catalogue.tables(con) or not removed.days:
        return
    known = computed.known(con)
    days = sorted(day for day in removed.days if day in known)
    for day in days:
        con.execute(
            "insert into ops.computed by name select $run as run_id, $day as day, 'too_late' as reason, "
            "false as is_flagged, $by as settings",
            {"run": run_id, "day": day, "by": computed.digest(settings)},
        )
    if days:
        con.execute(
            "insert into ops.runs by name select $run as run_id, $day as day, $at as started_at, 'forget' as step, "
            "$rows as rows, 0.0 as seconds",
            {"run": run_id, "day": days[-1], "at": started_at, "rows": sum(each.rows for each in removed.tables)},
        )


def _searched(path: Path, is_current: bool, asked: People, removed: dict[str, list[Gone]]) -> Version:
    with looking(path) as con:
        left, columns = searching.traces(con, asked)
    return Version(path.stem, is_current, removed.get(path.stem, []), left, columns)


def _rewrite_reports(settings: Settings, asked: People, again: Sequence[date], progress: steps.Progress) -> list[date]:
    """Write the reports anew of the days that were computed again, and of others that name them; gives the days."""
    with reading(settings.warehouse) as con:
        known = set(computed.known(con))
    wanted = {day for day in again if (settings.reports / day.isoformat()).is_dir()}
    wanted |= {day for _, day in _naming(settings, asked) if day is not None and day in known}
    days = sorted(wanted)
    if days:
        steps.report(settings, days, progress)
    return days


def _naming(settings: Settings, asked: People) -> list[tuple[Path, date | None]]:
    """Files of reports that name them, with the day of the report; None where the folder is of no day."""
    words = re.compile(whose.pattern(asked.spellings).encode())
    files = [path for path in sorted(settings.reports.rglob("*")) if path.is_file()]
    return [
        (path, _day_of(path.relative_to(settings.reports).parts[0]))
        for path in files
        if words.search(path.read_bytes())
    ]


def _day_of(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _other_files(settings: Settings) -> list[str]:
    """Databases beside the warehouse that are none of its versions: somebody's copies, which may hold anybody."""
    published = settings.warehouse
    ours = {*versions.kept(published), published, versions.work_file(published)}
    return sorted(str(path) for path in published.parent.rglob("*.duckdb") if path not in ours)

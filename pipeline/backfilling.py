"""The plan of a backfill: which days are to be computed, and why each of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import duckdb

from pipeline import computed, ingestion
from pipeline.errors import InputError
from pipeline.journeys import journey
from pipeline.journeys.orders import LOOK_BACK
from pipeline.settings import Settings, Source
from pipeline.sources import places
from pipeline.warehouse import aside, loading
from pipeline.warehouse.connection import reading

# Days that are loaded, computed and published together. Publishing copies the file, checks the tables and takes a
# second or two whatever was done; a week makes that little, and is what an interruption loses of days that are new.
DAYS_AT_ONCE = 7

FORCED = "forced"
NEVER = "never computed"
NEW_FILES = "new files"
CHANGED_FILES = "changed files"
NEW_ROWS = "its rows have changed"
SETTINGS = "other settings, or another version"
LOOKS_BACK = "looks back on a changed day"


@dataclass(frozen=True)
class Planned:
    """A day that is to be computed, with the first of the reasons that hold.

    `is_redone`: it was computed before, of other inputs or settings. `is_asked`: it is in the range that was asked for.
    """

    day: date
    reason: str
    is_redone: bool = False
    is_asked: bool = True


@dataclass(frozen=True)
class Plan:
    """The days in order, how many of those that were asked for need nothing, and how long it takes by earlier runs.

    After the last day that was asked for come days that were computed before and look back on one that changes. What a
    file changes is only known when it is read: of the days that look back, those that read none of it stay as they are,
    and so does a day whose file brings nothing new (see `pipeline.dirty`).
    """

    days: tuple[Planned, ...]
    untouched: int
    seconds: float | None

    @property
    def asked(self) -> list[Planned]:
        """The days in the range that was asked for."""
        return [each for each in self.days if each.is_asked]

    def parts(self) -> list[list[date]]:
        """The days that were asked for, in the parts in which they are computed and published.

        All up to the last that is redone are one part: each part computes later days that look back on it, too, and
        would do so with all that the next part redoes anyway.
        """
        days = [each.day for each in self.asked]
        first = max((place for place, each in enumerate(self.asked, start=1) if each.is_redone), default=0)
        rest = [days[start : start + DAYS_AT_ONCE] for start in range(first, len(days), DAYS_AT_ONCE)]
        return [days[:first], *rest] if first else rest


def plan(settings: Settings, days: Sequence[date], *, force: bool = False) -> Plan:
    """What is to be done for the days; nothing is changed. Raises InputError where there is no file of any of them."""
    goes_on_without = journey.load(settings.project.journey, settings.folder).goes_on_without
    found = ingestion.find(settings, days, {}, goes_on_without)
    if not settings.warehouse.exists():
        return Plan(tuple(Planned(day, FORCED if force else NEVER) for day in days), 0, None)
    with reading(settings.warehouse) as con:
        planned = _planned(con, settings, days, _file_reasons(con, settings, found), force=force)
        seconds = computed.seconds_a_day(con)
    plan = Plan(tuple(planned), 0, None if seconds is None else seconds * len(planned))
    return replace(plan, untouched=len(days) - len(plan.asked))


def _planned(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    days: Sequence[date],
    files: Mapping[date | None, str],
    *,
    force: bool,
) -> list[Planned]:
    known = {day: each for day, each in computed.known(con).items() if day >= min(days)}
    by, judged = computed.digest(settings), set(aside.judged_otherwise(con, settings.traffic, min(days)))
    reach = settings.window + LOOK_BACK  # how far the scores of a day look back
    planned: list[Planned] = []
    changed: list[date] = []  # days of which the rows may be other ones than those that later days were made of
    for day in sorted({*days, *known}):
        reason = None
        if day in days:
            reason = _reason(known.get(day), files.get(day) or files.get(None), by, is_judged=day not in judged)
        if reason is None and day in known and any(each < day <= each + reach for each in changed):
            reason = LOOKS_BACK
        if reason is not None or (force and day in days):
            shown = FORCED if force and day in days else reason or FORCED
            planned.append(Planned(day, shown, day in known and reason is not None, day in days))
        if reason in {NEW_FILES, CHANGED_FILES, NEW_ROWS, NEVER} or (reason == SETTINGS and day in judged):
            changed.append(day)
    return planned


def _reason(was: computed.Known | None, files: str | None, by: str, *, is_judged: bool) -> str | None:
    """Why a day is to be computed; `is_judged`: what of it is set aside, these settings have said."""
    if was is None:
        return NEVER
    if files is not None:
        return files
    if was.came_too_late:
        return NEW_ROWS
    return None if was.settings == by and is_judged else SETTINGS


def _file_reasons(
    con: duckdb.DuckDBPyConnection, settings: Settings, found: Iterable[ingestion.Found]
) -> dict[date | None, str]:
    """Why the files of a day are to be read: by day, None for files that are of no day."""
    reasons: dict[date | None, str] = {}
    loaded = {
        (source, file)
        for source, file in con.execute("select distinct source, file from ops.loads order by all").fetchall()
    }
    for each in found:
        if each.place is not None and _is_loaded(con, settings, each.source, each.place):
            continue
        reason = CHANGED_FILES if (each.source.name, each.shown) in loaded else NEW_FILES
        if reasons.get(each.day) != NEW_FILES:
            reasons[each.day] = reason
    return reasons


def _is_loaded(con: duckdb.DuckDBPyConnection, settings: Settings, source: Source, place: places.Place) -> bool:
    """Whether a file is loaded as it is now; one in object storage is not fetched for it, but told by its tag.

    One that cannot be read is not: the run that tries to says what is wrong with it.
    """
    contract, mapped = ingestion.read_as(settings, source)
    if place.path is None:
        return ingestion.is_known(con, source, contract, place, mapped)
    try:
        with places.at_hand(place) as found:
            identity = loading.load_id(source.name, contract, found, mapped, source.dialect())
    except InputError:
        return False
    return bool(con.execute("select 1 from ops.loads where load_id = $id", {"id": identity}).fetchall())

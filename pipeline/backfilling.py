"""The plan of a backfill: which days are to be computed, and why each of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline import computed, ingestion
from pipeline.errors import InputError
from pipeline.journeys import journey
from pipeline.journeys.journey import Journey
from pipeline.settings import Settings, Source
from pipeline.sources import places
from pipeline.warehouse import loading
from pipeline.warehouse.connection import reading
from pipeline.warehouse.tables import has_table

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

    `is_redone`: it was computed before, of other inputs or settings.
    """

    day: date
    reason: str
    is_redone: bool = False


@dataclass(frozen=True)
class Plan:
    """The days in order, how many of those that were asked for need nothing, and how long it takes by earlier runs.

    After the last day that was asked for come days that were computed before and look back on one that changes.
    """

    days: tuple[Planned, ...]
    untouched: int
    seconds: float | None

    def parts(self) -> list[list[date]]:
        """The days in the parts in which they are computed and published.

        A visit is decided on one day: old later days could contradict a new earlier one. So all days up to the last
        that is redone are one part.
        """
        days = [each.day for each in self.days]
        first = max((place for place, each in enumerate(self.days, start=1) if each.is_redone), default=0)
        rest = [days[start : start + DAYS_AT_ONCE] for start in range(first, len(days), DAYS_AT_ONCE)]
        return [days[:first], *rest] if first else rest


def plan(settings: Settings, days: Sequence[date], *, force: bool = False) -> Plan:
    """What is to be done for the days; nothing is changed. Raises InputError where there is no file of any of them."""
    stages = journey.load(settings.project.journey, settings.folder)
    found = ingestion.find(settings, days, {}, stages.goes_on_without)
    if not settings.warehouse.exists():
        return Plan(tuple(Planned(day, FORCED if force else NEVER) for day in days), 0, None)
    with reading(settings.warehouse) as con:
        if not has_table(con, "ops.computed_days"):  # published before this was noted
            return Plan(tuple(Planned(day, FORCED if force else NEVER) for day in days), 0, None)
        planned = _planned(con, settings, stages, days, _file_reasons(con, settings, found), force=force)
        seconds = computed.seconds_a_day(con)
    asked = {each.day for each in planned} & set(days)
    return Plan(tuple(planned), len(days) - len(asked), None if seconds is None else seconds * len(planned))


def _planned(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    stages: Journey,
    days: Sequence[date],
    files: Mapping[date | None, str],
    *,
    force: bool,
) -> list[Planned]:
    known = computed.known(con, min(days))
    now = computed.made_of(con, settings, stages, sorted({*days, *known}))
    planned: list[Planned] = []
    changed: list[date] = []  # days of which the rows may be other ones than those that later days were made of
    for day in sorted({*days, *known}):
        made = known[day][1] if day in known else None
        reason = _reason(made, now[day], files.get(day) or files.get(None)) if day in days else None
        looks_back = any(each < day <= each + computed.reach(settings) for each in changed)
        if made is not None and reason is None and (looks_back or (day in days and made.inputs != now[day].inputs)):
            reason = LOOKS_BACK
        if reason is not None or (force and day in days):
            is_redone = made is not None and reason is not None
            planned.append(Planned(day, FORCED if force and day in days else reason or FORCED, is_redone))
        if reason in {NEW_FILES, CHANGED_FILES, NEW_ROWS, NEVER}:
            changed.append(day)
    return planned


def _reason(made: computed.Made | None, now: computed.Made, files: str | None) -> str | None:
    if made is None:
        return NEVER
    if files is not None:
        return files
    if made.own_inputs != now.own_inputs:
        return NEW_ROWS
    return SETTINGS if made.settings != now.settings else None


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

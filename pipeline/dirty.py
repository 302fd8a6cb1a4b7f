"""Which days a run computes again, and why: exactly those that read something that has changed.

A day's flags read events, what was usual and which visits earlier days have decided; its scores read visits and flags.
Each look-back is as long as the code that reads (pipeline.flagging, pipeline.periods) makes it; what is not read has
not changed. Days are worked through in their order, so what a day gives differently is known before the next is looked
at.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

import duckdb

from pipeline import computed
from pipeline.detectors import configured
from pipeline.errors import WarehouseError
from pipeline.journeys import contacts, identities, journey, orders, sessions, usual
from pipeline.scoring import afterwards
from pipeline.settings import Settings
from pipeline.warehouse import afterwards as followed
from pipeline.warehouse import changes, history, period, retention

log = logging.getLogger(__name__)


def _days(look_back: timedelta) -> timedelta:
    """So many days after a changed one the look-back from a day's beginning may still touch it."""
    return timedelta(days=look_back.days + 1)


# How long after a change of an input a day still reads it (see `flagging.flag`).
INPUTS: Mapping[str, tuple[tuple[changes.Part, timedelta], ...]] = {
    "clickstream": (
        (changes.CLICKS, _days(sessions.LOOK_BACK)),
        (changes.PURCHASES, _days(orders.LOOK_BACK)),
        (changes.IDENTITIES, _days(sessions.LOOK_BACK + identities.REMEMBERED)),
    ),
    "wait_time": ((changes.WAITS, _days(max(orders.LOOK_BACK, contacts.LOOK_BACK))),),
    "order_error": ((changes.ERRORS, _days(orders.LOOK_BACK)),),
    "orders": ((changes.ORDERS, _days(orders.LOOK_BACK)),),
}
# A session of a day may have begun two days before, and is compared with what was usual then.
FARTHEST = max(reach for parts in INPUTS.values() for _, reach in parts)
USUAL = usual.TRAILING + timedelta(days=2)
# What friction did later looks back on the first days of people, and on what they met then.
FOLLOWED = timedelta(days=max(afterwards.HORIZONS) + followed.INDEX_DAYS)


def plan(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    days: Sequence[date],
    changed: Iterable[date],
    *,
    since: date | None = None,
    forced: Collection[date] = (),
) -> None:
    """Note in ops.current_days which days are to be flagged, and why, as far as it is known before the first of them.

    `changed`: days of which this run may have changed rows. Within `changes.compared`. Earlier days are computed again
    as far back as `late_days`, and at least `since`; older ones are kept and told, and nothing is made of them until
    they are asked for. The `forced` among the days are computed whatever has changed.
    """
    known, by = computed.known(con), computed.digest(settings)
    _refuse_expired(con, settings, [day for day in days if day in known])
    kept = retention.kept_since(con, settings.project.keep_events_days) or date.min
    changed = {day for day in changed if day >= kept}  # what a file brings again of older days is not kept
    usually = min(days) - timedelta(days=settings.project.late_days)
    since = min(usually, since or usually)
    con.execute("update ops.current_run set since = $since", {"since": since})
    differ = {
        name: [(changes.days(con, part, _that_matter(changed, known, reach)), reach) for part, reach in parts]
        for name, parts in INPUTS.items()
    }
    why: dict[date, tuple[str, date | None]] = {}
    for day in days:
        was = known.get(day)
        if day in forced or was is None or was.settings is None or was.came_too_late:
            why[day] = ("asked", None)
        elif was.settings != by:
            why[day] = ("settings", None)
    for name, parts in differ.items():
        for day in sorted(set().union(*(found for found, _ in parts)) & known.keys()):
            if day in days or day >= since:
                why.setdefault(day, (changes.reason(con, name, day), None))
            else:
                log.warning("%s has changed, too late to be computed again by itself: friction run --day %s", day, day)
                computed.note_too_late(con, [day], by)
    for day, each in known.items():
        if since <= day < max(days) and each.settings not in (None, by):
            why.setdefault(day, ("settings", None))
    _warn_of_settings(known, by, since)
    _look_back(known, days, [each for parts in differ.values() for each in parts], since, why)
    con.execute("update ops.current_days set reason = null, changed_day = null")
    for day, (reason, start) in sorted(why.items()):
        add(con, day, reason, start, is_flagged=True)


def _look_back(
    known: Mapping[date, computed.Known],
    days: Sequence[date],
    differ: Sequence[tuple[set[date], timedelta]],
    since: date,
    why: dict[date, tuple[str, date | None]],
) -> None:
    """Add to `why` the days that read a changed one, in their order."""
    unknown: set[date] = set()  # of these nobody knows any more what has changed since later days read them
    for day in sorted(known.keys() | set(days)):
        for found, reach in differ:
            starts = {each for each in found if each >= since or each in days} | unknown
            if reached := [each for each in starts if each < day <= each + reach]:
                why.setdefault(day, ("looks_back", min(reached)))
        if day in why and (day not in known or known[day].came_too_late):
            unknown.add(day)


def _refuse_expired(con: duckdb.DuckDBPyConnection, settings: Settings, days: Sequence[date]) -> None:
    """Raises WarehouseError for a computed day of whose events some are deleted: it would get other results."""
    whole = first_whole(con, settings)
    for day in days:
        if day < whole:
            raise WarehouseError(
                f"{day} was computed from events that are deleted by now (project.keep_events_days = "
                f"{settings.project.keep_events_days}): it stays as it is. Days from {whole} on can be computed again."
            )


def first_whole(con: duckdb.DuckDBPyConnection, settings: Settings) -> date:
    """The first day of which all events are there, those that it looks back on, too: it can be computed again."""
    kept = retention.kept_since(con, settings.project.keep_events_days)
    first = con.execute("select min(day) from ops.signals").fetchall()[0][0]
    return kept + _days(orders.LOOK_BACK) if kept and first < kept else date.min


def _that_matter(changed: set[date], known: Iterable[date], reach: timedelta) -> set[date]:
    """The days that are computed or on which a computed day looks back: nobody asks whether the others differ."""
    return {day for day in changed if any(day <= each <= day + reach for each in known)}


def _warn_of_settings(known: Mapping[date, computed.Known], by: str, since: date) -> None:
    old = [day for day, each in known.items() if day < since and each.settings not in (None, by)]
    if old:
        log.warning(
            "%d days from %s to %s were computed by other settings: friction backfill --from %s --to %s",
            len(old), old[0], old[-1], old[0], old[-1],
        )  # fmt: skip


def add(con: duckdb.DuckDBPyConnection, day: date, reason: str, since: date | None, *, is_flagged: bool) -> None:
    """Note that a day is to be computed with this run, unless that is noted already."""
    con.execute(
        "delete from ops.current_days where day = $day and reason is null", {"day": day}
    )  # asked for, and nothing new until now
    con.execute(
        "insert into ops.current_days select $day, $reason, $since, $is_flagged "
        "where not exists (from ops.current_days where day = $day)",
        {"day": day, "reason": reason, "since": since, "is_flagged": is_flagged},
    )


def to_flag(con: duckdb.DuckDBPyConnection) -> set[date]:
    """The days whose journeys and flags are to be made, as far as it is known."""
    return {
        day
        for (day,) in con.execute("select day from ops.current_days where is_flagged and reason is not null").fetchall()
    }


def to_score(con: duckdb.DuckDBPyConnection) -> list[date]:
    """The days that are to be scored, in order."""
    found = con.execute("select day from ops.current_days where reason is not null order by day").fetchall()
    return [day for (day,) in found]


def perhaps(con: duckdb.DuckDBPyConnection) -> list[date]:
    """Days that are to be flagged, or may turn out to be, in order: all from the first on."""
    dirty = to_flag(con)
    return sorted(dirty | {day for day in computed.known(con) if dirty and day > min(dirty)})


def look_back_on(con: duckdb.DuckDBPyConnection, settings: Settings, day: date, later: Sequence[date]) -> None:
    """Note which later days read what a day has just been given otherwise than it was published. Within `compared`."""
    if not later:
        return
    plan_ = journey.load(settings.project.journey, settings.folder)
    signals = configured(settings.signals, [stage.name for stage in plan_.stages])
    reached: set[date] = set()
    if day in computed.too_late(con):  # nobody knows any more what is new in its rows
        reached |= {each for each in later if each <= day + FARTHEST}
    for measure in sorted({signal.needs_usual for signal in signals.values() if signal.needs_usual}):
        if changes.days(con, changes.usual(measure), [day]):
            names = [name for name, signal in signals.items() if signal.needs_usual == measure]
            reached |= _leaning(con, names, [each for each in later if each <= day + USUAL])
    in_sessions, others, last = changes.decided_otherwise(con, day)
    if in_sessions:
        reached |= {each for each in later if each <= day + _days(sessions.LOOK_BACK)}
    if others:
        until = min(max(day, last or day) + _days(orders.LOOK_BACK), day + timedelta(days=history.DECIDED_REACH_DAYS))
        reached |= {each for each in later if each <= until}
    for each in sorted(reached):
        add(con, each, "looks_back", day, is_flagged=True)


def _leaning(con: duckdb.DuckDBPyConnection, names: Sequence[str], days: Sequence[date]) -> set[date]:
    """The days on which one of the signals was measurable, or lacked nothing but what was usual."""
    found = con.execute(
        "select distinct day from ops.signals where list_contains($names, signal) "
        "and list_contains($days::date[], day) and (is_measurable or why like 'nothing to compare with%')",
        {"names": list(names), "days": list(days)},
    ).fetchall()
    return {day for (day,) in found}


def note_scores(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Note which days are to be scored again because of what was flagged otherwise. Within `changes.compared`."""
    flagged = to_flag(con)
    others = [day for day in computed.known(con) if day not in flagged]
    if not others:
        return
    window = settings.window
    reaches = [
        (changes.VISITS, window),
        (changes.SEEN, window + period.FLAG_REACH + period.RETURNS_WITHIN),
        (changes.FLAGS, max(window + period.FLAG_REACH, FOLLOWED)),
        (changes.ENTRIES, window),
        (changes.FOLLOWED, FOLLOWED + timedelta(days=followed.EARLIER_DAYS)),
    ]
    found = [(changes.days(con, part, flagged), reach) for part, reach in reaches]
    firsts = [first for first in changes.first_days(con) if first]
    takes = max(stage.takes_days for stage in journey.load(settings.project.journey, settings.folder).stages)
    warm = max(firsts) + window + timedelta(days=takes) if firsts else date.min  # until then due days count
    begins = min(firsts) if len(set(firsts)) == 2 else None
    is_new = changes.whole(con, "events.customers", ("customer_id", "segment", "tier", "region"))
    since = con.execute("select since from ops.current_run").fetchall()[0][0]
    for day in others:
        starts = {each for changed, reach in found for each in changed if each <= day <= each + reach}
        starts |= {each for each in found[0][0] if each <= day < warm}
        if begins and begins <= day < warm:
            starts.add(begins)
        if starts:
            add(con, day, "period", min(starts), is_flagged=False)
        elif is_new and day >= since:
            add(con, day, "segments", None, is_flagged=False)


def note_foretold(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[date]:
    """Note which days that were not scored are foretold by what a scored one gives otherwise, and give them, in order.

    Within `changes.compared`. Only what their visits were foretold differs, so no other day leans on them.
    """
    scored = to_score(con)
    known = computed.known(con)
    others = [day for day in known if day not in scored]
    changed = set[date]().union(*(changes.days(con, part, scored) for part in changes.EFFECTS)) if others else set()
    found = []
    for day in others:
        before = max((each for each in known if day - settings.window <= each < day), default=None)
        if before in changed:
            add(con, day, "period", before, is_flagged=False)
            found.append(day)
    return found

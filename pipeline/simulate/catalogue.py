"""The whole catalogue: every signal planted in the days of a journey, by the scripts of `episodes`."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pipeline.simulate.calendar import Calendar
from pipeline.simulate.episodes import surges
from pipeline.simulate.episodes.book import KINDS, Book, book
from pipeline.simulate.episodes.people import Catalogue, people
from pipeline.simulate.episodes.playing import episodes, rows
from pipeline.simulate.episodes.tables import ids, tables
from pipeline.simulate.episodes.telling import instances
from pipeline.simulate.randomness import EPISODES, stream

# Customers times days that are played at once, an episode for every seventh of them: a hundred megabytes of rows.
AT_ONCE = 100_000

WriteDay = Callable[[int, dict[str, pl.DataFrame]], None]


@dataclass(frozen=True)
class Played:
    """The truth, in parts, and the scripts that were played."""

    truth: list[pl.DataFrame]
    scripts: Book


def play(
    world: Catalogue, journey: str, customers: int, time: Calendar, seed: int, *, planted: bool, write_day: WriteDay
) -> Played:
    """Play the episodes of all days; `write_day` gets the position of each day and its rows of each input.

    Without `planted`, only ordinary days and near misses are. Few customers' days are played some at a time: how many
    depends on nothing but the arguments, so that the same ones give the same rows.
    """
    scripts = book(journey)
    kinds = dict(zip(KINDS, world.kinds if planted else (0.0, *world.kinds[1:]), strict=True))
    total = len(time.days)
    base = people(world, customers, total, seed)
    stride = max(1, min(total, AT_ONCE // customers))
    truth: list[pl.DataFrame] = []

    def _surging(
        surge: surges.Surge, waits: pl.DataFrame, calls: surges.Calls, day: int
    ) -> tuple[pl.DataFrame, surges.Calls, list[pl.DataFrame]]:
        found = surges.callers(surge, calls, day, journey, customers, time, world, seed)
        if found is None:
            return waits, calls, []
        reason, fresh = found
        every = calls.and_of(fresh, day)
        number = len(scripts.scripts) + surges.SURGES.index(surge)
        known = [surges.told(surge, reason, every, day, number)] if surge.is_planted else []
        return pl.concat([waits, fresh]).sort("at", "wait_id"), every, known

    waiting: dict[str, pl.DataFrame] = {}
    surging, calls = surges.days_of(kinds, total, seed), surges.NO_CALLS
    for first in range(0, total, stride):
        days = range(first, min(first + stride, total))
        rng = stream(seed, EPISODES, first)
        played = episodes(scripts, base, days, time, kinds, rng)
        found = rows(scripts, played, rng)
        named = ids(scripts, found, first + 1)
        truth.append(instances(scripts, played, found, named, time, first + 1))
        made = tables(world, scripts, played, found, named, first + 1, time, rng)
        for name, fresh in made.items():
            waiting[name] = pl.concat([waiting[name], fresh]).sort("at", fresh.columns[0]) if name in waiting else fresh
        for day in days:
            is_due = {name: each["at"] < int(time.midnights[day + 1]) for name, each in waiting.items()}
            due = {name: each.filter(is_due[name]) for name, each in waiting.items()}
            calls = calls.and_of(due["wait_time"], day)
            if surge := surging.get(day):
                due["wait_time"], calls, known = _surging(surge, due["wait_time"], calls, day)
                truth += known
            write_day(day, due)
            waiting = {name: each.filter(~is_due[name]) for name, each in waiting.items()}
    return Played(truth, scripts)

"""Instants as milliseconds since 1970 (UTC), and the local days between them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.simulate.randomness import Floats, Ints
from pipeline.simulate.world import TIMEZONE

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


@dataclass(frozen=True)
class Calendar:
    """The simulated days: `midnights` has the first instant of each and of the day after the last."""

    days: tuple[date, ...]
    midnights: Ints

    @property
    def end(self) -> int:
        """What happens from here on is not known any more."""
        return int(self.midnights[-1])

    def day_of(self, instants: Ints) -> Ints:
        """Position of each instant's local day; the number of days where it is after the end."""
        return np.searchsorted(self.midnights, instants, side="right").astype(np.int64) - 1

    def at(self, day: Ints, seconds: Floats) -> Ints:
        """Instants by day (also beyond the last) and seconds after local midnight."""
        last = len(self.days)
        beyond = np.maximum(day - last, 0) * DAY
        instants = self.midnights[np.minimum(day, last)] + beyond + (seconds * 1000).astype(np.int64)
        return np.asarray(instants, dtype=np.int64)


def calendar(start: date, days: int) -> Calendar:
    """`days` days from `start` on, in the project's time zone."""
    zone = ZoneInfo(TIMEZONE)
    dates = tuple(start + timedelta(days=number) for number in range(days + 1))
    midnights = [round(datetime.combine(each, time(), zone).timestamp() * 1000) for each in dates]
    return Calendar(dates[:-1], np.asarray(midnights, dtype=np.int64))

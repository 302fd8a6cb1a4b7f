"""Days as instants: a day is a calendar day in the project's time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Day:
    """A calendar day in a time zone, as instants: from `start` (included) to `end` (excluded)."""

    date: date
    start: datetime
    end: datetime


def day_in(zone: ZoneInfo, day: date) -> Day:
    """The day's instants in UTC; 23 or 25 hours long where clocks change."""
    start, end = (datetime.combine(each, time(), zone).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    return Day(day, start, end)


def days_between(first: date, last: date) -> list[date]:
    """All days from the first to the last, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]

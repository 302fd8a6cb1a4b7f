"""Days as instants and in paths: a day is a calendar day in the project's time zone."""

import re
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


_PLACE = re.compile(r"\{day(?::([^{}]*))?\}")
_PART = re.compile("%-?.?")
_PARTS = {
    "%Y": "{0.year:04}",
    "%y": "{:%y}",
    "%m": "{:%m}",
    "%d": "{:%d}",
    "%j": "{:%j}",
    "%-m": "{0.month}",
    "%-d": "{0.day}",
}
_OF_A_DAY = {"d", "j"}


def dated(path: str, day: date) -> str:
    """The path with each `{day}` as 2026-01-15 and each `{day:%Y/%m/%d}` in the form after the colon.

    Forms are strftime's, of numbers only (names of months would depend on the machine's language); `%-m` and `%-d` are
    without a leading zero. Raises ValueError where a form is none, or means more than one day of all years.
    """
    named: set[str] = set()

    def told(found: re.Match[str]) -> str:
        form = "%Y-%m-%d" if found[1] is None else found[1]
        parts = _PART.findall(form)
        if not parts or not set(parts) <= set(_PARTS):
            wrong = next((part for part in parts if part not in _PARTS), form)
            raise ValueError(f"{wrong!r} in {found[0]} is no form of a day. Known: {', '.join(_PARTS)}")
        named.update(part[-1].lower() for part in parts)
        return _PART.sub(lambda part: _PARTS[part[0]].format(day), form)

    filled = _PLACE.sub(told, path)
    if "{day" in filled:
        raise ValueError(
            f"{path!r} has a {{day that is not closed, or is no {{day}}. Write {{day}} or {{day:%Y/%m/%d}}"
        )
    if named and ("y" not in named or ("d" in named and "m" not in named)):
        raise ValueError(f"{path!r} means several days at once. Name the year and the month as well: {{day:%Y/%m/%d}}")
    return filled


def is_daily(path: str) -> bool:
    """Whether a path is another one on each day, rather than the same for a month, a year or always."""
    forms = [found[1] or "%d" for found in _PLACE.finditer(path)]
    return any(part[-1] in _OF_A_DAY for form in forms for part in _PART.findall(form))

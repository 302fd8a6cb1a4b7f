"""SQL for the calendar day of an instant in a time zone, by arithmetic on the clock changes that Python knows.

So events get their day from the same rules as the bounds of a day (`pipeline.calendar`); DuckDB's own may be of another
year, and asking it per row is slow.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.quoting import text

_DAY = 86_400_000_000  # microseconds
_FAR = 1_000_000  # days; keeps the division among positive numbers
MOST_PIECES = 400  # clock changes: two centuries; of a file that spans more, DuckDB tells the days


def day_of(column: str, timezone: str, first: datetime | None, last: datetime | None) -> str:
    """SQL of the day of `column`, whose instants lie from `first` to `last` (None: there is none)."""
    by_icu = f"timezone({text(timezone)}, {column})::date"
    if first is None or last is None or last.year > 9000:
        return by_icu
    changes = _changes(ZoneInfo(timezone), first.astimezone(UTC), last.astimezone(UTC))
    if len(changes) > MOST_PIECES:
        return by_icu
    pieces = [f"when {column} >= timestamptz '{since.isoformat()}' then {offset}" for since, offset in changes[:0:-1]]
    offset = f"case {' '.join(pieces)} else {changes[0][1]} end" if pieces else str(changes[0][1])
    return f"(date '1970-01-01' + ((epoch_us({column}) + {offset} + {_FAR * _DAY}) // {_DAY} - {_FAR})::int)"


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[datetime, int]]:
    """(since, offset from UTC in microseconds), in order; the first is that of `first`."""
    found = [(first, _offset(zone, first))]
    at = first
    while at <= last:
        then = at + timedelta(days=1)
        if _offset(zone, then) != found[-1][1]:
            low, high = at, then
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if _offset(zone, middle) == found[-1][1] else (low, middle)
                if middle <= low and high - low <= timedelta(seconds=1):
                    break
            since = high.replace(microsecond=0)
            found.append((since, _offset(zone, since)))
        at = then
    return found


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset / timedelta(microseconds=1))

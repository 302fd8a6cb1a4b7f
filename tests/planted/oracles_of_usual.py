"""Plain readings of what is compared with the days before: loops over all sessions, limits counted for each day."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.planted.oracles import Instance, Row, staged, stages_of

CLOSES = timedelta(minutes=30)
TRAILING = timedelta(days=28)
LEAST_SEEN, SHARE = 200, 0.95


@dataclass(frozen=True)
class Stay:
    """Something measured of a session at a place: what has been reached at each moment, from row to row."""

    place: str
    device: str
    begun: date
    closed: date
    reached: list[tuple[int, datetime]]
    rows: list[Row]


def stays(session: list[Row], journey: str, zone: ZoneInfo) -> Iterator[Stay]:
    """The visits of a session: how many whole seconds had passed in each of them by the end of each pause."""
    starts = {stage["name"]: stage.get("starts_again_by", []) for stage in stages_of(journey)}
    completes = {stage["name"]: stage.get("completed_by", []) for stage in stages_of(journey)}
    attempt: dict[str, int] = defaultdict(int)
    completed: dict[str, int] = defaultdict(int)
    visits: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number, (stage, row) in enumerate(staged(session, journey)):
        if row["event_name"] in starts[stage]:
            attempt[stage] = completed[stage]
        visits[stage, attempt[stage]].append(number)
        for name, events in completes.items():
            completed[name] += row["event_name"] in events and row["outcome"] != "error"
    for (stage, _), numbers in visits.items():
        passed = timedelta()
        reached = []
        for number in numbers:
            if number + 1 < len(session):
                passed += session[number + 1]["occurred_at"] - session[number]["occurred_at"]
                reached.append((passed // timedelta(seconds=1), session[number + 1]["occurred_at"]))
        yield _stay(stage, session, [session[number] for number in numbers], reached, zone)


def scrolled(session: list[Row], _journey: str, zone: ZoneInfo) -> Iterator[Stay]:
    """The pages of a session that were scrolled: how often they had been turned on at each scroll."""
    pages: dict[str, list[Row]] = defaultdict(list)
    for row in session:
        if row["event_name"] == "scroll" and row["y"] is not None and row["page_path"] is not None:
            pages[row["page_path"]].append(row)
    for page, rows in pages.items():
        turns, way, last = 0, 0, None
        reached = []
        for row in rows:
            step = 0 if last is None else (row["y"] > last) - (row["y"] < last)
            turns += step * way < 0
            way, last = step or way, row["y"]
            reached.append((turns, row["occurred_at"]))
        yield _stay(page, session, rows, reached, zone)


def _stay(place: str, session: list[Row], rows: list[Row], reached: list[tuple[int, datetime]], zone: ZoneInfo) -> Stay:
    device = next((row["device"] for row in rows if row["device"] is not None), "unknown")
    closed = session[-1]["occurred_at"] + CLOSES
    return Stay(place, device, _day(rows[0]["occurred_at"], zone), _day(closed, zone), reached, rows)


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def beyond(every: list[Stay], least: int) -> Iterator[tuple[Stay, int]]:
    """Stays that reach more than was usual, and what is reached there: the position at which they do so."""
    limits: dict[tuple[str, str, date], float] = {}
    for stay in every:
        key = (stay.place, stay.device, stay.begun)
        if key not in limits:
            seen = sorted(
                other.reached[-1][0] if other.reached else 0
                for other in every
                if (other.place, other.device) == key[:2] and stay.begun - TRAILING <= other.closed < stay.begun
            )
            limits[key] = (
                next(value for number, value in enumerate(seen, 1) if number >= SHARE * len(seen))
                if len(seen) >= LEAST_SEEN
                else float("inf")
            )
        for position, (value, _) in enumerate(stay.reached):
            if value > limits[key] and value >= least:
                yield stay, position
                break


def hesitation(sessions: list[list[Row]], journey: str, zone: ZoneInfo) -> Iterator[Instance]:
    """Visits beyond the limit and a minute; where their longest pause until then was."""
    every = [stay for session in sessions for stay in stays(session, journey, zone)]
    after = {
        row["event_id"]: then["occurred_at"] - row["occurred_at"]
        for session in sessions
        for row, then in pairwise(session)
    }
    for stay, position in beyond(every, 60):
        rows = stay.rows[: position + 1]
        longest = max(range(len(rows)), key=lambda number: (after[rows[number]["event_id"]], -number))
        pages = [row["page_path"] for row in rows[: longest + 1] if row["page_path"] is not None]
        yield pages[-1] if pages else "unknown", stay.reached[position][1], rows[longest]["event_id"]


def excessive_scroll(sessions: list[list[Row]], journey: str, zone: ZoneInfo) -> Iterator[Instance]:
    """Pages turned on more often than usual, of which the vendor says nothing."""
    told = {
        (row["event_id"], other["page_path"])
        for session in sessions
        for other in session
        if other["event_name"] == "excessive_scroll"
        for row in session
    }
    every = [stay for session in sessions for stay in scrolled(session, journey, zone)]
    for stay, position in beyond(every, 4):
        first = next(number for number, (turns, _) in enumerate(stay.reached) if turns == 1)
        if (stay.rows[0]["event_id"], stay.place) not in told:
            yield stay.place, stay.reached[position][1], stay.rows[first]["event_id"]


OF_USUAL: dict[str, Callable[[list[list[Row]], str, ZoneInfo], Iterator[Instance]]] = {
    "excessive_scroll": excessive_scroll,
    "hesitation": hesitation,
}

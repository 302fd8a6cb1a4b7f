"""Plain readings of what walks without a goal may truly meet: loops over rows, the definitions taken word by word."""

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pipeline
from tests.detectors.plainly import pages_of, together

Row = dict[str, Any]
Instance = tuple[str, datetime, str]  # where, when it was known, the first id of its evidence

Oracle = Callable[[list[Row], str], Iterator[Instance]]  # of a session, and the name of the journey

JOURNEYS = Path(pipeline.__file__).parent / "journeys" / "files"
SHOWING = {"page_view", "view_item", "view_item_list", "view_search_results", "view_cart", "web_vital"}


def sessions_of(rows: list[Row]) -> list[list[Row]]:
    """Everybody's events in order of time and id, a new list after 30 minutes of silence."""
    found: list[list[Row]] = []
    last: Row | None = None
    for row in sorted(rows, key=lambda row: (row["who"], row["occurred_at"], row["event_id"])):
        if (
            last is None
            or row["who"] != last["who"]
            or row["occurred_at"] - last["occurred_at"] >= timedelta(minutes=30)
        ):
            found.append([])
        found[-1].append(row)
        last = row
    return found


def page_loop(session: list[Row], _journey: str) -> Iterator[Instance]:
    """Three times the same page within 15 seconds, or A → B → A → B; circles that share a page are one."""
    pages = pages_of(session)
    loops = []
    for last in range(len(pages)):
        same = [n for n in range(last + 1) if pages[n][0] == pages[last][0]]
        if len(same) >= 3 and at(pages, last) - at(pages, same[-3]) <= timedelta(seconds=15):
            loops.append((same[-3], last))
        way = [n for n in range(last + 1) if n == 0 or pages[n][0] != pages[n - 1][0]]
        if len(way) >= 4 and way[-1] == last:
            a, b, c, d = (pages[n][0] for n in way[-4:])
            if a == c and b == d:
                loops.append((way[-4], last))
    for first, _, known in together(loops):
        yield pages[known][0], at(pages, known), pages[first][1][0]["event_id"]


def at(pages: list[tuple[str, list[Row]]], number: int) -> datetime:
    moment: datetime = pages[number][1][0]["occurred_at"]
    return moment


def quick_back(session: list[Row], _journey: str) -> Iterator[Instance]:
    """A → B → A with B seen for less than five seconds and nothing done there; each B once."""
    pages: list[tuple[str, list[Row]]] = []
    for path, rows in pages_of(session):
        if pages and pages[-1][0] == path:
            pages[-1][1].extend(rows)
        else:
            pages.append((path, list(rows)))
    seen = set()
    for number in range(1, len(pages) - 1):
        path, rows = pages[number]
        is_back = pages[number - 1][0] == pages[number + 1][0]
        is_quick = at(pages, number + 1) - at(pages, number) < timedelta(seconds=5)
        acts = [row for row in rows if row["event_name"] not in SHOWING]
        if is_back and is_quick and not acts and path not in seen:
            seen.add(path)
            yield path, at(pages, number + 1), rows[0]["event_id"]


def pogo_stick(session: list[Row], _journey: str) -> Iterator[Instance]:
    """Back to one list from three different items."""
    pages = pages_of(session)
    lists: dict[str, dict[str, tuple[str, datetime]]] = {}
    for number, (path, rows) in enumerate(pages):
        if number:
            before, there = pages[number - 1]
            if path in lists and before != path and is_item(before, there):
                lists[path].setdefault(before, (there[0]["event_id"], rows[0]["occurred_at"]))
        names = {row["event_name"] for row in rows}
        shows = names & {"view_item_list", "view_search_results", "search"} or re.match(r"/c/|/category/|/search", path)
        if shows and not is_item(path, rows):
            lists.setdefault(path, {})
    for path, items in lists.items():
        if len(items) >= 3:
            moments = list(items.values())
            yield path, moments[2][1], moments[0][0]


def is_item(path: str, rows: list[Row]) -> bool:
    return path.startswith(("/p/", "/product/")) or any(row["event_name"] == "view_item" for row in rows)


@cache
def stages_of(journey: str) -> list[dict[str, Any]]:
    """The stages as they stand in the journey file."""
    stages: list[dict[str, Any]] = tomllib.loads((JOURNEYS / f"{journey}.toml").read_text(encoding="utf-8"))["stages"]
    return stages


@cache
def stage_of(name: str, path: str | None, journey: str) -> str | None:
    """The stage of an event's name, else of the longest pattern that is like its page, else none."""
    named = [stage["name"] for stage in stages_of(journey) if name in stage.get("events", [])]
    placed = [
        (len(pattern), stage["name"])
        for stage in stages_of(journey)
        for pattern in stage.get("pages", [])
        if path and re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), path)
    ]
    return named[0] if named else max(placed)[1] if placed else None


def staged(session: list[Row], journey: str) -> list[tuple[str, Row]]:
    """The events with their stages; what has none of its own is of that of the event before."""
    here = next(stage["name"] for stage in stages_of(journey) if stage["made_of"] == "session")
    way = []
    for row in session:
        here = stage_of(row["event_name"], row["page_path"], journey) or here
        way.append((here, row))
    return way


def stage_regression(session: list[Row], journey: str) -> Iterator[Instance]:
    """Twice back to an earlier stage of the journey, from one event to the next."""
    order = [stage["name"] for stage in stages_of(journey)]
    way = pairwise(staged(session, journey))
    back = [(one, other) for one, other in way if order.index(other[0]) < order.index(one[0])]
    if len(back) >= 2:
        (left, _), (come_to, row) = back[1]
        yield f"{left} → {come_to}", row["occurred_at"], back[0][0][1]["event_id"]


OF_PAGES: dict[str, Oracle] = {
    "page_loop": page_loop,
    "pogo_stick": pogo_stick,
    "quick_back": quick_back,
    "stage_regression": stage_regression,
}

"""The plain reading that the oracles share: loops over rows, and the words of the product taken literally."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import HealthCheck, Phase, settings

from pipeline.calendar import Day
from tests.detectors.nights import at, schema

Row = dict[str, Any]

# The same cases on every machine, and none of them is too slow.
SLOWLY = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)

# What the stages' events are called, as far as the oracles' cases go; a page counts where the name says nothing.
STAGES = {
    "view_item_list": "discover",
    "view_item": "evaluate",
    "add_to_cart": "cart",
    "begin_checkout": "checkout",
    "add_payment_info": "payment",
    "payment_error": "payment",
    "purchase": "payment",
}
PAGES = {"/": "discover", "/p/1": "evaluate", "/checkout": "checkout", "/checkout/address": "checkout"}


def frame(drawn: list[Row], start: float) -> pl.DataFrame:
    """Drawn events as rows of the clickstream: each `pause` seconds after the one before, ids against their order."""
    rows, seconds = [], start
    for number, row in enumerate(drawn):
        seconds += row["pause"]
        event_id = f"e{99 - number:02}"
        rows.append(row | {"event_id": event_id, "occurred_at": at(seconds, hour=0)})
    known = schema("clickstream")
    return pl.DataFrame(
        [{name: value for name, value in row.items() if name != "pause"} for row in rows],
        schema={name: known[name] for name in (rows[0] if rows else ["event_id"]) if name != "pause"},
    )


def known_on(rows: Iterable[Row], day: Day) -> list[Row]:
    return [row for row in rows if row["occurred_at"] < day.end]


def sessions_of(rows: Iterable[Row]) -> list[list[Row]]:
    """Each person's events in order of time and id, a new list after 30 minutes of silence."""
    found: list[list[Row]] = []
    last: tuple[str, datetime] | None = None
    for row in sorted(rows, key=lambda row: (row["customer_id"], row["occurred_at"], row["event_id"])):
        here = (row["customer_id"], row["occurred_at"])
        if last is None or here[0] != last[0] or here[1] - last[1] >= timedelta(minutes=30):
            found.append([])
        found[-1].append(row)
        last = here
    return found


def visits_of(sessions: list[list[Row]]) -> Iterator[list[Row]]:
    """The events of each stage of each session; what comes after a purchase may be another attempt."""
    for session in sessions:
        yield from attempts(session).values()


def attempts(session: list[Row]) -> dict[tuple[str, int], list[Row]]:
    """The events of a session by stage and attempt: a checkout or payment begun after a purchase is a new attempt."""
    found: dict[tuple[str, int], list[Row]] = {}
    stage, bought, number = "discover", 0, {"checkout": 0, "payment": 0}
    for row in session:
        name = row["event_name"]
        stage = STAGES.get(name) or PAGES.get(row.get("page_path") or "") or stage
        if name == "begin_checkout":
            number["checkout"] = bought
        if name == "add_payment_info":
            number["payment"] = bought
        found.setdefault((stage, number.get(stage, 0)), []).append(row)
        bought += is_purchase(row)
    return found


def is_purchase(row: Row) -> bool:
    return row["event_name"] == "purchase" and row.get("outcome") != "error"


def pages_of(session: list[Row]) -> list[tuple[str, list[Row]]]:
    """The pages that a session came to, each with what happened there; one that is loaded again is come to again."""
    pages: list[tuple[str, list[Row]]] = []
    for row in session:
        path = row["page_path"]
        if path is not None and (not pages or path != pages[-1][0] or row["event_name"] == "page_view"):
            pages.append((path, []))
        if pages:
            pages[-1][1].append(row)
    return pages


def together(loops: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Spans (first, last) that touch, as one: its first, its last, and where the earliest of them ended."""
    while loops:
        first, last = loops[0]
        touching, loops = [loops[0]], loops[1:]
        while more := [loop for loop in loops if loop[0] <= last and loop[1] >= first]:
            touching += more
            loops = [loop for loop in loops if loop not in more]
            first, last = min(one for one, _ in touching), max(other for _, other in touching)
        yield first, last, min(other for _, other in touching)

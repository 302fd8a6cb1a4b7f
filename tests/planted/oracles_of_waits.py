"""Plain readings of waits: loops over a customer's rows, the definitions word by word, targets of the journey file."""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache

from tests.planted.oracles import JOURNEYS, Instance, Row

REPLIES = {"first_response", "resolution"}


@cache
def targets_of(journey: str) -> dict[str, dict[str, float]]:
    """The targets as they stand in the journey file."""
    targets: dict[str, dict[str, float]] = tomllib.loads((JOURNEYS / f"{journey}.toml").read_text(encoding="utf-8"))[
        "targets"
    ]
    return targets


def target(row: Row, journey: str) -> timedelta | None:
    """How long such a wait may last."""
    seconds = targets_of(journey).get(row["wait_type"], {}).get(row["channel"])
    return None if seconds is None else timedelta(seconds=seconds)


def known(row: Row, due: timedelta, end: datetime) -> datetime | None:
    """When it is known that a wait goes beyond what is due: when it ends, at the latest after four times that."""
    if (row["ended_at"] or end) - row["started_at"] <= due:
        return None
    latest: datetime = row["started_at"] + 4 * due
    return min(row["ended_at"] or latest, latest)


def long_wait(waits: list[Row], journey: str, end: datetime) -> Iterator[Instance]:
    """A wait beyond its target, but for replies and resolutions."""
    for row in waits:
        due = target(row, journey)
        if row["wait_type"] not in REPLIES and due and (moment := known(row, due, end)):
            yield row["queue"], moment, row["wait_id"]


def slow_first_response(waits: list[Row], journey: str, end: datetime) -> Iterator[Instance]:
    """A first reply later than promised, else than its target."""
    for row in waits:
        promised = row["promised_at"] and row["promised_at"] - row["started_at"]
        due = promised or target(row, journey)
        if row["wait_type"] == "first_response" and due and (moment := known(row, due, end)):
            yield row["queue"], moment, row["wait_id"]


def queue_abandonment(waits: list[Row], _journey: str, _end: datetime) -> Iterator[Instance]:
    """Hung up after more than five seconds."""
    for row in waits:
        is_left = row["wait_type"] == "queue" and row["outcome"] == "abandoned"
        if is_left and row["ended_at"] - row["started_at"] > timedelta(seconds=5):
            yield row["queue"], row["ended_at"], row["wait_id"]


def repeat_contact(waits: list[Row], _journey: str, _end: datetime) -> Iterator[Instance]:
    """A contact after whose end another about the same reason began within a week."""
    contacts = defaultdict(list)
    for row in waits:
        if row["wait_type"] not in {"delivery", "refund"}:
            contacts[row["contact_id"] or row["wait_id"]].append(row)
    ordered = sorted(contacts.values(), key=lambda rows: (rows[0]["started_at"], rows[0]["wait_id"]))
    for number, rows in enumerate(ordered):
        if any(row["ended_at"] is None for row in rows):
            continue
        over = max(row["ended_at"] + timedelta(seconds=row["handled_seconds"] or 0) for row in rows)
        for later in ordered[number + 1 :]:
            pause = later[0]["started_at"] - over
            if later[0]["reason"] == rows[0]["reason"] and pause >= timedelta():
                if pause <= timedelta(days=7):
                    yield rows[0]["reason"], later[0]["started_at"], rows[0]["wait_id"]
                break


def late_delivery(waits: list[Row], _journey: str, end: datetime) -> Iterator[Instance]:
    """A parcel that had not come by its promise."""
    for row in waits:
        if row["wait_type"] == "delivery" and row["promised_at"] and (row["ended_at"] or end) > row["promised_at"]:
            yield row["queue"], row["promised_at"], row["wait_id"]


OF_WAITS: dict[str, Callable[[list[Row], str, datetime], Iterator[Instance]]] = {
    "late_delivery": late_delivery,
    "long_wait": long_wait,
    "queue_abandonment": queue_abandonment,
    "repeat_contact": repeat_contact,
    "slow_first_response": slow_first_response,
}

"""A hand-written world: six days, a dozen people, friction of each kind, on either side of midnight."""

import json
import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipeline import steps
from pipeline.calendar import days_between
from pipeline.settings import Settings, load
from pipeline.warehouse.connection import reading
from pipeline.warehouse.days import fingerprint

Row = dict[str, Any]
World = dict[str, list[Row]]

ZONE = ZoneInfo("Europe/Istanbul")  # its midnight is 21:00 UTC
FIRST, LAST = date(2026, 1, 10), date(2026, 1, 15)
DAYS = days_between(FIRST, LAST)
STARTED = datetime(2026, 1, 16, 3, tzinfo=UTC)

TIMES = {"clickstream": "occurred_at", "wait_time": "started_at", "order_error": "occurred_at", "orders": "placed_at"}

PROJECT = """\
[project]
timezone = "Europe/Istanbul"
currency = "TRY"
"""

SOURCE = """
[[sources]]
name     = "{contract}"
contract = "{contract}"
path     = "landing/{contract}/{{day}}/*.ndjson"
"""


def world(days: Sequence[date] = DAYS) -> World:
    """All rows of all inputs by contract, in the order in which they were written down."""
    found: World = {name: [] for name in TIMES}
    for number, day in enumerate(days):
        _evening(found, number, day)
    return found


def _evening(found: World, number: int, day: date) -> None:
    """A day of the world: each person's visit, some over midnight; what goes wrong differs from day to day."""
    for person in range(6):
        device = "mobile" if person % 2 else "desktop"
        known: Row = {"customer_id": f"c{person}"} if person < 4 else {}
        who: Row = known | {"anonymous_id": f"a{person}", "device": device, "channel": "web", "app_version": "5"}
        start = datetime(day.year, day.month, day.day, 17 + person, 50, tzinfo=ZONE)  # 17:50 … 22:50
        at = _Clock(start, f"{number}-{person}", who, found["clickstream"])
        at(0, "page_view", page_path="/")
        at(30, "view_item", page_path="/item", product_id="p1")
        at(60, "add_to_cart", page_path="/item", value=100.0 + person, currency="TRY")
        at(90, "begin_checkout", page_path="/checkout", value=100.0 + person, currency="TRY")
        if (number + person) % 3 == 0:
            for click in range(5):
                at(100 + click * 0.2, "click", page_path="/checkout", element="#pay")
        if (number + person) % 4 == 1:
            for attempt in range(3):
                at(120 + attempt * 20, "form_error", page_path="/checkout", form_id="shipping", field_id="postcode")
        if person >= 4 and number % 2:  # signs in late in the visit
            at(170, "login", customer_id=f"c{person}")
        at(175, "add_payment_info", page_path="/checkout", value=100.0 + person, currency="TRY")
        if (number + person) % 5 == 2:
            at(180, "payment_error", page_path="/checkout", error_class="soft", error_code="declined", outcome="error")
        if (number + person) % 3:
            later = 8000 if person == 5 else 200  # the last one comes back after midnight
            at(later, "purchase", page_path="/thanks", order_id=f"o{number}-{person}", value=100.0, currency="TRY")
            _order(found, number, person, start)
    _contacts(found, number, day)


class _Clock:
    """Writes events of one visit, each some seconds after its start."""

    def __init__(self, start: datetime, name: str, who: Row, rows: list[Row]) -> None:
        self._start, self._name, self._who, self._rows, self._number = start, name, who, rows, 0

    def __call__(self, seconds: float, event_name: str, **more: Any) -> None:
        self._number += 1
        at = self._start + timedelta(seconds=seconds)
        row = {"event_id": f"e{self._name}-{self._number:02}", "occurred_at": _instant(at), "event_name": event_name}
        self._rows.append(row | self._who | more)


def _order(found: World, number: int, person: int, placed: datetime) -> None:
    order, hours = f"o{number}-{person}", 30 if person == 2 else 20  # promised within 24
    found["orders"].append({
        "order_id": order, "customer_id": f"c{person}", "placed_at": _instant(placed), "value": 100.0,
        "currency": "TRY", "carrier": "north", "channel": "web",
        "promised_at": _instant(placed + timedelta(days=1)),
        "delivered_at": _instant(placed + timedelta(hours=hours)),
    })  # fmt: skip
    if person % 2 == 0:
        found["order_error"].append({
            "error_id": f"x{number}-{person}", "customer_id": f"c{person}", "order_id": order,
            "occurred_at": _instant(placed + timedelta(hours=1)), "error_type": "wrong_item", "value": 100.0,
            "currency": "TRY", "carrier": "north",
        })  # fmt: skip


def _contacts(found: World, number: int, day: date) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZONE)
    for person in range(0, 6, 2):
        start = noon + timedelta(minutes=person)
        hangs_up = (number + person) % 4 == 0
        found["wait_time"].append({
            "wait_id": f"w{number}-{person}", "customer_id": f"c{person}", "wait_type": "queue", "channel": "phone",
            "started_at": _instant(start), "ended_at": _instant(start + timedelta(seconds=30 + 400 * (number % 2))),
            "outcome": "abandoned" if hangs_up else "served", "queue": "orders", "reason": "delivery",
            "contact_id": f"k{number}-{person}",
        })  # fmt: skip


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local_day(contract: str, row: Row) -> date:
    """The day of a row in the project's time zone."""
    return datetime.fromisoformat(row[TIMES[contract]]).astimezone(ZONE).date()


def write(
    folder: Path,
    rows: World | None = None,
    *,
    parts: int = 1,
    shuffled: int | None = None,
    name: str = "part",
    file_of: Callable[[str, Row], date] = local_day,
    more: str = "",
) -> Settings:
    """Write `friction.toml` and a folder of files for each day; gives the settings.

    `parts`: files a day; `shuffled`: seed of another order of rows; `file_of`: the day in whose folder a row arrives.
    """
    by_file: dict[tuple[str, date, int], list[Row]] = defaultdict(list)
    for contract, all_rows in (world() if rows is None else rows).items():
        ordered = list(all_rows)
        if shuffled is not None:
            random.Random(shuffled).shuffle(ordered)
        for number, row in enumerate(ordered):
            by_file[contract, file_of(contract, row), number % parts].append(row)
    for (contract, day, part), its_rows in by_file.items():
        path = folder / "landing" / contract / day.isoformat() / f"{name}-{part}.ndjson"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in its_rows), encoding="utf-8")
    config = folder / "friction.toml"
    config.write_text(
        PROJECT + more + "".join(SOURCE.format(contract=contract) for contract in TIMES), encoding="utf-8"
    )
    return load(config)


def run(settings: Settings, days: Iterable[date]) -> None:
    """A night without the contracts' expectations, which take seconds to import, and without reports."""
    listed = list(days)
    steps.prepare(settings, listed, uuid.uuid4().hex, STARTED)
    for step in (steps.ingest, steps.flag, steps.score, steps.publish):
        step(settings, listed)


def fingerprints(settings: Settings, schemas: Iterable[str] = ("events", "journeys", "friction")) -> dict[str, str]:
    """A hash of each published table."""
    with reading(settings.warehouse) as con:
        names = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where list_contains($schemas, schema_name) "
            "order by all",
            {"schemas": list(schemas)},
        ).fetchall()
        return {name: fingerprint(con, name) for (name,) in names}


def counts(settings: Settings) -> dict[str, int]:
    """Rows of each published table."""
    with reading(settings.warehouse) as con:
        names = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where schema_name in ('events', 'journeys', 'friction') order by all"
        ).fetchall()
        return {name: con.execute(f"select count(*) from {name}").fetchall()[0][0] for (name,) in names}


def tell(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Names of the tables that differ."""
    return [name for name in sorted(found.keys() | expected.keys()) if found.get(name) != expected.get(name)]

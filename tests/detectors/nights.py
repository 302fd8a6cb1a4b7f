"""Small worlds, drawn or generated, and what one night makes of them: the pure work of the day, without a warehouse."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from pipeline.calendar import Day, day_in
from pipeline.contracts.contract import load as load_contract
from pipeline.detectors import all_signals
from pipeline.detectors._signal import Signal
from pipeline.journeys import identities, orders, sessions
from pipeline.journeys.journey import Journey
from pipeline.journeys.journey import load as load_journey
from pipeline.night import Bucket, Found, judge, together
from tests.drawn import Dtype, table

JANUARY_1 = date(2026, 1, 1)


@cache
def shop() -> Journey:
    """The built-in journey."""
    return load_journey("ecommerce", Path())


@cache
def schema(contract: str) -> dict[str, Dtype]:
    """Columns of a contract that an input may bring, with their types."""
    found = load_contract(contract)
    return {column.name: found.schema()[column.name] for column in found.inputs}


def nothing(contract: str) -> pl.DataFrame:
    return pl.DataFrame(schema=schema(contract))


@dataclass(frozen=True)
class World:
    """All rows of each input, as they are known in the end; columns as in the contracts."""

    clickstream: pl.DataFrame
    wait_time: pl.DataFrame
    order_error: pl.DataFrame
    orders: pl.DataFrame

    def __add__(self, other: "World") -> "World":
        return World(*(pl.concat([getattr(self, each.name), getattr(other, each.name)]) for each in fields(self)))

    def only(self, customers: set[str], devices: set[str]) -> "World":
        """The rows of some people."""
        is_theirs = pl.col("customer_id").is_in(customers)
        return replace(
            World(*(getattr(self, each.name).filter(is_theirs) for each in fields(self))),
            clickstream=self.clickstream.filter(
                is_theirs.fill_null(value=False) | pl.col("anonymous_id").is_in(devices)
            ),
        )


def world(
    clickstream: str | pl.DataFrame | None = None,
    wait_time: str | pl.DataFrame | None = None,
    order_error: str | pl.DataFrame | None = None,
    orders: str | pl.DataFrame | None = None,
) -> World:
    """A world of drawn tables or frames: columns that they do not show are null."""
    given = {"clickstream": clickstream, "wait_time": wait_time, "order_error": order_error, "orders": orders}
    return World(**{name: _filled(name, rows) for name, rows in given.items()})


def _filled(contract: str, rows: str | pl.DataFrame | None) -> pl.DataFrame:
    known = schema(contract)
    if rows is None:
        return nothing(contract)
    if isinstance(rows, str):
        drawn = [name.strip() for name in rows.strip().splitlines()[0].split("|")]
        rows = table(_dated(rows), **{name: known[name] for name in drawn})
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in known.items() if name not in rows.columns]
    return rows.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in known.items())


def _dated(text: str) -> str:
    """Cells that hold a time only are of the first of January 2026, `d3 10:00` is of the third."""
    cell = r"(^|\|)[ ]*(?:d(\d+) )?(\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?=[ ]*(?:\||$))"
    return re.sub(
        cell, lambda found: f"{found[1]} 2026-01-{int(found[2] or 1):02} {found[3]}", text, flags=re.MULTILINE
    )


def day_of(number: int = 1, zone: str = "UTC") -> Day:
    """The n-th day of January 2026."""
    return day_in(ZoneInfo(zone), JANUARY_1 + timedelta(days=number - 1))


def night(
    rows: World,
    day: Day | None = None,
    *,
    signals: Mapping[str, Signal] | None = None,
    reach: timedelta = sessions.LOOK_BACK,
    journey: Journey | None = None,
    usual: pl.DataFrame | None = None,
    counted: pl.DataFrame | None = None,
) -> Found:
    """What the night of a day finds, given only what a night reads: clickstream from `reach` before the day.

    `usual`, `counted`: what was seen before, as `night.judge` and `night.together` take it; nothing if not given.
    """
    day = day or day_of()
    since = day.start - reach
    clicks = rows.clickstream.filter(pl.col("occurred_at") < day.end)
    events = clicks.filter(pl.col("occurred_at") >= since)
    resolved = identities.resolve(
        events.filter(pl.col("anonymous_id").is_not_null()), _known(clicks, since), sessions.GAP, sessions.CAP
    )
    long_ago = day.start - orders.LOOK_BACK
    bought = clicks.filter(
        (pl.col("event_name") == "purchase")
        & pl.col("order_id").is_not_null()
        & pl.col("customer_id").is_not_null()
        & (pl.col("occurred_at") >= long_ago)
    )

    def read(frame: pl.DataFrame, time: str) -> pl.DataFrame:
        return frame.filter(pl.col(time).is_between(long_ago, day.end, closed="left"))

    bucket = Bucket(
        events=identities.named(events, resolved),
        purchases=bought,
        waits=read(rows.wait_time, "started_at"),
        errors=read(rows.order_error, "occurred_at"),
        orders=read(rows.orders, "placed_at"),
    )
    chosen = all_signals() if signals is None else signals
    kept = load_contract("usual").schema()
    before = pl.DataFrame(schema=kept | {"since": pl.Datetime("us", "UTC")}).drop("day") if usual is None else usual
    found = judge(bucket, journey or shop(), chosen, day, before)
    return together([found], chosen, day, pl.DataFrame(schema=kept) if counted is None else counted)


def _known(clicks: pl.DataFrame, since: datetime) -> pl.DataFrame:
    """Pairs of ids seen together on a day, the first time before an instant: what journeys.identities keeps."""
    return (
        clicks.drop_nulls(["anonymous_id", "customer_id"])
        .group_by(pl.col("occurred_at").dt.date().alias("day"), "anonymous_id", "customer_id")
        .agg(first_seen_at=pl.col("occurred_at").min(), last_seen_at=pl.col("occurred_at").max())
        .filter((pl.col("first_seen_at") < since) & (pl.col("day") >= (since - identities.REMEMBERED).date()))
        .select("anonymous_id", "customer_id", "last_seen_at")
    )


def flags(
    name: str,
    rows: World,
    day: Day | None = None,
    *,
    reach: timedelta = sessions.LOOK_BACK,
    usual: pl.DataFrame | None = None,
    counted: pl.DataFrame | None = None,
    **parameters: object,
) -> pl.DataFrame:
    """The flags of one signal on one day, with other parameters where they are given."""
    signal = all_signals()[name]
    if parameters:
        signal = replace(signal, parameters=replace(signal.parameters, **parameters))
    return night(rows, day, signals={name: signal}, reach=reach, usual=usual, counted=counted).flags


def before(text: str) -> pl.DataFrame:
    """What was usual before each day of January, as in Inputs: drawn columns measure, place, device, value, times."""
    drawn = table(text, measure=pl.String, place=pl.String, device=pl.String, value=pl.Int64, times=pl.Int64)
    since = pl.DataFrame({"since": [day_of(number).start for number in range(-1, 32)]})
    return drawn.join(since.cast(pl.Datetime("us", "UTC")), how="cross")


def picked(found: pl.DataFrame, expected: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The columns of `found` that the drawn `expected` shows, and `expected` with their types, both in its order."""
    names = re.split(r"\s*\|\s*", expected.strip().splitlines()[0].strip())
    shown = found.select(names).with_columns(pl.selectors.float().round(3)).sort(names[0])
    return shown, table(expected, **dict(shown.schema)).sort(names[0])


def customers(found: pl.DataFrame) -> set[str]:
    return set(found["customer_id"])


def at(seconds: float, day: int = 1, hour: int = 10) -> datetime:
    """An instant of the n-th of January, so many seconds after the hour."""
    return datetime(2026, 1, day, hour, tzinfo=UTC) + timedelta(seconds=seconds)

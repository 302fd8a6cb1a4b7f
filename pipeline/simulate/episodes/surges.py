"""Days on which many more people than usual contact about one reason: no customer's story, but the day's.

They are called by people who do nothing else, so that a surge meets no other episode. What is usual is what this world
made until then, as many a day as the weekday brings; a reason about which so few contact that nobody would call their
number a surge has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.simulate.calendar import Calendar
from pipeline.simulate.episodes.book import OF_ORDERS, Book, book_of
from pipeline.simulate.episodes.contacts import REASON, SOON, _call
from pipeline.simulate.episodes.people import Catalogue
from pipeline.simulate.episodes.places import PLACES
from pipeline.simulate.episodes.playing import Episodes, rows
from pipeline.simulate.episodes.script import Script, Span
from pipeline.simulate.episodes.tables import ids, tables
from pipeline.simulate.randomness import SURGES as PURPOSE
from pipeline.simulate.randomness import choose, stream

WEEK, FORTNIGHT = 7, 14  # days: none in the first week, and each kind once in each fortnight after it
BEGUN = {"contact": pl.String, "wait_id": pl.String, "customer_id": pl.String, "at": pl.Int64, "reason": pl.String}


@dataclass(frozen=True)
class Surge:
    """So many `times` the usual number of contacts about one reason on one day."""

    name: str
    kind: str  # as of scripts
    how: str
    times: Span
    least: int  # contacts about the reason on the day: of fewer nobody would say that it surges

    @property
    def is_planted(self) -> bool:
        """Whether it is what the signal is about."""
        return self.kind == "planted"


SURGES = (
    Surge("surge", "planted", "2.5–5 times as many contacts about a reason as usual, on one day", (2.5, 5.0), 25),
    Surge("busy_day", "near_miss", "1.2 times as many contacts about a reason as usual, on one day", (1.2, 1.2), 20),
)
CALL = Script("surge_call", "contacts", "noise", "a call that is answered in time", (_call(SOON),), draws=REASON)


def days_of(kinds: Mapping[str, float], total: int, seed: int) -> dict[int, Surge]:
    """On which days of a world there are surges of the kinds that it has."""
    wanted = [surge for surge in SURGES if kinds[surge.kind] > 0]
    found: dict[int, Surge] = {}
    for first in range(WEEK, total, FORTNIGHT):
        order = stream(seed, PURPOSE, first).permutation(min(FORTNIGHT, total - first))
        found |= {first + int(day): surge for day, surge in zip(order, wanted, strict=False)}
    return found


@dataclass(frozen=True)
class Calls:
    """Contacts that have begun so far: one row each, with the position of the `day`."""

    rows: pl.DataFrame

    def and_of(self, waits: pl.DataFrame, day: int) -> "Calls":
        """Those of a day with them, given its waits in order of time and id."""
        fresh = (
            waits.filter(~pl.col("wait_type").is_in(OF_ORDERS))
            .with_columns(contact=pl.coalesce("contact_id", "wait_id"))
            .join(self.rows, on="contact", how="anti", maintain_order="left")
            .group_by("contact", maintain_order=True)
            .agg(pl.col("wait_id", "customer_id", "at").first(), pl.col("reason").drop_nulls().first())
        )
        return Calls(pl.concat([self.rows, fresh.with_columns(day=pl.lit(day, pl.Int64))]))

    def usual(self, day: int, time: Calendar, world: Catalogue) -> dict[str, float]:
        """How many contacts about each reason a day like this one brings, as the days before were."""
        shares = [world.weekday_shares[each.weekday()] for each in time.days]
        counts = self.rows.filter(pl.col("day") < day).drop_nulls("reason").group_by("reason").len().sort("reason")
        return {reason: count / sum(shares[:day]) * shares[day] for reason, count in counts.iter_rows()}


NO_CALLS = Calls(pl.DataFrame(schema=BEGUN | {"day": pl.Int64}))


def callers(
    surge: Surge, calls: Calls, day: int, journey: str, customers: int, time: Calendar, world: Catalogue, seed: int
) -> tuple[str, pl.DataFrame] | None:
    """The reason that surges on a day, and the waits that make it do so; nothing where none is asked about enough.

    `calls`: those that have begun until the end of the day.
    """
    rng = stream(seed, PURPOSE, day, 1)
    low, high = surge.times
    times = low + (high - low) * rng.random()
    usual = calls.usual(day, time, world)
    can = [reason for reason in REASON["reason"] if times * usual.get(reason, 0.0) >= surge.least]
    if not can:
        return None
    reason = can[int(rng.integers(len(can)))]
    already = calls.rows.filter(pl.col("day") == day, pl.col("reason") == reason).height
    count = max(0, round(times * usual[reason]) - already)
    script: Book = book_of((CALL,), PLACES[journey])
    days = np.full(count, day, dtype=np.int64)
    played = Episodes(
        customer=customers + day * customers + np.arange(count),  # nobody of the others, and of no other day
        day=days,
        start=time.at(days, (choose(rng, world.hour_weights, count) + rng.random(count)) * 3600.0),
        variant=np.full(count, REASON["reason"].index(reason), dtype=np.int64),
        by_nature=np.ones(count, dtype=np.bool_),
        is_killed=np.zeros(count, dtype=np.bool_),
        is_named=np.ones(count, dtype=np.bool_),
        device=np.zeros(count, dtype=np.int64),
    )
    found = rows(script, played, rng)
    prefix = len(time.days) + 1 + day  # chunks of episodes are numbered from 1 to the number of days
    waits = tables(world, script, played, found, ids(script, found, prefix), prefix, time, rng)["wait_time"]
    return reason, waits


def told(surge: Surge, reason: str, calls: Calls, day: int, number: int) -> pl.DataFrame:
    """The truth of a surge, with the columns that `simulate.truth` takes: every contact about the reason on the day.

    What became of the contacts is not the surge's matter.
    """
    return calls.rows.filter(pl.col("day") == day, pl.col("reason") == reason).select(
        "customer_id",
        signal=pl.lit("contact_surge"),
        stage=pl.lit("support"),
        locus_type=pl.lit("reason"),
        locus="reason",
        anonymous_id=pl.lit(None, pl.String),
        evidence=pl.concat_list("wait_id"),
        started="at",
        flagged="at",
        visit_id=pl.lit("support:") + pl.col("wait_id"),
        lost=pl.lit(None, pl.Boolean),
        caused_loss=pl.lit(None, pl.Boolean),
        risk=pl.lit(None, pl.Float64),
        plant=pl.lit(number, pl.Int64),
        script=pl.lit(surge.name),
    )

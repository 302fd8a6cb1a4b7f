"""What was usual before: how often each value was seen on a day, for the signals that compare with it."""

from datetime import timedelta

import polars as pl

from pipeline.calendar import Day
from pipeline.contracts.contract import load as contract

TRAILING = timedelta(days=28)  # whole weeks, as the trend of a point looks back
ALL = "*"
UNKNOWN = "unknown"
SAME_SCROLL = ["session", "page_path"]


def seen(
    events: pl.DataFrame, visits: pl.DataFrame | None, contacts: pl.DataFrame, orders: pl.DataFrame, day: Day
) -> pl.DataFrame:
    """Rows of `journeys.usual` of a day, from what is known of some people at its end.

    `events`: of the day's sessions; `visits`: their stage visits, where the journey has any; `contacts`, `orders`: as
    journeys.contacts and journeys.orders give them. A session is counted on the day on which it is known to be over, so
    that each is counted once.
    """
    is_over = pl.col("closed_at").is_between(day.start, day.end, closed="left")
    told = []
    if visits is not None:
        stays = visits.filter(is_over).select(
            place="stage", device="device", value=pl.col("dwell_seconds").floor().cast(pl.Int64)
        )
        told.append(_counted(stays, "dwell_seconds"))
    scrolled = (
        turning(events.lazy().filter(is_over & (pl.col("event_name") == "scroll")))
        .group_by(*SAME_SCROLL)
        .agg(pl.col("turns").max(), pl.col("device").first(ignore_nulls=True))
        .select(place="page_path", device="device", value="turns")
        .collect()
    )
    told.append(_counted(scrolled, "scroll_turns"))
    today = events.select("occurred_at", "person_id").filter(pl.col("occurred_at") >= day.start)["person_id"]
    began = contacts.filter(pl.col("started_at") >= day.start).drop_nulls("reason")
    placed = orders.filter(pl.col("placed_at") >= day.start)
    is_another = (today != today.shift(1)).fill_null(value=True)  # a person's events follow each other
    everywhere = pl.DataFrame(
        {"measure": ["orders", "people"], "place": ALL, "times": [placed.height, is_another.sum()]}
    )
    of_reasons = (
        began.group_by(place="reason").agg(times=pl.len()).select(pl.lit("contacts").alias("measure"), "place", "times")
    )
    told += [
        each.select(
            "measure",
            "place",
            pl.lit(ALL).alias("device"),
            pl.lit(1, pl.Int64).alias("value"),
            pl.col("times").cast(pl.Int64),
        )
        for each in (of_reasons, everywhere.filter(pl.col("times") > 0))
    ]
    return added_up(pl.concat(told).with_columns(day=pl.lit(day.date, pl.Date)))


def _counted(seen: pl.DataFrame, measure: str) -> pl.DataFrame:
    """How often each value was seen at each place on each device."""
    return (
        seen.group_by("place", "device", "value")
        .agg(times=pl.len())
        .select(
            measure=pl.lit(measure),
            place="place",
            device=pl.col("device").fill_null(UNKNOWN),
            value="value",
            times=pl.col("times").cast(pl.Int64),
        )
    )


def added_up(rows: pl.DataFrame) -> pl.DataFrame:
    """The same with each value once: what was seen of several groups of people, or on several days, together."""
    keys = [name for name in contract("usual").names if name != "times"]
    return rows.group_by(keys).agg(pl.col("times").sum()).sort(keys).select(contract("usual").names)


def turning(scrolls: pl.LazyFrame) -> pl.LazyFrame:
    """Scroll events with `turns`: how often the page had been scrolled the other way so far.

    `scrolls` in order of person, time and id; `y` is where the page was scrolled to, in pixels. Events without it, or
    without a page, are left out.
    """
    way = pl.col("y").diff().sign().over(SAME_SCROLL)
    moved = scrolls.drop_nulls(["y", "page_path"]).with_columns(way=pl.when(way != 0).then(way))
    return moved.with_columns(pl.col("way").forward_fill().over(SAME_SCROLL)).with_columns(
        turns=(pl.col("way") != pl.col("way").shift(1))
        .fill_null(value=False)
        .cum_sum()
        .over(SAME_SCROLL)
        .cast(pl.Int64)
    )


def limits(usual: pl.LazyFrame, measure: str, quantile: float, least: int) -> pl.LazyFrame:
    """The value that `quantile` of what was seen did not exceed, by `since`, `place` and `device`.

    `usual` as in Inputs. Only where at least `least` were seen: `seen` says how many.
    """
    keys = ["since", "place", "device"]
    return (
        usual.filter(pl.col("measure") == measure)
        .sort(*keys, "value")
        .with_columns(so_far=pl.col("times").cum_sum().over(keys), seen=pl.col("times").sum().over(keys))
        .filter((pl.col("seen") >= least) & (pl.col("so_far") >= quantile * pl.col("seen")))
        .group_by(keys, maintain_order=True)
        .agg(pl.col("seen").first(), limit=pl.col("value").first())
    )

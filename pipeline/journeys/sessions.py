"""Sessions: a person's clickstream events with no gap of 30 minutes or more, at most 24 hours long."""

from datetime import date, datetime, timedelta

import polars as pl

from pipeline.journeys.chains import chained
from pipeline.journeys.identities import person_of

GAP = timedelta(minutes=30)  # GA4, Snowplow, Amplitude, Matomo, Clarity: 30 minutes; not split at midnight
CAP = timedelta(hours=24)  # Clarity's and PostHog's day at most
RETURN = timedelta(hours=24)  # so long after a session its cart may be returned to; until then it is not abandoned
LOOK_BACK = CAP + 2 * GAP + RETURN  # what `chained` needs to know every session that was open so long before the day


def sessionize(events: pl.DataFrame) -> pl.DataFrame:
    """Give events their person and session.

    `events`: one row per event, from LOOK_BACK before the day to its end, `customer_id` as known by the end of the day.
    Gives the events of one person after the other, each in order of (occurred_at, event_id), with `person_id`,
    `session` (number in this order, from 1), `session_id` (s: and the first event's id) and `closed_at`.
    """
    people = events.with_columns(person_id=person_of(pl.col("customer_id"), pl.col("anonymous_id")))
    rows = chained(people, "person_id", "occurred_at", "event_id", GAP, CAP).rename({"piece": "session"})
    first = rows.select(pl.col("event_id").filter(_is_first("session"))).to_series()
    return rows.with_columns((pl.lit("s:") + first.gather(rows["session"] - 1)).alias("session_id"))


def active(events: pl.DataFrame, start: datetime) -> pl.DataFrame:
    """Events of sessions that were open on the day that begins at `start`: the others are none of its business."""
    return _filtered(events, events["closed_at"] >= start)


def pending(events: pl.DataFrame, start: datetime) -> pl.DataFrame:
    """Events of active sessions, and of those over before the day whose cart could still be returned to on it."""
    is_over = pl.col("closed_at").is_between(start - RETURN, start, closed="left")
    carts = events.filter(is_over & (pl.col("event_name") == "add_to_cart"))["session"].unique()
    is_pending = (pl.col("closed_at") >= start) | pl.col("session").is_in(carts.implode())
    return _filtered(events, events.select(is_pending).to_series())


def closed(events: pl.DataFrame, day: date, start: datetime, end: datetime, stages: list[str]) -> pl.DataFrame:
    """`journeys.sessions` of a day: one row per session that was known to be over on the day."""
    is_failed = (pl.col("outcome") == "error").fill_null(value=False)
    found = events.group_by("session", maintain_order=True).agg(
        pl.col("session_id", "person_id", "customer_id", "closed_at").first(),
        pl.col("device", "channel", "country").first(ignore_nulls=True),
        started_at=pl.col("occurred_at").first(),
        ended_at=pl.col("occurred_at").last(),
        events=pl.len().cast(pl.Int64),
        entry_page=pl.col("page_path").first(ignore_nulls=True),
        exit_page=pl.col("page_path").last(ignore_nulls=True),
        purchases=((pl.col("event_name") == "purchase") & ~is_failed).sum().cast(pl.Int64),
        stages=sum((pl.col("stage") == stage).any().cast(pl.UInt64) * 2**number for number, stage in enumerate(stages)),
    )
    found = found.filter(pl.col("closed_at").is_between(start, end, closed="left"))
    pages = _pages(events.select("session", "page").drop_nulls())
    return (
        found.join(pages, on="session", how="left", maintain_order="left")
        .with_columns(
            pl.col("pages").fill_null(0).cast(pl.Int64),
            day=pl.lit(day),
            stages=_listed(found["stages"], stages),
        )
        .drop("session")
    )


def _filtered(events: pl.DataFrame, which: pl.Series) -> pl.DataFrame:
    """The events of which it is true: often all of them, and then nothing is copied."""
    return events if which.all() else events.filter(which)


def _listed(sets: pl.Series, stages: list[str]) -> pl.Series:
    """Sets of stages, each given as a number with a bit per stage, as lists: there are few different ones."""
    different = sets.unique().sort()
    names = [[stage for number, stage in enumerate(stages) if each >> number & 1] for each in different]
    listed = pl.Series("stages", names, dtype=pl.List(pl.String))
    return listed.gather(different.search_sorted(sets))


def _pages(shown: pl.DataFrame) -> pl.DataFrame:
    """How many pages each session saw: session, pages."""
    number = pl.col("session").cast(pl.UInt64) * 2**32 + pl.col("page")  # is told apart many times faster than texts
    seen = shown.select(session=(number.unique().sort() // 2**32).cast(pl.UInt32).set_sorted())
    return seen.group_by("session").agg(pages=pl.len())


def _is_first(number: str) -> pl.Expr:
    return (pl.col(number) != pl.col(number).shift(1)).fill_null(value=True)

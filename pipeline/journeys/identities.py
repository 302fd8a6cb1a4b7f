"""Which person an event belongs to: causal, and never chained.

Events with a `customer_id` belong to it. Anonymous events belong to the customer seen next in their device's visit,
else to the one last seen on that `anonymous_id`, else to the anonymous id itself. Two customer ids are never merged
through a shared device.
"""

from datetime import timedelta

import polars as pl

from pipeline.journeys.chains import chained

# A device that has not been seen with its customer for longer is a stranger again: it bounds what a night reads.
REMEMBERED = timedelta(days=30)


def resolve(events: pl.DataFrame, known: pl.DataFrame, gap: timedelta, cap: timedelta) -> pl.DataFrame:
    """The customers of anonymous events.

    `events`: one row per event that has an anonymous_id (`event_id`, `occurred_at`, `anonymous_id`, `customer_id`),
    up to the end of the day. `known`: one row per day, anonymous_id and customer_id seen together before that
    (`anonymous_id`, `customer_id`, `last_seen_at`). Gives one row per anonymous event whose customer is known:
    `event_id`, `resolved_id`.
    """
    # a device without any customer, neither now nor before, has nothing to resolve
    seen = pl.concat(
        [events.filter(pl.col("customer_id").is_not_null()).select("anonymous_id"), known.select("anonymous_id")]
    ).unique()
    rows = chained(
        events.join(seen, on="anonymous_id", how="semi"), "anonymous_id", "occurred_at", "event_id", gap, cap
    )
    before = (
        known.sort("last_seen_at", "customer_id")
        .group_by("anonymous_id", maintain_order=True)
        .agg(pl.col("customer_id").last().alias("known_id"))
    )
    is_next = (pl.col("anonymous_id") != pl.col("anonymous_id").shift(1)).fill_null(value=True)
    return (
        rows.join(before, on="anonymous_id", how="left", maintain_order="left")
        .with_columns(pl.col("piece").set_sorted(), number=is_next.cum_sum().set_sorted())
        .with_columns(
            next_id=pl.col("customer_id").backward_fill().over("piece"),
            last_id=pl.col("customer_id").forward_fill().over("number"),
        )
        .filter(pl.col("customer_id").is_null())
        .select("event_id", resolved_id=pl.coalesce("next_id", "last_id", "known_id"))
        .drop_nulls("resolved_id")
    )


def named(events: pl.DataFrame, resolved: pl.DataFrame) -> pl.DataFrame:
    """The events with the customers that `resolve` found for the anonymous ones among them."""
    if resolved.is_empty():
        return events
    known = events.join(resolved, on="event_id", how="left", maintain_order="left")
    return known.with_columns(customer_id=pl.coalesce("customer_id", "resolved_id")).drop("resolved_id")


def person_of(customer: pl.Expr, anonymous: pl.Expr) -> pl.Expr:
    """`c:` and the customer's id, or `a:` and the anonymous id where no customer is known."""
    return pl.when(customer.is_not_null()).then(pl.lit("c:") + customer).otherwise(pl.lit("a:") + anonymous)

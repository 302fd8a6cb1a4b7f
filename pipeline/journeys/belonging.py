"""Whose the anonymous events of a device are once it is known who has used it: for forgetting, which looks back."""

from datetime import timedelta

import polars as pl

from pipeline.journeys import identities


def of_device(events: pl.DataFrame, customers: frozenset[str], gap: timedelta, cap: timedelta) -> pl.DataFrame:
    """The anonymous events of devices that belong to some customers.

    `events`: all events of the devices on which the customers were seen (`event_id`, `occurred_at`, `anonymous_id`,
    `customer_id`). Gives one row per anonymous event of theirs: `event_id`, `anonymous_id`, `is_shared` (the device has
    other customers, too).

    A device that no other customer has used is theirs as a whole. On a shared one an anonymous event belongs, as in the
    journeys, to the customer seen next in its visit, else to the one last seen; what came before any customer was seen
    belongs to the first.
    """
    is_theirs = pl.col("customer_id").is_in(sorted(customers))
    users = (
        events.filter(pl.col("customer_id").is_not_null()).group_by("anonymous_id").agg(is_shared=(~is_theirs).any())
    )
    anonymous = events.filter(pl.col("customer_id").is_null()).join(users, on="anonymous_id", how="inner")
    nobody = pl.DataFrame(
        schema={"anonymous_id": pl.String, "customer_id": pl.String, "last_seen_at": events.schema["occurred_at"]}
    )
    resolved = identities.resolve(events, nobody, gap, cap)
    first = (
        events.filter(pl.col("customer_id").is_not_null())
        .sort("occurred_at", "event_id")
        .group_by("anonymous_id")
        .agg(first_id=pl.col("customer_id").first())
    )
    return (
        anonymous.join(resolved, on="event_id", how="left")
        .join(first, on="anonymous_id", how="left")
        .with_columns(owner=pl.coalesce("resolved_id", "first_id"))
        .filter(~pl.col("is_shared") | pl.col("owner").is_in(sorted(customers)))
        .select("event_id", "anonymous_id", "is_shared")
        .unique()
        .sort("event_id", "anonymous_id")
    )


def devices(events: pl.DataFrame, customers: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The devices of such events that no other customer has used, and those that others have used, too."""
    is_theirs = pl.col("customer_id").is_in(sorted(customers))
    users = events.filter(pl.col("customer_id").is_not_null())
    known = users.group_by("anonymous_id").agg(is_theirs.all().alias("is_alone"))
    alone, shared = known.filter("is_alone"), known.filter(~pl.col("is_alone"))
    return frozenset(alone["anonymous_id"]), frozenset(shared["anonymous_id"])

"""Late delivery: delivered after the promised time, or not delivered though it has passed.

An order that arrives late is flagged on arrival, when it is known how late it is; one that does not arrive is flagged
when it is overdue by `overdue`. Delivery waits, orders and reported order errors are one flag per order.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """When a missing parcel is late, and how late is as bad as it gets."""

    overdue: timedelta = timedelta(days=3)  # what arrives by then is told by its arrival; severity is 1 from here on


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per order that came, or should have come, after its promise; severity grows with the delay to `overdue`."""
    orders = inputs.orders.rename({"placed_at": "started_at", "promised_by": "evidence"})
    limit = pl.col("promised_at") + parameters.overdue
    is_gone = (pl.col("cancelled_at") <= limit).fill_null(value=False)
    is_missing = pl.col("delivered_at").is_null() & (limit < inputs.end) & ~is_gone
    known = orders.filter((pl.col("delivered_at") > pl.col("promised_at")) | is_missing).with_columns(
        known_at=pl.min_horizontal("delivered_at", limit)
    )
    # the customer's report says that it was late, not by how much
    reported = inputs.errors.filter(pl.col("error_type") == "late_delivery").with_columns(
        started_at="occurred_at", delivered_at="occurred_at", known_at="occurred_at", evidence="error_id"
    )
    late = pl.concat([known, reported], how="diagonal")
    days = (pl.col("known_at") - pl.col("promised_at")).dt.total_microseconds() / 86_400e6
    most = parameters.overdue.total_seconds() / 86_400
    return (
        late.with_columns(days=days)
        .sort("visit_id", "known_at", "evidence")
        .unique("visit_id", keep="first", maintain_order=True)
        .select(
            "stage",
            "person_id",
            "customer_id",
            "visit_id",
            "currency",
            "channel",
            "started_at",
            **NO_SESSION,
            locus_type=pl.lit("carrier"),
            locus=pl.coalesce("carrier", pl.lit("unknown")),
            ended_at=pl.coalesce("delivered_at", "known_at"),
            flagged_at="known_at",
            severity=0.2 + 0.8 * (pl.col("days") / most).clip(0, 1).fill_null(0),
            value_at_stake="value",
            evidence=pl.concat_list("evidence"),
            detail=pl.struct(days_late=pl.col("days").round(3), is_delivered=pl.col("delivered_at").is_not_null()).struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="late_delivery",
    title="Delivered after the promise, or not at all",
    kind="obstacle",
    stage="fulfilment",
    locus_type="carrier",
    exposure="locus",
    needs=({"waits": ("promised_at",)}, {"orders": ("promised_at",)}),
    look_back=timedelta(days=60),
    source="friction_signals §2.3; late as Olist analyses define it: delivered after the promised date",
    prior_effect=0.15,
    parameters=Parameters(),
    detect=detect,
)

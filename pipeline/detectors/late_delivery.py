"""Late delivery: delivered after the promised time, or not delivered though it has passed.

Flagged at the moment at which the promise is broken, not on arrival: many a late order is lost to a complaint before
it arrives, and what is found only afterwards would miss just those. Delivery waits, orders and reported order errors
make one flag per order.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """When a promise counts as broken."""

    grace: timedelta = timedelta(0)  # after the promised time; OTIF's usual tolerance is none


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per order that had not come by its promise; severity grows with the delay seen by the end of the day."""
    due_at = pl.col("promised_at") + parameters.grace
    is_there = (pl.min_horizontal("delivered_at", "cancelled_at") <= due_at).fill_null(value=False)
    known = (
        inputs.orders.filter((due_at < inputs.end) & ~is_there)
        .with_columns(known_at=due_at)
        .rename({"placed_at": "started_at", "promised_by": "evidence"})
    )
    reported = inputs.errors.filter(pl.col("error_type") == "late_delivery").with_columns(
        started_at="occurred_at", delivered_at="occurred_at", known_at="occurred_at", evidence="error_id"
    )
    late = pl.concat([known, reported], how="diagonal")
    seen = pl.coalesce("delivered_at", pl.lit(inputs.end)) - pl.col("known_at")
    hours = (seen.dt.total_microseconds() / 3.6e9).clip(lower_bound=0)
    return (
        late.with_columns(hours=hours)
        .sort("visit_id", "person_id", "known_at", "evidence")
        .unique(["visit_id", "person_id"], keep="first", maintain_order=True)
        .select(
            *WHO,
            "started_at",
            **NO_SESSION,
            locus_type=pl.lit("carrier"),
            locus=pl.coalesce("carrier", pl.lit("unknown")),
            ended_at=pl.max_horizontal("delivered_at", "known_at"),
            flagged_at="known_at",
            severity=0.5 + 0.5 * (pl.col("hours") / 24).clip(0, 1),
            value_at_stake="value",
            evidence=pl.concat_list("evidence"),
            detail=pl.struct(
                hours_late=pl.col("hours").round(3), is_delivered=pl.col("delivered_at").is_not_null()
            ).struct.json_encode(),
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

"""Coupon failure: a coupon was entered and denied.

Each denial of the same coupon in one session is evidence of one flag: who tries a code again struggles once, not twice.
The place is the reason (the source's error code), because a code is often one customer's own; without a reason it is
the coupon.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """How bad a denied coupon is."""

    severity: float = 0.3  # share; the price is higher than expected, the purchase is still possible (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and coupon with a `coupon_error`; severity grows with further tries."""
    least = parameters.severity
    return (
        inputs.named("coupon_error")
        .group_by("session_id", "coupon", maintain_order=True)
        .agg(
            pl.col("stage", "person_id", "customer_id", "visit_id", "currency", "channel", "device").first(),
            reason=pl.col("error_code").drop_nulls().first(),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            flagged_at=pl.col("occurred_at").first(),
            severity=least + (1 - least) * saturating(pl.len() - 1, 2.0),
            value_at_stake=pl.col("value").max(),
            evidence=pl.col("event_id"),
            tries=pl.len(),
        )
        .with_columns(
            locus_type=pl.lit("coupon"),
            locus=pl.coalesce("reason", "coupon", pl.lit("unknown")),
            detail=pl.struct("tries", "coupon").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="coupon_failure",
    title="A coupon that was denied",
    kind="obstacle",
    stage="any",
    locus_type="coupon",
    exposure="stage",
    needs=({"events": ("coupon",)},),
    look_back=timedelta(0),
    source="friction_signals §1.8; Coupon Denied of Segment's ecommerce specification",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

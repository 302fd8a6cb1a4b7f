"""Merchant cancellation: the shop could not or would not deliver what was ordered.

Out of stock, cancelled by the shop or held for suspected fraud. Errors of one order about the same product are one
flag; an error that names no product is about the one that the order's errors named last before it. A hard error is
final; a soft one (a hold, a part of the order) may still end well, and one that does not say counts as hard.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._order_errors import SOFT, runs
from pipeline.detectors._signal import Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """Which order errors are the shop's own cancellations."""

    types: tuple[str, ...] = ("stock_out", "merchant_cancel", "fraud_hold")  # Shopify's INVENTORY, STAFF and FRAUD
    hard_severity: float = 0.9  # share; the customer gets nothing and has to buy elsewhere
    soft_severity: float = 0.6  # share; it may still come, in part or later


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per order and product; known with the first such error."""
    named = pl.col("item_id").forward_fill().over("customer_id", "visit_id")
    return runs(
        inputs.errors.filter(pl.col("error_type").is_in(list(parameters.types)))
        .sort("customer_id", "occurred_at", "error_id")
        .with_columns(locus=pl.coalesce("item_id", named, pl.lit("unknown"))),
        "product",
        pl.when(SOFT.all()).then(parameters.soft_severity).otherwise(parameters.hard_severity),
    )


SIGNAL = Signal(
    name="merchant_cancellation",
    title="Cancelled or held by the shop",
    kind="obstacle",
    stage="fulfilment",
    locus_type="product",
    exposure="stage",
    needs=({"errors": ("error_type",)},),
    look_back=timedelta(0),
    source="friction_signals §3",
    prior_effect=0.40,
    parameters=Parameters(),
    detect=detect,
)

"""Delivery failure: the carrier tried to deliver and could not, or said that it will not.

Failed attempts of one order are one flag, known with the first; each further attempt raises its severity, as the
customer has to wait for, or to fetch, what was promised to come.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._order_errors import runs
from pipeline.detectors._signal import Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """How bad a failed attempt is."""

    first_severity: float = 0.5  # share; one more day to be at home for
    attempts: float = 1.5  # attempts; most carriers give up after three, which is 0.87 then


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per order; the place is the carrier that the error names first, else the order's."""
    carriers = inputs.orders.select("customer_id", "order_id", of_order="carrier")
    carrier = pl.col("carrier").drop_nulls().first().over("customer_id", "visit_id")
    base = parameters.first_severity
    return runs(
        inputs.errors.filter(pl.col("error_type") == "delivery_failed")
        .sort("customer_id", "occurred_at", "error_id")
        .join(carriers, on=["customer_id", "order_id"], how="left", maintain_order="left")
        .with_columns(locus=pl.coalesce(carrier, "of_order", pl.lit("unknown"))),
        "carrier",
        base + (1 - base) * saturating(pl.len() - 1, parameters.attempts),
    )


SIGNAL = Signal(
    name="delivery_failure",
    title="An attempt to deliver that failed",
    kind="obstacle",
    stage="fulfilment",
    locus_type="carrier",
    exposure="locus",
    needs=({"errors": ("error_type",)},),
    look_back=timedelta(0),
    source="friction_signals §2.3; Shopify's attempted_delivery and failure",
    prior_effect=0.15,
    parameters=Parameters(),
    detect=detect,
)

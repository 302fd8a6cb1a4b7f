"""Payment failure: a payment that did not go through.

Each failed try with the same error code within one stage visit is evidence of one flag. Hard errors (the customer
must give another means of payment) weigh more than soft ones (trying again may work); each further try raises it.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """How bad a failed payment is."""

    hard_severity: float = 0.7  # share; the customer has to find another card
    soft_severity: float = 0.4  # share; the same card may work a minute later


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per visit and error code: `payment_error` events, and payment events whose outcome is an error."""
    is_payment = pl.col("event_name").is_in(["add_payment_info", "purchase"]) & (pl.col("outcome") == "error")
    failed = inputs.events.filter((pl.col("event_name") == "payment_error") | is_payment.fill_null(value=False))
    is_hard = (pl.col("error_class") == "hard").fill_null(value=False).any()
    base = pl.when(is_hard).then(parameters.hard_severity).otherwise(parameters.soft_severity)
    return (
        failed.with_columns(code=pl.coalesce("error_code", pl.lit("unknown")))
        .group_by("visit_id", "code", maintain_order=True)
        .agg(
            pl.col("stage", "person_id", "customer_id", "session_id", "currency", "channel", "device").first(),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            flagged_at=pl.col("occurred_at").first(),
            severity=base + (1 - base) * saturating(pl.len() - 1, 2.0),
            value_at_stake=pl.col("value").max(),
            evidence=pl.col("event_id"),
            tries=pl.len(),
            error_class=pl.when(is_hard).then(pl.lit("hard")).otherwise(pl.lit("soft")),
        )
        .with_columns(
            locus_type=pl.lit("error_code"),
            locus=pl.col("code"),
            detail=pl.struct("tries", "error_class").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="payment_failure",
    title="A payment that did not go through",
    kind="obstacle",
    stage="payment",
    locus_type="error_code",
    exposure="stage",
    needs=({"events": ("event_name",)},),
    look_back=timedelta(0),
    source="friction_signals §1.8; hard and soft as Snowplow's transaction_error",
    prior_effect=0.30,
    parameters=Parameters(),
    detect=detect,
    needs_events=("payment_error", "add_payment_info", "purchase"),
)

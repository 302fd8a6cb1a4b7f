"""Order error to contact: something was wrong with an order, or it was late, and the customer had to get in touch.

An order error of any type, or a delivery whose promise was broken, at most 7 days before a contact that names no other
order. The flag is on the contact's visit and known when it begins; each error counts for the first such contact after
it. The place is the type of the nearest error and the contact's reason.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._leading import leading
from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """How soon the contact follows."""

    within: timedelta = timedelta(days=7)  # from the error to the contact; the usual window of one matter (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per contact that order errors had come before; severity grows with their number."""
    columns = ("person_id", "order_id", "error_type", "at", "cause_id")
    since = inputs.start - 2 * parameters.within
    errors = inputs.errors.with_columns(at="occurred_at", cause_id="error_id")
    is_there = pl.min_horizontal("delivered_at", "cancelled_at") <= pl.col("promised_at")
    late = inputs.orders.filter((pl.col("promised_at") < inputs.end) & ~is_there.fill_null(value=False)).with_columns(
        error_type=pl.lit("late_delivery"), at="promised_at", cause_id="promised_by"
    )
    causes = pl.concat([errors.select(columns), late.select(columns)]).filter(pl.col("at") >= since)
    return (
        leading(causes, inputs, parameters.within, about_order=True)
        .group_by("visit_id", maintain_order=True)
        .agg(
            pl.col([name for name in WHO if name != "visit_id"]).first(),
            pl.col("reason", "contact_at", "contact_id", "contact_value").first(),
            kind=pl.col("error_type").last(),
            started_at=pl.col("at").first(),
            causes=pl.col("cause_id"),
            errors=pl.len(),
        )
        .with_columns(
            **NO_SESSION,
            locus_type=pl.lit("error_type"),
            locus=pl.concat_str("kind", pl.coalesce("reason", pl.lit("unknown")), separator=" → "),
            ended_at="contact_at",
            flagged_at="contact_at",
            severity=0.5 + 0.5 * saturating(pl.col("errors") - 1, 2.0),
            value_at_stake="contact_value",
            evidence=pl.concat_list("causes", "contact_id"),
            detail=pl.struct("errors").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="order_error_to_contact",
    title="An order error that made the customer get in touch",
    kind="obstacle",
    stage="support",
    locus_type="error_type",
    exposure="stage",
    needs=(
        {"errors": ("error_type",), "waits": ("started_at",)},
        {"orders": ("promised_at",), "waits": ("started_at",)},
        {"waits": ("promised_at",)},
    ),
    look_back=timedelta(days=60),
    source="ours; 7 days as first-contact resolution (friction_signals §2.1)",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

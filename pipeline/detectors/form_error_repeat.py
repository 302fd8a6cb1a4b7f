"""Repeated form error: the same field of a form is refused again and again."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What makes form errors repeated."""

    min_errors: int = 2  # errors on one field; one is a slip, and no default is published (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and field with at least `min_errors` `form_error` events; on the visit of the last needed."""
    errors = inputs.events.filter(
        (pl.col("event_name") == "form_error") & pl.col("form_id").is_not_null() & pl.col("field_id").is_not_null()
    )
    nth = parameters.min_errors - 1
    there = ["stage", "visit_id", "currency", "channel", "device"]
    return (
        errors.group_by("session_id", "form_id", "field_id", maintain_order=True)
        .agg(
            pl.col("person_id", "customer_id").first(),
            *(pl.col(name).get(nth, null_on_oob=True) for name in there),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            flagged_at=pl.col("occurred_at").get(nth, null_on_oob=True),
            value_at_stake=pl.col("value").max(),
            evidence=pl.col("event_id"),
            errors=pl.len(),
        )
        .filter(pl.col("errors") >= parameters.min_errors)
        .with_columns(
            locus_type=pl.lit("form_field"),
            locus=pl.concat_str("form_id", "field_id", separator="/"),
            severity=0.4 + 0.6 * saturating(pl.col("errors") - parameters.min_errors, 2.0),
            detail=pl.struct("errors").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="form_error_repeat",
    title="The same form field is refused again",
    kind="obstacle",
    stage="any",
    locus_type="form_field",
    exposure="locus",
    needs=({"events": ("form_id", "field_id")},),
    look_back=timedelta(0),
    source="ours; no default is published (friction_signals §1.6)",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

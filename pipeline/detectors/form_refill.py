"""Form refill: the customer comes back to a field of a form that had been filled in before.

A return is a field event (`form_focus`, `form_change`) after the same field was changed and left: another field or
event lies between. Scrolling and measurements are no leaving. Two returns to one field in a session make one flag with
a count: coming back once may be care, twice says that the form did not take what was entered.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal, saturating

PASSIVE = ("scroll", "web_vital")  # what happens while somebody stays in a field


@dataclass(frozen=True)
class Parameters:
    """What makes a field refilled."""

    min_returns: int = 2  # returns to one field; no default is published (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and field with at least `min_returns` returns; on the visit of the last needed."""
    place = ["session", "form_id", "field_id"]
    fields = (
        inputs.events.with_columns(row=(~pl.col("event_name").is_in(PASSIVE)).cum_sum())
        .filter(pl.col("event_name").is_in(["form_focus", "form_change"]))
        .drop_nulls(["form_id", "field_id"])
    )
    stays = (pl.col("row") == pl.col("row").shift(1) + 1) & pl.all_horizontal(
        pl.col(name) == pl.col(name).shift(1) for name in place
    )
    nth = parameters.min_returns - 1
    comes = pl.col("comes")
    there = ["stage", "visit_id", "currency", "channel", "device"]
    return (
        fields.with_columns(comes=~stays.fill_null(value=False), changed=pl.col("event_name") == "form_change")
        .group_by(place, maintain_order=True)
        .agg(
            pl.col("person_id", "customer_id", "session_id").first(),
            pl.col("event_id", "occurred_at", "value", *there),
            # before this event, data had been entered
            comes=comes & (pl.col("changed").cum_sum() > pl.col("changed").cast(pl.UInt32)),
            entered=pl.col("event_id").filter("changed").first(),
            started_at=pl.col("occurred_at").filter("changed").first(),
        )
        .filter(comes.list.sum() >= parameters.min_returns)
        .explode("event_id", "occurred_at", "value", "comes", *there)
        .filter("comes")
        .group_by(place, maintain_order=True)
        .agg(
            pl.col("person_id", "customer_id", "session_id", "started_at", "entered").first(),
            *(pl.col(name).get(nth) for name in there),
            ended_at=pl.col("occurred_at").last(),
            flagged_at=pl.col("occurred_at").get(nth),
            value_at_stake=pl.col("value").max(),
            returned=pl.col("event_id"),
            returns=pl.len(),
        )
        .with_columns(
            locus_type=pl.lit("form_field"),
            locus=pl.concat_str("form_id", "field_id", separator="/"),
            severity=0.3 + 0.7 * saturating(pl.col("returns") - parameters.min_returns, 2.0),
            evidence=pl.concat_list("entered", "returned"),
            detail=pl.struct("returns").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="form_refill",
    title="Back to a form field again and again",
    kind="obstacle",
    stage="any",
    locus_type="form_field",
    exposure="locus",
    needs=({"events": ("form_id", "field_id")},),
    look_back=timedelta(0),
    source="friction_signals §1.6; field return as Zuko defines it, twice is ours",
    prior_effect=0.05,
    parameters=Parameters(),
    detect=detect,
)

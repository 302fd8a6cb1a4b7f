"""Checkout abandonment (outcome): a checkout was begun and nothing was bought.

Known 30 minutes after the session's last event, when the session is over. It says that a visit was lost and claims
no share of the loss.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """Which stage is the checkout."""

    stage: str = "checkout"  # name in the journey file


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per lost visit of the checkout; the place is the checkout's last page, else its last event."""
    lost = inputs.visits.filter(
        (pl.col("stage") == parameters.stage) & (pl.col("outcome") == "lost") & pl.col("session_id").is_not_null()
    )
    steps = (
        inputs.events.filter(pl.col("stage") == parameters.stage)
        .group_by("visit_id", maintain_order=True)
        .agg(
            page=pl.col("page_path").drop_nulls().last(),
            step=pl.col("event_name").last(),
            first_id=pl.col("event_id").first(),
            last_id=pl.col("event_id").last(),
        )
    )
    return lost.join(steps, on="visit_id").select(
        "stage",
        "person_id",
        "customer_id",
        "session_id",
        "visit_id",
        "currency",
        "channel",
        "device",
        locus_type=pl.lit("page"),
        locus=pl.coalesce("page", "step"),
        started_at="entered_at",
        ended_at="left_at",
        flagged_at="decided_at",
        severity=pl.lit(1.0),
        value_at_stake="value",
        evidence=pl.concat_list("first_id", "last_id").list.unique(maintain_order=True),
        detail=pl.struct(last_step="step").struct.json_encode(),
    )


SIGNAL = Signal(
    name="checkout_abandonment",
    title="A checkout that was begun and not finished",
    kind="outcome",
    stage="checkout",
    locus_type="page",
    exposure="stage",
    needs=({"events": ("event_name",)},),
    look_back=timedelta(0),
    source="friction_signals §1.8; window ours: the session and 30 minutes",
    prior_effect=0.0,
    parameters=Parameters(),
    detect=detect,
    needs_stage="stage",
)

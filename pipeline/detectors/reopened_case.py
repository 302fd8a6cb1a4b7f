"""Reopened case (outcome): a case had been resolved, and the customer waits in it again.

A case is what the source calls one (`case_id`), and resolved where a wait for its resolution was served. The first wait
that begins after that opens it again: the flag is on the contact that was resolved, and known when that wait begins.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """When a further wait opens a case again."""

    within: timedelta = timedelta(days=28)  # of the resolution; help desks close a solved case for good then


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per reopening; each further one of a case halves what its severity lacks to 1."""
    case = ["customer_id", "case_id"]
    waits = inputs.waits.filter(pl.col("case_id").is_not_null() & pl.col("visit_id").is_not_null())
    of_today = waits.filter(pl.col("started_at") >= inputs.start).select(case)
    known = waits.join(of_today, on=case, how="semi")
    resolved = (
        known.filter((pl.col("wait_type") == "resolution") & (pl.col("outcome") == "served"))
        .with_columns(resolved_at="ended_at", began_at="started_at", resolution="wait_id")
        .sort("resolved_at", "resolution")
        .select(*WHO, "case_id", "reason", "value", "began_at", "resolved_at", "resolution")
    )
    again = known.sort("started_at", "wait_id").select(*case, "started_at", "wait_id", reason_again="reason")
    return (
        again.join_asof(
            resolved,
            left_on="started_at",
            right_on="resolved_at",
            by=case,
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .filter(pl.col("resolution").is_not_null())
        .unique("resolution", keep="first", maintain_order=True)
        .with_columns(times=pl.int_range(1, pl.len() + 1).over(case))
        .filter(pl.col("started_at") - pl.col("resolved_at") <= parameters.within)
        .select(
            *WHO,
            **NO_SESSION,
            locus_type=pl.lit("reason"),
            locus=pl.coalesce("reason", "reason_again", pl.lit("unknown")),
            started_at="began_at",
            ended_at="started_at",
            flagged_at="started_at",
            severity=1 - pl.lit(0.5).pow(pl.col("times")),
            value_at_stake="value",
            evidence=pl.concat_list("resolution", "wait_id"),
            detail=pl.struct("case_id", "times").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="reopened_case",
    title="A case that was resolved is open again",
    kind="outcome",
    stage="support",
    locus_type="reason",
    exposure="stage",
    needs=({"waits": ("case_id", "wait_type")},),
    look_back=timedelta(days=60),
    source="friction_signals §2.1; reopens as in Zendesk's ticket metrics",
    prior_effect=0.0,
    parameters=Parameters(),
    detect=detect,
    needs_waits=("resolution",),
)

"""Login failure: the customer could not log in, twice or more in one session.

A `login_error`, or a `login` whose outcome is an error. Once is a slip of the finger; the second failure makes the
flag, and its place is the error code that the source gives.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What makes failed logins a friction."""

    min_failures: int = 2  # failed logins in a session; one is a slip, and no default is published (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session with at least `min_failures` failed logins; on the visit of the last needed."""
    is_failed = (pl.col("event_name") == "login_error") | (pl.col("outcome") == "error").fill_null(value=False)
    nth = parameters.min_failures - 1
    there = ["stage", "visit_id", "currency", "channel", "device"]
    return (
        inputs.named("login_error", "login")
        .filter(is_failed)
        .group_by("session_id", maintain_order=True)
        .agg(
            pl.col("person_id", "customer_id").first(),
            *(pl.col(name).get(nth, null_on_oob=True) for name in there),
            code=pl.col("error_code").head(parameters.min_failures).drop_nulls().first(),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            flagged_at=pl.col("occurred_at").get(nth, null_on_oob=True),
            value_at_stake=pl.col("value").max(),
            evidence=pl.col("event_id"),
            failures=pl.len(),
        )
        .filter(pl.col("failures") >= parameters.min_failures)
        .with_columns(
            locus_type=pl.lit("error_code"),
            locus=pl.coalesce("code", pl.lit("unknown")),
            severity=0.4 + 0.6 * saturating(pl.col("failures") - parameters.min_failures, 2.0),
            detail=pl.struct("failures").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="login_failure",
    title="Could not log in, again",
    kind="obstacle",
    stage="any",
    locus_type="error_code",
    exposure="stage",
    needs=({"events": ("event_name",)},),
    look_back=timedelta(0),
    source="ours; no default is published (friction_signals §1.8)",
    prior_effect=0.15,
    parameters=Parameters(),
    detect=detect,
    needs_events=("login_error", "login"),
)

"""Missed callback: a call back was promised and not tried by then; also where it was tried later.

Known at the promised time. Whoever gave up before (called again, took it back) missed nothing, and a callback that was
moved to another queue is judged there. One that the system dropped before its time was never tried.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating, seconds


@dataclass(frozen=True)
class Parameters:
    """When a callback is late, and how bad that is."""

    grace: timedelta = timedelta(0)  # after the promised time; the promise is the business's own
    scale: timedelta = timedelta(hours=4)  # so much later severity is 0.82: half a working day by the telephone


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per broken promise; severity grows with the delay seen by the end of the day."""
    due_at = pl.max_horizontal("started_at", pl.col("promised_at") + parameters.grace)
    is_dropped = pl.col("outcome") == "timed_out"
    is_over = (pl.col("ended_at") <= due_at).fill_null(value=False) & ~is_dropped
    tried_at = pl.when(~is_dropped).then("ended_at")
    late = seconds(pl.coalesce(tried_at, pl.lit(inputs.end)) - pl.col("due_at"))
    return (
        inputs.waits.filter((pl.col("wait_type") == "callback") & pl.col("promised_at").is_not_null())
        .with_columns(due_at=due_at)
        .filter((pl.col("due_at") < inputs.end) & ~is_over)
        .select(
            *WHO,
            "started_at",
            **NO_SESSION,
            locus_type=pl.lit("queue"),
            locus=pl.coalesce("queue", pl.lit("unknown")),
            ended_at=pl.max_horizontal("ended_at", "due_at"),
            flagged_at="due_at",
            severity=0.5 + 0.5 * saturating(late, parameters.scale.total_seconds()),
            value_at_stake="value",
            evidence=pl.concat_list("wait_id"),
            detail=pl.struct("outcome", late_seconds=late.round(3)).struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="missed_callback",
    title="A promised call back that did not come in time",
    kind="obstacle",
    stage="support",
    locus_type="queue",
    exposure="locus",
    needs=({"waits": ("promised_at", "wait_type")},),
    look_back=timedelta(days=7),
    source="friction_signals §2.1; Genesys's callbacks over their SLA, the definition ours",
    prior_effect=0.20,
    parameters=Parameters(),
    detect=detect,
    needs_waits=("callback",),
)

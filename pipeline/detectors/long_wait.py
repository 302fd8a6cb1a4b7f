"""Long wait: the customer waited beyond the target of the channel and the type of wait.

Targets stand in the journey file. A wait that has not ended, or that the customer gave up, counts as far as it was
seen. How long it was is known when it ends; a wait that goes on is flagged after four times its target.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating, seconds


@dataclass(frozen=True)
class Parameters:
    """When a wait is flagged that goes on."""

    open_targets: float = 4.0  # multiples of the target; severity is 0.95 by then, waiting for the end adds nothing


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per wait longer than its target; severity 1 − exp(−excess / target)."""
    targets = pl.LazyFrame(
        [(kind, channel, float(target)) for kind, by in inputs.targets.items() for channel, target in by.items()],
        schema={"wait_type": pl.String, "channel": pl.String, "target": pl.Float64},
        orient="row",
    )
    until = pl.coalesce("ended_at", pl.lit(inputs.end))
    at_most = pl.duration(microseconds=(pl.col("target") * parameters.open_targets * 1e6).cast(pl.Int64))
    return (
        inputs.waits.join(targets, on=["wait_type", "channel"])
        .with_columns(waited=seconds(until - pl.col("started_at")))
        .filter(pl.col("waited") > pl.col("target"))
        .select(
            *WHO,
            "started_at",
            "ended_at",
            **NO_SESSION,
            locus_type=pl.lit("queue"),
            locus=pl.coalesce("queue", pl.lit("unknown")),
            flagged_at=pl.min_horizontal("ended_at", pl.col("started_at") + at_most),
            severity=saturating(pl.col("waited") - pl.col("target"), pl.col("target")),
            value_at_stake="value",
            evidence=pl.concat_list("wait_id"),
            detail=pl.struct(
                "wait_type",
                waited_seconds=pl.col("waited").round(3),
                target_seconds="target",
                is_censored=pl.col("ended_at").is_null() | (pl.col("outcome") != "served"),
            ).struct.json_encode(),
        )
        .with_columns(ended_at=pl.coalesce("ended_at", "flagged_at"))
    )


SIGNAL = Signal(
    name="long_wait",
    title="A wait beyond its target",
    kind="obstacle",
    stage="support",
    locus_type="queue",
    exposure="locus",
    needs=({"waits": ("started_at", "queue")},),
    look_back=timedelta(days=5),
    source="friction_signals §2.1; targets ours, in the journey file",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

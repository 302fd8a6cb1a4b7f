"""What signals that are made of waits share: targets, and how far a wait went beyond what was due."""

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, saturating, seconds

SLOW = ("first_response", "resolution")  # types of waits with a signal of their own, which knows of promises


def with_targets(inputs: Inputs, waits: pl.LazyFrame) -> pl.LazyFrame:
    """The waits with the `target` in seconds that the journey file gives to their type and channel, else null."""
    targets = pl.LazyFrame(
        [(kind, channel, float(target)) for kind, by in inputs.targets.items() for channel, target in by.items()],
        schema={"wait_type": pl.String, "channel": pl.String, "target": pl.Float64},
        orient="row",
    )
    return waits.join(targets, on=["wait_type", "channel"], how="left")


def with_dues(inputs: Inputs, waits: pl.LazyFrame) -> pl.LazyFrame:
    """The waits with their `target` in seconds: until the time that was promised, else that of the journey file."""
    is_promise = pl.col("promised_at") > pl.col("started_at")
    promised = pl.when(is_promise).then(seconds(pl.col("promised_at") - pl.col("started_at")))
    return with_targets(inputs, waits).with_columns(target=pl.coalesce(promised, "target"))


def beyond(inputs: Inputs, waits: pl.LazyFrame, open_targets: float) -> pl.LazyFrame:
    """One flag per wait longer than its `target`, when it ends, or after so many targets; 1 − exp(−excess / target)."""
    until = pl.coalesce("ended_at", pl.lit(inputs.end))
    at_most = pl.duration(microseconds=(pl.col("target") * open_targets * 1e6).cast(pl.Int64))
    return (
        waits.with_columns(waited=seconds(until - pl.col("started_at")))
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
                "reason",
                waited_seconds=pl.col("waited").round(3),
                target_seconds="target",
                is_censored=pl.col("ended_at").is_null() | (pl.col("outcome") != "served"),
            ).struct.json_encode(),
        )
        .with_columns(ended_at=pl.coalesce("ended_at", "flagged_at"))
    )

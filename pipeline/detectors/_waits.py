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


def beyond_target(inputs: Inputs, waits: pl.LazyFrame, open_targets: float) -> pl.LazyFrame:
    """One flag per wait longer than its target in the journey file, as `_beyond` gives them."""
    return _beyond(with_targets(inputs, waits).with_columns(**_by_the_clock(inputs, open_targets)))


def beyond_due(inputs: Inputs, waits: pl.LazyFrame, open_targets: float) -> pl.LazyFrame:
    """One flag per wait longer than what was due: by the time that was promised, else its target in business hours."""
    is_promised = pl.col("promised_at") > pl.col("started_at")
    promised = pl.when(is_promised).then(seconds(pl.col("promised_at") - pl.col("started_at")))
    dues = with_targets(inputs, waits).with_columns(target=pl.coalesce(promised, "target"))
    counted = _by_the_clock(inputs, open_targets)
    if hours := inputs.business_hours:
        start, until = pl.col("started_at"), pl.coalesce("ended_at", pl.lit(inputs.end))
        within = {
            "waited": hours.between(start, until),
            "latest_at": hours.after(start, pl.col("target") * open_targets),
        }
        counted = {name: pl.when(is_promised).then(clock).otherwise(within[name]) for name, clock in counted.items()}
    return _beyond(dues.with_columns(**counted))


def _by_the_clock(inputs: Inputs, open_targets: float) -> dict[str, pl.Expr]:
    """How long it was seen to last, and when so many targets have passed."""
    at_most = pl.duration(microseconds=(pl.col("target") * open_targets * 1e6).cast(pl.Int64))
    return {
        "waited": seconds(pl.coalesce("ended_at", pl.lit(inputs.end)) - pl.col("started_at")),
        "latest_at": pl.col("started_at") + at_most,
    }


def _beyond(waits: pl.LazyFrame) -> pl.LazyFrame:
    """One flag per wait longer than its `target`, when it ends or at `latest_at`; 1 − exp(−excess / target)."""
    return (
        waits.filter(pl.col("waited") > pl.col("target"))
        .select(
            *WHO,
            "started_at",
            "ended_at",
            **NO_SESSION,
            locus_type=pl.lit("queue"),
            locus=pl.coalesce("queue", pl.lit("unknown")),
            flagged_at=pl.min_horizontal("ended_at", "latest_at"),
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

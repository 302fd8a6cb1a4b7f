"""Queue abandonment (outcome): the customer hung up while waiting in a queue."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating, seconds


@dataclass(frozen=True)
class Parameters:
    """Who counts as having waited."""

    longer_than: timedelta = timedelta(seconds=5)  # a shorter one dialled wrong (ICMI's short-abandon threshold)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per wait in a queue that the customer gave up after more than the short-abandon threshold."""
    waited = pl.col("ended_at") - pl.col("started_at")
    return inputs.waits.filter(
        (pl.col("wait_type") == "queue") & (pl.col("outcome") == "abandoned") & (waited > parameters.longer_than)
    ).select(
        *WHO,
        "started_at",
        "ended_at",
        **NO_SESSION,
        locus_type=pl.lit("queue"),
        locus=pl.coalesce("queue", pl.lit("unknown")),
        flagged_at="ended_at",
        severity=0.5 + 0.5 * saturating(seconds(waited), 120.0),
        value_at_stake="value",
        evidence=pl.concat_list("wait_id"),
        detail=pl.struct(waited_seconds=seconds(waited).round(3)).struct.json_encode(),
    )


SIGNAL = Signal(
    name="queue_abandonment",
    title="Hung up while waiting in a queue",
    kind="outcome",
    stage="support",
    locus_type="queue",
    exposure="locus",
    needs=({"waits": ("ended_at", "outcome")},),
    look_back=timedelta(days=1),
    source="friction_signals §2.1; Amazon Connect, short abandons excluded as Genesys and Google do",
    prior_effect=0.0,
    parameters=Parameters(),
    detect=detect,
    needs_waits=("queue",),
)

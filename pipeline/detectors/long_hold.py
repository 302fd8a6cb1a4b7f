"""Long hold: within one contact the customer was put on hold for a minute in all, or a second time.

One flag per contact, known when the first of the two comes true: when the holds add up to the minute, or when the
second begins. A hold that goes on counts as far as it was seen.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating, seconds


@dataclass(frozen=True)
class Parameters:
    """When holds are too long or too many."""

    total: timedelta = timedelta(seconds=60)  # in a contact; a look into one record takes less
    holds: int = 2  # the second says that the first did not help


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per contact; severity grows with the time on hold and with each further hold."""
    until = pl.coalesce("ended_at", pl.lit(inputs.end))
    held = pl.col("held")
    before = held.cum_sum() - held
    reaches = (before < parameters.total) & (held.cum_sum() >= parameters.total)
    total = seconds(held.sum()) / parameters.total.total_seconds()
    holds = inputs.waits.filter((pl.col("wait_type") == "hold") & pl.col("visit_id").is_not_null())
    of_today = holds.filter(until >= inputs.start).select("visit_id")
    return (
        holds.join(of_today, on="visit_id", how="semi")
        .sort("visit_id", "started_at", "wait_id")
        .with_columns(held=until - pl.col("started_at"))
        .group_by("visit_id", maintain_order=True)
        .agg(
            pl.col(*(name for name in WHO if name != "visit_id")).first(),
            started_at=pl.col("started_at").first(),
            ended_at=pl.col("ended_at").max(),
            locus=pl.coalesce(pl.col("queue").drop_nulls().first(), pl.lit("unknown")),
            long_at=(pl.col("started_at") + (parameters.total - before)).filter(reaches).first(),
            often_at=pl.col("started_at").get(parameters.holds - 1, null_on_oob=True),
            severity=saturating(total + pl.len() - 1, 2.0),  # 0.39 at the minute, 0.63 at two minutes
            value_at_stake=pl.col("value").max(),
            evidence=pl.col("wait_id"),
            holds=pl.len(),
            hold_seconds=seconds(held.sum()),
        )
        .with_columns(
            **NO_SESSION,
            locus_type=pl.lit("queue"),
            flagged_at=pl.min_horizontal("long_at", "often_at"),
            detail=pl.struct("holds", "hold_seconds").struct.json_encode(),
        )
        .with_columns(ended_at=pl.max_horizontal("ended_at", "flagged_at"))
    )


SIGNAL = Signal(
    name="long_hold",
    title="Held for long, or again and again",
    kind="obstacle",
    stage="support",
    locus_type="queue",
    exposure="locus",
    needs=({"waits": ("wait_type", "ended_at")},),
    look_back=timedelta(days=1),
    source="ours",
    prior_effect=0.08,
    parameters=Parameters(),
    detect=detect,
    needs_waits=("hold",),
)

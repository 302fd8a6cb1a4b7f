"""How likely each visit was to be lost, told only from what was known before the day on which it was decided.

    foretold = loss rate of visits like it - what friction explains of that rate + strongest effect among its own flags

The first two are means over the visits of the period that were decided on earlier days, per stage and stratum (device,
channel, segment, new or returning), drawn towards the stage's as if it had KNOWN_AS more visits. The effects are those
published for the day scored before; those of 0 or less count as 0, as they do in the score. The strongest stands for
all flags of a visit, as it does where a lost visit is shared out (`attribution`): two signs of one cause are one harm.
So the sum of what is foretold repeats the past, and a visit is foretold more than its like only by its own flags.
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from pipeline.detectors._signal import Signal
from pipeline.scoring.points import DIGITS, Period, prepared

KNOWN_AS = 30  # visits of the stage that a stratum is mixed with: a handful of visits alone knows no rate


def foretold(period: Period, signals: Mapping[str, Signal], since: datetime, effects: pl.DataFrame) -> pl.DataFrame:
    """The probability of loss of each visit of the period decided from `since`, the start of its day, on.

    `effects`: point_id, effect; as published for an earlier day. Gives one row per visit, in order of its id: visit_id,
    stage, is_lost, `base` (the stage's loss rate before) and `foretold` (both 0-1). A stage that decided nothing before
    foretells nothing, nor does one that is warming: its losses were known before its visits were due, so that those of
    the last day are all completed.
    """
    ready = prepared(period, signals)
    harmful = effects.filter(pl.col("effect") > 0)
    harm = ready.affected.join(harmful, on="point_id").group_by("visit_id").agg(harm=pl.col("effect").max())
    visits = (
        ready.exposures.filter(~pl.col("stage").is_in(sorted(period.warming)))
        .select("visit_id", "stage", "stratum", "is_lost", "decided_at")
        .join(harm, on="visit_id", how="left")
        .with_columns(pl.col("harm").fill_null(0.0))
        .sort("visit_id")
    )
    past = visits.filter(pl.col("decided_at") < since)
    stages = _means(past, ["stage"]).select("stage", base="rate", explained="harm")
    strata = _means(past, ["stage", "stratum"]).drop("harm", "rate")
    known = pl.col("visits").fill_null(0) + KNOWN_AS
    like = (pl.col("lost").fill_null(0) + KNOWN_AS * pl.col("base")) / known
    explained = (pl.col("harms").fill_null(0.0) + KNOWN_AS * pl.col("explained")) / known
    return (
        visits.filter(pl.col("decided_at") >= since)
        .join(stages, on="stage", maintain_order="left")
        .join(strata, on=["stage", "stratum"], how="left", maintain_order="left")
        .select(
            "visit_id",
            "stage",
            "is_lost",
            base=pl.col("base").round(DIGITS),
            foretold=(like - explained + pl.col("harm")).clip(0, 1).round(DIGITS),
        )
    )


def _means(visits: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return visits.group_by(by, maintain_order=True).agg(
        visits=pl.len(),
        lost=pl.col("is_lost").sum(),
        harms=pl.col("harm").sum(),
        rate=pl.col("is_lost").mean(),
        harm=pl.col("harm").mean(),
    )

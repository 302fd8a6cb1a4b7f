"""friction.later_outcomes of a day: who came back, bought again or stayed away after friction, beside their like."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from pipeline.scoring.effects import COUNTS, mantel_haenszel
from pipeline.scoring.exact import widened
from pipeline.scoring.points import DIGITS

OUTCOMES = ["churn", "purchase", "return"]
HORIZONS = (7, 30, 60)  # days: a week, a month, and the 60 days within which the journey expects a next purchase
ENOUGH = 30  # people on either side; below, it says "not enough follow-up yet"


def later_outcomes(followed: Mapping[int, pl.DataFrame], day: date) -> pl.DataFrame:
    """One row per outcome and horizon, with counts of 0 where nobody was followed so long yet.

    `followed`: by horizon in days, one row per outcome and stratum: outcome, stratum, and people as the COUNTS of
    `effects` (lost: has the outcome). `difference` is the Mantel-Haenszel risk difference with its 95 % interval; empty
    while fewer than ENOUGH people on a side have somebody to be compared with.
    """
    return pl.concat([_of_horizon(strata, horizon, day) for horizon, strata in sorted(followed.items())])


def _of_horizon(strata: pl.DataFrame, horizon: int, day: date) -> pl.DataFrame:
    found = widened(mantel_haenszel(strata.select("outcome", *COUNTS), ["outcome"]))
    is_enough = (pl.col("affected_compared") >= ENOUGH) & (pl.col("unaffected_compared") >= ENOUGH)
    figures = ["difference", "difference_low", "difference_high"]
    every = pl.DataFrame({"outcome": OUTCOMES}).join(found, on="outcome", how="left", maintain_order="left")
    return every.with_columns(pl.col(*COUNTS, "affected_compared", "unaffected_compared").fill_null(0)).select(
        "outcome",
        "affected",
        "unaffected",
        *[pl.col(name).round(0).cast(pl.Int64) for name in ("affected_compared", "unaffected_compared")],
        *[pl.when(is_enough).then(pl.col(name).round(DIGITS)).alias(name) for name in figures],
        affected_with="affected_lost",
        unaffected_with="unaffected_lost",
        horizon_days=pl.lit(horizon, pl.Int64),
        day=pl.lit(day),
    )

"""friction.calibration of a day: does the score predict?

Everything is kept as sums over visits, so that days, stages and bins can be added up: a reliability table (A. H. Murphy
& R. L. Winkler, Applied Statistics 1977, 26: 41-47), the Brier score (G. W. Brier, Monthly Weather Review 1950, 78:
1-3), the same of the base rate alone, and the area under the ROC curve by the ranks of the lost among the completed
(J. A. Hanley & B. J. McNeil, Radiology 1982, 143: 29-36). Pairs are of one day and stage: that one stage loses more
than another is no merit of the score.
"""

from datetime import date

import polars as pl

from pipeline.scoring.points import DIGITS

BINS = 10  # tenths: read at a glance, and wide enough to fill


def calibrated(foretold: pl.DataFrame, day: date) -> pl.DataFrame:
    """Rows of friction.calibration, one per stage and bin that holds a visit.

    `foretold`: one row per visit decided on the day: visit_id, stage, is_lost, base, foretold (both 0-1).
    """
    lost = pl.col("is_lost").cast(pl.Float64)
    completed = (~pl.col("is_lost")).sum()
    ranked = foretold.sort("stage", "foretold", "visit_id").with_columns(
        bin=(pl.col("foretold") * BINS).floor().clip(0, BINS - 1).cast(pl.Int64),
        # of the completed visits, those below and half of those beside
        beside=completed.over("stage", "foretold"),
        up_to=(~pl.col("is_lost")).cum_sum().over("stage"),
        completed=completed.over("stage"),
    )
    highest = pl.col("up_to").max().over("stage", "foretold")
    below = highest - pl.col("beside")
    return (
        ranked.with_columns(ordered=below + pl.col("beside") / 2)
        .group_by("stage", "bin", maintain_order=True)
        .agg(
            visits=pl.len().cast(pl.Int64),
            lost=pl.col("is_lost").sum().cast(pl.Int64),
            foretold=pl.col("foretold").sum().round(DIGITS),
            squared_error=((pl.col("foretold") - lost) ** 2).sum().round(DIGITS),
            squared_error_base=((pl.col("base") - lost) ** 2).sum().round(DIGITS),
            ordered_pairs=pl.col("ordered").filter("is_lost").sum(),
            pairs=pl.col("completed").filter("is_lost").sum().cast(pl.Int64),
        )
        .with_columns(day=pl.lit(day))
    )

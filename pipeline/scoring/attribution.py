"""Who is to blame for a lost visit: shared among its flags, and never more than the visit."""

import polars as pl


def shares(lost: pl.DataFrame) -> pl.DataFrame:
    """The share of each lost visit that each of its points answers for.

    `lost`: one row per lost visit and point (an obstacle) that it was flagged at, with the point's `effect` and
    `lost_share_affected`. Of affected visits that were lost, the fraction effect / lost share would have been kept
    without the point; the visit as a whole is claimed as far as its strongest point claims it alone, and that claim is
    divided in proportion to the effects. So a point alone gets effect × affected visits, two signs of one cause get no
    more than one of them would, and nobody ever claims more than the visit. Effects of 0 or less claim nothing.
    Adds `share` (0–1).
    """
    effect = pl.col("effect").clip(lower_bound=0).fill_null(0.0)
    claim = pl.when(effect > 0).then((effect / pl.col("lost_share_affected")).clip(0, 1)).otherwise(0.0)
    return (
        lost.with_columns(positive=effect, claim=claim)
        .with_columns(total=pl.col("positive").sum().over("visit_id"), strongest=pl.col("claim").max().over("visit_id"))
        .with_columns(
            share=pl.when(pl.col("total") > 0)
            .then(pl.col("strongest") * pl.col("positive") / pl.col("total"))
            .otherwise(0.0)
        )
        .drop("positive", "claim", "total", "strongest")
    )

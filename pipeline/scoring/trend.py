"""What changed overnight: the day's rate against the trailing days at the same place.

Days differ more than chance alone lets them, so the count of a day is beta-binomial: mean and over-dispersion are
taken from the trailing days by the method of moments (J. C. Kleinman, JASA 1973, 68: 46–54). A month of days says
little about how much days differ, so a point counts as no steadier than the middle one of the night, and what had to
be estimated has the longer tails of Student's distribution. All points of a day are judged together by the procedure
of Benjamini and Hochberg (JRSS B 1995, 57: 289–300).
"""

import numpy as np
import polars as pl
from scipy.stats import betabinom, norm, t

SIGNIFICANT = 0.05
LARGEST_CORRELATION = 0.5


def trends(today: pl.DataFrame, trailing: pl.DataFrame) -> pl.DataFrame:
    """Trend of each point.

    `today`: one row per point with `exposed_today`, `affected_today`. `trailing`: one row per point and earlier day
    with `exposed`, `affected`. Gives one row per point: `baseline_rate`, `q_value` and `trend`, all null where there is
    nothing to compare with.
    """
    before = (
        trailing.filter(pl.col("exposed") > 0)
        .sort("point_id", "exposed", "affected")  # the tails magnify the last digits of a sum, which its order decides
        .group_by("point_id", maintain_order=True)
        .agg(
            days=pl.len(),
            n=pl.col("exposed").sum(),
            x=pl.col("affected").sum(),
            squares=(pl.col("exposed") ** 2).sum(),
            scatter=(
                pl.col("exposed")
                * (pl.col("affected") / pl.col("exposed") - pl.col("affected").sum() / pl.col("exposed").sum()) ** 2
            ).sum(),
        )
    )
    rows = today.select("point_id", "exposed_today", "affected_today").join(before, on="point_id", how="left")
    rows = rows.with_columns(baseline_rate=pl.col("x") / pl.col("n")).sort("point_id")
    judged = rows.filter((pl.col("exposed_today") > 0) & pl.col("baseline_rate").is_not_null())
    p_values = _two_sided(judged)
    judged = judged.with_columns(q_value=pl.Series(_benjamini_hochberg(p_values), dtype=pl.Float64))
    is_news = pl.col("q_value") <= SIGNIFICANT
    rate = pl.col("affected_today") / pl.col("exposed_today")
    trend = (
        pl.when(is_news & (pl.col("x") == 0) & (pl.col("affected_today") > 0))
        .then(pl.lit("new"))
        .when(is_news & (rate > pl.col("baseline_rate")))
        .then(pl.lit("worsening"))
        .when(is_news & (pl.col("affected_today") == 0))
        .then(pl.lit("resolved"))
        .when(is_news)
        .then(pl.lit("improving"))
        .otherwise(pl.lit("steady"))
    )
    known = judged.select("point_id", "q_value", trend=trend)
    return rows.select("point_id", "baseline_rate").join(known, on="point_id", how="left").sort("point_id")


def _two_sided(rows: pl.DataFrame) -> np.ndarray:
    """Probability of a count as far from what the trailing days let expect, or farther, twice the smaller side."""
    n, x = rows["n"].to_numpy().astype(float), rows["x"].to_numpy().astype(float)
    days, squares = rows["days"].to_numpy().astype(float), rows["squares"].to_numpy().astype(float)
    exposed, affected = rows["exposed_today"].to_numpy(), rows["affected_today"].to_numpy()
    # half a visit more on each side: a rate that was never seen is not impossible (Jeffreys)
    mean = (x + 0.5) / (n + 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = (days - 1) * mean * (1 - mean)
        excess = (rows["scatter"].to_numpy() - chance) / (mean * (1 - mean) * (n - squares / n - (days - 1)))
    known = excess[np.isfinite(excess) & (x > 0)]
    usual = float(np.median(known)) if known.size else 0.0
    excess = np.maximum(np.nan_to_num(excess, nan=0.0, posinf=0.0, neginf=0.0), usual)
    excess = np.clip(excess, 0.0, LARGEST_CORRELATION)
    # the mean itself is only known from n visits, which spreads what the day may show as much as a correlation 1 / n
    correlation = np.clip(excess + 1.0 / (n + 1.0), 1e-9, LARGEST_CORRELATION)
    strength = 1.0 / correlation - 1.0
    shape = exposed, mean * strength, (1 - mean) * strength
    at_most = betabinom.cdf(affected, *shape)
    at_least = 1.0 - at_most + betabinom.pmf(affected, *shape)
    one_sided = np.clip(np.minimum(at_most, at_least), 0.0, 0.5)
    # the part of the day's variance that the binomial does not give was estimated from the trailing days
    inflation = 1.0 + (exposed - 1) * excess
    freedom = np.maximum(days - 1, 1.0) / np.maximum(1.0 - 1.0 / inflation, 1e-9)
    return np.asarray(2 * t.sf(norm.isf(one_sided), freedom))


def _benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """q-values: the smallest false-discovery rate at which each hypothesis is rejected."""
    if p_values.size == 0:
        return p_values
    order = np.argsort(p_values, kind="stable")
    ranked = p_values[order] * p_values.size / np.arange(1, p_values.size + 1)
    smallest = np.minimum.accumulate(ranked[::-1])[::-1]
    q_values = np.empty_like(smallest)
    q_values[order] = np.clip(smallest, 0.0, 1.0)
    return q_values

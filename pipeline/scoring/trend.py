"""What changed overnight: the day's rate against the trailing days at the same place.

Days differ more than chance alone lets them, so the count of a day is beta-binomial: mean and over-dispersion are
taken from the trailing days by the method of moments (J. C. Kleinman, JASA 1973, 68: 46–54), the mean as it is on such
a weekday. A month of days says little about how much days differ, so a point counts as no steadier than the middle one
of the night, and what had to be estimated has the longer tails of Student's distribution. All points of a day are
judged together by the procedure of Benjamini and Hochberg (JRSS B 1995, 57: 289–300).
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import betabinom, norm, t

from pipeline.scoring.drift import is_forming
from pipeline.scoring.weekdays import WEEK, Weekdays, weekdays

Floats = NDArray[np.float64]
SIGNIFICANT = 0.05
LARGEST_CORRELATION = 0.5


def trends(today: pl.DataFrame, trailing: pl.DataFrame, day: date) -> pl.DataFrame:
    """Trend of each point on `day`.

    `today`: one row per point with `stage`, `exposed_today`, `affected_today`. `trailing`: one row per point and
    earlier day with `day`, `exposed`, `affected`. Gives one row per point: `baseline_rate` (of the trailing days),
    `rate_expected` (on such a weekday), `q_value`, `trend` and `is_forming`, all null where there is nothing to compare
    with.
    """
    rows = today.select("point_id", "stage", "exposed_today", "affected_today").sort("point_id")
    counts = _by_day(rows, trailing)
    n, x = counts.exposed.sum(axis=1), counts.affected.sum(axis=1)
    week = weekdays(
        counts.exposed,
        counts.affected,
        np.array([each.toordinal() % WEEK for each in counts.days], dtype=np.int64),
        rows["stage"].rank("dense").to_numpy().astype(np.int64),
    )
    of_day = week.factors[:, [each.toordinal() % WEEK for each in counts.days]]
    factor = week.factors[:, day.toordinal() % WEEK]
    excess = _excess(counts, of_day, week)
    baseline = np.divide(x, n, out=np.full(len(n), np.nan), where=n > 0)
    expected = np.clip(baseline * factor, 0, 1)
    exposed, affected = rows["exposed_today"].to_numpy(), rows["affected_today"].to_numpy()
    judged = (exposed > 0) & (n > 0)
    q_values = np.full(len(n), np.nan)
    q_values[judged] = benjamini_hochberg(
        _two_sided(counts, week, excess, day, exposed.astype(float), affected.astype(float))[judged]
    )
    share = np.divide(affected, exposed, out=np.zeros(len(n)), where=exposed > 0)
    forming = is_forming(
        np.column_stack([counts.exposed, exposed]).astype(float),
        np.column_stack([of_day, factor]) * np.nan_to_num(baseline)[:, None],
        np.column_stack([counts.affected, affected]).astype(float),
        excess,
    )
    rows = rows.with_columns(
        baseline_rate=pl.Series(baseline), rate_expected=pl.Series(expected), q_value=pl.Series(q_values),
        is_up=pl.Series(share > np.nan_to_num(expected)), seen=pl.Series(x), is_forming=pl.Series(forming),
    )  # fmt: skip
    is_news = pl.col("q_value") <= SIGNIFICANT
    trend = (
        pl.when(is_news & (pl.col("seen") == 0) & (pl.col("affected_today") > 0))
        .then(pl.lit("new"))
        .when(is_news & pl.col("is_up"))
        .then(pl.lit("worsening"))
        .when(is_news & (pl.col("affected_today") == 0))
        .then(pl.lit("resolved"))
        .when(is_news)
        .then(pl.lit("improving"))
        .otherwise(pl.lit("steady"))
    )
    floats = pl.col("baseline_rate", "rate_expected", "q_value").fill_nan(None)
    is_judged = pl.lit(pl.Series(judged))
    return rows.select(
        "point_id",
        floats,
        trend=pl.when(is_judged).then(trend),
        # what is news is not forming any more
        is_forming=pl.when(is_judged).then(pl.col("is_forming") & ~is_news.fill_null(value=False)),
    )


@dataclass(frozen=True)
class _Counts:
    """Visits by point and day, the days in order."""

    days: list[date]
    exposed: Floats
    affected: Floats


def _by_day(rows: pl.DataFrame, trailing: pl.DataFrame) -> _Counts:
    days = trailing["day"].unique().sort().to_list()
    exposed, affected = np.zeros((rows.height, len(days))), np.zeros((rows.height, len(days)))
    at = (
        trailing.join(rows.select("point_id").with_row_index("row"), on="point_id")
        .join(pl.DataFrame({"day": days}, schema={"day": pl.Date}).with_row_index("column"), on="day")
        .select("row", "column", "exposed", "affected")
    )
    where = at["row"].to_numpy(), at["column"].to_numpy()
    exposed[where], affected[where] = at["exposed"].to_numpy(), at["affected"].to_numpy()
    return _Counts(days, exposed, affected)


def _excess(counts: _Counts, of_day: Floats, week: Weekdays) -> Floats:
    """Correlation of the visits of a day, by point: how much more days differ than chance and the weekday let them."""
    n, x = counts.exposed.sum(axis=1), counts.affected.sum(axis=1)
    mean = _mean(n, x)
    seen = counts.exposed > 0
    rates = np.divide(counts.affected, counts.exposed, out=np.zeros_like(of_day), where=seen)
    baseline = np.divide(x, n, out=np.zeros_like(n), where=n > 0)
    scatter = (counts.exposed * (rates - baseline[:, None] * of_day) ** 2).sum(axis=1)
    free = seen.sum(axis=1) - 1 - week.spent
    with np.errstate(divide="ignore", invalid="ignore"):
        pq = mean * (1 - mean)
        excess = (scatter - free * pq) / (pq * (n - (counts.exposed**2).sum(axis=1) / n - free))
    known = excess[np.isfinite(excess) & (x > 0)]
    usual = float(np.median(known)) if known.size else 0.0
    excess = np.maximum(np.nan_to_num(excess, nan=0.0, posinf=0.0, neginf=0.0), usual)
    return np.asarray(np.clip(excess, 0.0, LARGEST_CORRELATION))


def _mean(n: Floats, x: Floats) -> Floats:
    # half a visit more on each side: a rate that was never seen is not impossible (Jeffreys)
    return (x + 0.5) / (n + 1.0)


def _two_sided(counts: _Counts, week: Weekdays, excess: Floats, day: date, exposed: Floats, affected: Floats) -> Floats:
    """Probability of a count as far from what the trailing days let expect, or farther, twice the smaller side."""
    n, x = counts.exposed.sum(axis=1), counts.affected.sum(axis=1)
    today = day.toordinal() % WEEK
    mean = np.clip(_mean(n, x) * week.factors[:, today], 1e-9, 1 - 1e-9)
    # the mean itself is only known from n visits, which spreads what the day may show as much as a correlation 1 / n
    unsure = 1.0 / (n + 1.0) + mean / (1 - mean) * week.errors2[:, today]
    correlation = np.clip(excess + unsure, 1e-9, LARGEST_CORRELATION)
    strength = 1.0 / correlation - 1.0
    shape = exposed, mean * strength, (1 - mean) * strength
    at_most = betabinom.cdf(affected, *shape)
    at_least = 1.0 - at_most + betabinom.pmf(affected, *shape)
    one_sided = np.clip(np.minimum(at_most, at_least), 0.0, 0.5)
    # the part of the day's variance that the binomial does not give was estimated from the trailing days
    inflation = 1.0 + (exposed - 1) * excess
    free = np.maximum((counts.exposed > 0).sum(axis=1) - 1 - week.spent, 1.0)
    freedom = free / np.maximum(1.0 - 1.0 / np.maximum(inflation, 1.0), 1e-9)
    return np.asarray(2 * t.sf(norm.isf(one_sided), freedom))


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """q-values: the smallest false-discovery rate at which each hypothesis is rejected."""
    if p_values.size == 0:
        return p_values
    order = np.argsort(p_values, kind="stable")
    ranked = p_values[order] * p_values.size / np.arange(1, p_values.size + 1)
    smallest = np.minimum.accumulate(ranked[::-1])[::-1]
    q_values = np.empty_like(smallest)
    q_values[order] = np.clip(smallest, 0.0, 1.0)
    return q_values

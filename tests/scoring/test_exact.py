import polars as pl
import pytest
from scipy.stats import binom, binomtest

from pipeline.scoring.effects import mantel_haenszel
from pipeline.scoring.exact import FEW, widened

COUNTS = ["affected", "affected_lost", "unaffected", "unaffected_lost"]


def tables(n1: int, n0: int) -> pl.DataFrame:
    """Every table that so many visits on either side can give."""
    affected = pl.DataFrame({"affected_lost": range(n1 + 1)})
    both = affected.join(pl.DataFrame({"unaffected_lost": range(n0 + 1)}), how="cross")
    return both.with_columns(affected=n1, unaffected=n0).with_row_index("point_id")


def intervals(strata: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    plain = mantel_haenszel(strata, ["point_id"])
    return plain, widened(plain)


@pytest.mark.parametrize(("a", "b"), [(0, 6), (4, 0), (30, 20), (3, 2), (0, 0)])
def test_limits_are_those_of_clopper_and_pearson_added_in_squares(a, b):
    n1, n0 = 30, 60
    _, wide = intervals(pl.DataFrame([("p", n1, a, n0, b)], schema=["point_id", *COUNTS], orient="row"))
    of_affected, of_others = (binomtest(x, n).proportion_ci(method="exact") for x, n in ((a, n1), (b, n0)))
    down = ((a / n1 - of_affected.low) ** 2 + (of_others.high - b / n0) ** 2) ** 0.5
    up = ((of_affected.high - a / n1) ** 2 + (b / n0 - of_others.low) ** 2) ** 0.5
    assert wide["difference_low"].item() <= a / n1 - b / n0 - down + 1e-9
    assert wide["difference_high"].item() >= a / n1 - b / n0 + up - 1e-9


def test_only_small_counts_widen_an_interval_and_none_is_narrowed():
    plain, wide = intervals(tables(30, 60))
    fewest = (
        tables(30, 60)
        .select(
            pl.min_horizontal(
                "affected_lost",
                pl.col("affected") - pl.col("affected_lost"),
                "unaffected_lost",
                pl.col("unaffected") - pl.col("unaffected_lost"),
            )
        )
        .to_series()
    )
    assert plain.filter(fewest >= FEW).equals(wide.filter(fewest >= FEW))
    assert (wide["difference_low"] <= plain["difference_low"]).all()
    assert (wide["difference_high"] >= plain["difference_high"]).all()
    assert plain.filter(fewest < FEW)["difference_low"].ne(wide.filter(fewest < FEW)["difference_low"]).any()


def test_where_nothing_compares_there_is_nothing_to_widen():
    _, wide = intervals(pl.DataFrame([("p", 30, 3, 0, 0)], schema=["point_id", *COUNTS], orient="row"))
    assert wide.select("difference_low", "difference_high").row(0) == (None, None)


def coverage(n1: int, n0: int, found: pl.DataFrame, base: float, effect: float) -> float:
    low, high = (found[f"difference_{end}"].to_numpy() for end in ("low", "high"))
    drawn = tables(n1, n0)
    a, b = drawn["affected_lost"].to_numpy(), drawn["unaffected_lost"].to_numpy()
    likely = binom.pmf(a, n1, base + effect) * binom.pmf(b, n0, base)
    return float(likely[(low <= effect + 1e-9) & (effect - 1e-9 <= high)].sum())


@pytest.mark.parametrize(("n1", "n0"), [(30, 30), (30, 100), (100, 30), (60, 60), (30, 600)])
def test_with_the_fewest_visits_that_are_measured_the_coverage_is_computed_exactly(n1, n0, figure):
    """All tables that there can be, each with its binomial probability: nothing is drawn, nothing approximated."""
    plain, wide = intervals(tables(n1, n0))
    truths = [
        (base, effect) for base in (0.005, 0.02, 0.05, 0.1, 0.3, 0.5, 0.7) for effect in (0.0, 0.02, 0.05, 0.1, 0.2)
    ]
    least = min(coverage(n1, n0, wide, *truth) for truth in truths)
    without = min(coverage(n1, n0, plain, *truth) for truth in truths)
    what = (
        f"least exact coverage, {n1} v {n0} visits, 0.5-70 % lost, effects 0-0.2 (without exact limits: {without:.2f})"
    )
    figure(what, f"{100 * least:.1f} %", ">= 93 %")
    assert without < 0.93 <= least

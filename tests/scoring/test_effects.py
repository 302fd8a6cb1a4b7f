from fractions import Fraction
from math import sqrt
from random import Random

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

from pipeline.scoring.effects import mantel_haenszel
from pipeline.scoring.rates import Z
from tests.drawn import table

COUNTS = {name: pl.Int64() for name in ("affected", "affected_lost", "unaffected", "unaffected_lost")}
Row = tuple[int, int, int, int]


def frame(strata: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(strata, schema=COUNTS, orient="row").with_columns(point_id=pl.lit("p"))


def effect_of(strata: list[Row]) -> dict[str, float | None]:
    return mantel_haenszel(frame(strata), ["point_id"]).row(0, named=True)


def exactly(strata: list[Row]) -> tuple[Fraction, Fraction, Fraction] | None:
    """Difference, and the two parts of Sato's variance: that which goes with the difference, and the rest."""
    weight = excess = p = q = Fraction(0)
    for n1, a, n0, b in strata:
        if n1 and n0:
            n = n1 + n0
            weight += Fraction(n1 * n0, n)
            excess += Fraction(a, n1) * Fraction(n1 * n0, n) - Fraction(b, n0) * Fraction(n1 * n0, n)
            p += Fraction(n1 * n1 * b - n0 * n0 * a, n * n) + Fraction(n1 * n0 * (n0 - n1), 2 * n * n)
            q += Fraction(a * (n0 - b) + b * (n1 - a), 2 * n)
    return (excess / weight, p / weight**2, q / weight**2) if weight else None


TOLBUTAMIDE = table(
    """
    age | affected | affected_lost | unaffected | unaffected_lost
    ----+----------+---------------+------------+----------------
    <55 |      106 |             8 |        120 |               5
    55+ |       98 |            22 |         85 |              16
    """,
    **COUNTS,
)


def test_the_published_example_of_a_trial_in_two_ages():
    """University Group Diabetes Program, by age: a difference of 0.035, its 90 % limits -0.0176 and 0.0874.

    K. J. Rothman, S. Greenland, T. L. Lash, Modern Epidemiology, 3rd edition 2008, table 15-1; Sato's variance.
    """
    row = mantel_haenszel(TOLBUTAMIDE.with_columns(point_id=pl.lit("p")), ["point_id"]).row(0, named=True)
    assert row["difference"] == pytest.approx(0.0349, abs=5e-5)
    error = 1.6448536269514722 * sqrt(row["variance"])
    assert row["difference"] - error == pytest.approx(-0.0176, abs=5e-5)
    assert row["difference"] + error == pytest.approx(0.0874, abs=5e-5)


def test_one_stratum_is_the_simple_difference_of_two_shares():
    row = effect_of([(40, 20, 60, 12)])
    assert row["difference"] == pytest.approx(0.5 - 0.2, abs=1e-15)


def test_differences_and_intervals_are_exact_also_where_strata_are_sparse_or_one_sided():
    random = Random(7)
    compared = 0
    for _ in range(200):
        strata = []
        for _ in range(random.randint(1, 12)):
            n1, n0 = random.choice([0, 1, 2, 5, 40]), random.choice([0, 1, 3, 50])
            strata.append((n1, random.randint(0, n1), n0, random.randint(0, n0)))
        row, expected = effect_of(strata), exactly(strata)
        if expected is None:
            assert row["difference"] is None
            assert row["variance"] is None
            assert row["difference_low"] is None
            continue
        compared += 1
        difference, p, q = expected
        low, high = row["difference_low"], row["difference_high"]
        assert low is not None
        assert high is not None
        assert row["difference"] == pytest.approx(float(difference), abs=1e-12)
        assert row["variance"] == pytest.approx(max(float(difference * p + q), 0.0), abs=1e-12)
        assert low - 1e-9 <= float(difference) <= high + 1e-9
        for end in (low, high):  # where the data are at the edge of rejecting it, or there is no such difference
            assert abs(end) == 1 or (end - float(difference)) ** 2 == pytest.approx(
                Z**2 * max(float(p) * end + float(q), 0.0), abs=1e-9
            )
    assert compared > 100


def test_the_sign_is_that_of_the_pooled_odds_ratio_of_statsmodels():
    random = Random(11)
    for _ in range(50):
        strata = [(n1, random.randint(1, n1 - 1), n0, random.randint(1, n0 - 1)) for n1, n0 in [(30, 50), (80, 40)]]
        tables = [np.array([[a, n1 - a], [b, n0 - b]]) for n1, a, n0, b in strata]
        difference = effect_of(strata)["difference"]
        assert difference is not None
        assert np.sign(round(difference, 12)) == np.sign(round(StratifiedTable(tables).oddsratio_pooled - 1, 12))


def test_a_stratum_with_one_side_empty_compares_nothing_and_changes_nothing():
    alone, joined = effect_of([(40, 20, 60, 12)]), effect_of([(40, 20, 60, 12), (500, 500, 0, 0), (0, 0, 900, 0)])
    same = ("difference", "variance", "difference_low", "difference_high", "affected_compared", "unaffected_compared")
    assert {name: joined[name] for name in same} == pytest.approx({name: alone[name] for name in same})
    assert joined["affected"] == 540


def test_the_order_of_strata_and_the_other_points_are_irrelevant():
    strata = frame([(40, 20, 60, 12), (7, 1, 3, 3), (90, 30, 10, 5)])
    others = pl.concat([strata, strata.with_columns(point_id=pl.lit("q"), affected_lost=pl.lit(0, pl.Int64))])
    turned = mantel_haenszel(others.reverse(), ["point_id"]).filter(pl.col("point_id") == "p")
    straight = mantel_haenszel(strata, ["point_id"])
    assert turned.select("difference", "difference_low").row(0) == pytest.approx(
        straight.select("difference", "difference_low").row(0), abs=1e-14
    )


def test_in_a_confounded_world_the_crude_difference_misleads_and_the_adjusted_one_does_not():
    # on the phone far more visits are lost, and far fewer are affected
    desktop, phone = (800, 160, 200, 20), (200, 140, 800, 480)
    crude = effect_of([(1000, 300, 1000, 500)])["difference"]
    adjusted = effect_of([desktop, phone])
    assert crude == pytest.approx(-0.2)
    assert adjusted["difference"] == pytest.approx(0.1)
    assert adjusted["difference_low"] is not None
    assert adjusted["difference_low"] > 0


def worlds(n1: int, n0: int, strata: int, base: float, effect: float, count: int = 2000) -> pl.DataFrame:
    """Counts of many worlds with one true effect, in strata that differ in loss and in how many are affected."""
    rng = np.random.default_rng([n1, n0, strata])
    weights = rng.dirichlet(np.full(strata, 3.0))
    losses = base * np.linspace(0.5, 1.5, strata) if strata > 1 else np.array([base])
    affected, unaffected = rng.multinomial(n1, weights, count), rng.multinomial(n0, weights[::-1], count)
    return pl.DataFrame(
        {
            "point_id": np.repeat(np.arange(count), strata),
            "affected": affected.ravel(),
            "affected_lost": rng.binomial(affected, losses + effect).ravel(),
            "unaffected": unaffected.ravel(),
            "unaffected_lost": rng.binomial(unaffected, losses).ravel(),
        }
    )


def covered(found: pl.DataFrame, effect: float) -> float:
    ends = found.select("difference_low", "difference_high").to_numpy()
    return float(np.mean((ends[:, 0] <= effect + 1e-9) & (effect - 1e-9 <= ends[:, 1])))


@pytest.mark.parametrize(
    ("n1", "n0", "strata"), [(30, 30, 1), (30, 30, 4), (30, 300, 4), (300, 30, 4), (100, 1000, 18), (1000, 5000, 18)]
)
def test_the_interval_covers_the_truth_in_95_of_100_worlds(n1, n0, strata, figure):
    shares = [
        covered(mantel_haenszel(worlds(n1, n0, strata, base, effect), ["point_id"]), effect)
        for base in (0.1, 0.3, 0.5)
        for effect in (0.0, 0.1, 0.25)
    ]
    told = f"{100 * min(shares):.1f} – {100 * max(shares):.1f} %"
    figure(f"coverage, {n1} v {n0} visits in {strata} strata, 10-50 % lost, effects 0-0.25", told, "93-97 %")
    assert min(shares) >= 0.93
    assert max(shares) <= 0.97


@pytest.mark.parametrize("base", [0.02, 0.05])
@pytest.mark.parametrize(("n1", "n0", "strata"), [(30, 300, 4), (300, 30, 4), (100, 1000, 18)])
def test_with_few_losses_the_interval_is_rather_too_wide_than_too_narrow(n1, n0, strata, base, figure):
    found = mantel_haenszel(worlds(n1, n0, strata, base, 0.0), ["point_id"])
    share = covered(found, 0.0)
    plain = found.select((pl.col("difference").abs() <= Z * pl.col("variance").sqrt() + 1e-9).mean()).item()
    told = f"{100 * share:.1f} %"
    figure(f"coverage, {n1} v {n0} visits, {base:.0%} lost, effect 0 (± 1.96 errors: {plain:.2f})", told, ">= 93 %")
    assert share >= 0.93

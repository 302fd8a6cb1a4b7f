from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scoring.effects import ENOUGH, SPREAD, believed, mantel_haenszel
from pipeline.scoring.rates import Z

COUNTS = ("affected", "affected_lost", "unaffected", "unaffected_lost")
PRIOR, ERROR = 0.2, 0.1


def effect_of(*strata: tuple[int, int, int, int], elsewhere: tuple[int, int, int, int] | None = None) -> dict[str, Any]:
    """The effect of a place with these strata, where its signal has another place with the counts of `elsewhere`."""
    rows = [("here", *counts) for counts in strata] + ([("there", *elsewhere)] if elsewhere else [])
    counted = pl.DataFrame(rows, schema={"point_id": pl.String} | dict.fromkeys(COUNTS, pl.Int64), orient="row")
    about = {"stage": "checkout", "signal": "rage", "prior_effect": PRIOR, "prior_error": ERROR}
    told = [pl.lit(value).alias(name) for name, value in about.items()]
    pooled = mantel_haenszel(counted.with_columns(told[:2]), ["stage", "signal"])
    points = mantel_haenszel(counted, ["point_id"]).with_columns(told)
    return believed(points, pooled).row(by_predicate=pl.col("point_id") == "here", named=True)


def test_with_thirty_visits_on_either_side_the_effect_is_the_places_own():
    found = effect_of((30, 15, 30, 6))
    assert found["effect_basis"] == "measured"
    assert found["effect"] == pytest.approx(0.3)
    assert found["effect_low"] == found["difference_low"]
    assert found["effect_high"] == found["difference_high"]


@pytest.mark.parametrize("counts", [(29, 15, 30, 6), (30, 15, 29, 6)])
def test_with_fewer_on_one_side_it_is_drawn_towards_the_prior(counts):
    found = effect_of(counts)
    own = 0.25 / counts[0] + 0.25 / counts[2]
    weight = ERROR**2 / (ERROR**2 + own)
    error = (1 / (1 / ERROR**2 + 1 / own)) ** 0.5
    assert found["effect_basis"] == "prior"
    assert found["effect"] == pytest.approx(weight * found["difference"] + (1 - weight) * PRIOR)
    assert found["effect_high"] - found["effect"] == pytest.approx(Z * error)
    assert found["effect"] - found["effect_low"] == pytest.approx(Z * error)


def test_with_enough_at_the_signals_other_places_it_is_drawn_towards_those():
    found = effect_of((10, 5, 10, 2), elsewhere=(990, 495, 990, 198))
    both = mantel_haenszel(
        pl.DataFrame([(10, 5, 10, 2), (990, 495, 990, 198)], schema=list(COUNTS), orient="row").with_columns(of=1),
        ["of"],
    ).row(0, named=True)
    spread, own = both["variance"] + SPREAD**2, 0.05
    assert found["effect_basis"] == "pooled"
    assert found["effect"] == pytest.approx(0.3)
    assert found["effect_high"] - found["effect"] == pytest.approx(Z * (1 / (1 / spread + 1 / own)) ** 0.5)


@pytest.mark.parametrize("counts", [(0, 0, 500, 100), (500, 100, 0, 0), (0, 0, 0, 0)])
def test_where_nothing_compares_it_is_the_prior_and_as_uncertain_as_that(counts):
    found = effect_of(counts)
    assert found["effect_basis"] == "prior"
    assert found["effect"] == pytest.approx(PRIOR)
    assert (found["effect_low"], found["effect_high"]) == pytest.approx((PRIOR - Z * ERROR, PRIOR + Z * ERROR))


@pytest.mark.parametrize("compares", [(1, 1, 1, 1), (1, 1, 99, 99), (99, 99, 1, 1)])
def test_visits_that_have_nobody_to_be_compared_with_do_not_make_an_effect_measured(compares):
    # the affected on the phone, the unaffected at a desk, and hardly one that compares
    found = effect_of((500, 400, 0, 0), (0, 0, 500, 100), compares)
    assert found["effect_basis"] == "prior"
    assert found["effect"] == pytest.approx(PRIOR, abs=0.02)
    assert found["effect_high"] - found["effect_low"] > 0.3


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(1, 12))
def test_the_more_visits_say_the_same_the_nearer_the_effect_is_to_it(times):
    fewer, more = (effect_of((2 * n, 2 * n, 2 * n, 0)) for n in (times, times + 1))
    assert more["effect_basis"] == fewer["effect_basis"] == "prior"
    assert fewer["effect"] < more["effect"] < 1
    assert more["effect_high"] - more["effect_low"] <= fewer["effect_high"] - fewer["effect_low"]


@pytest.mark.parametrize("size", [5, 20, ENOUGH, 200])
def test_the_more_of_the_affected_are_lost_the_larger_the_effect(size):
    effects = [effect_of((size, lost, size, size // 5))["effect"] for lost in range(size + 1)]
    assert effects == sorted(set(effects))

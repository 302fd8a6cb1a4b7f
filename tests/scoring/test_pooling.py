from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scoring.effects import mantel_haenszel
from pipeline.scoring.pooling import BELIEF, ENOUGH, SPREAD, believed
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
    # one normal distribution around another: the place around its signal, the signal around the prior
    around = SPREAD**2 + ERROR**2
    weight = around / (around + own)
    assert found["effect_basis"] == "prior"
    assert found["effect"] == pytest.approx(weight * found["difference"] + (1 - weight) * PRIOR)
    assert found["effect_high"] - found["effect"] == pytest.approx(Z * (around * (1 - weight)) ** 0.5)
    assert found["effect"] - found["effect_low"] == pytest.approx(Z * (around * (1 - weight)) ** 0.5)


@pytest.mark.parametrize("counts", [(29, 15, 30, 6), (29, 0, 900, 900), (1, 1, 1, 0)])
def test_the_effect_can_be_recomputed_from_what_is_told_of_it(counts):
    found = effect_of(counts, elsewhere=(200, 100, 900, 90))
    told = found["own_weight"] * found["own_effect"] + (1 - found["own_weight"]) * found["signal_effect"]
    assert found["effect"] == pytest.approx(told, abs=1e-12)


def test_with_enough_at_the_signals_other_places_it_is_drawn_towards_those():
    found = effect_of((10, 4, 12, 5), elsewhere=(9_990, 4_995, 9_990, 999))
    assert found["effect_basis"] == "pooled"
    assert found["own_effect"] == pytest.approx(0.4 - 5 / 12)
    assert 0.1 < found["effect"] < found["signal_effect"] < 0.3


def places(effects: list[float], size: int) -> pl.DataFrame:
    """Places of one signal, each with so many visits on either side: a fifth of the unaffected are lost."""
    rows = [
        (f"p{n:03d}", "checkout", "rage", PRIOR, ERROR, size, round(size * (0.2 + effect)), size, size // 5)
        for n, effect in enumerate(effects)
    ]
    names = ["point_id", "stage", "signal", "prior_effect", "prior_error", *COUNTS]
    counted = pl.DataFrame(rows, schema=names, orient="row")
    points = mantel_haenszel(counted, ["point_id"]).join(counted.select(names[:5]), on="point_id")
    return believed(points, mantel_haenszel(counted, ["stage", "signal"])).sort("point_id")


def test_places_that_agree_are_drawn_together_and_places_that_differ_are_left_apart():
    alike = places([0.2] * 60 + [0.6], 25)
    apart = places([0.0, 0.4] * 30 + [0.6], 25)
    assert alike["effect_basis"].to_list() == apart["effect_basis"].to_list() == ["pooled"] * 61
    assert alike["own_weight"][-1] < 0.4 < apart["own_weight"][-1]
    assert alike["effect"][-1] < apart["effect"][-1] < 0.6
    width = (alike["effect_high"] - alike["effect_low"])[-1]
    assert width < (apart["effect_high"] - apart["effect_low"])[-1]


def test_the_more_places_there_are_the_less_the_belief_in_their_spread_and_the_prior_weigh():
    few, many = places([0.0] * 2, 20), places([0.0] * 200, 20)
    assert 0 < many["signal_effect"][0] < few["signal_effect"][0] < PRIOR
    assert many["own_weight"][0] < few["own_weight"][0]


def test_the_spread_of_places_is_that_of_dersimonian_and_laird_with_the_belief_beside_it():
    found = places([0.0, 0.1, 0.2, 0.4], 20)
    own, weight = found["own_effect"].to_numpy(), found["own_weight"].to_numpy()
    share1 = 0.2 + 0.175
    error2 = share1 * (1 - share1) / 20 + 0.2 * 0.8 / 20
    # with equal errors, their estimate is the variance of the effects less the error's
    spread2 = (3 * max(0.0, own.var(ddof=1) - error2) + BELIEF * SPREAD**2) / (3 + BELIEF)
    assert weight == pytest.approx(spread2 / (spread2 + error2))


@pytest.mark.parametrize("counts", [(0, 0, 500, 100), (500, 100, 0, 0), (0, 0, 0, 0)])
def test_where_nothing_compares_it_is_the_prior_and_as_uncertain_as_that(counts):
    found = effect_of(counts)
    error = (ERROR**2 + SPREAD**2) ** 0.5
    assert found["effect_basis"] == "prior"
    assert found["effect"] == pytest.approx(PRIOR)
    assert (found["own_effect"], found["own_weight"]) == (None, 0)
    assert (found["effect_low"], found["effect_high"]) == pytest.approx((PRIOR - Z * error, PRIOR + Z * error))


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

"""What friction did to customers later: the comparison covers what is planted, and says when it cannot."""

import numpy as np
import polars as pl
import pytest

from pipeline.scoring.afterwards import ENOUGH, later_outcomes
from tests.scoring.periods import DAY

SEEDS = 400


def planted(seed: int, drop: float) -> pl.DataFrame:
    """People who come often are flagged more and return more; friction takes `drop` off the share that returns."""
    rng = np.random.default_rng(seed)
    rows = []
    for stratum, people, flagged, returns in (("new", 900, 0.1, 0.3), ("often", 300, 0.4, 0.8)):
        affected = int(rng.binomial(people, flagged))
        counts = (affected, int(rng.binomial(affected, returns - drop)))
        rows.append(("return", stratum, *counts, people - affected, int(rng.binomial(people - affected, returns))))
    return pl.DataFrame(
        rows,
        schema=["outcome", "stratum", "affected", "affected_lost", "unaffected", "unaffected_lost"],
        orient="row",
    )


def differences(drop: float) -> list[tuple[float, float, float]]:
    found = [
        later_outcomes({30: planted(seed, drop)}, DAY).filter(outcome="return").row(0, named=True)
        for seed in range(SEEDS)
    ]
    return [(each["difference_low"], each["difference"], each["difference_high"]) for each in found]


@pytest.mark.parametrize("drop", [0.0, 0.1])
def test_the_interval_covers_a_planted_drop_in_return(drop, figure):
    found = differences(drop)
    covered = np.mean([low <= -drop <= high for low, _, high in found])
    figure(f"later outcomes, return drops by {drop}: intervals that cover it", f"{100 * covered:.1f} %", "93-97.5 %")
    assert 0.93 <= covered <= 0.975
    assert np.mean([middle for _, middle, _ in found]) == pytest.approx(-drop, abs=0.005)


def test_it_says_nothing_while_too_few_are_followed():
    strata = pl.DataFrame(
        [("return", "all", ENOUGH - 1, 10, 500, 200), ("purchase", "all", ENOUGH, 10, 500, 200)],
        schema=["outcome", "stratum", "affected", "affected_lost", "unaffected", "unaffected_lost"],
        orient="row",
    )
    found = later_outcomes({7: strata}, DAY)
    assert found.select("outcome", "affected", pl.col("difference").is_null()).rows() == [
        ("churn", 0, True),
        ("purchase", ENOUGH, False),
        ("return", ENOUGH - 1, True),
    ]


def test_where_nobody_was_followed_so_long_the_counts_are_0_and_nothing_is_said():
    found = later_outcomes({7: planted(0, 0).head(0), 30: planted(0, 0)}, DAY)
    of_seven = found.filter(pl.col("horizon_days") == 7)
    assert of_seven.select("outcome", "affected", "unaffected", "difference").rows() == [
        ("churn", 0, 0, None),
        ("purchase", 0, 0, None),
        ("return", 0, 0, None),
    ]

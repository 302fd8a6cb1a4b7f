import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from pipeline.scoring.rates import wilson


def interval(affected: int, exposed: int) -> tuple[float | None, float | None]:
    low, high = wilson(pl.col("x"), pl.col("n"))
    return pl.DataFrame({"x": [affected], "n": [exposed]}).select(low=low, high=high).row(0)


# R. G. Newcombe, Statistics in Medicine 1998, 17: 857–872, table I, method 3
@pytest.mark.parametrize(
    ("affected", "exposed", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_an_interval_is_that_of_the_published_examples(affected, exposed, low, high):
    assert interval(affected, exposed) == pytest.approx((low, high), abs=5e-5)


@settings(derandomize=True, deadline=None)
@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_agrees_with_statsmodels_and_holds_the_rate(counts):
    affected, exposed = counts
    low, high = interval(affected, exposed)
    assert (low, high) == pytest.approx(proportion_confint(affected, exposed, method="wilson"), abs=1e-12)
    assert low is not None
    assert high is not None
    assert 0 <= low <= affected / exposed + 1e-12
    assert affected / exposed - 1e-12 <= high <= 1


def test_where_nothing_was_exposed_there_is_no_interval():
    assert interval(0, 0) == (None, None)

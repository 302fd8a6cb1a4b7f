from math import sqrt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scoring.sensitivity import e_value, e_values


def of_ratio(ratio: float) -> float | None:
    value: float | None = pl.select(e_value(pl.lit(ratio))).item()
    return value


def of_effect(expected: float, effect: float, low: float, high: float) -> tuple[float | None, float | None]:
    return pl.select(of_effect=e_values(*map(pl.lit, (expected, effect, low, high)))[0],
                     of_interval=e_values(*map(pl.lit, (expected, effect, low, high)))[1]).row(0)  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "value"),
    [(3.9, 7.26), (1.8, 3.0), (0.80, 1.81), (1.0, 1.0), (2.0, 3.41)],
)
def test_e_values_are_those_of_the_published_examples(ratio, value):
    """Formula feeding and death, 3.9 with a lower limit of 1.8 (VanderWeele and Ding 2017, p. 269), and by hand."""
    assert of_ratio(ratio) == pytest.approx(value, abs=0.005)


@settings(derandomize=True, deadline=None)
@given(st.floats(0.01, 100))
def test_a_cause_as_strong_as_the_e_value_on_both_sides_explains_exactly_the_ratio(ratio):
    value = of_ratio(ratio)
    assert value is not None
    # the largest ratio that a cause can make of nothing: Ding and VanderWeele, Epidemiology 2016, 27: 368–377
    assert value * value / (2 * value - 1) == pytest.approx(max(ratio, 1 / ratio))


def test_an_effect_is_told_as_a_ratio_of_what_was_to_be_expected():
    of_point, of_interval = of_effect(0.2, 0.3, 0.1, 0.5)
    assert of_point == pytest.approx(2.5 + sqrt(2.5 * 1.5))
    assert of_interval == pytest.approx(1.5 + sqrt(1.5 * 0.5))


@pytest.mark.parametrize(
    ("expected", "effect", "low", "high", "values"),
    [
        (0.2, 0.1, -0.1, 0.3, (3**0.5 / 2 + 1.5, 1.0)),
        (0.4, -0.2, -0.3, -0.1, (2 + 2**0.5, 4 / 3 + 2 / 3)),
        (0.2, 0.0, -0.1, 0.1, (1.0, 1.0)),
        (0.0, 0.3, 0.1, 0.5, (None, None)),
        (0.2, -0.2, -0.3, -0.1, (None, 2 + 2**0.5)),
        (0.9, 0.3, 0.2, 0.4, (10 / 9 + sqrt(10 / 81), 10 / 9 + sqrt(10 / 81))),
    ],
)
def test_an_interval_that_holds_nothing_needs_nothing_to_explain_it(expected, effect, low, high, values):
    assert of_effect(expected, effect, low, high) == pytest.approx(values)

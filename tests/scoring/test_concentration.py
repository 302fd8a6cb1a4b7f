"""The test behind a named part, against exact sums and equations solved by search."""

from math import comb

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import betabinom

from pipeline.scoring.concentration import Parts, alike, p_values, times_usual, unsure


def parts(day: tuple[int, int, int, int], before: tuple[int, int, int, int], expected: float | None = None) -> Parts:
    """One part: exposed and affected in it, and in all of its point."""
    n, x, n_all, x_all = (np.array([float(each)]) for each in day)
    b, y, b_all, y_all = (np.array([float(each)]) for each in before)
    usual = before[3] / before[2] if before[2] else 0.0
    return Parts(n, x, n_all, x_all, b, y, b_all, y_all, np.array([usual if expected is None else expected]))


CASES = [
    ((40, 22, 100, 25), (1120, 56, 2800, 140)),
    ((40, 22, 100, 30), (1120, 200, 2800, 240)),
    ((400, 90, 500, 95), (11200, 1500, 14000, 1600)),
    ((100, 80, 200, 150), (2800, 2000, 5600, 2600)),
    ((100, 60, 200, 120), (2800, 500, 5600, 2600)),
    ((50, 10, 100, 12), (0, 0, 2800, 140)),
    ((50, 10, 100, 12), (1400, 0, 2800, 0)),
]


@pytest.mark.parametrize(("day", "before"), CASES)
def test_a_rise_that_is_alike_is_the_larger_of_on_top_and_times_the_odds(day, before):
    n, _, n_all, x_all = day
    b, y, b_all, y_all = before
    usual = y_all / b_all
    rates = [
        (usual or 0.5 / (b_all + 1)) * (affected + 1) / (exposed * usual + 1)
        for affected, exposed in ((y, b), (y_all - y, b_all - b))
    ]
    sizes = [n, n_all - n]

    def on_top(more: float) -> list[float]:
        return [size * (rate + (1 - rate) * more) for size, rate in zip(sizes, rates, strict=True)]

    def multiplied(factor: float) -> list[float]:
        odds = [rate / (1 - rate) * factor for rate in rates]
        return [size * each / (1 + each) for size, each in zip(sizes, odds, strict=True)]

    added = on_top(brentq(lambda more: sum(on_top(more)) - x_all, 0, 1))
    times = multiplied(brentq(lambda factor: sum(multiplied(factor)) - x_all, 1e-9, 1e6, xtol=1e-13))
    assert alike(parts(day, before))[0] == pytest.approx(max(added[0], times[0]) / x_all, rel=1e-6)


def test_where_nothing_is_known_of_parts_they_are_taken_to_be_alike():
    found = parts((40, 12, 100, 12), (0, 0, 0, 0))
    assert alike(found)[0] == pytest.approx(0.4)
    assert unsure(found, alike(found))[0] == 0


def test_without_any_correlation_a_p_value_is_the_binomial_tail():
    found = parts((40, 9, 100, 12), (0, 0, 0, 0))
    tail = sum(comb(12, k) * 0.4**k * 0.6 ** (12 - k) for k in range(9, 13))
    assert p_values(found, np.array([0.0]), np.array([0.0]))[0] == pytest.approx(tail, rel=1e-4)


def test_what_is_unsure_of_the_rates_before_is_as_much_as_their_counts_say():
    found = parts((40, 22, 100, 25), (1120, 56, 2800, 140))
    probability = alike(found)
    # the counts before, and how far they outweigh the one visit of the prior
    expected = 0.4 * 0.6 * (56 / 57 / 57 + 84 / 85 / 85)
    assert unsure(found, probability)[0] == pytest.approx(expected, rel=1e-3)
    strength = 1 / expected - 1
    tail = betabinom.sf(21, 25, 0.4 * strength, 0.6 * strength)
    assert p_values(found, np.array([0.0]), np.array([28.0]))[0] == pytest.approx(tail, rel=1e-2)


def test_parts_that_were_split_differently_every_day_are_no_news():
    found = parts((40, 20, 100, 25), (1120, 56, 2800, 140))
    steady, wild = (p_values(found, np.array([each]), np.array([28.0]))[0] for each in (0.0, 0.2))
    assert steady < 0.001
    assert wild > 0.02


def test_a_rate_of_its_own_counts_as_far_as_it_was_seen():
    found = times_usual(np.array([0.0, 2.0, 200.0]), np.array([0.0, 10.0, 1000.0]), np.array([0.1] * 3))
    assert found == pytest.approx([1.0, 1.5, 201 / 101])

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.scoring.drift import ALARM, ALLOWED, FEWEST, is_forming


def forming(affected: Sequence[float], exposed: float = 1000, expected: float = 0.1, excess: float = 0.0) -> bool:
    counts = np.array([affected], dtype=float)
    n = np.full(counts.shape, float(exposed))
    return bool(is_forming(n, np.full(counts.shape, expected), counts, np.array([excess]))[0])


def by_hand(affected: Sequence[float]) -> float:
    """The sum of what 15 days exceed the 14 before them, 1,000 exposed a day, without any over-dispersion."""
    usual = (sum(affected[:14]) + 0.5) / (14 * 100 + 0.5) * 0.1
    total = 0.0
    for found in affected[14:]:
        variance = 1000 * usual * (1 - usual) + (1000 * usual) ** 2 / (sum(affected[:14]) + 0.5)
        total = max(0.0, total + (found - 1000 * usual) / variance**0.5 - ALLOWED)
    return total


@pytest.mark.parametrize("rise", range(0, 40, 3))
def test_an_alarm_is_where_the_sum_by_hand_passes_it(rise):
    affected = [100.0] * 14 + [100.0 + rise * n / 14 for n in range(15)]
    assert forming(affected) == (by_hand(affected) > ALARM)


def test_a_slow_rise_is_seen_and_a_fall_or_a_level_is_not():
    assert forming([100] * 14 + [103 + 4 * n for n in range(15)])
    assert not forming([100] * 29)
    assert not forming([200] * 14 + [190 - 5 * n for n in range(15)])


def test_what_was_high_and_came_down_again_is_no_drift_any_more():
    assert not forming([100] * 14 + [140] * 5 + [90] * 10)


def test_where_days_differ_much_the_same_rise_is_less():
    rising = [100] * 14 + [103 + 2 * n for n in range(15)]
    assert forming(rising)
    assert not forming(rising, excess=0.01)


def test_few_days_and_no_days_tell_of_no_drift():
    assert not forming([100] * 5 + [300] * (FEWEST - 6))
    assert not forming([0] * 29, exposed=0)
    assert is_forming(np.zeros((0, 29)), np.zeros((0, 29)), np.zeros((0, 29)), np.zeros(0)).tolist() == []


@pytest.mark.parametrize(("rate", "exposed"), [(0.05, 50), (0.05, 500), (0.01, 500), (0.2, 500)])
def test_where_nothing_changes_hardly_a_point_is_forming(rate, exposed, figure):
    rng = np.random.default_rng(1)
    n = rng.poisson(exposed, (20_000, 29)).astype(float)
    x = rng.binomial(n.astype(int), rate).astype(float)
    share = is_forming(n, np.full(n.shape, rate), x, np.zeros(len(n))).mean()
    figure(f"points falsely forming, rate {rate:.0%}, {exposed} exposed a day", f"{100 * share:.2f} %", "<= 0.5 %")
    assert share <= 0.005


@pytest.mark.parametrize(("times", "asked"), [(1.5, 0.5), (2.0, 0.95)])
def test_a_rate_that_creeps_up_over_four_weeks_is_forming(times, asked, figure):
    rng = np.random.default_rng(2)
    n = rng.poisson(500, (2000, 29)).astype(float)
    x = rng.binomial(n.astype(int), 0.05 * np.linspace(1, times, 29)).astype(float)
    share = is_forming(n, np.full(n.shape, 0.05), x, np.zeros(len(n))).mean()
    figure(
        f"forming, where 5 % of 500 a day creep to {times:g} times that in 28 days",
        f"{100 * share:.0f} %",
        f">= {asked:.0%}",
    )
    assert share >= asked

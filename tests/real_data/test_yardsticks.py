"""The outcomes in the real data are what their publishers and a second library say they are."""

from pathlib import Path

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from tests.real_data import yardsticks
from tests.real_data.yardsticks import Group, difference

pytestmark = [pytest.mark.real_data, pytest.mark.xdist_group("real_yardsticks")]


def counts(groups: list[Group]) -> dict[str, tuple[int, int]]:
    return {each.name: (each.people, each.lost) for each in groups}


def points(more: Group, less: Group) -> list[float]:
    return [round(100 * each, 1) for each in difference(more, less)]


def test_a_difference_of_shares_has_the_interval_of_a_second_library():
    more, less = Group("late", 191, 118), Group("in time", 2_699, 268)
    low, high = confint_proportions_2indep(118, 191, 268, 2_699, method="wald")
    assert difference(more, less) == pytest.approx((118 / 191 - 268 / 2_699, low, high))


def test_late_orders_get_low_reviews(real_data: Path):
    groups = yardsticks.low_reviews(real_data)
    assert counts(groups) == {"in time": (2_699, 268), "late": (191, 118), "never came": (49, 36)}
    in_time, late, never = groups
    assert points(late, in_time) == [51.9, 44.9, 58.8]
    late_or_never = Group("late or never", late.people + never.people, late.lost + never.lost)
    assert points(late_or_never, in_time) == [54.2, 48.1, 60.4]


def test_who_hung_up_calls_again(real_data: Path):
    agent, hang = yardsticks.calling_again(real_data)
    assert counts([agent, hang]) == {"AGENT": (11_481, 1_512), "HANG": (1_743, 809)}
    assert points(hang, agent) == [33.2, 30.8, 35.7]


def test_a_full_queue_makes_callers_hang_up(real_data: Path):
    groups = yardsticks.hanging_up(real_data)
    assert counts(groups) == {
        "nobody": (7_583, 864),
        "one or two": (6_166, 1_040),
        "three or more": (2_937, 1_197),
    }
    assert points(groups[2], groups[0]) == [29.4, 27.4, 31.3]


def test_who_cannot_log_in_is_lost(real_data: Path):
    groups = yardsticks.lost_users(real_data)
    assert counts(groups) == {"none": (912, 325), "one": (97, 55), "two or more": (14, 12)}
    assert sum(each.people for each in groups) == 1_023
    assert points(groups[2], groups[0]) == [50.1, 31.5, 68.7]


def test_a_long_announced_pickup_is_called_off(real_data: Path):
    groups = yardsticks.rides_called_off(real_data)
    assert counts(groups) == {
        "fifth 1": (272, 83),
        "fifth 2": (272, 93),
        "fifth 3": (271, 101),
        "fifth 4": (271, 139),
        "fifth 5": (271, 157),
    }
    assert sum(each.lost for each in groups) == 573
    assert points(groups[4], groups[0]) == [27.4, 19.4, 35.4]

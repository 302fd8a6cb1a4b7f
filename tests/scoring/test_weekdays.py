import numpy as np
import pytest

from pipeline.scoring.weekdays import WEEK, weekdays

DAYS = np.arange(28) % WEEK
ONE_STAGE = np.zeros(1, dtype=np.int64)


def factors(affected: np.ndarray, exposed: float = 1000, stage: np.ndarray = ONE_STAGE) -> np.ndarray:
    counts = np.atleast_2d(affected).astype(float)
    return weekdays(np.full(counts.shape, exposed), counts, DAYS[: counts.shape[1]], stage).factors


def test_a_pattern_that_every_week_repeats_is_taken_over_whole():
    week = np.array([80, 80, 80, 80, 80, 150, 150])
    found = factors(np.tile(week, 4))
    assert found[0] == pytest.approx(week / week.mean())


def test_what_days_of_a_weekday_do_not_agree_on_is_no_pattern():
    found = factors(np.repeat([60, 140, 60, 140], WEEK))
    assert found[0] == pytest.approx(1)


def test_a_pattern_is_believed_as_far_as_the_weeks_agree_on_it():
    """One-way analysis of variance by hand: seven weekdays, two weeks."""
    first, second = np.array([90, 100, 100, 100, 100, 100, 150.0]), np.array([110, 100, 100, 100, 100, 100, 130.0])
    means = (first + second) / 2
    within = ((first - means) ** 2 + (second - means) ** 2).sum() / 7
    between = 2 * ((means - means.mean()) ** 2).sum() / 6
    found = factors(np.concatenate([first, second]))
    assert found[0] == pytest.approx(1 + (1 - within / between) * (means / means.mean() - 1))


@pytest.mark.parametrize("days", [6, 7, 13])
def test_less_than_two_weeks_tell_of_no_pattern(days):
    assert factors(np.tile([50, 90, 90, 90, 90, 90, 90], 2)[:days])[0] == pytest.approx(1)


def test_points_of_a_stage_learn_from_each_other_and_not_from_other_stages():
    week, flat = np.tile([80, 80, 80, 80, 80, 150, 150], 4), np.full(28, 100)
    together = factors(np.array([week * 5, flat, flat]), stage=np.array([0, 0, 1]))
    assert together[0] == pytest.approx(together[1])
    assert together[1][5] > 1.2
    assert together[2] == pytest.approx(1)


def test_nothing_exposed_has_no_pattern():
    assert factors(np.zeros(28), exposed=0)[0] == pytest.approx(1)


def test_without_a_pattern_hardly_any_is_seen(figure):
    rng = np.random.default_rng(4)
    found = np.array([factors(rng.binomial(1000, 0.05, 28)) for _ in range(500)])
    error = float(np.sqrt(((found - 1) ** 2).mean()))
    figure("error of weekday factors where days are alike (of four days' mean: 0.07)", f"{error:.3f}", "< 0.035")
    assert error < 0.035

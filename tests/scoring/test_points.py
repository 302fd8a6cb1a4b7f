"""Hand-drawn periods: each says in a few groups of visits what the definitions come to."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from pipeline.scoring.points import Period, score
from tests.scoring.periods import DAY, SIGNALS, period


def point(of: Period, signal: str, locus: str = "pay") -> dict[str, Any]:
    return score(of, SIGNALS).points.row(
        by_predicate=(pl.col("signal") == signal) & (pl.col("locus") == locus), named=True
    )


def stage(of: Period, name: str = "checkout") -> dict[str, Any]:
    return score(of, SIGNALS).stage_scores.row(by_predicate=pl.col("stage") == name, named=True)


# 40 of the 100 visits that touched the button were flagged; half of those were lost, a fifth of the others
ONE_POINT = """
    stage    | visits | lost | touched     | flagged          | value
    ---------+--------+------+-------------+------------------+------
    checkout |     40 |   20 | element:pay | rage@element:pay |   100
    checkout |     60 |   12 | element:pay |                  |    50
    checkout |    100 |   10 |             |                  |    10
    """


def test_a_point_costs_effect_times_affected_visits_per_hundred_that_entered():
    row = point(period(ONE_POINT), "rage")
    assert (row["exposed"], row["affected"], row["rate"]) == (100, 40, 0.4)
    assert (row["lost_share_affected"], row["lost_share_unaffected"]) == (0.5, 0.2)
    assert (row["effect"], row["effect_basis"]) == (pytest.approx(0.3), "measured")
    assert row["lost_visits"] == pytest.approx(0.3 * 40)
    assert row["score"] == pytest.approx(100 * 12 / 200)
    assert row["revenue_at_risk"] == pytest.approx(12 * 100)
    assert row["lost_visits_low"] == pytest.approx(row["effect_low"] * 40)
    assert row["lost_visits_high"] == pytest.approx(min(row["effect_high"] * 40, 20))
    assert (row["rank"], row["owner"], row["currency"], row["day"]) == (1, "payments team", "EUR", DAY)


def test_the_stages_health_is_what_its_points_leave():
    row = stage(period(ONE_POINT))
    assert (row["entered"], row["completed"], row["lost"], row["affected"]) == (200, 158, 42, 40)
    assert (row["score"], row["health"]) == (pytest.approx(6), pytest.approx(94))
    empty = stage(period(ONE_POINT), "cart")
    assert (empty["entered"], empty["score"], empty["health"]) == (0, 0, 100)


def test_two_signs_of_one_cause_share_what_one_of_them_costs():
    both = period(
        """
        stage    | visits | lost | touched     | flagged
        ---------+--------+------+-------------+------------------------------------
        checkout |     40 |   20 | element:pay | rage@element:pay, slow@element:pay
        checkout |     60 |   12 | element:pay |
        checkout |    100 |   10 |             |
        """
    )
    assert point(both, "rage")["lost_visits"] == pytest.approx(6)
    assert point(both, "slow")["lost_visits"] == pytest.approx(6)
    assert stage(both)["score"] == pytest.approx(6)


def test_a_harmless_signal_has_a_score_of_zero_and_says_so():
    harmless = period(
        """
        stage    | visits | lost | touched     | flagged          | value
        ---------+--------+------+-------------+------------------+------
        checkout |    100 |    5 | element:pay | rage@element:pay |    10
        checkout |    100 |   40 | element:pay |                  |    10
        """
    )
    row = point(harmless, "rage")
    assert row["effect"] == pytest.approx(-0.35)
    assert row["effect_high"] < 0
    costs = ("score", "lost_visits", "lost_visits_low", "lost_visits_high", "revenue_at_risk", "revenue_at_risk_high")
    assert [row[name] for name in costs] == [0] * len(costs)
    assert row["rank"] == 1
    assert stage(harmless)["health"] == 100


def test_a_world_in_which_nothing_but_leaving_happens_has_scores_of_zero():
    leaving = period(
        """
        stage    | visits | lost | touched      | flagged           | value
        ---------+--------+------+--------------+-------------------+------
        checkout |     90 |   90 | element:pay  | left@element:pay  |    10
        checkout |    110 |    0 | element:pay  |                   |    10
        cart     |     50 |   50 | element:cart | left@element:cart |    10
        cart     |     10 |    0 | element:cart |                   |    10
        """
    )
    found = score(leaving, SIGNALS)
    assert found.stage_scores["score"].to_list() == [0, 0]
    assert found.stage_scores["health"].to_list() == [100, 100]
    assert found.stage_scores["affected"].to_list() == [0, 0]
    assert found.points["lost_visits_high"].to_list() == [0, 0]
    assert found.points["effect"].to_list() == found.points["rank"].to_list() == [None, None]
    assert sorted(found.points["rate"]) == [pytest.approx(0.45), pytest.approx(50 / 60)]
    assert found.person_scores.is_empty()


def test_an_outcome_takes_nothing_from_an_obstacle_on_the_same_visit():
    both = ONE_POINT.replace("rage@element:pay", "rage@element:pay, left@element:pay")
    assert point(period(both), "rage")["lost_visits"] == pytest.approx(12)
    assert point(period(both), "left")["lost_visits"] == 0


@pytest.mark.parametrize(("others", "rank"), [(9, None), (10, 1)])
def test_below_thirty_exposed_a_point_is_shown_and_not_ranked(others, rank):
    row = point(
        period(
            f"""
            stage    | visits | lost | touched     | flagged
            ---------+--------+------+-------------+-----------------
            checkout |     20 |   10 | element:pay | rage@element:pay
            checkout | {others} |  0 | element:pay |
            """
        ),
        "rage",
    )
    assert row["rank"] == rank
    assert row["rate"] == pytest.approx(20 / (20 + others))
    assert row["score"] > 0


def test_without_denominators_there_is_no_rate_and_no_effect():
    row = point(
        period(
            """
            stage    | visits | lost | touched | flagged              | is_exposure | value
            ---------+--------+------+---------+----------------------+-------------+------
            checkout |     50 |   50 |         | decline@element:visa | false       |    10
            """
        ),
        "decline",
        "visa",
    )
    unknown = ("rate", "rate_low", "rate_high", "effect", "effect_low", "effect_high", "effect_basis", "rank")
    assert [row[name] for name in unknown] == [None] * len(unknown)
    assert (row["exposed"], row["affected"], row["lost_visits"], row["score"]) == (0, 50, 0, 0)
    assert row["revenue_at_risk"] is None


def test_a_missing_value_is_the_stages_median_and_another_currency_is_not_added_up():
    mixed = period(
        """
        stage    | visits | lost | touched     | flagged          | value | is_valued
        ---------+--------+------+-------------+------------------+-------+----------
        checkout |     20 |   10 | element:pay | rage@element:pay |   100 | true
        checkout |     20 |   10 | element:pay | rage@element:pay |       | true
        checkout |     20 |   10 | element:pay | rage@element:pay |       | false
        checkout |     60 |   12 | element:pay |                  |    70 | true
        """
    )
    row = point(mixed, "rage")
    assert row["lost_visits"] == pytest.approx(0.3 * 60)
    # six lost to the point in each group: the median of 20 visits at 100 and 60 at 70 is 70
    assert row["revenue_at_risk"] == pytest.approx(6 * 100 + 6 * 70)
    assert row["valued_share"] == pytest.approx(1 / 3)
    per_visit = row["revenue_at_risk"] / row["lost_visits"]
    assert row["revenue_at_risk_low"] == pytest.approx(row["lost_visits_low"] * per_visit)
    assert row["revenue_at_risk_high"] == pytest.approx(row["lost_visits_high"] * per_visit)


def test_where_no_value_is_known_no_money_is_named():
    row = point(period(ONE_POINT.replace("100\n", "   \n").replace(" 50\n", "   \n").replace(" 10\n", "   \n")), "rage")
    assert row["lost_visits"] == pytest.approx(12)
    assert row["revenue_at_risk"] is None


def test_a_point_that_nobody_was_lost_at_has_nothing_at_risk():
    row = point(period(ONE_POINT.replace("|   20 |", "|    0 |")), "rage")
    assert (row["lost_visits"], row["revenue_at_risk"], row["revenue_at_risk_high"]) == (0, 0, 0)


def test_flags_after_the_decision_do_not_count():
    late = period(
        """
        stage    | visits | lost | touched     | flagged          | is_late
        ---------+--------+------+-------------+------------------+--------
        checkout |     40 |   20 | element:pay | rage@element:pay | true
        checkout |     60 |   12 | element:pay |                  | false
        """
    )
    row = point(late, "rage")
    assert (row["exposed"], row["affected"], row["effect"], row["score"]) == (100, 0, None, 0)
    assert stage(late)["affected"] == 0
    assert score(late, SIGNALS).person_scores.is_empty()


def test_a_confounded_world_is_set_right_by_its_strata():
    text = """
        stage    | visits | lost | touched     | flagged          | stratum
        ---------+--------+------+-------------+------------------+--------
        checkout |     80 |   16 | element:pay | rage@element:pay | desktop
        checkout |     20 |    2 | element:pay |                  | desktop
        checkout |     20 |   14 | element:pay | rage@element:pay | phone
        checkout |     80 |   48 | element:pay |                  | phone
        """
    row = point(period(text), "rage")
    assert row["lost_share_affected"] < row["lost_share_unaffected"]
    assert row["effect"] == pytest.approx(0.1)
    assert row["score"] == pytest.approx(100 * 0.1 * 100 / 200)
    mixed = point(period(text.replace("desktop", "all").replace("phone", "all")), "rage")
    assert mixed["effect"] == pytest.approx(-0.2)


TWO_STAGES = """
    stage    | visits | lost | touched     | flagged
    ---------+--------+------+-------------+-----------------
    cart     |     40 |   20 | element:pay | rage@element:pay
    cart     |     60 |   12 | element:pay |
    checkout |     40 |   20 | element:pay | rage@element:pay
    checkout |     60 |   12 | element:pay |
    """


@pytest.mark.parametrize("decisive", ["cart", "checkout"])
def test_at_equal_score_the_moment_of_truth_comes_first(decisive):
    points = score(period(TWO_STAGES, decisive=decisive), SIGNALS).points.sort("rank")
    assert points["score"].n_unique() == 1
    assert points["stage"].to_list()[0] == decisive
    assert points["rank"].to_list() == [1, 2]


def test_ties_are_broken_by_id():
    points = score(period(TWO_STAGES), SIGNALS).points.sort("rank")
    assert points["point_id"].to_list() == sorted(points["point_id"])


def test_a_person_score_is_what_no_flag_spares():
    drawn = """
        stage    | visits | lost | touched     | flagged                                | person | severity
        ---------+--------+------+-------------+----------------------------------------+--------+---------
        checkout |      1 |    0 | element:pay | rage@element:pay                       | mild   |      0.5
        checkout |      1 |    1 | element:pay | rage@element:pay, decline@element:pay  | both   |      1.0
        checkout |      1 |    0 | element:pay | left@element:pay                       | left   |      1.0
        checkout |     38 |   19 | element:pay | rage@element:pay                       | many   |      0.0
        checkout |     60 |   12 | element:pay |                                        | calm   |
        """
    found = score(period(drawn), SIGNALS)
    effects = dict(found.points.select("signal", "effect").rows())
    rage, decline = effects["rage"], effects["decline"]
    scores = {row["person_id"]: row for row in found.person_scores.iter_rows(named=True)}
    assert set(scores) == {"mild", "both", "many"}
    assert scores["mild"]["score"] == pytest.approx(100 * rage * 0.5)
    assert scores["both"]["score"] == pytest.approx(100 * (1 - (1 - rage) * (1 - decline)))
    assert (scores["many"]["score"], scores["many"]["flags"]) == (0, 38)
    worst = "rage" if rage > decline else "decline"
    assert (scores["both"]["worst_signal"], scores["both"]["flags"]) == (worst, 2)


def test_segments_are_told_where_they_are_known():
    of = replace(period(ONE_POINT), segments=pl.DataFrame({"person_id": ["c:00000"], "segment": ["gold"]}))
    segments = dict(score(of, SIGNALS).person_scores.select("person_id", "segment").rows())
    assert segments["c:00000"] == "gold"
    assert segments["c:00001"] is None


def test_the_trend_looks_at_all_active_visits_day_by_day_and_the_scores_at_none_of_them():
    text = "\n".join(
        ["day | stage | visits | affected | touched | flagged", "--+--+--+--+--+--"]
        + [f"2026-01-{day:02d} | cart | 100 | 5 | element:pay | rage@element:pay" for day in range(1, 28)]
        + ["2026-01-28 | cart | 100 | 30 | element:pay | rage@element:pay"]
    )
    found = score(period(ONE_POINT, text), SIGNALS)
    row = found.points.row(by_predicate=pl.col("stage") == "cart", named=True)
    assert (row["exposed_today"], row["affected_today"], row["rate_today"]) == (100, 30, 0.3)
    assert (row["baseline_rate"], row["trend"]) == (0.05, "worsening")
    assert (row["exposed"], row["affected"], row["rate"], row["effect"]) == (0, 0, None, None)
    checkout = found.points.row(by_predicate=pl.col("stage") == "checkout", named=True)
    assert (checkout["exposed_today"], checkout["trend"], checkout["q_value"]) == (0, None, None)


def test_without_flags_there_are_no_points_and_full_health():
    found = score(period("stage | visits | lost\n--+--+--\ncart | 10 | 5"), SIGNALS)
    assert found.points.is_empty()
    assert found.person_scores.is_empty()
    assert found.stage_scores["health"].to_list() == [100, 100]

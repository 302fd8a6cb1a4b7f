"""Who had come as far: counts drawn by level; worlds in which that is what misleads stand in test_truth."""

from typing import Any

import polars as pl
import pytest

from pipeline.scoring.effects import mantel_haenszel
from pipeline.scoring.points import score
from pipeline.scoring.progress import compared, level
from tests.drawn import table
from tests.scoring.periods import SIGNALS, period

INTEGERS: dict[str, Any] = {
    name: pl.Int64() for name in ("reach", "level", "exposed", "exposed_lost", "affected", "affected_lost")
}


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, 0), (0, 0), (1, 1), (2, 3), (3, 4), (4, 5), (5, 5), (6, 6), (1023, 20), (1024, 21), (10**9, 34)],
)
def test_progress_is_told_in_half_doublings_of_a_second(seconds, expected):
    assert pl.select(level(pl.lit(seconds))).item() == expected


def test_a_flagged_visit_is_compared_with_those_that_came_as_far_unflagged():
    reached = table(
        """
        point_id | stratum | reach | exposed | exposed_lost | affected | affected_lost
        ---------+---------+-------+---------+--------------+----------+--------------
        pay      | phone   |     0 |      10 |           10 |        0 |             0
        pay      | phone   |     2 |       8 |            6 |        2 |             2
        pay      | phone   |     5 |      21 |            3 |        1 |             0
        pay      | desktop |     5 |     100 |           50 |        0 |             0
        """,
        **{name: kind for name, kind in INTEGERS.items() if name != "level"},
    )
    flagged = table(
        """
        point_id | stratum | level | affected | affected_lost
        ---------+---------+-------+----------+--------------
        pay      | phone   |     2 |        2 |             2
        pay      | phone   |     4 |        1 |             0
        """,
        **{name: INTEGERS[name] for name in ("level", "affected", "affected_lost")},
    )
    found = compared(reached, flagged).to_dicts()
    # at level 2: 20 that came further (3 lost), half of the 6 that left then (4 lost), and the one flagged later
    early, late = 2 / 3, 1 / 3
    assert found == [
        {
            "point_id": "pay", "stratum": "phone", "level": 2, "affected": 2, "affected_lost": 2,
            "unaffected": pytest.approx(24 * early), "unaffected_lost": pytest.approx(5 * early),
            "unaffected_later": pytest.approx(1 * early),
        },
        {
            "point_id": "pay", "stratum": "phone", "level": 4, "affected": 1, "affected_lost": 0,
            "unaffected": pytest.approx(20 * late), "unaffected_lost": pytest.approx(3 * late),
            "unaffected_later": 0.0,
        },
    ]  # fmt: skip


def test_visits_without_duration_are_compared_as_a_whole():
    drawn = """
        stage    | visits | lost | touched     | flagged
        ---------+--------+------+-------------+-----------------
        checkout |     40 |   20 | element:pay | rage@element:pay
        checkout |     60 |   12 | element:pay |
        """
    row = score(period(drawn), SIGNALS).points.row(0, named=True)
    assert (row["affected_compared"], row["unaffected_compared"]) == (40, 60)
    assert row["effect"] == pytest.approx(0.3)


def test_an_unaffected_visit_counts_only_from_the_point_at_which_it_could_have_been_affected():
    drawn = """
        stage    | visits | lost | touched     | flagged          | lasted | after
        ---------+--------+------+-------------+------------------+--------+------
        checkout |     40 |   20 | element:pay | {}@element:pay   |    600 |   300
        checkout |     60 |   12 | element:pay |                  |    600 |
        checkout |    500 |  500 | element:pay |                  |     10 |
        """
    touching = score(period(drawn.format("rage")), SIGNALS).points.row(0, named=True)
    assert (touching["exposed"], touching["unaffected_compared"]) == (600, 560)
    row = score(period(drawn.format("decline")), SIGNALS).points.row(0, named=True)
    assert row["lost_share_unaffected"] == pytest.approx(512 / 560)
    assert (row["exposed"], row["unaffected_compared"]) == (600, 60)
    assert row["lost_share_expected"] == pytest.approx(0.2)
    assert row["effect"] == pytest.approx(0.3)


def test_what_nobody_alike_stands_beside_is_told():
    drawn = """
        stage    | visits | lost | touched     | flagged          | stratum
        ---------+--------+------+-------------+------------------+--------
        checkout |     40 |   20 | element:pay | rage@element:pay | desktop
        checkout |     60 |   12 | element:pay |                  | desktop
        checkout |    300 |  300 | element:pay | rage@element:pay | phone
        """
    row = score(period(drawn), SIGNALS).points.row(0, named=True)
    assert (row["affected"], row["affected_compared"], row["unaffected_compared"]) == (340, 40, 60)
    assert row["effect"] == pytest.approx(0.3)


def test_later_flags_on_the_visits_of_comparison_are_allowed_for():
    # half of those who stand beside were harmed later: 0.3 more are lost, so half of it is to be seen
    both = {"point_id": "p", "affected": 100, "affected_lost": 50, "unaffected": 100.0, "unaffected_lost": 35.0}
    plain = mantel_haenszel(pl.DataFrame([both]), ["point_id"]).row(0, named=True)
    later = mantel_haenszel(pl.DataFrame([both | {"unaffected_later": 50.0}]), ["point_id"]).row(0, named=True)
    assert plain["difference"] == pytest.approx(0.15)
    assert later["difference"] == pytest.approx(0.3)
    assert later["variance"] == pytest.approx(4 * plain["variance"])
    assert later["lost_share_expected"] == pytest.approx(0.2)
    assert (later["affected_compared"], later["unaffected_compared"]) == (100, 50)

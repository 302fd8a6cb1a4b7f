"""marts.contact_centre."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import CensoredData, ecdf

from tests.sql.worlds import mart, picked, warehouse

NINE = datetime(2026, 1, 15, 9, tzinfo=UTC)


def waits(seconds_and_outcomes: Sequence[tuple[float, str]]) -> str:
    """One phone wait a line, all from nine o'clock."""
    lines = [f"{NINE} | {NINE + timedelta(seconds=wait)} | {outcome}" for wait, outcome in seconds_and_outcomes]
    return "\n".join(["started_at | ended_at | outcome", *lines])


def test_the_five_formulas_give_the_figures_of_the_published_example():
    """1,000 answered, 860 of them within 20 s; 60 abandoned: 40 after 20 s, 20 before it and 10 of those within 5 s."""
    example = (
        [(15, "served")] * 860
        + [(40, "served")] * 140
        + [(30, "abandoned")] * 40
        + [(10, "abandoned")] * 10
        + [(3, "abandoned")] * 10
    )
    found = mart(warehouse(wait_time=waits(example)), "contact_centre")
    shown, expected = picked(
        found,
        """
        offered | answered | abandoned | short_abandoned | service_level_1_share | service_level_2_share
        --------+----------+-----------+-----------------+-----------------------+----------------------
        1060    | 1000     | 60        | 10              | 0.830                 | 0.860
        """,
        decimals=3,
    )
    assert_frame_equal(shown, expected)
    shown, expected = picked(
        found,
        """
        service_level_3_share | service_level_4_share | service_level_5_share | service_level_share
        ----------------------+-----------------------+-----------------------+--------------------
        0.811                 | 0.827                 | 0.821                 | 0.827
        """,
        decimals=3,
    )
    assert_frame_equal(shown, expected)
    assert found["service_level_formula"][0].startswith("#4 (Genesys)")


def test_the_target_and_the_short_threshold_are_met_to_the_second_and_depend_on_the_channel():
    found = mart(
        warehouse(
            wait_time="""
            channel | queue   | started_at          | ended_at                   | outcome
            --------+---------+---------------------+----------------------------+----------
            phone   | in time | 2026-01-15 09:00:00 | 2026-01-15 09:00:20        | served
            phone   | late    | 2026-01-15 09:00:00 | 2026-01-15 09:00:20.000001 | served
            phone   | short   | 2026-01-15 09:00:00 | 2026-01-15 09:00:05        | abandoned
            phone   | waited  | 2026-01-15 09:00:00 | 2026-01-15 09:00:05.000001 | abandoned
            chat    | in time | 2026-01-15 09:00:00 | 2026-01-15 09:01:00        | served
            chat    | late    | 2026-01-15 09:00:00 | 2026-01-15 09:01:01        | served
            store   |         | 2026-01-15 09:00:00 | 2026-01-15 09:00:01        | served
            """
        ),
        "contact_centre",
    )
    shown, expected = picked(
        found,
        """
        channel | queue   | target_seconds | service_level_share | service_level_2_share | short_abandoned | abandoned_share
        --------+---------+----------------+---------------------+-----------------------+-----------------+----------------
        chat    | in time | 60             | 1.0                 | 1.0                   | 0               | 0.0
        chat    | late    | 60             | 0.0                 | 0.0                   | 0               | 0.0
        phone   | in time | 20             | 1.0                 | 1.0                   | 0               | 0.0
        phone   | late    | 20             | 0.0                 | 0.0                   | 0               | 0.0
        phone   | short   | 20             |                     |                       | 1               |
        phone   | waited  | 20             |                     |                       | 0               | 1.0
        store   | (none)  |                |                     |                       | 0               | 0.0
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


def test_waits_that_are_open_moved_on_or_timed_out_are_counted_apart():
    found = mart(
        warehouse(
            wait_time="""
            contact_id | wait_type | started_at          | ended_at            | outcome     | handled_seconds
            -----------+-----------+---------------------+---------------------+-------------+----------------
            answered   | queue     | 2026-01-15 09:00:00 | 2026-01-15 09:00:10 | served      | 100
            answered   | hold      | 2026-01-15 09:01:00 | 2026-01-15 09:01:30 | served      |
            open       | queue     | 2026-01-15 09:00:00 |                     | open        |
            open       | hold      | 2026-01-15 09:00:00 |                     | open        |
            so far     | queue     | 2026-01-15 09:00:00 | 2026-01-15 09:08:00 | open        |
            moved      | queue     | 2026-01-15 09:00:00 | 2026-01-15 09:00:40 | transferred |
            moved      | queue     | 2026-01-15 09:00:40 | 2026-01-15 09:01:10 | served      | 300
            thrown     | queue     | 2026-01-15 09:00:00 | 2026-01-15 09:09:00 | timed_out   |
            delivery   | delivery  | 2026-01-15 09:00:00 | 2026-01-17 09:00:00 | served      |
            """
        ),
        "contact_centre",
    )
    shown, expected = picked(
        found,
        """
        offered | contacts | answered | transferred | timed_out | still_waiting | answer_seconds_mean | handle_seconds_mean
        --------+----------+----------+-------------+-----------+---------------+---------------------+--------------------
        6       | 5        | 2        | 1           | 1         | 2             | 20.0                | 200.0
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)
    shown, expected = picked(
        found,
        """
        holds | hold_seconds_mean | service_level_share | abandoned_share
        ------+-------------------+---------------------+----------------
        2     | 30.0              | 0.5                 | 0.0
        """,
    )
    assert_frame_equal(shown, expected)


def test_a_contact_is_resolved_if_seven_days_pass_without_another_on_its_reason():
    found = mart(
        warehouse(
            wait_time="""
            queue    | customer_id | contact_id | reason  | started_at          | ended_at            | outcome | handled_seconds
            ---------+-------------+------------+---------+---------------------+---------------------+---------+----------------
            again    | a           | 1          | invoice | 2026-01-01 09:00:00 | 2026-01-01 09:00:10 | served  |
            sink     | a           | 2          | invoice | 2026-01-08 09:00:10 | 2026-01-08 09:01:00 | served  |
            just     | b           | 3          | invoice | 2026-01-01 09:00:00 | 2026-01-01 09:00:10 | served  |
            sink     | b           | 4          | invoice | 2026-01-08 09:00:11 | 2026-01-08 09:01:00 | served  |
            other    | c           | 5          | invoice | 2026-01-01 09:00:00 | 2026-01-01 09:00:10 | served  |
            sink     | c           | 6          | parcel  | 2026-01-02 09:00:00 | 2026-01-02 09:00:10 | served  |
            same     | d           | 7          | invoice | 2026-01-01 09:00:00 | 2026-01-01 09:00:10 | served  |
            sink     | d           | 7          | invoice | 2026-01-01 09:05:00 | 2026-01-01 09:06:00 | served  |
            reason?  | e           | 8          |         | 2026-01-01 09:00:00 | 2026-01-01 09:00:10 | served  |
            too soon | f           | 9          | invoice | 2026-01-14 09:00:00 | 2026-01-14 09:00:10 | served  |
            the end  | g           | 10         | other   | 2026-01-20 09:00:00 | 2026-01-20 09:00:10 | served  |
            talked   | h           | 11         | invoice | 2026-01-01 09:00:00 | 2026-01-01 09:00:10 | served  | 60
            sink     | h           | 12         | invoice | 2026-01-08 09:01:00 | 2026-01-08 09:01:10 | served  |
            """  # noqa: E501
        ),
        "contact_centre",
    )
    shown, expected = picked(
        found.filter(pl.col("queue") != "sink").sort("queue"),
        """
        queue    | resolution_judged | first_contact_resolved_share
        ---------+-------------------+-----------------------------
        again    | 1                 | 0.0
        just     | 1                 | 1.0
        other    | 1                 | 1.0
        reason?  | 0                 |
        same     | 1                 | 1.0
        talked   | 1                 | 0.0
        the end  | 0                 |
        too soon | 0                 |
        """,
    )
    assert_frame_equal(shown, expected)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_a_count_by_hand(seed: int):
    rng = random.Random(seed)
    drawn = [
        (rng.choice([1, 5, 5.5, 19.999999, 20, 20.5, 90]), rng.choice(["served", "served", "abandoned", "timed_out"]))
        for _ in range(200)
    ]
    found = mart(warehouse(wait_time=waits(drawn)), "contact_centre").row(0, named=True)

    served = [wait for wait, outcome in drawn if outcome == "served"]
    left = [wait for wait, outcome in drawn if outcome == "abandoned"]
    in_time = sum(wait <= 20 for wait in served)
    total = len(served) + len(left)
    by_hand = {
        "service_level_1_share": (in_time + sum(wait <= 20 for wait in left)) / total,
        "service_level_2_share": in_time / len(served),
        "service_level_3_share": in_time / total,
        "service_level_4_share": in_time / (len(served) + sum(wait > 20 for wait in left)),
        "service_level_5_share": (in_time + sum(wait <= 5 for wait in left)) / total,
        "abandoned_share": sum(wait > 5 for wait in left) / (len(served) + sum(wait > 5 for wait in left)),
        "answer_seconds_mean": sum(served) / len(served),
        "timed_out": 200 - total,
    }
    assert {name: found[name] for name in by_hand} == pytest.approx(by_hand)


def test_transfers_are_counted_per_contact_answered_as_are_contacts_on_hold():
    found = mart(
        warehouse(
            wait_time="""
            customer_id | contact_id | wait_type | queue   | started_at          | ended_at            | outcome
            ------------+------------+-----------+---------+---------------------+---------------------+------------
            # moved on before anybody answered, then answered and passed on by the agent
            a           | 1          | queue     | billing | 2026-01-15 09:00:00 | 2026-01-15 09:00:10 | transferred
            a           | 1          | queue     | billing | 2026-01-15 09:00:10 | 2026-01-15 09:00:20 | served
            a           | 1          | queue     | returns | 2026-01-15 09:05:00 | 2026-01-15 09:05:10 | served
            a           | 1          | hold      |         | 2026-01-15 09:06:00 | 2026-01-15 09:06:10 | served
            a           | 1          | hold      |         | 2026-01-15 09:07:00 | 2026-01-15 09:07:10 | served
            b           | 2          | queue     | billing | 2026-01-15 09:00:00 | 2026-01-15 09:00:10 | served
            c           | 3          | queue     | billing | 2026-01-15 09:00:00 | 2026-01-15 09:00:10 | abandoned
            c           | 3          | hold      | billing | 2026-01-15 09:00:00 | 2026-01-15 09:00:10 | abandoned
            # who calls again is no transfer, nor is a contact of the same name of somebody else
            b           | 4          | queue     | billing | 2026-01-15 10:00:00 | 2026-01-15 10:00:10 | served
            d           | 2          | queue     | quiet   | 2026-01-15 11:00:00 | 2026-01-15 11:00:10 | abandoned
            """
        ),
        "contact_centre",
    )
    shown, expected = picked(
        found,
        """
        queue   | answered | transferred | transfers | transfers_per_contact | held_share | holds
        --------+----------+-------------+-----------+-----------------------+------------+------
        (none)  | 0        | 0           | 0         |                       |            | 2
        billing | 3        | 1           | 2         | 0.666667              | 0.333333   | 1
        quiet   | 0        | 0           | 0         |                       |            | 0
        returns | 1        | 0           | 0         | 0.0                   | 1.0        | 0
        """,
    )
    assert_frame_equal(shown, expected)


# Weeks in remission of 21 and 21 patients (Freireich and others, Blood 21, 1963): the textbooks' example of the method.
# False: still in remission when last seen. Medians as published: 23 and 8 weeks; of the second, 2 of 21 are left
# after 17 weeks.
FREIREICH_6MP = [
    *[(weeks, True) for weeks in (6, 6, 6, 7, 10, 13, 16, 22, 23)],
    *[(weeks, False) for weeks in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)],
]
FREIREICH_PLACEBO = [(weeks, True) for weeks in (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)]

KAPLAN_MEIER = [
    # nobody leaves: the plain median, the first wait by which half are answered
    ([(10, True), (20, True), (30, True), (40, True)], 20, 40),
    ([(10, True)], 10, 10),
    # who hangs up at 5 s leaves three, of whom the second is answered after 20 s
    ([(5, False), (10, True), (20, True), (30, True)], 20, 30),
    # who leaves at the moment of an answer was still waiting then
    ([(10, False), (10, True)], 10, None),
    # of five, four waited for longer than the first who was answered
    ([(10, True), (15, False), (15, False), (20, False), (40, True)], 40, 40),
    ([(10, True), (15, False), (20, False), (40, False)], None, None),
    ([(10, False)], None, None),
    ([(0, True), (0, True), (50, True)], 0, 50),
    (FREIREICH_6MP, 23, None),
    (FREIREICH_PLACEBO, 8, 17),
]


@pytest.mark.parametrize(("seen", "median", "p90"), KAPLAN_MEIER)
@pytest.mark.parametrize("outcome", ["abandoned", "transferred", "timed_out"])
def test_who_leaves_unanswered_counts_as_long_as_they_waited(seen, median, p90, outcome):
    drawn = [(wait, "served" if is_answered else outcome) for wait, is_answered in seen]
    found = mart(warehouse(wait_time=waits(drawn)), "contact_centre").row(0, named=True)
    assert (found["wait_seconds_median_km"], found["wait_seconds_p90_km"]) == (median, p90)


def test_who_still_waits_when_the_data_was_taken_has_waited_until_then():
    found = mart(
        warehouse(
            wait_time="""
            queue | started_at          | ended_at            | outcome
            ------+---------------------+---------------------+--------
            one   | 2026-01-15 09:00:00 | 2026-01-15 09:00:10 | served
            one   | 2026-01-15 09:00:00 |                     | open
            one   | 2026-01-15 09:00:00 |                     | open
            one   | 2026-01-15 09:00:00 | 2026-01-15 09:00:50 | served
            one   | 2026-01-15 09:10:00 |                     | open
            other | 2026-01-15 09:10:20 |                     | open
            """
        ),
        "contact_centre",
    )
    # 09:10:20 is the last that is known: one of five is answered after 10 s, one of the three seen longer after 50 s
    shown = found.select("queue", "wait_seconds_median_km", "still_waiting").rows()
    assert shown == [("one", None, 3), ("other", None, 1)]


@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_the_kaplan_meier_of_scipy(seed: int):
    rng = random.Random(seed)
    drawn = [
        (rng.choice([1, 5, 5.5, 20, 20.5, 40, 90, round(rng.expovariate(1 / 60), 3)]), rng.choice(outcomes))
        for outcomes in [["served", "served", "abandoned", "transferred", "timed_out"]]
        for _ in range(rng.choice([2, 5, 20, 300]))
    ]
    found = mart(warehouse(wait_time=waits(drawn)), "contact_centre").row(0, named=True)

    answered = [wait for wait, outcome in drawn if outcome == "served"]
    left = [wait for wait, outcome in drawn if outcome != "served"]
    curve = ecdf(CensoredData(uncensored=answered, right=left)).sf
    for name, share in (("wait_seconds_median_km", 0.5), ("wait_seconds_p90_km", 0.1)):
        reached = curve.quantiles[curve.probabilities <= share + 1e-9]
        assert found[name] == (pytest.approx(reached.min()) if reached.size else None)

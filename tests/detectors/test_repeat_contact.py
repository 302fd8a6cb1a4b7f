from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY

CONTACTS = world(
    wait_time="""
    customer_id | wait_id | wait_type | channel | outcome   | reason  | handled_seconds | started_at   | ended_at
    ------------+---------+-----------+---------+-----------+---------+-----------------+--------------+---------
    in_a_week   | a1      | queue     | phone   | served    | invoice |                 | 09:59        | 10:00
    in_a_week   | a2      | queue     | phone   | served    | invoice |                 | d8 10:00     | d8 10:01
    too_late    | b1      | queue     | phone   | served    | invoice |                 | 09:59        | 10:00
    too_late    | b2      | queue     | phone   | served    | invoice |                 | d8 10:00:00.001 | d8 10:01
    # a week after the service, not after the wait
    after_talk  | c1      | queue     | phone   | served    | invoice | 600             | 09:59        | 10:00
    after_talk  | c2      | queue     | phone   | served    | invoice |                 | d8 10:10     | d8 10:11
    other_theme | d1      | queue     | phone   | served    | invoice |                 | d8 09:59     | d8 10:00
    other_theme | d2      | queue     | phone   | served    | return  |                 | d8 11:00     | d8 11:01
    no_theme    | e1      | queue     | phone   | served    |         |                 | d8 09:59     | d8 10:00
    no_theme    | e2      | queue     | phone   | served    |         |                 | d8 11:00     | d8 11:01
    # the first had not ended yet
    in_parallel | f1      | queue     | phone   | served    | invoice | 7200            | d8 09:59     | d8 10:00
    in_parallel | f2      | queue     | chat    | served    | invoice |                 | d8 11:00     | d8 11:01
    another     | g1      | queue     | chat    | abandoned | invoice |                 | d8 09:59     | d8 10:00
    another     | g2      | queue     | phone   | served    | invoice |                 | d8 10:00     | d8 10:01
    one         | h1      | queue     | phone   | served    | invoice |                 | d8 09:59     | d8 10:00
    other       | h2      | queue     | phone   | served    | invoice |                 | d8 11:00     | d8 11:01
    parcel      | i1      | delivery  | courier | served    | invoice |                 | d8 09:59     | d8 10:00
    parcel      | i2      | queue     | phone   | served    | invoice |                 | d8 11:00     | d8 11:01
    """
)


def test_a_contact_is_repeated_by_another_on_its_reason_within_seven_days_of_its_end():
    found, expected = picked(
        flags("repeat_contact", CONTACTS, day_of(8)),
        """
        flag_id           | locus   | visit_id   | evidence | flagged_at       | severity
        ------------------+---------+------------+----------+------------------+---------
        repeat_contact:a1 | invoice | support:a1 | a1, a2   | 2026-01-08 10:00 | 0.5
        repeat_contact:c1 | invoice | support:c1 | c1, c2   | 2026-01-08 10:10 | 0.5
        repeat_contact:g1 | invoice | support:g1 | g1, g2   | 2026-01-08 10:00 | 1
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("days", "flagged"), [(6.9, {"another"}), (7.1, {"in_a_week", "too_late", "after_talk", "another"})]
)
def test_the_time_is_a_parameter(days, flagged):
    assert customers(flags("repeat_contact", CONTACTS, day_of(8), within=timedelta(days=days))) == flagged


CHAINS = world(
    wait_time="""
    customer_id | wait_id | contact_id | wait_type | channel | outcome     | reason  | started_at | ended_at
    ------------+---------+------------+-----------+---------+-------------+---------+------------+---------
    thrice      | a1      |            | queue     | phone   | served      | invoice | 10:00      | 10:01
    thrice      | a2      |            | queue     | phone   | served      | invoice | 11:00      | 11:01
    thrice      | a3      |            | queue     | phone   | served      | invoice | 12:00      | 12:01
    # one contact, passed on
    passed_on   | b1      | k1         | queue     | phone   | transferred | invoice | 10:00      | 10:01
    passed_on   | b2      | k1         | queue     | phone   | served      | invoice | 10:02      | 10:03
    # two contacts at once, and another after both: it repeats both
    at_once     | c1      |            | queue     | phone   | served      | invoice | 10:00      | 10:30
    at_once     | c2      |            | queue     | chat    | served      | invoice | 10:10      | 10:40
    at_once     | c3      |            | queue     | phone   | served      | invoice | 11:00      | 11:01
    # a contact that goes on has not failed yet
    waiting     | d1      |            | queue     | phone   | open        | invoice | 10:00      |
    waiting     | d2      |            | queue     | chat    | served      | invoice | 11:00      | 11:01
    """
)


def test_every_contact_but_the_last_is_repeated_by_the_first_that_began_after_its_end():
    assert flags("repeat_contact", CHAINS).sort("flag_id")["evidence"].to_list() == [
        ["a1", "a2"],
        ["a2", "a3"],
        ["c1", "c3"],
        ["c2", "c3"],
    ]


def test_the_sooner_the_repeat_the_more_severe():
    rows = [
        {"wait_id": f"w{n:02}-{which}", "customer_id": f"c{n:02}", "wait_type": "queue", "channel": "phone"}
        | {"outcome": "served", "reason": "invoice"}
        | {"started_at": at(which * (60 + 1800 * n)), "ended_at": at(which * (60 + 1800 * n))}
        for n in range(20)
        for which in range(2)
    ]
    found = flags("repeat_contact", world(wait_time=pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(found) == 20
    assert all(1 >= one > other > 0.5 for one, other in pairwise(found))


HOUR, WEEK = 3600.0, 7 * 24 * 3600.0
# in seconds after the beginning of the first of January; the 1st, 2nd and 8th are judged
calls = st.lists(
    st.tuples(
        st.sampled_from(["a", "a", "b"]),
        st.sampled_from(["invoice", "invoice", "invoice", "return", None]),
        st.sampled_from([0.0, HOUR, HOUR, 23 * HOUR, 24 * HOUR, 24 * HOUR + 1, WEEK, WEEK + HOUR, WEEK + 2 * HOUR]),
        st.sampled_from([0.0, 0.0, 60.0, HOUR, 2 * HOUR, 24 * HOUR, None]),
        st.sampled_from([None, 0.0, HOUR]),
    ),
    max_size=9,
)


def slowly(rows, day):
    """For each contact that had ended, the first of those that began after it within seven days of its end."""
    begun = [row for row in rows if at(row[1][2], hour=0) < day.end]
    for wait, (who, reason, start, waited, handled) in begun:
        if waited is None or reason is None or at(start + waited, hour=0) >= day.end:
            continue
        over = start + waited + (handled or 0)
        following = [
            (other[2], name)
            for name, other in begun
            if other[:2] == (who, reason) and (other[2], name) > (start, wait) and over <= other[2] <= over + WEEK
        ]
        if following and day.start <= at(min(following)[0], hour=0):
            yield [wait, min(following)[1]], at(min(following)[0], hour=0)


@SLOWLY
@given(calls, st.sampled_from([1, 2, 8]))
def test_it_finds_what_a_slow_reading_finds(drawn, number):
    day, rows = day_of(number), [(f"w{9 - n}", row) for n, row in enumerate(drawn)]
    frame = pl.DataFrame(
        [
            {"wait_id": wait, "customer_id": who, "wait_type": "queue", "channel": "phone", "reason": reason}
            | {"started_at": at(start, hour=0), "ended_at": None if waited is None else at(start + waited, hour=0)}
            | {"outcome": "open" if waited is None else "served", "handled_seconds": handled}
            for wait, (who, reason, start, waited, handled) in rows
        ],
        schema_overrides={"ended_at": pl.Datetime("us", "UTC"), "handled_seconds": pl.Float64, "reason": pl.String},
    )
    found = flags("repeat_contact", world(wait_time=frame if rows else None), day).select("evidence", "flagged_at")
    assert sorted(found.rows()) == sorted(slowly(rows, day))

from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

HOLDS = world(
    wait_time="""
    customer_id | contact_id | wait_id | wait_type | channel | queue   | outcome   | value | started_at | ended_at
    ------------+------------+---------+-----------+---------+---------+-----------+-------+------------+-------------
    a_minute    | a          | a1      | queue     | phone   | billing | served    |       | 10:00      | 10:00:10
    a_minute    | a          | a2      | hold      | phone   | billing | served    | 50    | 10:01      | 10:02
    not_quite   | b          | b1      | hold      | phone   | billing | served    |       | 10:01      | 10:01:59.999
    twice       | c          | c1      | hold      | phone   |         | served    |       | 10:01      | 10:01:05
    twice       | c          | c2      | hold      | phone   | billing | abandoned |       | 10:02      | 10:02:05
    # the minute is full within the second hold, but the second hold is enough
    two_parts   | d          | d1      | hold      | phone   |         | served    |       | 10:01      | 10:01:40
    two_parts   | d          | d2      | hold      | phone   |         | served    |       | 10:03      | 10:03:40
    long_first  | e          | e1      | hold      | phone   | billing | served    |       | 10:01      | 10:04
    long_first  | e          | e2      | hold      | phone   | billing | served    |       | 10:05      | 10:05:01
    two_calls   | f          | f1      | hold      | phone   | billing | served    |       | 10:01      | 10:01:40
    two_calls   | g          | g1      | hold      | phone   | billing | served    |       | 11:01      | 11:01:40
    no_contact  |            | h1      | hold      | phone   | billing | served    |       | 10:01      | 10:03
    queues      | i          | i1      | queue     | phone   | billing | served    |       | 10:01      | 10:09
    on_hold     | j          | j1      | hold      | phone   | billing | open      |       | 23:59:30   |
    at_midnight | k          | k1      | hold      | phone   | billing | open      |       | 23:59      |
    """
)


def test_a_contact_is_flagged_once_when_its_holds_reach_a_minute_or_at_the_second_one():
    found, expected = picked(
        flags("long_hold", HOLDS),
        """
        flag_id      | locus   | visit_id   | evidence | flagged_at       | ended_at            | severity | value_at_stake
        -------------+---------+------------+----------+------------------+---------------------+----------+---------------
        long_hold:a2 | billing | support:a1 | a2       | 2026-01-01 10:02 | 2026-01-01 10:02:00 | 0.393    | 50
        long_hold:c1 | billing | support:c1 | c1, c2   | 2026-01-01 10:02 | 2026-01-01 10:02:05 | 0.442    |
        long_hold:d1 | unknown | support:d1 | d1, d2   | 2026-01-01 10:03 | 2026-01-01 10:03:40 | 0.689    |
        long_hold:e1 | billing | support:e1 | e1, e2   | 2026-01-01 10:02 | 2026-01-01 10:05:01 | 0.866    |
        long_hold:h1 | billing | support:h1 | h1       | 2026-01-01 10:02 | 2026-01-01 10:03:00 | 0.632    |
        """,  # noqa: E501
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("day", "flagged"), [(2, {"on_hold", "at_midnight"}), (3, set())])
def test_a_hold_that_goes_on_is_flagged_when_its_minute_is_full(day, flagged):
    assert customers(flags("long_hold", HOLDS, day_of(day))) == flagged


@pytest.mark.parametrize(
    ("parameters", "flagged"),
    [
        ({"holds": 3}, {"a_minute", "two_parts", "long_first", "no_contact"}),
        ({"total": timedelta(seconds=59)}, {"a_minute", "not_quite", "twice", "two_parts", "long_first", "no_contact"}),
        ({"total": timedelta(seconds=61), "holds": 3}, {"two_parts", "long_first", "no_contact"}),
        ({"total": timedelta(hours=1), "holds": 1}, set(HOLDS.wait_time["customer_id"]) - {"queues"}),
    ],
)
def test_length_and_number_are_parameters(parameters, flagged):
    found = customers(flags("long_hold", HOLDS, **parameters))
    assert found - {"at_midnight"} == flagged - {"at_midnight"}


def test_longer_and_more_often_is_more_severe():
    rows = [
        {"wait_id": f"w{number:02}-{n}", "contact_id": f"k{number:02}", "customer_id": f"c{number:02}"}
        | {"wait_type": "hold", "channel": "phone", "outcome": "served"}
        | {"started_at": at(600 * n), "ended_at": at(600 * n + lasts)}
        for number, (times, lasts) in enumerate([(1, 60), (1, 61), (1, 90), (2, 50), (2, 70), (3, 70), (3, 300)])
        for n in range(times)
    ]
    severities = flags("long_hold", world(wait_time=pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 7
    assert all(0 < one < other < 1 for one, other in pairwise(severities))

from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

REFUNDS = world(
    orders="""
    customer_id | order_id | value | placed_at
    ------------+----------+-------+----------
    late        | o-a      | 50    | 08:00
    in_time     | o-b      |       | 08:00
    not_yet     | o-c      |       | 08:00
    reported    | o-d      |       | 08:00
    both        | o-e      | 30    | 08:00
    by_method   | o-f      |       | 08:00
    nowhere     | o-g      |       | 08:00
    old_promise | o-h      |       | 08:00
    two_refunds | o-i      |       | 08:00
    delivery    | o-l      |       | 08:00
    """,
    wait_time="""
    customer_id | order_id | wait_id | wait_type | channel | queue | outcome | value | started_at | promised_at | ended_at
    ------------+----------+---------+-----------+---------+-------+---------+-------+------------+-------------+-------------
    late        | o-a      | a       | refund    | email   | bank  | served  |       | 09:00      | 12:00       | 12:00:01
    in_time     | o-b      | b       | refund    | email   | bank  | served  |       | 09:00      | 12:00       | 12:00
    not_yet     | o-c      | c       | refund    | email   | bank  | open    |       | 09:00      | 12:00       |
    both        | o-e      | e       | refund    | email   | bank  | open    | 20    | 09:00      | 12:00       |
    by_method   | o-f      | f       | refund    | email   | bank  | open    |       | 09:00      | 12:00       |
    nowhere     | o-g      | g       | refund    | email   |       | open    |       | 09:00      | 12:00       |
    # what was promised before it began is due at once
    old_promise | o-h      | h       | refund    | email   | bank  | open    |       | 09:00      | 08:00       |
    two_refunds | o-i      | i1      | refund    | email   | bank  | open    |       | 09:00      | 12:00       |
    two_refunds | o-i      | i2      | refund    | email   | bank  | open    |       | 09:00      | 11:00       |
    no_order    |          | j       | refund    | email   | bank  | open    |       | 09:00      | 12:00       |
    unknown     | o-k      | k       | refund    | email   | bank  | open    |       | 09:00      | 12:00       |
    delivery    | o-l      | l       | delivery  | courier | bank  | open    |       | 09:00      | 12:00       |
    """,  # noqa: E501
    order_error="""
    customer_id | order_id | error_id | error_type     | payment_method | value | occurred_at | resolved_at
    ------------+----------+----------+----------------+----------------+-------+-------------+-------------
    reported    | o-d      | x1       | refund_delayed | wallet         | 70    | 10:00       |
    # reported before the promised time had passed: that is what is known first
    both        | o-e      | x2       | refund_delayed |                |       | 10:00       | 15:00
    by_method   | o-f      | x3       | return         | card           |       | 10:00       |
    """,
)


def test_a_refund_is_slow_when_its_promise_has_passed_or_an_error_says_so():
    found, expected = picked(
        flags("slow_refund", REFUNDS),
        """
        flag_id        | locus   | visit_id       | flagged_at       | ended_at            | severity | value_at_stake
        ---------------+---------+----------------+------------------+---------------------+----------+---------------
        slow_refund:a  | bank    | fulfilment:o-a | 2026-01-01 12:00 | 2026-01-01 12:00:01 | 0.5      | 50
        slow_refund:c  | bank    | fulfilment:o-c | 2026-01-01 12:00 | 2026-01-01 12:00    | 0.534    |
        slow_refund:f  | card    | fulfilment:o-f | 2026-01-01 12:00 | 2026-01-01 12:00    | 0.534    |
        slow_refund:g  | unknown | fulfilment:o-g | 2026-01-01 12:00 | 2026-01-01 12:00    | 0.534    |
        slow_refund:h  | bank    | fulfilment:o-h | 2026-01-01 09:00 | 2026-01-01 09:00    | 0.543    |
        slow_refund:i2 | bank    | fulfilment:o-i | 2026-01-01 11:00 | 2026-01-01 11:00    | 0.537    |
        slow_refund:x1 | wallet  | fulfilment:o-d | 2026-01-01 10:00 | 2026-01-01 10:00    | 0.54     | 70
        slow_refund:x2 | unknown | fulfilment:o-e | 2026-01-01 10:00 | 2026-01-01 15:00    | 0.515    | 30
        """,
    )
    assert_frame_equal(found, expected)


UNPROMISED = world(
    orders="""
    customer_id | order_id | placed_at
    two_weeks   | o-a      | 08:00
    longer      | o-b      | 08:00
    never       | o-c      | 08:00
    """,
    wait_time="""
    customer_id | order_id | wait_id | wait_type | channel | outcome | started_at | ended_at
    two_weeks   | o-a      | a       | refund    | email   | served  | 10:00      | d15 10:00
    longer      | o-b      | b       | refund    | email   | served  | 10:00      | d15 10:00:00.001
    never       | o-c      | c       | refund    | email   | open    | 10:00      |
    """,
)


@pytest.mark.parametrize(
    ("day", "within", "flagged"),
    [
        (14, 14, set()),
        (15, 14, {"longer", "never"}),
        (16, 14, set()),
        (14, 13, {"two_weeks", "longer", "never"}),
        (16, 15, {"never"}),
    ],
)
def test_without_a_promise_two_weeks_count_once(day, within, flagged):
    found = flags("slow_refund", UNPROMISED, day_of(day), within=timedelta(days=within))
    assert customers(found) == flagged


def test_the_later_the_worse_and_its_scale_is_a_parameter():
    hours = 3600.0
    rows = [
        {"wait_id": f"w{n:02}", "customer_id": f"c{n:02}", "order_id": f"o{n:02}", "wait_type": "refund"}
        | {"channel": "email", "outcome": "served"}
        | {"started_at": at(0), "promised_at": at(60), "ended_at": at(60 + (n + 1) * hours)}
        for n in range(12)
    ]
    waits = pl.DataFrame(rows)
    bought = waits.select("customer_id", "order_id", placed_at="started_at")
    refunds = world(wait_time=waits, orders=bought)
    severities = flags("slow_refund", refunds).sort("customer_id")["severity"].to_list()
    assert len(severities) == 12
    assert all(0.5 < one < other < 1 for one, other in pairwise(severities))
    sooner = flags("slow_refund", refunds, scale=timedelta(days=1)).sort("customer_id")["severity"].to_list()
    assert all(one < other for one, other in zip(severities, sooner, strict=True))

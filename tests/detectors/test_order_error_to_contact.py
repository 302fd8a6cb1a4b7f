from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

ERRORS = world(
    wait_time="""
    customer_id | wait_id | wait_type | channel | outcome | order_id | reason    | started_at      | ended_at
    ------------+---------+-----------+---------+---------+----------+-----------+-----------------+---------
    damaged     | w1      | queue     | phone   | served  | o1       | complaint | d8 10:00        | d8 10:01
    too_late    | w2      | queue     | phone   | served  |          | complaint | d8 10:00:00.001 | d8 10:01
    # a contact about another order has nothing to do with it, the next may have
    other_order | w3      | queue     | phone   | served  | o9       | complaint | d8 09:00        | d8 09:01
    other_order | w4      | queue     | phone   | served  |          |           | d8 09:30        | d8 09:31
    late        | w5      | queue     | chat    | served  | o4       | delivery  | d8 10:00        | d8 10:01
    in_time     | w6      | queue     | chat    | served  | o5       | delivery  | d8 10:00        | d8 10:01
    not_yet     | w7      | queue     | chat    | served  | o6       | delivery  | d8 10:00        | d8 10:01
    before      | w8      | queue     | chat    | served  | o7       | complaint | d8 09:59        | d8 10:01
    both        | w9      | queue     | chat    | served  | o8       | complaint | d8 10:00        | d8 10:01
    # an error counts for the first contact after it
    again       | w10     | queue     | chat    | served  |          | complaint | d7 10:00        | d7 10:01
    again       | w11     | queue     | chat    | served  |          | complaint | d8 10:00        | d8 10:01
    other       | w12     | queue     | chat    | served  |          | complaint | d8 10:00        | d8 10:01
    """,
    order_error="""
    customer_id | error_id | order_id | error_type | occurred_at
    damaged     | e1       | o1       | damaged    | 10:00
    too_late    | e2       | o2       | damaged    | 10:00
    other_order | e3       | o3       | damaged    | d7 10:00
    before      | e7       | o7       | damaged    | d8 10:00
    both        | e8       | o8       | wrong_item | d8 09:00
    again       | e10      | o10      | damaged    | d6 10:00
    one         | e12      | o12      | damaged    | d6 10:00
    """,
    orders="""
    customer_id | order_id | placed_at | promised_at | delivered_at
    late        | o4       | 10:00     | d5 10:00    | d9 10:00
    in_time     | o5       | 10:00     | d5 10:00    | d5 10:00
    not_yet     | o6       | 10:00     | d8 10:00:01 |
    both        | o8       | 10:00     | d5 10:00    | d5 10:00:01
    """,
)


def test_a_contact_within_a_week_of_an_order_error_is_flagged_on_its_own_visit():
    found, expected = picked(
        flags("order_error_to_contact", ERRORS, day_of(8)),
        """
        flag_id                   | locus                     | visit_id   | evidence   | severity | flagged_at
        --------------------------+---------------------------+------------+------------+----------+-----------------
        order_error_to_contact:e1 | damaged → complaint       | support:w1 | e1, w1     | 0.5      | 2026-01-08 10:00
        order_error_to_contact:e3 | damaged → unknown         | support:w4 | e3, w4     | 0.5      | 2026-01-08 09:30
        order_error_to_contact:o4 | late_delivery → delivery  | support:w5 | o4, w5     | 0.5      | 2026-01-08 10:00
        order_error_to_contact:o8 | wrong_item → complaint    | support:w9 | o8, e8, w9 | 0.697    | 2026-01-08 10:00
        """,
    )
    assert_frame_equal(found, expected)


def test_an_error_counts_for_the_first_contact_after_it():
    assert flags("order_error_to_contact", ERRORS, day_of(7))["evidence"].to_list() == [["e10", "w10"]]


@pytest.mark.parametrize(("days", "gained"), [(6.9, set()), (7, {"damaged"}), (7.1, {"damaged", "too_late"})])
def test_the_time_is_a_parameter(days, gained):
    found = flags("order_error_to_contact", ERRORS, day_of(8), within=timedelta(days=days))
    assert customers(found) == {"other_order", "late", "both"} | gained


def test_more_errors_are_more_severe():
    errors = [
        {"error_id": f"{person}-{n:02}", "customer_id": f"c{person:02}", "order_id": f"o{person}"}
        | {"error_type": "damaged", "occurred_at": at(n)}
        for person in range(1, 12)
        for n in range(person)
    ]
    calls = [
        {"wait_id": f"w{person:02}", "customer_id": f"c{person:02}", "wait_type": "queue", "channel": "phone"}
        | {"outcome": "served", "started_at": at(100), "ended_at": at(101)}
        for person in range(1, 12)
    ]
    rows = world(wait_time=pl.DataFrame(calls), order_error=pl.DataFrame(errors))
    found = flags("order_error_to_contact", rows).sort("customer_id")
    assert found.height == 11
    assert all(one < other <= 1 for one, other in pairwise(found["severity"]))

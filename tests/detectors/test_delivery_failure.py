import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import customers, day_of, flags, picked, world

PARCELS = world(
    orders="""
    customer_id | order_id | placed_at        | carrier
    by_order    | o-b      | 09:00            | south
    both        | o-c      | 09:00            | south
    """,
    order_error="""
    customer_id | error_id | order_id | error_type      | carrier | occurred_at
    ------------+----------+----------+-----------------+---------+-------------
    named       | a1       | o-a      | delivery_failed | north   | 10:00
    by_order    | b1       | o-b      | delivery_failed |         | 10:00
    # who failed is who the error names
    both        | c1       | o-c      | delivery_failed | north   | 10:00
    nobody      | d1       | o-d      | delivery_failed |         | 10:00
    thrice      | e1       | o-e      | delivery_failed |         | 10:00
    thrice      | e2       | o-e      | delivery_failed | north   | 12:00
    thrice      | e3       | o-e      | delivery_failed | south   | 14:00
    two_orders  | f1       | o-f      | delivery_failed | north   | 10:00
    two_orders  | f2       | o-g      | delivery_failed | north   | 10:00
    late        | h1       | o-h      | late_delivery   | north   | 10:00
    """,
)


def test_failed_attempts_of_an_order_are_one_flag_that_further_attempts_make_worse():
    found, expected = picked(
        flags("delivery_failure", PARCELS),
        """
        flag_id             | locus   | visit_id       | evidence   | severity | flagged_at       | ended_at
        --------------------+---------+----------------+------------+----------+------------------+-----------------
        delivery_failure:a1 | north   | fulfilment:o-a | a1         | 0.5      | 2026-01-01 10:00 | 2026-01-01 10:00
        delivery_failure:b1 | south   | fulfilment:o-b | b1         | 0.5      | 2026-01-01 10:00 | 2026-01-01 10:00
        delivery_failure:c1 | north   | fulfilment:o-c | c1         | 0.5      | 2026-01-01 10:00 | 2026-01-01 10:00
        delivery_failure:d1 | unknown | fulfilment:o-d | d1         | 0.5      | 2026-01-01 10:00 | 2026-01-01 10:00
        delivery_failure:e1 | north   | fulfilment:o-e | e1, e2, e3 | 0.868    | 2026-01-01 10:00 | 2026-01-01 14:00
        delivery_failure:f1 | north   | fulfilment:o-f | f1         | 0.5      | 2026-01-01 10:00 | 2026-01-01 10:00
        delivery_failure:f2 | north   | fulfilment:o-g | f2         | 0.5      | 2026-01-01 10:00 | 2026-01-01 10:00
        """,
    )
    assert_frame_equal(found, expected)


def test_severities_are_parameters():
    found = flags("delivery_failure", PARCELS, first_severity=0.0, attempts=2.0).sort("flag_id")["severity"]
    assert found.round(3).to_list() == [0, 0, 0, 0, 0.632, 0, 0]


@pytest.mark.parametrize(("day", "flagged", "severity"), [(1, {"first"}, [0.5]), (2, {"other"}, [0.5]), (3, set(), [])])
def test_it_belongs_to_the_day_of_the_first_attempt(day, flagged, severity):
    late = world(
        order_error="""
        customer_id | error_id | order_id | error_type      | occurred_at
        first       | a        | o-a      | delivery_failed | 23:59:59.999999
        first       | b        | o-a      | delivery_failed | d2 00:00
        other       | c        | o-b      | delivery_failed | d2 00:00
        """
    )
    found = flags("delivery_failure", late, day_of(day))
    assert (customers(found), found["severity"].to_list()) == (flagged, severity)

from datetime import timedelta

import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import customers, day_of, flags, picked, world


def queued(text):
    """The drawn waits, all of them in a queue."""
    head, *rows = text.strip().splitlines()
    return "\n".join([f"{head} | wait_type", *(f"{row} | queue" for row in rows)])


TOLD = world(
    """
    customer_id | event_id | event_name | channel | occurred_at
    ------------+----------+------------+---------+------------
    passed_on   | a1       | identify   | phone   | 10:00
    passed_on   | a2       | identify   | phone   | 10:10
    passed_on   | a3       | identify   | phone   | 10:11
    stays       | b1       | identify   | phone   | 10:00
    stays       | b2       | identify   | phone   | 10:10
    once        | c1       | identify   | phone   | 10:00
    switches    | d1       | identify   | chat    | 10:00
    switches    | d2       | identify   | phone   | 12:00
    new_matter  | e1       | identify   | chat    | 10:00
    new_matter  | e2       | identify   | phone   | 12:00
    # identified on either side, but before the transfer
    early       | f1       | identify   | phone   | 10:00
    early       | f2       | identify   | phone   | 10:04
    logs_in     | g1       | login      | phone   | 10:00
    logs_in     | g2       | login      | phone   | 10:10
    """,
    wait_time=queued("""
    customer_id | wait_id | contact_id | channel | outcome     | team  | queue   | reason  | started_at | ended_at
    passed_on   | w1      | k1         | phone   | transferred | sales |         | invoice | 09:59      | 10:00
    passed_on   | w2      | k1         | phone   | served      | bills |         | invoice | 10:05      | 10:06
    stays       | w3      | k2         | phone   | served      | sales |         | invoice | 09:59      | 10:00
    once        | w4      | k3         | phone   | transferred | sales |         | invoice | 09:59      | 10:00
    once        | w5      | k3         | phone   | served      | bills |         | invoice | 10:05      | 10:06
    switches    | w6      |            | chat    | served      | sales |         | invoice | 09:59      | 10:00
    switches    | w7      |            | phone   | served      |       | billing | invoice | 11:59      | 12:00
    new_matter  | w8      |            | chat    | served      | sales |         | invoice | 09:59      | 10:00
    new_matter  | w9      |            | phone   | served      | bills |         | return  | 11:59      | 12:00
    early       | w10     | k4         | phone   | transferred | sales |         | invoice | 09:59      | 10:00
    early       | w11     | k4         | phone   | served      | bills |         | invoice | 10:05      | 10:06
    logs_in     | w12     | k5         | phone   | transferred | sales |         | invoice | 09:59      | 10:00
    logs_in     | w13     | k5         | phone   | served      | bills |         | invoice | 10:05      | 10:06
    """),
)


def test_identified_again_after_a_handover_is_flagged_on_the_contact_that_was_handed_over():
    found, expected = picked(
        flags("repeated_identification", TOLD),
        """
        flag_id                    | locus_type | locus         | visit_id   | evidence | severity | flagged_at
        ---------------------------+------------+---------------+------------+----------+----------+-----------------
        repeated_identification:a1 | team       | sales → bills | support:w1 | a1, a2   | 0.5      | 2026-01-01 10:10
        repeated_identification:d1 | team       | sales → phone | support:w7 | d1, d2   | 0.5      | 2026-01-01 12:00
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("minutes", "flagged"), [(9.9, set()), (10, {"passed_on"}), (120, {"passed_on", "switches"})])
def test_time_and_severity_are_parameters(minutes, flagged):
    found = flags("repeated_identification", TOLD, within=timedelta(minutes=minutes), severity=0.7)
    assert customers(found) == flagged
    assert set(found["severity"]) <= {0.7}


@pytest.mark.parametrize(("day", "flagged"), [(1, set()), (2, {"a"})])
def test_it_belongs_to_the_day_of_the_second_identification(day, flagged):
    late = world(
        """
        customer_id | event_id | event_name | occurred_at
        a           | a1       | identify   | 23:50
        a           | a2       | identify   | d2 00:00
        """,
        wait_time="""
        customer_id | wait_id | contact_id | wait_type | channel | outcome     | team  | started_at | ended_at
        a           | w1      | k1         | queue     | phone   | transferred | sales | 23:49      | 23:50
        a           | w2      | k1         | queue     | phone   | served      | bills | 23:55      | 23:56
        """,
    )
    assert customers(flags("repeated_identification", late, day_of(day))) == flagged

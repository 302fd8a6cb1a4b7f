from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

WAITS = world(
    wait_time="""
    customer_id | wait_id | wait_type | channel | queue   | outcome     | started_at | ended_at
    ------------+---------+-----------+---------+---------+-------------+------------+-------------
    dialled_bad | a       | queue     | phone   | billing | abandoned   | 10:00      | 10:00:05
    hangs_up    | b       | queue     | phone   | billing | abandoned   | 10:00      | 10:00:05.001
    chat_closed | c       | queue     | chat    |         | abandoned   | 10:00      | 10:02
    served      | d       | queue     | phone   | billing | served      | 10:00      | 10:02
    moved_on    | e       | queue     | phone   | billing | transferred | 10:00      | 10:02
    cut_off     | f       | queue     | phone   | billing | timed_out   | 10:00      | 10:02
    on_hold     | g       | hold      | phone   | billing | abandoned   | 10:00      | 10:02
    still_there | h       | queue     | phone   | billing | open        | 10:00      |
    twice       | i1      | queue     | phone   | billing | abandoned   | 10:00      | 10:01
    twice       | i2      | queue     | phone   | billing | abandoned   | 11:00      | 11:01
    """
)


def test_hanging_up_in_a_queue_counts_after_more_than_the_short_abandon_threshold():
    found, expected = picked(
        flags("queue_abandonment", WAITS),
        """
        flag_id              | locus   | visit_id   | flagged_at              | severity
        ---------------------+---------+------------+-------------------------+---------
        queue_abandonment:b  | billing | support:b  | 2026-01-01 10:00:05.001 | 0.52
        queue_abandonment:c  | unknown | support:c  | 2026-01-01 10:02        | 0.816
        queue_abandonment:i1 | billing | support:i1 | 2026-01-01 10:01        | 0.697
        queue_abandonment:i2 | billing | support:i2 | 2026-01-01 11:01        | 0.697
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("seconds", "flagged"), [(4.999, {"dialled_bad", "hangs_up"}), (5.001, set())])
def test_the_short_abandon_threshold_is_a_parameter(seconds, flagged):
    found = flags("queue_abandonment", WAITS, longer_than=at(seconds) - at(0))
    assert customers(found) & {"dialled_bad", "hangs_up"} == flagged


@pytest.mark.parametrize(("day", "flagged"), [(1, {"before"}), (2, {"at_midnight", "after"}), (3, set())])
def test_it_belongs_to_the_day_of_the_hanging_up(day, flagged):
    late = world(
        wait_time="""
        customer_id | wait_id | wait_type | channel | outcome   | started_at | ended_at
        before      | a       | queue     | phone   | abandoned | 23:50      | 23:59:59.999999
        at_midnight | b       | queue     | phone   | abandoned | 23:50      | d2 00:00
        after       | c       | queue     | phone   | abandoned | 23:50      | d2 00:10
        """
    )
    assert customers(flags("queue_abandonment", late, day_of(day))) == flagged


def test_who_waited_longer_before_hanging_up_is_lost_more_severely():
    rows = [
        {"wait_id": f"w{n:02}", "customer_id": f"c{n:02}", "wait_type": "queue", "channel": "phone"}
        | {"outcome": "abandoned", "started_at": at(0), "ended_at": at(6 + n * 30)}
        for n in range(20)
    ]
    found = flags("queue_abandonment", world(wait_time=pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(found) == 20
    assert all(0.5 < one < other < 1 for one, other in pairwise(found))

from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

CALLBACKS = world(
    wait_time="""
    customer_id | wait_id | wait_type | channel | queue | outcome     | value | started_at | promised_at | ended_at
    ------------+---------+-----------+---------+-------+-------------+-------+------------+-------------+-------------
    in_time     | a       | callback  | phone   | sales | served      |       | 10:00      | 12:00       | 12:00
    late        | b       | callback  | phone   | sales | served      | 50    | 10:00      | 12:00       | 12:00:00.001
    hours_late  | c       | callback  | phone   |       | served      |       | 10:00      | 12:00       | 16:00
    never       | d       | callback  | phone   | sales | open        |       | 10:00      | 20:00       |
    not_yet     | e       | callback  | phone   | sales | open        |       | 10:00      | d2 00:00    |
    # who gave up or was moved before the time missed nothing there
    called_us   | f       | callback  | phone   | sales | abandoned   |       | 10:00      | 12:00       | 11:00
    moved       | g       | callback  | phone   | sales | transferred |       | 10:00      | 12:00       | 11:00
    gave_up     | h       | callback  | phone   | sales | abandoned   |       | 10:00      | 12:00       | 16:00
    # the system dropped it before its time: it was never tried
    dropped     | i       | callback  | phone   | sales | timed_out   |       | 10:00      | 12:00       | 11:00
    no_promise  | j       | callback  | phone   | sales | open        |       | 10:00      |             |
    promised_by | k       | callback  | phone   | sales | served      |       | 10:00      | 09:00       | 10:00:01
    in_queue    | l       | queue     | phone   | sales | served      |       | 10:00      | 12:00       | 14:00
    """
)


def test_a_callback_is_missed_when_the_promised_time_has_passed():
    found, expected = picked(
        flags("missed_callback", CALLBACKS),
        """
        flag_id           | locus   | visit_id  | flagged_at       | ended_at                | severity | value_at_stake
        ------------------+---------+-----------+------------------+-------------------------+----------+---------------
        missed_callback:b | sales   | support:b | 2026-01-01 12:00 | 2026-01-01 12:00:00.001 | 0.5      | 50
        missed_callback:c | unknown | support:c | 2026-01-01 12:00 | 2026-01-01 16:00        | 0.816    |
        missed_callback:d | sales   | support:d | 2026-01-01 20:00 | 2026-01-01 20:00        | 0.816    |
        missed_callback:h | sales   | support:h | 2026-01-01 12:00 | 2026-01-01 16:00        | 0.816    |
        missed_callback:i | sales   | support:i | 2026-01-01 12:00 | 2026-01-01 12:00        | 0.975    |
        missed_callback:k | sales   | support:k | 2026-01-01 10:00 | 2026-01-01 10:00:01     | 0.5      |
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("day", "flagged"), [(2, {"not_yet"}), (3, set())])
def test_it_belongs_to_the_day_of_the_promise(day, flagged):
    assert customers(flags("missed_callback", CALLBACKS, day_of(day))) == flagged


@pytest.mark.parametrize(
    ("grace", "flagged"),
    [
        (timedelta(minutes=1), {"hours_late", "never", "gave_up", "dropped", "promised_by"}),
        (timedelta(hours=4), {"dropped"}),
        (timedelta(hours=4) - timedelta(microseconds=1), {"hours_late", "never", "gave_up", "dropped"}),
    ],
)
def test_the_grace_is_a_parameter(grace, flagged):
    assert customers(flags("missed_callback", CALLBACKS, grace=grace)) == flagged


def test_the_later_the_worse_and_its_scale_is_a_parameter():
    rows = [
        {"wait_id": f"w{n:02}", "customer_id": f"c{n:02}", "wait_type": "callback", "channel": "phone"}
        | {"outcome": "served", "started_at": at(0), "promised_at": at(60), "ended_at": at(61 + n * 1000)}
        for n in range(20)
    ]
    late = world(wait_time=pl.DataFrame(rows))
    severities = flags("missed_callback", late).sort("customer_id")["severity"].to_list()
    assert len(severities) == 20
    assert all(0.5 < one < other < 1 for one, other in pairwise(severities))
    sooner = flags("missed_callback", late, scale=timedelta(hours=1)).sort("customer_id")["severity"].to_list()
    assert all(one < other for one, other in zip(severities, sooner, strict=True))

from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline.detectors import all_signals
from pipeline.journeys.hours import Hours
from tests.detectors.nights import at, customers, day_of, flags, night, picked, shop, world

REPLIES = world(
    wait_time="""
    customer_id | wait_id | wait_type      | channel | queue  | outcome | started_at | promised_at | ended_at
    ------------+---------+----------------+---------+--------+---------+------------+-------------+-------------
    on_target   | a       | first_response | social  | social | served  | 10:00      |             | 11:00
    beyond      | b       | first_response | social  | social | served  | 10:00      |             | 11:00:00.001
    in_chat     | c       | first_response | chat    |        | served  | 10:00      |             | 10:02
    # a promise counts instead of the target, be it sooner or later
    sooner      | d       | first_response | social  | social | served  | 10:00      | 10:10       | 10:20
    later       | e       | first_response | social  | social | served  | 10:00      | 14:00       | 13:00
    to_the_min  | f       | first_response | social  | social | served  | 10:00      | 10:10       | 10:10
    # what was promised before it began is no promise
    before      | g       | first_response | social  | social | served  | 10:00      | 10:00       | 10:30
    no_target   | h       | first_response | phone   | phone  | served  | 10:00      |             | 20:00
    promised    | i       | first_response | phone   | phone  | served  | 10:00      | 12:00       | 14:00
    gave_up     | j       | first_response | chat    | chat   | abandoned | 10:00    |             | 10:02
    queued      | k       | queue          | chat    | chat   | served  | 10:00      | 10:01       | 10:30
    next        | l       | next_response  | social  | social | served  | 10:00      | 10:01       | 20:30
    """
)


def test_a_first_reply_is_slow_beyond_the_promise_else_beyond_the_target():
    found, expected = picked(
        flags("slow_first_response", REPLIES),
        """
        flag_id               | locus   | visit_id  | flagged_at              | severity
        ----------------------+---------+-----------+-------------------------+---------
        slow_first_response:b | social  | support:b | 2026-01-01 11:00:00.001 | 0
        slow_first_response:c | unknown | support:c | 2026-01-01 10:02        | 0.632
        slow_first_response:d | social  | support:d | 2026-01-01 10:20        | 0.632
        slow_first_response:i | phone   | support:i | 2026-01-01 14:00        | 0.632
        slow_first_response:j | chat    | support:j | 2026-01-01 10:02        | 0.632
        """,
    )
    assert_frame_equal(found, expected)


def test_no_wait_is_flagged_by_long_wait_too():
    assert customers(flags("long_wait", REPLIES)) == {"queued"}


MAILS = world(
    wait_time="""
    customer_id | wait_id | wait_type      | channel | queue | outcome | started_at         | ended_at
    ------------+---------+----------------+---------+-------+---------+--------------------+---------
    # target a day: flagged when it ends, at the latest after four days
    two_days    | a       | first_response | email   | mail  | served  | 10:00              | d3 10:00
    four_days   | b       | first_response | email   | mail  | served  | 10:00              | d5 10:00
    a_week      | c       | first_response | email   | mail  | served  | 10:00              | d8 10:00
    never       | d       | first_response | email   | mail  | open    | 10:00              |
    just_a_day  | e       | first_response | email   | mail  | served  | 10:00              | d2 10:00
    midnight    | f       | first_response | email   | mail  | open    | 00:00              |
    """
)


@pytest.mark.parametrize(
    ("day", "flagged"),
    [
        (1, set()),
        (2, set()),
        (3, {"two_days"}),
        (4, set()),
        (5, {"four_days", "a_week", "never", "midnight"}),
        (6, set()),
        (8, set()),
    ],
)
def test_a_wait_is_flagged_once_when_it_ends_or_after_four_targets(day, flagged):
    assert customers(flags("slow_first_response", MAILS, day_of(day))) == flagged


def test_a_wait_that_goes_on_counts_as_far_as_it_was_seen():
    found = flags("slow_first_response", MAILS, day_of(5), open_targets=1.5).sort("customer_id")
    assert found.is_empty()
    found = flags("slow_first_response", MAILS, day_of(2), open_targets=1.5).sort("customer_id")
    assert found["customer_id"].to_list() == ["a_week", "four_days", "midnight", "never", "two_days"]
    told = found["detail"].str.json_decode(pl.Struct({"waited_seconds": pl.Float64, "is_censored": pl.Boolean}))
    assert told.struct["is_censored"].all()
    assert told.struct["waited_seconds"].to_list() == [38 * 3600.0, 38 * 3600, 48 * 3600, 38 * 3600, 38 * 3600]


def test_a_longer_wait_is_more_severe():
    rows = [
        {"wait_id": f"w{n:02}", "customer_id": f"c{n:02}", "wait_type": "first_response", "channel": "chat"}
        | {"outcome": "served", "started_at": at(0), "ended_at": at(60.5 + n * 15)}
        for n in range(20)
    ]
    severities = flags("slow_first_response", world(wait_time=pl.DataFrame(rows))).sort("customer_id")["severity"]
    assert len(severities) == 20
    assert all(0 < one < other < 1 for one, other in pairwise(severities))


# the first of January 2026 is a Thursday
OFFICE = Hours.model_validate({"days": [1, 2, 3, 4, 5], "from": "09:00", "to": "18:00"})
OVER_NIGHT = world(
    wait_time="""
    customer_id | wait_id | wait_type      | channel | outcome | started_at | promised_at | ended_at
    ------------+---------+----------------+---------+---------+------------+-------------+------------
    # target two hours of the office
    in_time     | a       | first_response | email   | served  | 17:00      |             | d2 10:00
    beyond      | b       | first_response | email   | served  | 17:00      |             | d2 12:00
    # a promise is a promise, at night too
    promised    | c       | first_response | email   | served  | 17:00      | 19:00       | 21:00
    # eight hours of the office are over on Friday at five, or on Monday at one
    never       | d       | first_response | email   | open    | 18:00      |             |
    on_friday   | e       | first_response | email   | open    | d2 14:00   |             |
    weekend     | f       | first_response | email   | served  | d2 17:00   |             | d5 09:30
    """
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (1, [("promised", at(0, hour=21), 0.632)]),
        (2, [("beyond", at(0, day=2, hour=12), 0.632), ("never", at(0, day=2, hour=17), 0.97)]),
        (3, []),
        (5, [("on_friday", at(0, day=5, hour=13), 0.996)]),
    ],
)
def test_targets_count_within_business_hours_and_promises_by_the_clock(day, expected):
    journey = shop().model_copy(update={"business_hours": OFFICE, "targets": {"first_response": {"email": 7200.0}}})
    signal = {"slow_first_response": all_signals()["slow_first_response"]}
    found = night(OVER_NIGHT, day_of(day), signals=signal, journey=journey).flags.sort("customer_id")
    assert found.select("customer_id", "flagged_at", pl.col("severity").round(3)).rows() == expected
    # by the clock, they have waited too long at night
    by_clock = journey.model_copy(update={"business_hours": None})
    assert customers(night(OVER_NIGHT, day_of(2), signals=signal, journey=by_clock).flags) >= {"in_time", "beyond"}

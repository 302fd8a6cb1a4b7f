from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.detectors import all_signals
from tests.detectors.nights import at, customers, day_of, flags, night, picked, shop, world
from tests.detectors.plainly import SLOWLY

WAITS = world(
    wait_time="""
    customer_id | wait_id | wait_type      | channel | queue   | outcome     | started_at | ended_at
    ------------+---------+----------------+---------+---------+-------------+------------+-------------
    on_target   | a       | queue          | phone   | billing | served      | 10:00      | 10:00:20
    beyond      | b       | queue          | phone   | billing | served      | 10:00      | 10:00:20.001
    chats       | c       | queue          | chat    | chat    | served      | 10:00      | 10:01
    chats_long  | d       | queue          | chat    | chat    | served      | 10:00      | 10:02
    in_store    | e       | in_store       | store   |         | served      | 10:00      | 10:05:01
    # those have signals of their own
    on_social   | f       | first_response | social  | social  | served      | 10:00      | 18:00
    unresolved  | l       | resolution     | phone   | billing | served      | 10:00      | 18:00
    hangs_up    | g       | queue          | phone   | billing | abandoned   | 10:00      | 10:00:40
    moved_on    | h       | queue          | phone   | billing | transferred | 10:00      | 10:00:40
    held        | i       | hold           | phone   | billing | served      | 10:00      | 12:00
    parcel      | j       | delivery       | courier | north   | served      | 10:00      | d3 10:00
    still_there | k       | queue          | phone   | billing | open        | 10:00      |
    """
)


def test_a_wait_is_long_beyond_the_target_of_its_type_and_channel():
    found, expected = picked(
        flags("long_wait", WAITS),
        """
        flag_id     | locus   | visit_id  | flagged_at              | severity
        ------------+---------+-----------+-------------------------+---------
        long_wait:b | billing | support:b | 2026-01-01 10:00:20.001 | 0
        long_wait:d | chat    | support:d | 2026-01-01 10:02        | 0.632
        long_wait:e | unknown | support:e | 2026-01-01 10:05:01     | 0.003
        long_wait:g | billing | support:g | 2026-01-01 10:00:40     | 0.632
        long_wait:h | billing | support:h | 2026-01-01 10:00:40     | 0.632
        long_wait:k | billing | support:k | 2026-01-01 10:01:20     | 1
        """,
    )
    assert_frame_equal(found, expected)


RIDES = world(
    wait_time="""
    customer_id | wait_id | order_id | wait_type | channel | queue  | outcome   | started_at | ended_at
    ------------+---------+----------+-----------+---------+--------+-----------+------------+----------
    near        | a       | o-a      | delivery  | courier | pickup | served    | 10:00      | 10:05
    far         | b       | o-b      | delivery  | courier | pickup | served    | 10:00      | 10:05:01
    gives_up    | c       | o-c      | delivery  | courier | pickup | abandoned | 10:00      | 10:10
    no_order    | d       |          | delivery  | courier |        | served    | 10:00      | 10:10
    # of a type that is a contact, though it is about an order
    asks        | e       | o-e      | queue     | phone   | rides  | served    | 10:00      | 10:10
    """
)


def test_a_wait_for_a_delivery_with_a_target_is_one_of_its_order_and_on_its_visit():
    plan = shop().model_copy(update={"targets": shop().targets | {"delivery": {"courier": 300.0}}})
    found, expected = picked(
        night(RIDES, signals={"long_wait": all_signals()["long_wait"]}, journey=plan).flags,
        """
        flag_id     | stage      | locus   | person_id  | visit_id       | severity
        ------------+------------+---------+------------+----------------+---------
        long_wait:b | fulfilment | pickup  | c:far      | fulfilment:o-b | 0.003
        long_wait:c | fulfilment | pickup  | c:gives_up | fulfilment:o-c | 0.632
        long_wait:d | fulfilment | unknown | c:no_order | fulfilment:d   | 0.632
        long_wait:e | support    | rides   | c:asks     | support:e      | 1
        """,
    )
    assert_frame_equal(found, expected)
    visits = night(RIDES, journey=plan).stage_visits.filter(stage="fulfilment").sort("visit_id")
    assert visits.filter(pl.col("loci").list.contains("queue:pickup"))["visit_id"].to_list() == [
        "fulfilment:o-a",
        "fulfilment:o-b",
        "fulfilment:o-c",
    ], "those who did not wait long are compared with those who did"


LINES = world(
    wait_time="""
    customer_id | wait_id | wait_type | channel | queue | outcome | started_at   | ended_at
    ------------+---------+-----------+---------+-------+---------+--------------+------------
    # target five minutes: flagged when it ends, at the latest after twenty
    ten_minutes | a       | in_store  | store   | desk  | served  | 23:48        | 23:58
    to_midnight | b       | in_store  | store   | desk  | served  | 23:50        | d2 00:00
    twenty      | c       | in_store  | store   | desk  | served  | 23:50        | d2 00:10
    an_hour     | d       | in_store  | store   | desk  | served  | 23:50        | d2 00:50
    never       | e       | in_store  | store   | desk  | open    | 23:40        |
    before      | f       | in_store  | store   | desk  | open    | 23:39:59.999 |
    on_target   | g       | in_store  | store   | desk  | served  | 23:55        | d2 00:00
    """
)


@pytest.mark.parametrize(
    ("day", "flagged"),
    [(1, {"ten_minutes", "before"}), (2, {"to_midnight", "twenty", "an_hour", "never"}), (3, set())],
)
def test_a_wait_is_flagged_once_when_it_ends_or_after_four_targets(day, flagged):
    assert customers(flags("long_wait", LINES, day_of(day))) == flagged


def test_a_wait_that_goes_on_counts_as_far_as_it_was_seen():
    found = flags("long_wait", LINES, open_targets=1.5).sort("customer_id")
    assert found["customer_id"].to_list() == ["an_hour", "before", "never", "ten_minutes", "to_midnight", "twenty"]
    told = found["detail"].str.json_decode(pl.Struct({"waited_seconds": pl.Float64, "is_censored": pl.Boolean}))
    assert told.struct["is_censored"].to_list() == [True, True, True, False, True, True]
    assert told.struct["waited_seconds"].to_list() == [600, 1200.001, 1200, 600, 600, 600]


def test_a_longer_wait_is_more_severe():
    rows = [
        {"wait_id": f"w{n:02}", "customer_id": f"c{n:02}", "wait_type": "queue", "channel": "phone"}
        | {"outcome": "served", "started_at": at(0), "ended_at": at(20.5 + n * 5)}
        for n in range(20)
    ]
    severities = flags("long_wait", world(wait_time=pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 20
    assert all(0 < one < other < 1 for one, other in pairwise(severities))


HOUR, MINUTE = 3600.0, 60.0
TARGETS = {
    ("queue", "phone"): 20.0,
    ("queue", "chat"): 60.0,
    ("queue", "store"): 300.0,
    ("in_store", "store"): 300.0,
}
# in seconds after the beginning of the first of January; the second and third are judged, too
waits = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from([*TARGETS, ("queue", "email"), ("first_response", "chat"), ("delivery", "courier")]),
        st.sampled_from([0.0, 10 * HOUR, 23 * HOUR, 24 * HOUR - 20, 24 * HOUR - 80, 24 * HOUR]),
        st.sampled_from([None, 0.0, 20.0, 20.001, 59.0, 60.0, 79.0, 80.0, 81.0, 301.0, HOUR, 5 * HOUR, 25 * HOUR]),
        st.sampled_from(["served", "abandoned", "transferred"]),
    ),
    max_size=10,
)


def slowly(rows, day):
    for wait, (_, kind, start, waited, _) in rows:
        target = TARGETS.get(kind)
        if target is None:
            continue
        # the first instant at which it had lasted too long and had ended, or had gone on for four targets
        known = min(waited, 4 * target) if waited is not None else 4 * target
        if waited is None or waited > target:
            moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=start + known)
            if day.start <= moment < day.end:
                yield f"long_wait:{wait}", moment


@SLOWLY
@given(waits, st.sampled_from([1, 2, 3]))
def test_it_finds_what_a_slow_reading_finds(drawn, number):
    day, rows = day_of(number), [(f"w{n}", row) for n, row in enumerate(drawn)]
    frame = pl.DataFrame(
        [
            {
                "wait_id": wait,
                "customer_id": who,
                "wait_type": kind[0],
                "channel": kind[1],
                "started_at": at(start, hour=0),
            }
            | {"ended_at": None if waited is None else at(start + waited, hour=0)}
            | {"outcome": "open" if waited is None else outcome}
            for wait, (who, kind, start, waited, outcome) in rows
        ],
        schema_overrides={"ended_at": pl.Datetime("us", "UTC")},
    )
    found = flags("long_wait", world(wait_time=frame if rows else None), day).select("flag_id", "flagged_at").rows()
    assert sorted(found) == sorted(slowly(rows, day))

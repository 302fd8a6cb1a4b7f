from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY

CHATS = world(
    wait_time="""
    customer_id | contact_id | wait_id | wait_type      | channel | queue | outcome   | handled_seconds | started_at | ended_at
    ------------+------------+---------+----------------+---------+-------+-----------+-----------------+------------+-------------
    silent      | a          | a1      | queue          | chat    | chat  | served    | 0               | 10:00      | 10:02
    on_target   | b          | b1      | queue          | chat    | chat  | served    | 0               | 10:00      | 10:01
    just_beyond | c          | c1      | queue          | chat    |       | served    | 0               | 10:00      | 10:01:00.001
    talked      | d          | d1      | queue          | chat    | chat  | served    | 1               | 10:00      | 10:02
    # how long they were served is not told
    not_told    | e          | e1      | queue          | chat    | chat  | served    |                 | 10:00      | 10:02
    closed      | f          | f1      | first_response | chat    | chat  | timed_out |                 | 10:00      | 10:30
    hung_up     | g          | g1      | queue          | chat    | chat  | abandoned |                 | 10:00      | 10:30
    # they wrote again within ten minutes, or after them
    wrote_again | h          | h1      | first_response | chat    | chat  | served    | 0               | 10:00      | 10:02
    wrote_again | h          | h2      | next_response  | chat    | chat  | served    |                 | 10:12      | 10:13
    wrote_late  | i          | i1      | first_response | chat    | chat  | served    | 0               | 10:00      | 10:02
    wrote_late  | i          | i2      | next_response  | chat    | chat  | served    |                 | 10:12:00.001 | 10:13
    # another wait of the contact goes on, or told of service
    goes_on     | j          | j1      | queue          | chat    | chat  | served    | 0               | 10:00      | 10:02
    goes_on     | j          | j2      | resolution     | chat    | chat  | served    |                 | 10:00      | 10:12:00.001
    served      | k          | k1      | queue          | chat    | chat  | served    | 0               | 10:00      | 10:02
    served      | k          | k2      | resolution     | chat    | chat  | served    | 60              | 10:00      | 10:12
    # queue, then the agent's first reply: one flag, of the last
    both        | l          | l1      | queue          | chat    | chat  | served    | 0               | 10:00      | 10:02
    both        | l          | l2      | first_response | chat    | chat  | served    | 0               | 10:02      | 10:06
    by_phone    | m          | m1      | queue          | phone   | chat  | served    | 0               | 10:00      | 10:02
    next        | n          | n1      | next_response  | chat    | chat  | served    | 0               | 10:00      | 10:02
    another     | o          | o1      | queue          | chat    | chat  | served    | 0               | 10:00      | 10:02
    another     | oo         | o2      | queue          | chat    | chat  | served    | 60              | 10:05      | 10:05:10
    """  # noqa: E501
)


def test_a_chat_is_silently_abandoned_if_nothing_follows_a_late_first_reply():
    found, expected = picked(
        flags("silent_abandonment", CHATS),
        """
        flag_id               | locus   | visit_id   | evidence | flagged_at              | severity
        ----------------------+---------+------------+----------+-------------------------+---------
        silent_abandonment:a1 | chat    | support:a1 | a1       | 2026-01-01 10:12        | 0.816
        silent_abandonment:c1 | unknown | support:c1 | c1       | 2026-01-01 10:11:00.001 | 0.5
        silent_abandonment:f1 | chat    | support:f1 | f1       | 2026-01-01 10:40        | 1
        silent_abandonment:i1 | chat    | support:i1 | i1       | 2026-01-01 10:12        | 0.816
        silent_abandonment:l2 | chat    | support:l1 | l2       | 2026-01-01 10:16        | 0.975
        silent_abandonment:o1 | chat    | support:o1 | o1       | 2026-01-01 10:12        | 0.816
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("parameters", "more", "fewer"),
    [
        ({"patience": timedelta(minutes=9)}, {"wrote_again"}, set()),
        ({"patience": timedelta(minutes=11)}, set(), {"wrote_late"}),
        ({"handled_at_most": 1.0}, {"talked"}, set()),
        ({"handled_at_most": 60.0}, {"talked", "served"}, set()),
    ],
)
def test_patience_and_service_are_parameters(parameters, more, fewer):
    usual = {"silent", "just_beyond", "closed", "wrote_late", "both", "another"}
    found = customers(flags("silent_abandonment", CHATS, **parameters))
    assert found - {"goes_on", "served"} == (usual | more) - fewer - {"served"}


@pytest.mark.parametrize(("day", "flagged"), [(1, {"before"}), (2, {"at_midnight"}), (3, set())])
def test_it_is_known_when_the_patience_is_over(day, flagged):
    late = world(
        wait_time="""
        customer_id | wait_id | wait_type | channel | outcome | handled_seconds | started_at | ended_at
        before      | a       | queue     | chat    | served  | 0               | 23:40      | 23:49:59.999999
        at_midnight | b       | queue     | chat    | served  | 0               | 23:40      | 23:50
        """
    )
    assert customers(flags("silent_abandonment", late, day_of(day))) == flagged


def test_the_longer_they_had_waited_the_more_severe():
    rows = [
        {"wait_id": f"w{n:02}", "customer_id": f"c{n:02}", "wait_type": "queue", "channel": "chat"}
        | {"outcome": "served", "handled_seconds": 0.0, "started_at": at(0), "ended_at": at(60.5 + n * 15)}
        for n in range(20)
    ]
    severities = flags("silent_abandonment", world(wait_time=pl.DataFrame(rows))).sort("customer_id")["severity"]
    assert len(severities) == 20
    assert all(0.5 < one < other < 1 for one, other in pairwise(severities))


# in minutes after 23:40 of the first of January; the first two days are judged
chats = st.lists(
    st.tuples(
        st.sampled_from(["k1", "k1", "k2"]),
        st.sampled_from(["queue", "queue", "first_response", "next_response"]),
        st.sampled_from([0, 0, 2, 8, 9, 12, 20]),
        st.sampled_from([0, 1, 2, 8, 9, 10, 19, None]),
        st.sampled_from(["served", "served", "served", "timed_out", "abandoned"]),
        st.sampled_from([0.0, 0.0, 0.0, None, 60.0]),
    ),
    max_size=6,
)
BEGIN = 23 * 3600 + 40 * 60


def slowly(rows, day):
    """For each contact, the last of its late waits after which nothing came for ten minutes."""
    for contact in ("k1", "k2"):
        waits = [(name, *row[1:]) for name, row in rows if row[0] == contact]
        found = []
        for name, kind, start, lasts, outcome, handled in waits:
            if kind == "next_response" or lasts is None or lasts <= 1:
                continue
            if outcome != "timed_out" and (outcome, handled) != ("served", 0.0):
                continue
            end, gone = start + lasts, start + lasts + 10
            others = [wait for wait in waits if wait[0] != name and wait[2] <= gone]
            begun = any(other[2] >= end for other in others)
            open_still = any(other[3] is None or other[2] + other[3] > gone for other in others)
            served = any(other[4] != "open" and (other[5] or 0) > 0 for other in others)
            if not (begun or open_still or served):
                found.append((end, name, at(BEGIN + 60 * gone, hour=0)))
        if found and day.start <= max(found)[2] < day.end:
            yield f"silent_abandonment:{max(found)[1]}", max(found)[2]


@SLOWLY
@given(chats, st.sampled_from([1, 2]))
def test_it_finds_what_a_slow_reading_finds(drawn, number):
    day, rows = day_of(number), [(f"w{9 - n}", row) for n, row in enumerate(drawn)]
    frame = pl.DataFrame(
        [
            {"wait_id": name, "contact_id": contact, "customer_id": "c", "wait_type": kind, "channel": "chat"}
            | {"outcome": "open" if lasts is None else outcome, "started_at": at(BEGIN + 60 * start, hour=0)}
            | {"ended_at": None if lasts is None else at(BEGIN + 60 * (start + lasts), hour=0)}
            | {"handled_seconds": None if lasts is None else handled}
            for name, (contact, kind, start, lasts, outcome, handled) in rows
        ],
        schema_overrides={"ended_at": pl.Datetime("us", "UTC"), "handled_seconds": pl.Float64},
    )
    # next_response in chat has no target in the journey file
    found = flags("silent_abandonment", world(wait_time=frame if rows else None), day).select("flag_id", "flagged_at")
    assert sorted(found.rows()) == sorted(slowly(rows, day))

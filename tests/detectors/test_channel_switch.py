from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY

CONTACTS = world(
    wait_time="""
    customer_id | wait_id | contact_id | wait_type | channel | outcome | case_id | reason  | started_at      | ended_at
    ------------+---------+------------+-----------+---------+---------+---------+---------+-----------------+---------
    in_a_week   | a1      |            | queue     | chat    | served  |         | invoice | 10:00           | 10:01
    in_a_week   | a2      |            | queue     | phone   | served  |         | invoice | d8 10:00        | d8 10:01
    too_late    | b1      |            | queue     | chat    | served  |         | invoice | 10:00           | 10:01
    too_late    | b2      |            | queue     | phone   | served  |         | invoice | d8 10:00:00.001 | d8 10:01
    same        | c1      |            | queue     | phone   | served  |         | invoice | d8 09:00        | d8 09:01
    same        | c2      |            | queue     | phone   | served  |         | invoice | d8 10:00        | d8 10:01
    # the case says what belongs together, whatever the reason
    case        | d1      |            | queue     | chat    | served  | k1      | invoice | d8 09:00        | d8 09:01
    case        | d2      |            | queue     | phone   | served  | k1      | return  | d8 10:00        | d8 10:01
    cases       | e1      |            | queue     | chat    | served  | k2      | invoice | d8 09:00        | d8 09:01
    cases       | e2      |            | queue     | phone   | served  | k3      | invoice | d8 10:00        | d8 10:01
    other_theme | f1      |            | queue     | chat    | served  |         | invoice | d8 09:00        | d8 09:01
    other_theme | f2      |            | queue     | phone   | served  |         | return  | d8 10:00        | d8 10:01
    no_theme    | g1      |            | queue     | chat    | served  |         |         | d8 09:00        | d8 09:01
    no_theme    | g2      |            | queue     | phone   | served  |         |         | d8 10:00        | d8 10:01
    # waits of one contact are no move
    contact     | h1      | c1         | queue     | chat    | served  |         | invoice | d8 09:00        | d8 09:01
    contact     | h2      | c1         | queue     | phone   | served  |         | invoice | d8 09:02        | d8 09:03
    to_and_fro  | i1      |            | queue     | chat    | served  |         | invoice | d8 08:00        | d8 08:01
    to_and_fro  | i2      |            | queue     | phone   | served  |         | invoice | d8 09:00        | d8 09:01
    to_and_fro  | i3      |            | queue     | chat    | served  |         | invoice | d8 10:00        | d8 10:01
    one         | j1      |            | queue     | chat    | served  |         | invoice | d8 09:00        | d8 09:01
    other       | j2      |            | queue     | phone   | served  |         | invoice | d8 10:00        | d8 10:01
    """
)


def test_a_case_that_goes_on_elsewhere_is_flagged_on_the_later_contact():
    found, expected = picked(
        flags("channel_switch", CONTACTS, day_of(8)),
        """
        flag_id           | locus_type | locus        | visit_id   | evidence | channel | severity | flagged_at
        ------------------+------------+--------------+------------+----------+---------+----------+-----------------
        channel_switch:a1 | channel    | chat → phone | support:a2 | a1, a2   | phone   | 0.5      | 2026-01-08 10:00
        channel_switch:d1 | channel    | chat → phone | support:d2 | d1, d2   | phone   | 0.98     | 2026-01-08 10:00
        channel_switch:i1 | channel    | chat → phone | support:i2 | i1, i2   | phone   | 0.98     | 2026-01-08 09:00
        channel_switch:i2 | channel    | phone → chat | support:i3 | i2, i3   | chat    | 0.98     | 2026-01-08 10:00
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("days", "gained"), [(6.9, set()), (7.1, {"in_a_week", "too_late"})])
def test_the_time_is_a_parameter(days, gained):
    found = flags("channel_switch", CONTACTS, day_of(8), within=timedelta(days=days))
    assert customers(found) == {"case", "to_and_fro"} | gained


def test_the_sooner_the_switch_the_more_severe():
    rows = [
        {"wait_id": f"w{n:02}-{which}", "customer_id": f"c{n:02}", "wait_type": "queue", "reason": "invoice"}
        | {"channel": ["chat", "phone"][which], "outcome": "served"}
        | {"started_at": at(which * (60 + 1800 * n)), "ended_at": at(which * (60 + 1800 * n))}
        for n in range(20)
        for which in range(2)
    ]
    found = flags("channel_switch", world(wait_time=pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(found) == 20
    assert all(1 >= one > other > 0.5 for one, other in pairwise(found))


HOUR, WEEK = 3600.0, 7 * 24 * 3600.0
calls = st.lists(
    st.tuples(
        st.sampled_from(["a", "a", "b"]),
        st.sampled_from(["chat", "phone", "phone", "email"]),
        st.sampled_from([None, None, "k1"]),
        st.sampled_from(["invoice", "invoice", "return", None]),
        st.sampled_from([0.0, HOUR, 23 * HOUR, 24 * HOUR, 24 * HOUR + 1, WEEK, WEEK + HOUR, WEEK + 2 * HOUR]),
    ),
    max_size=9,
)


def slowly(rows, day):
    """For each contact, the last one before it that is on the same matter."""
    for wait, (who, channel, case, reason, start) in rows:
        matter = case or reason
        earlier = [
            (other[4], name, other[1])
            for name, other in rows
            if other[0] == who and (other[2] or other[3]) == matter and (other[4], name) < (start, wait)
        ]
        if matter and earlier and day.start <= at(start, hour=0) < day.end:
            before, name, left = max(earlier)
            if left != channel and start - before <= WEEK:
                yield f"support:{wait}", f"{left} → {channel}", (name, wait), at(start, hour=0)


@SLOWLY
@given(calls, st.sampled_from([1, 2, 8]))
def test_it_finds_what_a_slow_reading_finds(drawn, number):
    day, rows = day_of(number), [(f"w{9 - n}", row) for n, row in enumerate(drawn)]
    waits = pl.DataFrame(
        [
            {"wait_id": wait, "customer_id": who, "wait_type": "queue", "channel": channel, "outcome": "served"}
            | {"case_id": case, "reason": reason}
            | {"started_at": at(start, hour=0), "ended_at": at(start + 60, hour=0)}
            for wait, (who, channel, case, reason, start) in rows
        ],
        schema_overrides={"case_id": pl.String, "reason": pl.String},
    )
    found = flags("channel_switch", world(wait_time=waits if rows else None), day)
    shown = found.select("visit_id", "locus", "evidence", "flagged_at").rows()
    as_found = sorted((visit, locus, tuple(ids), known) for visit, locus, ids, known in shown)
    assert as_found == sorted(slowly(rows, day))

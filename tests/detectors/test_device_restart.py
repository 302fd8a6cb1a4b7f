from datetime import datetime, timedelta
from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, Row, attempts, frame, is_purchase, known_on, sessions_of

STARTS = world(
    """
    customer_id | anonymous_id | event_id | event_name     | page_path | device  | outcome | value | occurred_at
    ------------+--------------+----------+----------------+-----------+---------+---------+-------+----------------
    # who is only later known on the second device is the same person
    restarts    | phone        | a1       | begin_checkout | /checkout | mobile  |         | 80    | 10:00
                | laptop       | a2       | begin_checkout | /checkout | desktop |         | 80    | 12:00
    restarts    | laptop       | a3       | login          | /checkout | desktop |         |       | 12:01
    in_a_day    |              | b1       | begin_checkout | /checkout | mobile  |         |       | 10:00
    in_a_day    |              | b2       | begin_checkout | /checkout | desktop |         |       | d2 10:00
    too_late    |              | c1       | begin_checkout | /checkout | mobile  |         |       | 10:00
    too_late    |              | c2       | begin_checkout | /checkout | desktop |         |       | d2 10:00:00.001
    same        |              | d1       | begin_checkout | /checkout | mobile  |         |       | 10:00
    same        |              | d2       | begin_checkout | /checkout | mobile  |         |       | 12:00
    bought      |              | e1       | begin_checkout | /checkout | mobile  |         |       | 10:00
    bought      |              | e2       | purchase       | /payment  | mobile  |         |       | 10:01
    bought      |              | e3       | begin_checkout | /checkout | desktop |         |       | 12:00
    failed      |              | f1       | begin_checkout | /checkout | mobile  |         |       | 10:00
    failed      |              | f2       | purchase       | /payment  | mobile  | error   |       | 10:01
    failed      |              | f3       | begin_checkout | /checkout | desktop |         |       | 12:00
    # a cart is completed by the checkout
    checks_out  |              | g1       | add_to_cart    | /p/1      | mobile  |         |       | 10:00
    checks_out  |              | g2       | begin_checkout | /checkout | mobile  |         |       | 10:01
    checks_out  |              | g3       | add_to_cart    | /p/1      | desktop |         |       | 12:00
    cart        |              | h1       | add_to_cart    | /p/1      | mobile  |         |       | 10:00
    cart        |              | h2       | add_to_cart    | /p/1      | desktop |         |       | 12:00
    cart        |              | h3       | view_cart      | /cart     | mobile  |         |       | 12:05
    looks       |              | i1       | view_item      | /p/1      | mobile  |         |       | 10:00
    looks       |              | i2       | view_item      | /p/1      | desktop |         |       | 12:00
    # nobody is known: two devices are two persons
                | phone-2      | j1       | begin_checkout | /checkout | mobile  |         |       | 10:00
                | laptop-2     | j2       | begin_checkout | /checkout | desktop |         |       | 12:00
    one         |              | k1       | begin_checkout | /checkout | mobile  |         |       | 10:00
    other       |              | k2       | begin_checkout | /checkout | desktop |         |       | 12:00
    nameless    |              | l1       | begin_checkout | /checkout | mobile  |         |       | 10:00
    nameless    |              | l2       | begin_checkout | /checkout |         |         |       | 12:00
    """
)


def test_a_stage_begun_again_on_another_device_is_flagged_on_the_new_visit():
    found, expected = picked(
        flags("device_restart", STARTS),
        """
        flag_id           | locus            | person_id  | visit_id    | device  | evidence   | severity
        ------------------+------------------+------------+-------------+---------+------------+---------
        device_restart:a1 | mobile → desktop | c:restarts | checkout:a2 | desktop | a1, a2     | 0.5
        device_restart:f1 | mobile → desktop | c:failed   | checkout:f3 | desktop | f1, f3     | 0.5
        device_restart:h1 | mobile → desktop | c:cart     | cart:h2     | desktop | h1, h2, h3 | 0.697
        """,
    )
    assert_frame_equal(found, expected)


def test_the_first_attempt_may_be_of_the_day_before():
    assert customers(flags("device_restart", STARTS, day_of(2))) == {"in_a_day"}


def test_time_and_stages_are_parameters():
    assert customers(flags("device_restart", STARTS, day_of(2), within=timedelta(hours=24.1))) == {
        "in_a_day",
        "too_late",
    }
    assert customers(flags("device_restart", STARTS, within=timedelta(hours=1.9))) == {"cart"}  # back on the phone
    assert customers(flags("device_restart", STARTS, stages=("evaluate",))) == {"looks"}


def test_more_changes_of_device_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n:02}", "customer_id": f"c{person:02}", "event_name": "begin_checkout"}
        | {"device": ["mobile", "desktop"][n % 2], "occurred_at": at(n)}
        for person in range(2, 12)
        for n in range(person)
    ]
    severities = flags("device_restart", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 10
    assert all(one < other <= 1 for one, other in pairwise(severities))


steps = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 60, 1800, 12 * 3600, 24 * 3600, 24 * 3600 + 1]),
            "event_name": st.sampled_from(
                ["begin_checkout"] * 3 + ["add_payment_info", "add_to_cart", "add_to_cart", "purchase", "view_item"]
            ),
            "outcome": st.sampled_from([None, "error"]),
            "device": st.sampled_from(["mobile", "desktop", "desktop", None]),
        }
    ),
    max_size=14,
)


def slowly(rows, day):
    """For each visit, the events whose predecessor in the person's stage is on another device, not done, and recent."""
    known = known_on(rows, day)
    history: dict[str, list[tuple[datetime, str, Row, tuple[str, str]]]] = {}
    for session in sessions_of(known):
        for (stage, _), visit in attempts(session).items():
            for row in visit:
                mark = (stage, f"{stage}:{visit[0]['event_id']}")
                history.setdefault(row["customer_id"], []).append((row["occurred_at"], row["event_id"], row, mark))
    for told in history.values():
        told.sort(key=lambda each: each[:2])
        visits: dict[str, list[tuple[Row, Row]]] = {}
        for stage in ("cart", "checkout", "payment"):
            mine = [n for n, each in enumerate(told) if each[3][0] == stage and each[2]["device"]]
            for before, after in pairwise(mine):
                first, second = told[before][2], told[after][2]
                between = [each[2] for each in told[before:after]]
                done = any(
                    is_purchase(row) or (stage == "cart" and row["event_name"] == "begin_checkout") for row in between
                )
                soon = second["occurred_at"] - first["occurred_at"] <= timedelta(hours=24)
                if first["device"] != second["device"] and soon and not done:
                    visits.setdefault(told[after][3][1], []).append((first, second))
        for name, pairs in visits.items():
            if pairs[0][1]["occurred_at"] >= day.start:
                evidence = (pairs[0][0]["event_id"], *(second["event_id"] for _, second in pairs))
                devices = f"{pairs[0][0]['device']} → {pairs[0][1]['device']}"
                yield name, devices, evidence, pairs[0][1]["occurred_at"]


@SLOWLY
@given(steps, st.sampled_from([1, 2, 3]), st.sampled_from([10 * 3600, 23 * 3600]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("device_restart", world(rows), day).select("visit_id", "locus", "evidence", "flagged_at").rows()
    as_found = sorted((visit, devices, tuple(ids), known) for visit, devices, ids, known in found)
    assert as_found == sorted(slowly(rows.to_dicts(), day))

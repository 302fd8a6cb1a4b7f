from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, Row, frame, is_purchase

ERRORS = world(
    """
    customer_id | event_id | event_name       | page_path | outcome | occurred_at
    ------------+----------+------------------+-----------+---------+------------
    page        | a1       | page_error       | /p/1      |         | 10:00
    form        | b1       | form_error       | /checkout |         | 10:00
    payment     | c1       | payment_error    | /payment  |         | 10:00
    payment     | c2       | add_payment_info | /payment  | error   | 10:01
    too_late    | d1       | page_error       | /p/1      |         | 08:59:59
    leaves      | e1       | begin_checkout   |           |         | 10:00
    # bought after all, though in another session: the checkout is none, the error is one
    buys        | f1       | begin_checkout   | /checkout |         | 10:00
    buys        | f2       | purchase         | /payment  |         | 12:00
    errs        | g1       | begin_checkout   | /checkout |         | 10:00
    errs        | g2       | form_error       | /checkout |         | 10:01
    errs        | g3       | purchase         | /payment  |         | 10:02
    buys_later  | h1       | begin_checkout   | /checkout |         | 10:00
    buys_later  | h2       | purchase         | /payment  |         | d2 10:00
    fails       | i1       | begin_checkout   | /checkout |         | 10:00
    fails       | i2       | purchase         | /payment  | error   | 10:01
    afterwards  | j1       | page_error       | /p/1      |         | d2 09:01
    one         | k1       | page_error       | /p/1      |         | 10:00
    calm        | l1       | page_view        | /p/1      |         | 10:00
    """,
    wait_time="""
    customer_id | wait_id | wait_type | channel | outcome | reason  | started_at | ended_at
    page        | w1      | queue     | phone   | served  |         | d2 09:00   | d2 09:01
    form        | w2      | queue     | phone   | served  | address | d2 09:00   | d2 09:01
    payment     | w3      | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    payment     | w13     | queue     | phone   | served  | card    | d2 09:30   | d2 09:31
    too_late    | w4      | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    leaves      | w5      | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    buys        | w6      | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    errs        | w7      | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    buys_later  | w8      | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    fails       | w9      | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    afterwards  | w10     | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    other       | w11     | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    calm        | w12     | queue     | phone   | served  | card    | d2 09:00   | d2 09:01
    """,
)


def test_a_contact_within_a_day_of_an_error_or_an_unfinished_checkout_is_flagged_on_its_own_visit():
    found, expected = picked(
        flags("error_to_contact", ERRORS, day_of(2)),
        """
        flag_id             | locus_type | locus                 | visit_id   | evidence   | severity | flagged_at
        --------------------+------------+-----------------------+------------+------------+----------+-----------------
        error_to_contact:a1 | page       | /p/1 → unknown        | support:w1 | a1, w1     | 0.5      | 2026-01-02 09:00
        error_to_contact:b1 | page       | /checkout → address   | support:w2 | b1, w2     | 0.5      | 2026-01-02 09:00
        error_to_contact:c1 | page       | /payment → card       | support:w3 | c1, c2, w3 | 0.697    | 2026-01-02 09:00
        error_to_contact:e1 | page       | begin_checkout → card | support:w5 | e1, w5     | 0.5      | 2026-01-02 09:00
        error_to_contact:g2 | page       | /checkout → card      | support:w7 | g2, w7     | 0.5      | 2026-01-02 09:00
        error_to_contact:h1 | page       | /checkout → card      | support:w8 | h1, w8     | 0.5      | 2026-01-02 09:00
        error_to_contact:i1 | page       | /payment → card       | support:w9 | i1, i2, w9 | 0.697    | 2026-01-02 09:00
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("hours", "gained"), [(24, set()), (24.1, {"too_late"})])
def test_the_time_is_a_parameter(hours, gained):
    flagged = {"page", "form", "payment", "leaves", "errs", "buys_later", "fails"}
    assert customers(flags("error_to_contact", ERRORS, day_of(2), within=timedelta(hours=hours))) == flagged | gained


def test_what_an_error_is_is_a_parameter():
    found = customers(flags("error_to_contact", ERRORS, day_of(2), errors=("page_view",)))
    assert found == {"payment", "leaves", "buys_later", "fails", "calm"}


def test_more_errors_are_more_severe():
    clicks = [
        {
            "event_id": f"{person}-{n:02}",
            "customer_id": f"c{person:02}",
            "event_name": "page_error",
            "occurred_at": at(n),
        }
        for person in range(1, 12)
        for n in range(person)
    ]
    calls = [
        {"wait_id": f"w{person:02}", "customer_id": f"c{person:02}", "wait_type": "queue", "channel": "phone"}
        | {"outcome": "served", "started_at": at(100), "ended_at": at(101)}
        for person in range(1, 12)
    ]
    found = flags("error_to_contact", world(pl.DataFrame(clicks), pl.DataFrame(calls))).sort("customer_id")
    assert found.height == 11
    assert all(one < other <= 1 for one, other in pairwise(found["severity"]))


steps = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 60, 3600, 12 * 3600]),
            "event_name": st.sampled_from(["page_error", "form_error", "begin_checkout", "purchase", "page_view"]),
            "page_path": st.sampled_from([None, "/p/1", "/checkout"]),
            "outcome": st.sampled_from([None, None, "error"]),
        }
    ),
    max_size=10,
)
HOUR = 3600.0
calls = st.lists(
    st.tuples(
        st.sampled_from(["a", "a", "b"]),
        st.sampled_from(["card", None]),
        st.sampled_from([0.0, HOUR, 12 * HOUR, 23 * HOUR, 24 * HOUR, 25 * HOUR, 36 * HOUR, 47 * HOUR]),
    ),
    max_size=5,
)


def slowly(rows, contacts, day):
    """Each contact's errors since the contact before it, and checkouts that nothing was bought after; a day back."""
    for wait, (who, reason, start) in contacts:
        began = at(start, hour=0)
        earlier = [
            at(other[2], hour=0) for name, other in contacts if other[0] == who and (other[2], name) < (start, wait)
        ]
        if not day.start <= began < day.end:
            continue
        before = [
            row
            for row in rows
            if row["customer_id"] == who
            and began - timedelta(hours=24) <= row["occurred_at"] <= began
            and all(row["occurred_at"] > each for each in earlier)
        ]
        before.sort(key=lambda row: (row["occurred_at"], row["event_id"]))
        causes: list[Row] = []
        for row in before:
            if is_purchase(row):
                causes = [each for each in causes if each["event_name"] != "begin_checkout"]
            elif row["event_name"] != "page_view":
                causes.append(row)
        if causes:
            page = causes[-1]["page_path"] or causes[-1]["event_name"]
            yield (
                f"support:{wait}",
                f"{page} → {reason or 'unknown'}",
                (*(row["event_id"] for row in causes), wait),
                began,
            )


@SLOWLY
@given(steps, calls, st.sampled_from([1, 2]), st.sampled_from([0, 10 * 3600, 20 * 3600]))
def test_it_finds_what_a_slow_reading_finds(drawn, called, number, start):
    day, rows = day_of(number), frame(drawn, start)
    contacts = [(f"w{9 - n}", call) for n, call in enumerate(called)]
    waits = pl.DataFrame(
        [
            {"wait_id": wait, "customer_id": who, "wait_type": "queue", "channel": "phone", "outcome": "served"}
            | {"reason": reason, "started_at": at(begin, hour=0), "ended_at": at(begin + 60, hour=0)}
            for wait, (who, reason, begin) in contacts
        ],
        schema_overrides={"reason": pl.String},
    )
    found = flags("error_to_contact", world(rows, waits if contacts else None), day)
    shown = found.select("visit_id", "locus", "evidence", "flagged_at").rows()
    as_found = sorted((visit, locus, tuple(ids), known) for visit, locus, ids, known in shown)
    assert as_found == sorted(slowly(rows.to_dicts(), contacts, day))

from collections import defaultdict
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, frame, known_on, sessions_of

FIELDS = world(
    """
    customer_id | event_id | event_name  | page_path | form_id  | field_id | occurred_at
    ------------+----------+-------------+-----------+----------+----------+------------
    twice       | a1       | form_focus  | /checkout | shipping | postcode | 10:00:00
    twice       | a2       | form_change | /checkout | shipping | postcode | 10:00:01
    twice       | a3       | form_change | /checkout | shipping | street   | 10:00:02
    twice       | a4       | form_focus  | /checkout | shipping | postcode | 10:00:03
    twice       | a5       | form_change | /checkout | shipping | postcode | 10:00:04
    twice       | a6       | form_submit | /checkout | shipping |          | 10:00:05
    twice       | a7       | form_change | /checkout | shipping | postcode | 10:00:06
    once        | b1       | form_change | /checkout | shipping | postcode | 10:00:00
    once        | b2       | click       | /checkout |          |          | 10:00:01
    once        | b3       | form_change | /checkout | shipping | postcode | 10:00:02
    # nobody leaves a field by going on in it, or by scrolling
    stays       | c1       | form_change | /checkout | shipping | postcode | 10:00:00
    stays       | c2       | form_change | /checkout | shipping | postcode | 10:00:01
    stays       | c3       | scroll      | /checkout |          |          | 10:00:02
    stays       | c4       | form_change | /checkout | shipping | postcode | 10:00:03
    stays       | c5       | web_vital   | /checkout |          |          | 10:00:04
    stays       | c6       | form_change | /checkout | shipping | postcode | 10:00:05
    # who only looks into a field has entered nothing to come back to
    looks       | d1       | form_focus  | /checkout | shipping | postcode | 10:00:00
    looks       | d2       | click       | /checkout |          |          | 10:00:01
    looks       | d3       | form_focus  | /checkout | shipping | postcode | 10:00:02
    looks       | d4       | click       | /checkout |          |          | 10:00:03
    looks       | d5       | form_change | /checkout | shipping | postcode | 10:00:04
    looks       | d6       | click       | /checkout |          |          | 10:00:05
    looks       | d7       | form_focus  | /checkout | shipping | postcode | 10:00:06
    # the same name in two forms is two fields
    forms       | e1       | form_change | /checkout | shipping | name     | 10:00:00
    forms       | e2       | form_change | /checkout | billing  | name     | 10:00:01
    forms       | e3       | form_change | /checkout | shipping | name     | 10:00:02
    forms       | e4       | form_change | /checkout | billing  | name     | 10:00:03
    pauses      | f1       | form_change | /checkout | shipping | postcode | 10:00
    pauses      | f2       | form_change | /checkout | shipping | street   | 10:01
    pauses      | f3       | form_change | /checkout | shipping | postcode | 10:02
    pauses      | f4       | form_change | /checkout | shipping | postcode | 10:32
    """
)


def test_a_field_that_is_returned_to_twice_is_one_flag_with_a_count():
    found, expected = picked(
        flags("form_refill", FIELDS),
        """
        flag_id        | locus_type | locus             | visit_id    | evidence   | severity | flagged_at
        ---------------+------------+-------------------+-------------+------------+----------+--------------------
        form_refill:a2 | form_field | shipping/postcode | checkout:a1 | a2, a4, a7 | 0.3      | 2026-01-01 10:00:06
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("returns", "flagged"), [(1, {"twice", "once", "looks", "forms", "pauses"}), (3, set())])
def test_how_many_returns_are_too_many_is_a_parameter(returns, flagged):
    assert customers(flags("form_refill", FIELDS, min_returns=returns)) == flagged


def test_more_returns_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n:02}", "customer_id": f"c{person:02}", "event_name": "form_change"}
        | {"form_id": "f", "field_id": "xy"[n % 2], "occurred_at": at(n)}
        for person in range(5, 23, 2)
        for n in range(person)
    ]
    found = flags("form_refill", world(pl.DataFrame(rows))).filter(locus="f/x").sort("customer_id")
    assert found.height == 9
    assert all(one < other <= 1 for one, other in pairwise(found["severity"]))


edits = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 1, 1, 600, 1800]),
            "event_name": st.sampled_from(["form_change"] * 6 + ["form_focus"] * 3 + ["click", "scroll", "form_error"]),
            "form_id": st.sampled_from(["f", "f", "f", "g", None]),
            "field_id": st.sampled_from(["x", "x", "y", None]),
        }
    ),
    max_size=20,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        here = None
        entered: dict[tuple[str, str], str] = {}
        returns = defaultdict(list)
        for row in session:
            if row["event_name"] == "scroll":
                continue
            field = (row["form_id"], row["field_id"])
            if row["event_name"] not in {"form_change", "form_focus"} or None in field:
                here = None
                continue
            if here != field and field in entered:
                returns[field].append(row)
            if row["event_name"] == "form_change":
                entered.setdefault(field, row["event_id"])
            here = field
        for field, back in returns.items():
            if len(back) >= 2 and back[1]["occurred_at"] >= day.start:
                evidence = (entered[field], *(row["event_id"] for row in back))
                yield "/".join(field), evidence, back[1]["occurred_at"]


@SLOWLY
@given(edits, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 23 * 3600 + 3590]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("form_refill", world(rows), day).select("locus", "evidence", "flagged_at").rows()
    assert sorted((locus, tuple(ids), known) for locus, ids, known in found) == sorted(slowly(rows.to_dicts(), day))

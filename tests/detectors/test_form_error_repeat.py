from collections import defaultdict
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, frame, known_on, sessions_of

ERRORS = world(
    """
    customer_id | event_id | event_name | page_path | form_id  | field_id | occurred_at
    ------------+----------+------------+-----------+----------+----------+------------
    twice       | a1       | form_error | /checkout | shipping | postcode | 10:00
    twice       | a2       | form_error | /checkout | shipping | postcode | 10:01
    thrice      | b1       | form_error | /checkout | shipping | postcode | 10:00
    thrice      | b2       | form_error | /checkout | shipping | postcode | 10:01
    thrice      | b3       | form_error | /checkout | shipping | postcode | 10:02
    once        | c1       | form_error | /checkout | shipping | postcode | 10:00
    fields      | d1       | form_error | /checkout | shipping | postcode | 10:00
    fields      | d2       | form_error | /checkout | shipping | street   | 10:01
    forms       | e1       | form_error | /checkout | shipping | name     | 10:00
    forms       | e2       | form_error | /checkout | billing  | name     | 10:01
    returns     | f1       | form_error | /checkout | shipping | postcode | 10:00
    returns     | f2       | form_error | /checkout | shipping | postcode | 10:30
    hurries     | g1       | form_error | /checkout | shipping | postcode | 10:00
    hurries     | g2       | form_error | /checkout | shipping | postcode | 10:29:59.999
    unnamed     | h1       | form_error | /checkout | shipping |          | 10:00
    unnamed     | h2       | form_error | /checkout | shipping |          | 10:01
    formless    | i1       | form_error | /checkout |          | postcode | 10:00
    formless    | i2       | form_error | /checkout |          | postcode | 10:01
    submits     | j1       | form_error | /checkout | shipping | postcode | 10:00
    submits     | j2       | form_submit | /checkout | shipping | postcode | 10:01
    one         | k1       | form_error | /checkout | shipping | postcode | 10:00
    other       | k2       | form_error | /checkout | shipping | postcode | 10:01
    """
)


@pytest.mark.parametrize(("errors", "flagged"), [(2, {"twice", "thrice", "hurries"}), (3, {"thrice"}), (4, set())])
def test_errors_count_by_field_and_session(errors, flagged):
    assert customers(flags("form_error_repeat", ERRORS, min_errors=errors)) == flagged


def test_a_flag_tells_where_and_when_and_names_its_evidence_in_order():
    found, expected = picked(
        flags("form_error_repeat", ERRORS),
        """
        flag_id              | locus_type | locus             | visit_id    | stage    | evidence   | severity
        ---------------------+------------+-------------------+-------------+----------+------------+---------
        form_error_repeat:a1 | form_field | shipping/postcode | checkout:a1 | checkout | a1, a2     | 0.4
        form_error_repeat:b1 | form_field | shipping/postcode | checkout:b1 | checkout | b1, b2, b3 | 0.636
        form_error_repeat:g1 | form_field | shipping/postcode | checkout:g1 | checkout | g1, g2     | 0.4
        """,
    )
    assert_frame_equal(found, expected)


def test_two_fields_are_two_flags_of_one_visit():
    two = world(
        """
        customer_id | event_id | event_name | form_id  | field_id | occurred_at
        both        | a1       | form_error | shipping | postcode | 10:00
        both        | a2       | form_error | shipping | street   | 10:01
        both        | a3       | form_error | shipping | street   | 10:02
        both        | a4       | form_error | shipping | postcode | 10:03
        """
    )
    found = flags("form_error_repeat", two).sort("locus")
    assert found["locus"].to_list() == ["shipping/postcode", "shipping/street"]
    assert found["evidence"].to_list() == [["a1", "a4"], ["a2", "a3"]]
    assert found["visit_id"].n_unique() == 1


def test_the_flag_is_on_the_visit_of_the_error_that_made_it_one():
    moved = world(
        """
        customer_id | event_id | event_name | page_path | form_id | field_id | occurred_at
        moves       | a1       | form_error | /cart     | address | postcode | 10:00
        moves       | a2       | form_error | /checkout | address | postcode | 10:01
        moves       | a3       | form_error | /payment  | address | postcode | 10:02
        """
    )
    assert flags("form_error_repeat", moved)["visit_id"].to_list() == ["checkout:a2"]


@pytest.mark.parametrize(("day", "evidence"), [(1, [["a1", "a2"]]), (2, [["b1", "b2", "b3"]]), (3, [])])
def test_it_belongs_to_the_day_of_the_second_error_and_counts_what_was_known_then(day, evidence):
    over_midnight = world(
        """
        customer_id | event_id | event_name | form_id  | field_id | occurred_at
        before      | a1       | form_error | shipping | postcode | 23:50
        before      | a2       | form_error | shipping | postcode | 23:59:59.999
        before      | a3       | form_error | shipping | postcode | d2 00:10
        after       | b1       | form_error | shipping | postcode | 23:50
        after       | b2       | form_error | shipping | postcode | d2 00:00
        after       | b3       | form_error | shipping | postcode | d2 00:10
        """
    )
    assert flags("form_error_repeat", over_midnight, day_of(day))["evidence"].to_list() == evidence


def test_errors_at_one_instant_stand_in_the_order_of_their_ids():
    tied = world(
        """
        customer_id | event_id | event_name | form_id  | field_id | occurred_at
        tied        | e2       | form_error | shipping | postcode | 10:00
        tied        | e1       | form_error | shipping | postcode | 10:00
        """
    )
    assert flags("form_error_repeat", tied)["flag_id"].to_list() == ["form_error_repeat:e1"]


def test_more_errors_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n}", "customer_id": f"c{person:02}", "event_name": "form_error"}
        | {"form_id": "f", "field_id": "g", "occurred_at": at(n)}
        for person in range(2, 12)
        for n in range(person)
    ]
    severities = flags("form_error_repeat", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 10
    assert all(one < other <= 1 for one, other in pairwise(severities))


errors = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "b"]),
            "pause": st.sampled_from([0, 60, 600, 1799.999, 1800]),
            "event_name": st.sampled_from(["form_error"] * 8 + ["form_submit", "view_item", "begin_checkout"]),
            "page_path": st.sampled_from([None, None, "/checkout", "/p/1"]),
            "form_id": st.sampled_from(["f", "f", "f", "g", None]),
            "field_id": st.sampled_from(["x", "x", "x", "y", None]),
        }
    ),
    max_size=16,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        fields = defaultdict(list)
        for row in session:
            if row["event_name"] == "form_error" and row["form_id"] and row["field_id"]:
                fields[row["form_id"], row["field_id"]].append(row)
        for (form, field), refused in fields.items():
            if len(refused) >= 2 and refused[1]["occurred_at"] >= day.start:
                evidence = tuple(row["event_id"] for row in refused)
                yield f"{form}/{field}", session[0]["event_id"], evidence, refused[1]["occurred_at"]


@SLOWLY
@given(errors, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 23 * 3600]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("form_error_repeat", world(rows), day).select("locus", "session_id", "evidence", "flagged_at").rows()
    as_read = [(locus, f"s:{first}", evidence, known) for locus, first, evidence, known in slowly(rows.to_dicts(), day)]
    assert sorted((locus, session, tuple(ids), known) for locus, session, ids, known in found) == sorted(as_read)

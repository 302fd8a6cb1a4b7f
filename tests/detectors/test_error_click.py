from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, frame, known_on, sessions_of

CLICKS = world(
    """
    customer_id | event_id | event_name  | page_path | element | occurred_at
    ------------+----------+-------------+-----------+---------+-------------
    fails       | a1       | click       | /cart     | pay     | 10:00:00
    fails       | a2       | page_error  | /cart     |         | 10:00:02.000
    later       | b1       | click       | /cart     | pay     | 10:00:00
    later       | b2       | page_error  | /cart     |         | 10:00:02.001
    before      | c1       | page_error  | /cart     |         | 10:00:00
    before      | c2       | click       | /cart     | pay     | 10:00:01
    # the nearest click, and the error uses it up: the second error takes the one before, the third finds none
    nearest     | d1       | click       | /cart     | help    | 10:00:00.0
    nearest     | d2       | click       | /cart     | pay     | 10:00:00.5
    nearest     | d3       | page_error  | /cart     |         | 10:00:01.0
    nearest     | d4       | page_error  | /cart     |         | 10:00:01.1
    nearest     | d5       | page_error  | /cart     |         | 10:00:01.2
    # on one element it is one flag with a count
    twice       | e1       | click       | /cart     | pay     | 10:00:00
    twice       | e2       | page_error  | /cart     |         | 10:00:01
    twice       | e3       | click       | /cart     | pay     | 10:01:00
    twice       | e4       | page_error  | /cart     |         | 10:01:01
    # the vendor tells the same, and something else
    told        | f1       | click       | /cart     | pay     | 10:00:00
    told        | f2       | page_error  | /cart     |         | 10:00:01
    told        | f3       | error_click | /cart     | pay     | 10:00:01
    told        | f4       | error_click | /cart     |         | 10:00:05
    # another element in between, and a scroll
    unnamed     | g1       | click       | /cart     |         | 10:00:00
    unnamed     | g2       | scroll      | /cart     |         | 10:00:01
    unnamed     | g3       | page_error  | /cart     |         | 10:00:01
    returns     | h1       | click       | /cart     | pay     | 10:00:00
    another     | i1       | page_error  | /cart     |         | 10:00:01
    """
)


def test_an_error_takes_the_nearest_click_before_it_and_an_element_is_one_flag():
    found, expected = picked(
        flags("error_click", CLICKS),
        """
        flag_id        | locus_type | locus | visit_id | evidence       | severity | detail
        ---------------+------------+-------+----------+----------------+----------+------------
        error_click:a1 | element    | pay   | cart:a1  | a1, a2         | 0.4      | {"times":1}
        error_click:d2 | element    | pay   | cart:d1  | d2, d3         | 0.4      | {"times":1}
        error_click:d1 | element    | help  | cart:d1  | d1, d4         | 0.4      | {"times":1}
        error_click:e1 | element    | pay   | cart:e1  | e1, e2, e3, e4 | 0.636    | {"times":2}
        error_click:f1 | element    | pay   | cart:f1  | f1, f2, f3     | 0.4      | {"times":1}
        error_click:f4 | page       | /cart | cart:f1  | f4             | 0.4      | {"times":1}
        error_click:g1 | page       | /cart | cart:g1  | g1, g3         | 0.4      | {"times":1}
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("milliseconds", "flagged"),
    [
        (999, {"nearest", "told"}),
        (1000, {"nearest", "twice", "told", "unnamed"}),
        (2001, {"fails", "later", "nearest", "twice", "told", "unnamed"}),
    ],
)
def test_the_time_is_a_parameter(milliseconds, flagged):
    assert customers(flags("error_click", CLICKS, within=timedelta(milliseconds=milliseconds))) == flagged


@pytest.mark.parametrize(("day", "told"), [(1, [["a1", "a2"]]), (2, [["b1", "b2"]])])
def test_it_belongs_to_the_day_of_the_error_and_stands_on_the_visit_of_the_click(day, told):
    over_midnight = world(
        """
        customer_id | event_id | event_name | page_path | element | occurred_at
        before      | a1       | click      | /cart     | pay     | 23:59:58
        before      | a2       | page_error | /cart     |         | 23:59:59.999
        before      | a3       | click      | /cart     | pay     | 23:59:59.999
        before      | a4       | page_error | /cart     |         | d2 00:00
        after       | b1       | click      | /cart     | pay     | 23:59:59
        after       | b2       | page_error | /checkout |         | d2 00:00
        """
    )
    found = flags("error_click", over_midnight, day_of(day))
    assert found["evidence"].to_list() == told
    assert found["stage"].to_list() == ["cart"]


def test_more_errors_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n}-{name}", "customer_id": f"c{person:02}", "event_name": name}
        | {"page_path": "/cart", "element": "pay", "occurred_at": at(10 * n + pause)}
        for person in range(1, 9)
        for n in range(person)
        for pause, name in enumerate(["click", "page_error"])
    ]
    severities = flags("error_click", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 8
    assert all(one < other <= 1 for one, other in pairwise(severities))


happened = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 0.5, 0.5, 1.0, 1.0, 2.0, 2.001, 1799, 1800]),
            "event_name": st.sampled_from(["click"] * 4 + ["page_error"] * 4 + ["error_click", "scroll"]),
            "page_path": st.sampled_from(["/checkout", "/p/1"]),
            "element": st.sampled_from(["pay", "pay", "help", None]),
        }
    ),
    max_size=20,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        unused, places = [], defaultdict(list)
        for row in session:
            place = row["element"] or row["page_path"]
            if row["event_name"] == "click":
                unused.append(row)
            elif row["event_name"] == "error_click":
                places[place].append((row["occurred_at"], "~", [row["event_id"]]))
            elif row["event_name"] == "page_error":
                soon = [click for click in unused if row["occurred_at"] - click["occurred_at"] <= timedelta(seconds=2)]
                if soon:
                    click = soon[-1]
                    unused.remove(click)
                    evidence = [click["event_id"], row["event_id"]]
                    at_place = click["element"] or click["page_path"]
                    places[at_place].append((row["occurred_at"], row["event_id"], evidence))
        for place, found in places.items():
            found.sort()
            if found[0][0] >= day.start:
                yield place, found[0][0], tuple(event for *_, evidence in found for event in evidence)


@SLOWLY
@given(happened, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 23 * 3600 + 3598]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("error_click", world(rows), day).select("locus", "flagged_at", "evidence").rows()
    as_read = sorted(slowly(rows.to_dicts(), day))
    assert sorted((locus, known, tuple(ids)) for locus, known, ids in found) == as_read

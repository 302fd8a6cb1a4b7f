from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.journeys.usual import turning
from tests.detectors.nights import at, before, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY

TOLD = world(
    """
    customer_id | event_id | event_name | page_path | element | occurred_at
    ------------+----------+------------+-----------+---------+-------------
    once        | a1       | excessive_scroll | /cart     | pay     | 10:00
    twice       | b1       | excessive_scroll | /cart     | pay     | 10:00
    twice       | b2       | excessive_scroll | /cart     | pay     | 10:10
    places      | c1       | excessive_scroll | /cart     | pay     | 10:00
    places      | c2       | excessive_scroll | /p/1      | help    | 10:01
    places      | c3       | excessive_scroll | /cart     | pay     | 10:02
    returns     | d1       | excessive_scroll | /cart     | pay     | 10:00
    returns     | d2       | excessive_scroll | /cart     | pay     | 10:30
    nowhere     | e1       | excessive_scroll |           |         | 10:00
    does        | f1       | click   | /cart     | pay     | 10:00
    """
)


def test_each_session_and_place_is_a_flag_with_a_count():
    found, expected = picked(
        flags("excessive_scroll", TOLD),
        """
        flag_id | locus_type | locus | visit_id | session_id | evidence | severity | flagged_at
        --------+------------+-------+----------+------------+----------+----------+-----------
        excessive_scroll:a1 | page | /cart | cart:a1 | s:a1 | a1 | 0.2 | 2026-01-01 10:00
        excessive_scroll:b1 | page | /cart | cart:b1 | s:b1 | b1, b2 | 0.427 | 2026-01-01 10:00
        excessive_scroll:c1 | page | /cart | cart:c1 | s:c1 | c1, c3 | 0.427 | 2026-01-01 10:00
        excessive_scroll:c2 | page | /p/1 | evaluate:c2 | s:c1 | c2 | 0.2 | 2026-01-01 10:01
        excessive_scroll:d1 | page | /cart | cart:d1 | s:d1 | d1 | 0.2 | 2026-01-01 10:00
        excessive_scroll:d2 | page | /cart | cart:d2 | s:d2 | d2 | 0.2 | 2026-01-01 10:30
        excessive_scroll:e1 | page | unknown | discover:e1 | s:e1 | e1 | 0.2 | 2026-01-01 10:00
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("day", "told"), [(1, [["a1", "a2"]]), (2, [["b1"]])])
def test_it_belongs_to_the_day_of_the_first_and_counts_what_was_known_then(day, told):
    over_midnight = world(
        """
        customer_id | event_id | event_name | page_path | element | occurred_at
        before      | a1       | excessive_scroll | /cart     | pay     | 23:50
        before      | a2       | excessive_scroll | /cart     | pay     | 23:59:59.999
        before      | a3       | excessive_scroll | /cart     | pay     | d2 00:00
        after       | b1       | excessive_scroll | /cart     | pay     | d2 00:00
        """
    )
    assert flags("excessive_scroll", over_midnight, day_of(day))["evidence"].to_list() == told


def test_more_of_them_are_more_severe_and_how_soon_is_a_parameter():
    rows = world(
        pl.DataFrame(
            [
                {"event_id": f"{person}-{n}", "customer_id": f"c{person:02}", "event_name": "excessive_scroll"}
                | {"page_path": "/cart", "element": "pay", "occurred_at": at(n)}
                for person in range(1, 9)
                for n in range(person)
            ]
        )
    )
    found, sooner = (
        flags("excessive_scroll", rows, scale=scale).sort("customer_id")["severity"].to_list() for scale in (3.0, 1.0)
    )
    assert len(customers(flags("excessive_scroll", rows))) == 8
    assert all(one < other <= 1 for one, other in pairwise(found))
    assert all(one < other for one, other in zip(found[1:], sooner[1:], strict=True))


# 96 of 100 sessions turned four times at most on the page
USUAL = before(
    """
    measure      | place | device  | value | times
    scroll_turns | /p/1  | mobile  | 0     | 900
    scroll_turns | /p/1  | mobile  | 4     | 60
    scroll_turns | /p/1  | mobile  | 9     | 40
    scroll_turns | /p/1  | desktop | 0     | 200
    scroll_turns | /p/1  | tablet  | 0     | 199
    """
)
TURNS = {0: [0, 100, 100, 900], 3: [0, 900, 100, 100, 900, 0], 4: [0, 900, 100, 900, 0, 50], 5: [9, 8, 9, 8, 9, 8, 9]}


def scrolling(places: list[int], device: str = "mobile", page: str = "/p/1", person: str = "ann") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"event_id": f"{person}{n}", "customer_id": person, "event_name": "scroll", "y": float(place)}
            | {"page_path": page, "device": device, "occurred_at": at(n)}
            for n, place in enumerate(places)
        ]
    )


@pytest.mark.parametrize(
    ("turns", "device", "parameters", "flagged"),
    [
        (4, "mobile", {}, False),
        (5, "mobile", {}, True),
        (5, "mobile", {"quantile": 0.97}, False),
        (3, "desktop", {}, False),  # beyond what is usual, and still reading twice
        (3, "desktop", {"min_turns": 3}, True),
        (4, "desktop", {}, True),
        (5, "tablet", {}, False),  # of 199 sessions nothing is said
        (5, "tablet", {"min_sessions": 199}, True),
        (5, None, {}, False),
    ],
)
def test_more_turns_than_usual_on_the_page_are_excessive(turns, device, parameters, flagged):
    found = flags("excessive_scroll", world(scrolling(TURNS[turns], device)), usual=USUAL, **parameters)
    assert (customers(found) == {"ann"}) is flagged


def test_the_flag_names_the_scrolls_that_turned_and_when_it_was_too_much():
    rows = world(scrolling([0, 900, 100, 100, 900, 0, 50, 900, 20]))
    found, expected = picked(
        flags("excessive_scroll", rows, usual=USUAL),
        """
        flag_id | locus_type | locus | evidence | severity | flagged_at
        --------+------------+-------+----------+----------+-----------
        excessive_scroll:ann2 | page | /p/1 | ann2, ann4, ann5, ann6, ann8 | 0.2 | 2026-01-01 10:00:08
        """,
    )
    assert_frame_equal(found, expected)


def test_the_vendors_word_is_not_counted_twice_and_pages_are_apart():
    told = scrolling([0], person="ann").with_columns(event_name=pl.lit("excessive_scroll"), event_id=pl.lit("told"))
    both = pl.concat([told, scrolling(TURNS[5]), scrolling(TURNS[3], page="/p/1", person="bob")])
    assert flags("excessive_scroll", world(both), usual=USUAL)["flag_id"].to_list() == ["excessive_scroll:told"]
    apart = pl.concat(
        [scrolling(TURNS[3]), scrolling(TURNS[3], page="/p/2").with_columns(event_id="x" + pl.col("event_id"))]
    )
    assert flags("excessive_scroll", world(apart), usual=USUAL).is_empty()


@SLOWLY
@given(st.lists(st.sampled_from([0.0, 0.0, 10.0, 20.0, None]), max_size=14))
def test_turns_are_what_a_plain_reading_counts(places):
    known = [place for place in places if place is not None]
    moves = [place - last for last, place in pairwise(known) if place != last]
    plainly = sum((one > 0) != (other > 0) for one, other in pairwise(moves))
    rows = pl.DataFrame(
        {"session": [1] * len(places), "page_path": ["/"] * len(places), "y": places},
        schema={"session": pl.Int64, "page_path": pl.String, "y": pl.Float64},
    )
    found = turning(rows.lazy()).collect()["turns"]
    assert (found.max() or 0) == plainly
    assert found.is_sorted()

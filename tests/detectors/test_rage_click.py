from datetime import timedelta
from itertools import pairwise
from math import hypot

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, frame, known_on, sessions_of, visits_of

CLICKS = world(
    """
    customer_id | event_id | event_name | element | occurred_at
    ------------+----------+------------+---------+-------------
    angry       | a1       | click      | pay     | 10:00:00.000
    angry       | a2       | click      | pay     | 10:00:00.300
    angry       | a3       | click      | pay     | 10:00:00.700
    angry       | a4       | click      | pay     | 10:00:01.000
    slower      | b1       | click      | pay     | 10:00:00.000
    slower      | b2       | click      | pay     | 10:00:00.300
    slower      | b3       | click      | pay     | 10:00:00.700
    slower      | b4       | click      | pay     | 10:00:01.001
    thrice      | c1       | click      | pay     | 10:00:00.000
    thrice      | c2       | click      | pay     | 10:00:00.100
    thrice      | c3       | click      | pay     | 10:00:00.200
    elsewhere   | d1       | click      | pay     | 10:00:00.000
    elsewhere   | d2       | click      | pay     | 10:00:00.100
    elsewhere   | d3       | click      | help    | 10:00:00.200
    elsewhere   | d4       | click      | pay     | 10:00:00.300
    elsewhere   | d5       | click      | pay     | 10:00:00.400
    looks       | e1       | click      | pay     | 10:00:00.000
    looks       | e2       | click      | pay     | 10:00:00.100
    looks       | e3       | scroll     |         | 10:00:00.200
    looks       | e4       | click      | pay     | 10:00:00.300
    looks       | e5       | click      | pay     | 10:00:00.400
    scrolls     | f1       | scroll     | pay     | 10:00:00.000
    scrolls     | f2       | scroll     | pay     | 10:00:00.100
    scrolls     | f3       | scroll     | pay     | 10:00:00.200
    scrolls     | f4       | scroll     | pay     | 10:00:00.300
    """
)


def test_four_clicks_on_one_element_within_a_second_are_rage_and_only_clicks_count():
    assert customers(flags("rage_click", CLICKS)) == {"angry", "looks"}


@pytest.mark.parametrize(
    ("clicks", "milliseconds", "flagged"),
    [
        (4, 999, {"looks"}),
        (4, 1001, {"angry", "slower", "looks"}),
        (3, 200, {"thrice"}),
        (5, 1000, set()),
    ],
)
def test_both_thresholds_are_parameters(clicks, milliseconds, flagged):
    found = flags("rage_click", CLICKS, min_clicks=clicks, within=timedelta(milliseconds=milliseconds))
    assert customers(found) == flagged


def test_a_flag_tells_where_and_when_and_names_its_evidence_in_order():
    found, expected = picked(
        flags("rage_click", CLICKS),
        """
        flag_id       | locus_type | locus | person_id | visit_id    | session_id | evidence       | severity
        --------------+------------+-------+-----------+-------------+------------+----------------+---------
        rage_click:a1 | element    | pay   | c:angry   | discover:a1 | s:a1       | a1, a2, a3, a4 | 0.5
        rage_click:e1 | element    | pay   | c:looks   | discover:e1 | s:e1       | e1, e2, e4, e5 | 0.5
        """,
    )
    assert_frame_equal(found, expected)


PIXELS = world(
    """
    customer_id | event_id | event_name | element | x   | y  | occurred_at
    ------------+----------+------------+---------+-----+----+-------------
    near        | a1       | click      |         | 0   | 0  | 10:00:00.0
    near        | a2       | click      |         | 30  | 0  | 10:00:00.1
    near        | a3       | click      |         | 30  | 30 | 10:00:00.2
    near        | a4       | click      |         | 12  | 6  | 10:00:00.3
    far         | b1       | click      |         | 0   | 0  | 10:00:00.0
    far         | b2       | click      |         | 31  | 0  | 10:00:00.1
    far         | b3       | click      |         | 31  | 0  | 10:00:00.2
    far         | b4       | click      |         | 31  | 0  | 10:00:00.3
    unknown     | c1       | click      |         |     |    | 10:00:00.0
    unknown     | c2       | click      |         |     |    | 10:00:00.1
    unknown     | c3       | click      |         |     |    | 10:00:00.2
    unknown     | c4       | click      |         |     |    | 10:00:00.3
    mixed       | d1       | click      |         | 0   | 0  | 10:00:00.0
    mixed       | d2       | click      | pay     | 0   | 0  | 10:00:00.1
    mixed       | d3       | click      |         | 0   | 0  | 10:00:00.2
    mixed       | d4       | click      |         | 0   | 0  | 10:00:00.3
    named       | e1       | click      | pay     | 0   | 0  | 10:00:00.0
    named       | e2       | click      | pay     | 900 | 0  | 10:00:00.1
    named       | e3       | click      | pay     | 0   | 0  | 10:00:00.2
    named       | e4       | click      | pay     |     |    | 10:00:00.3
    """
)


@pytest.mark.parametrize(
    ("pixels", "flagged"),
    [(29.9, {"named"}), (30.0, {"near", "named"}), (31.0, {"near", "far", "named"})],
)
def test_without_an_element_the_place_is_within_pixels_of_the_click_before(pixels, flagged):
    assert customers(flags("rage_click", PIXELS, radius_px=pixels)) == flagged


TOGETHER = world(
    """
    customer_id | event_id | event_name  | page_path | element | occurred_at
    ------------+----------+-------------+-----------+---------+-------------
    # seven clicks of which each belongs to four within a second, though the first and the last do not
    long        | a1       | click       |           | pay     | 10:00:00.0
    long        | a2       | click       |           | pay     | 10:00:00.3
    long        | a3       | click       |           | pay     | 10:00:00.6
    long        | a4       | click       |           | pay     | 10:00:01.0
    long        | a5       | click       |           | pay     | 10:00:01.3
    long        | a6       | click       |           | pay     | 10:00:01.6
    long        | a7       | click       |           | pay     | 10:00:02.0
    # an outburst, a pause, another
    again       | b1       | click       |           | pay     | 10:00:00.0
    again       | b2       | click       |           | pay     | 10:00:00.1
    again       | b3       | click       |           | pay     | 10:00:00.2
    again       | b4       | click       |           | pay     | 10:00:00.3
    again       | b5       | click       |           | pay     | 10:00:09.0
    again       | b6       | click       |           | pay     | 10:00:09.1
    again       | b7       | click       |           | pay     | 10:00:09.2
    again       | b8       | click       |           | pay     | 10:00:09.3
    # the stage changes in between: two visits
    moves       | c1       | click       |           | next    | 10:00:00.0
    moves       | c2       | click       |           | next    | 10:00:00.1
    moves       | c3       | view_item   | /p/1      |         | 10:00:00.2
    moves       | c4       | click       |           | next    | 10:00:00.3
    moves       | c5       | click       |           | next    | 10:00:00.4
    # half an hour in between: two sessions, each of them too short
    returns     | d1       | click       |           | pay     | 10:00:00.0
    returns     | d2       | click       |           | pay     | 10:00:00.1
    returns     | d3       | click       |           | pay     | 10:30:00.1
    returns     | d4       | click       |           | pay     | 10:30:00.2
    """
)


def test_stretches_that_touch_are_one_burst_and_others_are_not():
    found, expected = picked(
        flags("rage_click", TOGETHER),
        """
        flag_id       | evidence                   | severity
        --------------+----------------------------+---------
        rage_click:a1 | a1, a2, a3, a4, a5, a6, a7 | 0.764
        rage_click:b1 | b1, b2, b3, b4             | 0.5
        rage_click:b5 | b5, b6, b7, b8             | 0.5
        """,
    )
    assert_frame_equal(found, expected)


def test_two_persons_in_a_row_share_no_burst():
    shared = world(
        """
        customer_id | event_id | event_name | element | occurred_at
        a           | e1       | click      | pay     | 10:00:00.0
        a           | e2       | click      | pay     | 10:00:00.1
        b           | e3       | click      | pay     | 10:00:00.2
        b           | e4       | click      | pay     | 10:00:00.3
        """
    )
    assert flags("rage_click", shared).is_empty()


def test_clicks_at_one_instant_stand_in_the_order_of_their_ids():
    tied = world(
        """
        customer_id | event_id | event_name | element | occurred_at
        tied        | e4       | click      | pay     | 10:00:00
        tied        | e2       | click      | pay     | 10:00:00
        tied        | e3       | click      | pay     | 10:00:00
        tied        | e1       | click      | pay     | 10:00:00
        """
    )
    assert flags("rage_click", tied)["evidence"].to_list() == [["e1", "e2", "e3", "e4"]]


OVER_MIDNIGHT = world(
    """
    customer_id | event_id | event_name | element | occurred_at
    before      | a1       | click      | pay     | 23:59:59.2
    before      | a2       | click      | pay     | 23:59:59.4
    before      | a3       | click      | pay     | 23:59:59.6
    before      | a4       | click      | pay     | 23:59:59.8
    before      | a5       | click      | pay     | d2 00:00:00.0
    after       | b1       | click      | pay     | 23:59:59.2
    after       | b2       | click      | pay     | 23:59:59.4
    after       | b3       | click      | pay     | 23:59:59.6
    after       | b4       | click      | pay     | d2 00:00:00.0
    """
)


@pytest.mark.parametrize(("day", "evidence"), [(1, [["a1", "a2", "a3", "a4"]]), (2, [["b1", "b2", "b3", "b4"]])])
def test_a_burst_over_midnight_belongs_to_the_day_of_its_fourth_click_and_counts_what_was_known_then(day, evidence):
    assert flags("rage_click", OVER_MIDNIGHT, day_of(day))["evidence"].to_list() == evidence


def test_more_clicks_are_more_severe():
    rows = [
        {"event_id": f"{person}{n}", "customer_id": f"c{person:02}", "event_name": "click", "element": "pay"}
        | {"occurred_at": at(n / 100)}
        for person in range(4, 20)
        for n in range(person)
    ]
    severities = flags("rage_click", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 16
    assert severities[0] == 0.5
    assert all(one < other <= 1 for one, other in pairwise(severities))


clicks = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "b"]),
            "pause": st.sampled_from([0, 0.25, 0.333, 0.334, 0.5, 1.0, 1.001, 1799.999, 1800]),
            "event_name": st.sampled_from(["click"] * 12 + ["scroll", "add_to_cart"]),
            "element": st.sampled_from(["pay"] * 6 + [None] * 4 + ["help"]),
            "x": st.sampled_from([0.0, 0.0, 30.0, None]),
            "y": st.sampled_from([0.0, 0.0, 0.5]),
        }
    ),
    max_size=28,
)


def slowly(rows, day):
    """Every stretch of clicks on one place that is long and quick enough; stretches that share a click are one."""
    for visit in visits_of(sessions_of(known_on(rows, day))):
        pressed = [row for row in visit if row["event_name"] == "click"]
        stretches: list[set[int]] = []
        for first in range(len(pressed)):
            for last in range(first + 3, len(pressed)):
                some = pressed[first : last + 1]
                is_quick = some[-1]["occurred_at"] - some[0]["occurred_at"] <= timedelta(seconds=1)
                if is_quick and all(one_place(*pair) for pair in pairwise(some)):
                    stretches.append(set(range(first, last + 1)))
        while stretches:
            burst = stretches.pop()
            while touching := [each for each in stretches if each & burst]:
                burst |= set().union(*touching)
                stretches = [each for each in stretches if each not in touching]
            known = min(
                max(pressed[n]["occurred_at"] for n in range(first, first + 4))
                for first in burst
                if {first + 1, first + 2, first + 3} <= burst
                and pressed[first + 3]["occurred_at"] - pressed[first]["occurred_at"] <= timedelta(seconds=1)
            )
            if known >= day.start:
                yield tuple(pressed[n]["event_id"] for n in sorted(burst)), known


def one_place(one, other):
    if one["element"] is None and other["element"] is None:
        return None not in (one["x"], other["x"]) and hypot(one["x"] - other["x"], one["y"] - other["y"]) <= 30
    return one["element"] == other["element"]


@SLOWLY
@given(clicks, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 23 * 3600 + 3599]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("rage_click", world(rows), day).select("evidence", "flagged_at").rows()
    assert sorted((tuple(evidence), known) for evidence, known in found) == sorted(slowly(rows.to_dicts(), day))

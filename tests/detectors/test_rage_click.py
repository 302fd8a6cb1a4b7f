from datetime import timedelta
from functools import cache
from itertools import pairwise
from math import hypot
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.detectors._rage_profiles import PROFILES, bursts
from pipeline.errors import SettingsError
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


# The eleven vectors of friction_signals §1.2: milliseconds of the clicks, drift in pixels, one element each or one.
VECTORS = {
    "V1": ([0, 200, 400], 0, False),
    "V2": ([0, 200, 400, 600], 0, False),
    "V3": ([0, 900, 1800], 0, False),
    "V4": ([0, 900, 1800, 2700], 0, False),
    "V5": ([0, 350, 700, 950], 0, False),
    "V6": ([0, 200, 400, 600], 40, False),
    "V7": ([0, 200, 400, 600], 0, True),
    "V8": ([150 * number for number in range(8)], 0, False),
    "V9": ([1400 * number for number in range(5)], 0, False),
    "V10": ([0, 200], 0, False),
    "V11": ([0, 120, 240], 0, False),
}
VENDORS = {
    "posthog": {"V1": 1, "V2": 1, "V3": 1, "V4": 1, "V5": 1, "V7": 1, "V8": 1, "V11": 1},
    "mixpanel": {"V2": 1, "V4": 1, "V5": 1, "V7": 1, "V8": 2},
    "amplitude": {"V2": 1, "V5": 1, "V8": 1},
    "datadog": {"V1": 1, "V2": 1, "V5": 1, "V6": 1, "V8": 1, "V11": 1},
    "openreplay": {"V1": 1, "V2": 1, "V6": 1, "V8": 1, "V11": 1},
    "newrelic": {"V2": 1, "V5": 1, "V6": 1, "V8": 1},
    "splunk": {"V2": 1, "V5": 1, "V6": 1, "V8": 2},
    "conviva": {"V1": 1, "V2": 1, "V3": 1, "V4": 1, "V5": 1, "V6": 1, "V8": 2, "V11": 1},
    "sentry": {"V8": 1, "V9": 1},
}


@cache
def told_of_vectors(profile):
    """How many flags each vector is, one customer for each; nothing answers any of their clicks."""
    rows = [
        {
            "event_id": f"{vector}-{number}",
            "customer_id": vector,
            "event_name": "click",
            "element": f"#b{number}" if apart else "#b",
            "x": 100.0 + number * drift,
            "y": 100.0,
            "occurred_at": at(milliseconds / 1000),
        }
        for vector, (times, drift, apart) in VECTORS.items()
        for number, milliseconds in enumerate(times)
    ]
    found = flags("rage_click", world(pl.DataFrame(rows)), profile=profile)
    return dict(found.group_by("customer_id").len().iter_rows())


@pytest.mark.parametrize("profile", VENDORS)
@pytest.mark.parametrize("vector", VECTORS)
def test_each_profile_tells_as_many_as_the_vendor_does(vector, profile):
    assert told_of_vectors(profile).get(vector, 0) == VENDORS[profile].get(vector, 0)


def test_every_profile_is_tried_and_another_name_is_an_error():
    assert set(VENDORS) | {"friction"} == set(PROFILES)
    with pytest.raises(SettingsError, match=r"there is no profile 'splunky'\. Did you mean 'splunk'"):
        flags("rage_click", CLICKS, profile="splunky")


def test_limits_of_a_profile_may_be_others():
    found = [
        customers(flags("rage_click", CLICKS, profile="openreplay", **given))
        for given in ({}, {"min_clicks": 4}, {"within": timedelta(milliseconds=401)})
    ]
    assert found == [{"thrice", "looks"}, {"looks"}, {"angry", "slower", "thrice", "looks"}]


EVIDENCE = world(
    """
    customer_id | event_id | event_name | element | page_path | occurred_at
    ------------+----------+------------+---------+-----------+-------------
    both        | a1       | click      | pay     | /checkout | 10:00:00.0
    both        | a2       | click      | pay     | /checkout | 10:00:00.1
    both        | a3       | click      | pay     | /checkout | 10:00:00.2
    both        | a4       | rage_click | pay     | /checkout | 10:00:00.2
    both        | a5       | click      | pay     | /checkout | 10:00:00.3
    both        | a6       | rage_click | pay     | /checkout | 10:00:05.3
    later       | b1       | click      | pay     | /checkout | 10:00:00.0
    later       | b2       | click      | pay     | /checkout | 10:00:00.1
    later       | b3       | click      | pay     | /checkout | 10:00:00.2
    later       | b4       | click      | pay     | /checkout | 10:00:00.3
    later       | b5       | rage_click | pay     | /checkout | 10:00:05.301
    elsewhere   | c1       | click      | pay     | /checkout | 10:00:00.0
    elsewhere   | c2       | click      | pay     | /checkout | 10:00:00.1
    elsewhere   | c3       | click      | pay     | /checkout | 10:00:00.2
    elsewhere   | c4       | click      | pay     | /checkout | 10:00:00.3
    elsewhere   | c5       | rage_click | help    | /checkout | 10:00:00.4
    unnamed     | d1       | click      | pay     | /checkout | 10:00:00.0
    unnamed     | d2       | click      | pay     | /checkout | 10:00:00.1
    unnamed     | d3       | click      | pay     | /checkout | 10:00:00.2
    unnamed     | d4       | click      | pay     | /checkout | 10:00:00.3
    unnamed     | d5       | rage_click |         | /checkout | 10:00:00.4
    page        | e1       | click      | pay     | /checkout | 10:00:00.0
    page        | e2       | click      | pay     | /checkout | 10:00:00.1
    page        | e3       | click      | pay     | /checkout | 10:00:00.2
    page        | e4       | click      | pay     | /checkout | 10:00:00.3
    page        | e5       | rage_click |         | /cart     | 10:00:00.4
    alone       | f1       | rage_click |         | /cart     | 10:00:00.0
    """
)


def test_a_vendors_event_on_a_burst_is_evidence_of_it_and_another_is_a_flag_of_its_own():
    found, expected = picked(
        flags("rage_click", EVIDENCE),
        """
        flag_id       | locus_type | locus | evidence               | severity
        --------------+------------+-------+------------------------+---------
        rage_click:a1 | element    | pay   | a1, a2, a3, a5, a4, a6 | 0.5
        rage_click:b1 | element    | pay   | b1, b2, b3, b4         | 0.5
        rage_click:b5 | element    | pay   | b5                     | 0.5
        rage_click:c1 | element    | pay   | c1, c2, c3, c4         | 0.5
        rage_click:c5 | element    | help  | c5                     | 0.5
        rage_click:d1 | element    | pay   | d1, d2, d3, d4, d5     | 0.5
        rage_click:e1 | element    | pay   | e1, e2, e3, e4         | 0.5
        rage_click:e5 | page       | /cart | e5                     | 0.5
        rage_click:f1 | page       | /cart | f1                     | 0.5
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("day", "told"), [(1, ["rage_click:a3", "rage_click:b1"]), (2, [])])
def test_a_burst_that_the_vendor_told_of_before_midnight_is_not_told_again_after_it(day, told):
    over_midnight = world(
        """
        customer_id | event_id | event_name | element | occurred_at
        early       | a1       | click      | pay     | 23:59:59.8
        early       | a2       | click      | pay     | 23:59:59.9
        early       | a3       | rage_click | pay     | 23:59:59.9
        early       | a4       | click      | pay     | d2 00:00:00.0
        early       | a5       | click      | pay     | d2 00:00:00.1
        late        | b1       | click      | pay     | 23:59:59.5
        late        | b2       | click      | pay     | 23:59:59.6
        late        | b3       | click      | pay     | 23:59:59.7
        late        | b4       | click      | pay     | 23:59:59.8
        late        | b5       | rage_click | pay     | d2 00:00:00.1
        """
    )
    assert flags("rage_click", over_midnight, day_of(day))["flag_id"].to_list() == told


DEAD = """
    customer_id | event_id | event_name | element | occurred_at
    ------------+----------+------------+---------+-------------
    {0}         | {0}1     | click      | pay     | 10:00:00.0
    {0}         | {0}2     | click      | pay     | 10:00:01.0
    {0}         | {0}3     | click      | pay     | 10:00:02.0
    {0}         | {0}4     | click      | pay     | 10:00:03.0
    {0}         | {0}5     | click      | pay     | 10:00:04.0
"""


@pytest.mark.parametrize(
    ("then", "is_dead"),
    [
        ("scroll     |         | 10:00:07.000", False),
        ("scroll     |         | 10:00:07.001", True),
        ("dead_click | help    | 10:00:07.000", True),
        ("click      | help    | 10:00:07.000", False),
        ("click      | pay     | 10:00:07.000", True),
        ("rage_click | pay     | 10:00:06.000", True),
    ],
)
def test_to_sentry_an_element_is_dead_on_which_nothing_follows_for_seven_seconds(then, is_dead):
    rows = world(DEAD.format("a") + f"    a | a6 | {then}")
    assert (flags("rage_click", rows, profile="sentry").height == 1) == is_dead


def test_to_sentry_an_element_is_dead_that_the_vendor_says_is_dead():
    more = "    a | a6 | dead_click | pay | 10:00:06.0\n    a | a7 | scroll | | 10:00:06.5"
    found, expected = picked(
        flags("rage_click", world(DEAD.format("a") + more), profile="sentry"),
        """
        flag_id       | evidence           | flagged_at
        rage_click:a1 | a1, a2, a3, a4, a5 | 2026-01-01 10:00:07
        """,
    )
    assert_frame_equal(found, expected)


# What each vendor's script keeps while clicks come in, one after the other; each gives the clicks of what it tells.


def scripted(profile, clicks):
    found: list[list[dict[str, Any]]] = []
    run: list[dict[str, Any]] = []
    told = False
    for click in clicks:
        if run and not belongs(profile, run, click, told):
            run, told = [], False
        run.append(click)
        if is_rage(profile, run):
            if profile in {"mixpanel", "splunk", "conviva"}:
                found.append(run[-3 if profile == "conviva" else -4 :])
                run = []
            elif not told:
                found.append(run)  # which grows as long as it goes on
                told = True
    return found


def belongs(profile, run, click, told):
    last, since = run[-1], [click["ms"] - each["ms"] for each in run]
    same = click["element"] is not None and click["element"] == last["element"]
    known = None not in (click["x"], last["x"])
    dx, dy = (abs(click["x"] - last["x"]), abs(click["y"] - last["y"])) if known else (0, 0)
    match profile:
        case "posthog":
            return known and dx + dy < 30 and since[-1] < 1000
        case "mixpanel":
            return known and hypot(dx, dy) < 30 and since[-1] < 1000
        case "amplitude":
            box = [[each[side] for each in [*run, click] if each[side] is not None] for side in ("x", "y")]
            is_small = all(not each or max(each) - min(each) <= 50 for each in box)
            return same and is_small and since[max(len(run) - 3, 0)] <= 1000
        case "datadog":
            return same and hypot(dx, dy) <= 100 and since[-1] <= 1000
        case "openreplay":
            return same and since[-1] < 300
        case "sentry":
            return same and since[0] <= 7000
    return same


def is_rage(profile, run):
    count, within = {
        "posthog": (3, None),
        "mixpanel": (4, None),
        "amplitude": (4, None),
        "datadog": (3, 1000),
        "openreplay": (3, None),
        "newrelic": (4, 999),
        "splunk": (4, 1000),
        "conviva": (3, 2000),
        "sentry": (5, None),
    }[profile]
    return len(run) >= count and (within is None or run[-1]["ms"] - run[-count]["ms"] <= within)


def evident(profile, burst):
    """New Relic tells of a run of clicks on an element, however long it lasts: of these the quick ones are evidence."""
    if profile != "newrelic":
        return burst
    quick = [burst[n : n + 4] for n in range(len(burst) - 3) if burst[n + 3]["ms"] - burst[n]["ms"] < 1000]
    return [click for click in burst if any(click in each for each in quick)]


pressed = st.lists(
    st.tuples(
        st.sampled_from([0, 100, 100, 150, 299, 300, 333, 334, 500, 999, 1000, 1001, 1400, 2000]),
        st.sampled_from(["pay"] * 9 + ["help", None]),
        st.sampled_from([0.0] * 6 + [29.0, 30.0, 50.0, 51.0, 101.0, None]),
        st.sampled_from([0.0] * 6 + [1.0, 29.0]),
    ),
    max_size=30,
)


@pytest.mark.parametrize("profile", VENDORS)
def test_each_profile_finds_what_the_vendors_script_tells(profile):
    @SLOWLY
    @given(pressed)
    def holds(drawn):
        clicks, now = [], 0
        for number, (pause, element, x, y) in enumerate(drawn):
            now += pause
            clicks.append({"event_id": f"e{number:02}", "ms": now, "element": element, "x": x, "y": y})
        kinds = {"event_id": pl.String, "ms": pl.Int64, "element": pl.String, "x": pl.Float64, "y": pl.Float64}
        rows = pl.DataFrame(clicks, schema=kinds).with_columns(
            visit_id=pl.lit("v"), occurred_at=pl.lit(at(0)) + pl.duration(milliseconds="ms")
        )
        found = bursts(rows, PROFILES[profile]).group_by("burst", maintain_order=True).agg("event_id")["event_id"]
        told = [[click["event_id"] for click in evident(profile, burst)] for burst in scripted(profile, clicks)]
        assert found.to_list() == told

    holds()

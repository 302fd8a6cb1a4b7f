from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, Row, frame, known_on, sessions_of

SEARCHES = world(
    """
    customer_id | event_id | event_name          | page_path | query      | occurred_at
    ------------+----------+---------------------+-----------+------------+-------------
    refines     | a1       | search              | /search   | boots      | 10:00
    refines     | a2       | search              | /search   | Red boots  | 10:01
    too_late    | b1       | search              | /search   | boots      | 10:00
    too_late    | b2       | search              | /search   | red boots  | 10:01:00.001
    same        | c1       | search              | /search   | boots      | 10:00
    same        | c2       | view_search_results | /search   | BOOTS      | 10:00:01
    clicks      | d1       | search              | /search   | boots      | 10:00
    clicks      | d2       | click               | /search   |            | 10:00:10
    clicks      | d3       | search              | /search   | red boots  | 10:00:20
    picks       | e1       | search              | /search   | boots      | 10:00
    picks       | e2       | select_item         | /search   |            | 10:00:10
    picks       | e3       | search              | /search   | red boots  | 10:00:20
    looks       | f1       | search              | /search   | boots      | 10:00
    looks       | f2       | view_item           | /p/1      |            | 10:00:10
    looks       | f3       | search              | /search   | red boots  | 10:00:20
    # a page and an empty search are no results; what is shown is the search that led to it
    scrolls     | g1       | search              | /search   | boots      | 10:00
    scrolls     | g2       | view_search_results | /search   | boots      | 10:00:01
    scrolls     | g3       | scroll              | /search   |            | 10:00:10
    scrolls     | g4       | search              | /search   |            | 10:00:15
    scrolls     | g5       | search              | /search   | red boots  | 10:00:20
    scrolls     | g6       | search              | /search   | boots      | 10:00:40
    scrolls     | g7       | search              | /search   | gum boots  | 10:01:40
    one         | h1       | search              | /search   | boots      | 10:00
    other       | h2       | search              | /search   | red boots  | 10:00:10
    """
)


def test_a_run_of_different_searches_is_one_flag_with_a_count():
    found, expected = picked(
        flags("repeated_search", SEARCHES),
        """
        flag_id            | locus_type | locus | visit_id    | evidence           | severity | flagged_at
        -------------------+------------+-------+-------------+--------------------+----------+--------------------
        repeated_search:a1 | query      | boots | discover:a1 | a1, a2             | 0.3      | 2026-01-01 10:01
        repeated_search:g1 | query      | boots | discover:g1 | g1, g2, g5, g6, g7 | 0.575    | 2026-01-01 10:00:20
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("seconds", "flagged"), [(59.999, {"scrolls"}), (60.001, {"refines", "too_late", "scrolls"})])
def test_the_time_is_a_parameter(seconds, flagged):
    assert customers(flags("repeated_search", SEARCHES, within=timedelta(seconds=seconds))) == flagged


@pytest.mark.parametrize(("day", "evidence"), [(1, [["a1", "a2"]]), (2, [["b1", "b2", "b3"]])])
def test_a_run_over_midnight_belongs_to_the_day_of_the_second_query(day, evidence):
    over_midnight = world(
        """
        customer_id | event_id | event_name | query | occurred_at
        before      | a1       | search     | boots | 23:59:58
        before      | a2       | search     | shoes | 23:59:59
        before      | a3       | search     | socks | d2 00:00
        after       | b1       | search     | boots | 23:59:59
        after       | b2       | search     | shoes | d2 00:00
        after       | b3       | search     | socks | d2 00:00:10
        """
    )
    assert flags("repeated_search", over_midnight, day_of(day))["evidence"].to_list() == evidence


def test_more_queries_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n:02}", "customer_id": f"c{person:02}", "event_name": "search"}
        | {"query": f"q{n}", "occurred_at": at(n)}
        for person in range(2, 12)
        for n in range(person)
    ]
    severities = flags("repeated_search", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 10
    assert all(one < other <= 1 for one, other in pairwise(severities))


searches = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 10, 60, 60.001, 1800]),
            "event_name": st.sampled_from(["search"] * 6 + ["view_search_results", "click", "view_item", "scroll"]),
            "query": st.sampled_from(["boots", " Boots", "shoes", "socks", None]),
        }
    ),
    max_size=16,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        runs: list[list[Row]] = [[]]
        for row in session:
            if row["event_name"] in {"click", "view_item"}:
                runs.append([])
            elif row["event_name"] != "scroll" and row["query"]:
                if runs[-1] and row["occurred_at"] - runs[-1][-1]["occurred_at"] > timedelta(seconds=60):
                    runs.append([])
                runs[-1].append(row)
        for run in runs:
            others = [row for row in run if row["query"].strip().lower() != run[0]["query"].strip().lower()]
            if others and others[0]["occurred_at"] >= day.start:
                yield tuple(row["event_id"] for row in run), others[0]["occurred_at"]


@SLOWLY
@given(searches, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 23 * 3600 + 3500]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("repeated_search", world(rows), day).select("evidence", "flagged_at").rows()
    assert sorted((tuple(evidence), known) for evidence, known in found) == sorted(slowly(rows.to_dicts(), day))

from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

SEARCHES = world(
    """
    customer_id | event_id | event_name          | page_path | query | result_count | occurred_at
    ------------+----------+---------------------+-----------+-------+--------------+------------
    nothing     | a1       | search              | /search   | Boots | 0            | 10:00
    shown       | b1       | view_search_results | /search   | boots | 0            | 10:00
    one         | c1       | search              | /search   | boots | 1            | 10:00
    uncounted   | d1       | search              | /search   | boots |              | 10:00
    again       | e1       | search              | /search   | boots | 0            | 10:00
    again       | e2       | search              | /search   | BOOTS | 0            | 10:01
    two         | f1       | search              | /search   | boots | 0            | 10:00
    two         | f2       | search              | /search   | shoes | 0            | 10:01
    returns     | g1       | search              | /search   | boots | 0            | 10:00
    returns     | g2       | search              | /search   | boots | 0            | 10:30
    blank       | h1       | search              | /search   | ''    | 0            | 10:00
    unnamed     | i1       | search              | /search   |       | 0            | 10:00
    lists       | j1       | view_item_list      | /c/boots  | boots | 0            | 10:00
    """
)


def test_each_query_of_a_session_that_finds_nothing_is_one_flag_with_a_count():
    found, expected = picked(
        flags("zero_result_search", SEARCHES),
        """
        flag_id               | locus_type | locus | visit_id    | stage    | evidence | severity
        ----------------------+------------+-------+-------------+----------+----------+---------
        zero_result_search:a1 | query      | boots | discover:a1 | discover | a1       | 0.4
        zero_result_search:b1 | query      | boots | discover:b1 | discover | b1       | 0.4
        zero_result_search:e1 | query      | boots | discover:e1 | discover | e1, e2   | 0.636
        zero_result_search:f1 | query      | boots | discover:f1 | discover | f1       | 0.4
        zero_result_search:f2 | query      | shoes | discover:f1 | discover | f2       | 0.4
        zero_result_search:g1 | query      | boots | discover:g1 | discover | g1       | 0.4
        zero_result_search:g2 | query      | boots | discover:g2 | discover | g2       | 0.4
        """,
    )
    assert_frame_equal(found, expected)


def test_how_many_results_are_none_is_a_parameter():
    assert "one" in customers(flags("zero_result_search", SEARCHES, max_results=1))


@pytest.mark.parametrize(
    ("query", "locus"),
    [
        ("  red   shoes\t", "red shoes"),
        ("RED Shoes", "red shoes"),
        ("ﬁlm", "film"),
        ("１２ cm", "12 cm"),
        ("cafe\u0301", "café"),
        ("İPLİK", "iplik"),
        ("ısıtıcı", "ısıtıcı"),
        ("\u00a0\u2003 ", None),
    ],
)
def test_spellings_of_one_query_are_one_place(query, locus):
    row = {"customer_id": "a", "event_id": "a1", "event_name": "search", "query": query, "result_count": 0}
    found = flags("zero_result_search", world(pl.DataFrame([row | {"occurred_at": at(0)}])))
    assert found["locus"].to_list() == ([locus] if locus else [])


@pytest.mark.parametrize(("day", "evidence"), [(1, [["a1"]]), (2, [])])
def test_it_belongs_to_the_day_of_the_first_search_and_counts_what_was_known_then(day, evidence):
    over_midnight = world(
        """
        customer_id | event_id | event_name | query | result_count | occurred_at
        insists     | a1       | search     | boots | 0            | 23:59:59.999
        insists     | a2       | search     | boots | 0            | d2 00:00
        """
    )
    assert flags("zero_result_search", over_midnight, day_of(day))["evidence"].to_list() == evidence


def test_more_searches_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n}", "customer_id": f"c{person:02}", "event_name": "search"}
        | {"query": "boots", "result_count": 0, "occurred_at": at(n)}
        for person in range(1, 12)
        for n in range(person)
    ]
    severities = flags("zero_result_search", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 11
    assert all(one < other <= 1 for one, other in pairwise(severities))

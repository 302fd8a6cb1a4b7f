from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

VITALS = world(
    """
    customer_id | event_id | event_name | page_path | metric | value  | occurred_at
    ------------+----------+------------+-----------+--------+--------+------------
    paints      | a1       | page_view  | /p/1      |        |        | 10:00
    paints      | a2       | web_vital  | /p/1      | lcp    | 4000.1 | 10:00:05
    good        | b1       | page_view  | /p/1      |        |        | 10:00
    good        | b2       | web_vital  | /p/1      | lcp    | 4000   | 10:00:05
    good        | b3       | web_vital  | /p/1      | inp    | 500    | 10:00:06
    good        | b4       | web_vital  | /p/1      | cls    | 0.25   | 10:00:07
    good        | b5       | web_vital  | /p/1      | ttfb   | 9000   | 10:00:08
    good        | b6       | web_vital  | /p/1      |        | 9000   | 10:00:09
    good        | b7       | web_vital  | /p/1      | lcp    |        | 10:00:09
    good        | b8       | web_vital  |           | lcp    | 9000   | 10:00:09
    good        | b9       | click      | /p/1      | lcp    | 9000   | 10:00:09
    answers     | c1       | web_vital  | /p/1      | INP    | 500.1  | 10:00:05
    jumps       | d1       | web_vital  | /p/1      | cls    | 0.251  | 10:00:05
    # the worst of one page, though its id is not the first
    worst       | e1       | page_view  | /p/1      |        |        | 10:00
    worst       | e2       | web_vital  | /p/1      | lcp    | 5000   | 10:00:01
    worst       | e3       | web_vital  | /p/1      | inp    | 1000   | 10:00:02
    worst       | e4       | web_vital  | /p/1      | cls    | 0.3    | 10:00:03
    # the same page again is another time
    again       | f1       | page_view  | /p/1      |        |        | 10:00
    again       | f2       | web_vital  | /p/1      | lcp    | 8000   | 10:00:01
    again       | f3       | page_view  | /p/1      |        |        | 10:01
    again       | f4       | web_vital  | /p/1      | lcp    | 6000   | 10:01:01
    """
)


def test_each_time_that_a_page_is_slow_is_a_flag_with_the_worst_of_it():
    found, expected = picked(
        flags("slow_page", VITALS),
        """
        flag_id      | locus_type | locus | visit_id    | evidence   | severity | detail
        -------------+------------+-------+-------------+------------+----------+---------------------------------
        slow_page:a2 | page       | /p/1  | evaluate:a1 | a2         | 0.2      | {"metric":"lcp","measured":4000.1}
        slow_page:c1 | page       | /p/1  | evaluate:c1 | c1         | 0.2      | {"metric":"inp","measured":500.1}
        slow_page:d1 | page       | /p/1  | evaluate:d1 | d1         | 0.203    | {"metric":"cls","measured":0.251}
        slow_page:e2 | page       | /p/1  | evaluate:e1 | e2, e3, e4 | 0.706    | {"metric":"inp","measured":1000.0}
        slow_page:f2 | page       | /p/1  | evaluate:f1 | f2         | 0.706    | {"metric":"lcp","measured":8000.0}
        slow_page:f4 | page       | /p/1  | evaluate:f1 | f4         | 0.515    | {"metric":"lcp","measured":6000.0}
        """,
    )
    assert_frame_equal(found, expected)


def test_what_is_measured_is_no_money_at_stake():
    assert flags("slow_page", VITALS)["value_at_stake"].null_count() == 6


@pytest.mark.parametrize(
    ("limits", "flagged"),
    [
        ({"lcp_ms": 3999.9}, {"paints", "good", "answers", "jumps", "worst", "again"}),
        ({"lcp_ms": 4000.1}, {"answers", "jumps", "worst", "again"}),
        ({"inp_ms": 500.1}, {"paints", "jumps", "worst", "again"}),
        ({"cls": 0.249}, {"paints", "good", "answers", "jumps", "worst", "again"}),
        ({"lcp_ms": 9e9, "inp_ms": 9e9, "cls": 9e9}, set()),
    ],
)
def test_the_limits_are_parameters(limits, flagged):
    assert customers(flags("slow_page", VITALS, **limits)) == flagged


@pytest.mark.parametrize(("day", "told"), [(1, [["a1"]]), (2, [["b1"]])])
def test_it_belongs_to_the_day_of_the_first_slow_measurement(day, told):
    over_midnight = world(
        """
        customer_id | event_id | event_name | page_path | metric | value | occurred_at
        before      | a1       | web_vital  | /p/1      | lcp    | 5000  | 23:59:59.999
        before      | a2       | web_vital  | /p/1      | inp    | 5000  | d2 00:00
        after       | b0       | page_view  | /p/1      |        |       | 23:59:59.999
        after       | b1       | web_vital  | /p/1      | inp    | 5000  | d2 00:00
        """
    )
    assert flags("slow_page", over_midnight, day_of(day))["evidence"].to_list() == told


def test_slower_is_more_severe():
    rows = [
        {"event_id": f"e{n}", "customer_id": f"c{n:02}", "event_name": "web_vital", "page_path": "/p/1"}
        | {"metric": "lcp", "value": 4000.0 + 500 * n, "occurred_at": at(0)}
        for n in range(1, 12)
    ]
    severities = flags("slow_page", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 11
    assert all(one < other <= 1 for one, other in pairwise(severities))

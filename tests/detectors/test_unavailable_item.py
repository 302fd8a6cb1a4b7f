from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

ITEMS = world(
    """
    customer_id | event_id | event_name       | page_path | product_id | outcome | value | occurred_at
    ------------+----------+------------------+-----------+------------+---------+-------+------------
    leaves      | a1       | view_item        | /p/1      | p1         | error   | 80    | 10:00
    leaves      | a2       | add_to_cart      | /p/1      | p1         | error   | 80    | 10:01
    told        | b1       | item_unavailable | /p/1      | p1         |         |       | 10:00
    replaces    | c1       | view_item        | /p/1      | p1         | error   |       | 10:00
    replaces    | c2       | view_item        | /p/2      | p2         |         |       | 10:01
    replaces    | c3       | view_item        | /p/1      | p1         | error   |       | 10:02
    # what was seen before, or cannot be had either, or is the same product, is no substitute
    before      | d1       | view_item        | /p/2      | p2         |         |       | 10:00
    before      | d2       | view_item        | /p/1      | p1         | error   |       | 10:01
    both_out    | e1       | view_item        | /p/1      | p1         | error   |       | 10:00
    both_out    | e2       | view_item        | /p/2      | p2         | error   |       | 10:01
    same        | f1       | view_item        | /p/1      | p1         | error   |       | 10:00
    same        | f2       | view_item        | /p/1      | p1         | ok      |       | 10:01
    in_stock    | g1       | view_item        | /p/1      | p1         | ok      |       | 10:00
    # the next session is too late
    returns     | h1       | view_item        | /p/1      | p1         | error   |       | 10:00
    returns     | h2       | view_item        | /p/2      | p2         |         |       | 10:30
    unnamed     | i1       | view_item        | /p/1      |            | error   |       | 10:00
    """
)


def test_an_item_out_of_stock_that_nothing_replaced_is_flagged_when_the_session_is_over():
    found, expected = picked(
        flags("unavailable_item", ITEMS),
        """
        flag_id             | locus_type | locus | visit_id    | stage    | evidence | severity | flagged_at
        --------------------+------------+-------+-------------+----------+----------+----------+-----------------
        unavailable_item:a1 | product    | p1    | evaluate:a1 | evaluate | a1, a2   | 0.697    | 2026-01-01 10:31
        unavailable_item:b1 | product    | p1    | evaluate:b1 | evaluate | b1       | 0.5      | 2026-01-01 10:30
        unavailable_item:d2 | product    | p1    | evaluate:d1 | evaluate | d2       | 0.5      | 2026-01-01 10:31
        unavailable_item:e1 | product    | p1    | evaluate:e1 | evaluate | e1       | 0.5      | 2026-01-01 10:31
        unavailable_item:e2 | product    | p2    | evaluate:e1 | evaluate | e2       | 0.5      | 2026-01-01 10:31
        unavailable_item:f1 | product    | p1    | evaluate:f1 | evaluate | f1       | 0.5      | 2026-01-01 10:31
        unavailable_item:h1 | product    | p1    | evaluate:h1 | evaluate | h1       | 0.5      | 2026-01-01 10:30
        """,
    )
    assert_frame_equal(found, expected)


def test_what_tells_that_an_item_cannot_be_had_is_a_parameter():
    found = flags("unavailable_item", ITEMS, failing=("add_to_cart",))
    assert found.sort("flag_id")["flag_id"].to_list() == ["unavailable_item:a2", "unavailable_item:b1"]


@pytest.mark.parametrize(("day", "flagged"), [(1, {"today"}), (2, {"tomorrow"}), (3, set())])
def test_it_belongs_to_the_day_on_which_the_session_is_over(day, flagged):
    late = world(
        """
        customer_id | event_id | event_name | product_id | outcome | occurred_at
        today       | a1       | view_item  | p1         | error   | 23:29:59.999999
        tomorrow    | b1       | view_item  | p1         | error   | 23:30
        replaces    | c1       | view_item  | p1         | error   | 23:50
        replaces    | c2       | view_item  | p2         | ok      | d2 00:10
        """
    )
    assert customers(flags("unavailable_item", late, day_of(day))) == flagged


def test_more_tries_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n}", "customer_id": f"c{person:02}", "event_name": "item_unavailable"}
        | {"product_id": "p1", "occurred_at": at(n)}
        for person in range(1, 12)
        for n in range(person)
    ]
    severities = flags("unavailable_item", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 11
    assert all(one < other <= 1 for one, other in pairwise(severities))

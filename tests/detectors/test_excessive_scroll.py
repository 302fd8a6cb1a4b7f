from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

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

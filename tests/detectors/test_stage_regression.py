from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, shop, world
from tests.detectors.plainly import SLOWLY, attempts, frame, known_on, sessions_of

STEPS = world(
    """
    customer_id | event_id | event_name     | page_path | occurred_at
    ------------+----------+----------------+-----------+------------
    twice       | a1       | view_cart      |           | 10:00
    twice       | a2       | begin_checkout |           | 10:01
    twice       | a3       | click          |           | 10:02
    twice       | a4       | view_cart      |           | 10:03
    twice       | a5       | begin_checkout |           | 10:04
    twice       | a6       | view_cart      |           | 10:05
    once        | b1       | begin_checkout |           | 10:01
    once        | b2       | view_cart      |           | 10:03
    once        | b3       | begin_checkout |           | 10:04
    # from one stage and from another
    stages      | c1       | add_payment_info |         | 10:00
    stages      | c2       | begin_checkout |           | 10:01
    stages      | c3       | view_cart      |           | 10:02
    stages      | c4       | view_item      |           | 10:03
    looks       | d1       | view_item_list |           | 10:00
    looks       | d2       | view_item      |           | 10:01
    looks       | d3       | view_item_list |           | 10:02
    looks       | d4       | view_item      |           | 10:03
    looks       | d5       | view_item_list |           | 10:04
    returns     | e1       | begin_checkout |           | 10:00
    returns     | e2       | view_cart      |           | 10:30
    returns     | e3       | begin_checkout |           | 10:31
    returns     | e4       | view_cart      |           | 10:32
    """
)


def test_going_back_a_stage_twice_is_a_flag_on_the_visit_that_was_left():
    found, expected = picked(
        flags("stage_regression", STEPS),
        """
        flag_id             | locus_type | locus               | visit_id    | evidence               | severity
        --------------------+------------+---------------------+-------------+------------------------+---------
        stage_regression:a3 | stage      | checkout → cart     | checkout:a2 | a3, a4, a5, a6         | 0.3
        stage_regression:c1 | stage      | checkout → cart     | checkout:c2 | c1, c2, c3, c4         | 0.498
        stage_regression:d2 | stage      | evaluate → discover | evaluate:d2 | d2, d3, d4, d5         | 0.3
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("given_", "flagged"),
    [
        ({"min_times": 1}, {"twice", "once", "stages", "looks", "returns"}),
        ({"min_times": 3}, {"stages"}),
        ({"apart_from": ("discover",)}, {"twice", "stages"}),
        ({"apart_from": ("cart",)}, {"stages", "looks"}),
    ],
)
def test_how_often_and_which_stages_are_parameters(given_, flagged):
    assert customers(flags("stage_regression", STEPS, **given_)) == flagged


@pytest.mark.parametrize(("day", "told"), [(1, ["checkout:a1"]), (2, ["checkout:b1"])])
def test_it_belongs_to_the_day_of_the_second_time(day, told):
    over_midnight = world(
        """
        customer_id | event_id | event_name     | occurred_at
        before      | a1       | begin_checkout | 23:59:56
        before      | a2       | view_cart      | 23:59:57
        before      | a3       | begin_checkout | 23:59:58
        before      | a4       | view_cart      | 23:59:59.999
        after       | b1       | begin_checkout | 23:59:56
        after       | b2       | view_cart      | 23:59:57
        after       | b3       | begin_checkout | 23:59:58
        after       | b4       | view_cart      | d2 00:00
        """
    )
    assert flags("stage_regression", over_midnight, day_of(day))["visit_id"].to_list() == told


def test_more_often_is_more_severe():
    rows = [
        {"event_id": f"{person:02}-{n:02}", "customer_id": f"c{person:02}", "occurred_at": at(n)}
        | {"event_name": "view_cart" if n % 2 else "begin_checkout"}
        for person in range(2, 10)
        for n in range(2 * person)
    ]
    severities = flags("stage_regression", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 8
    assert all(one < other <= 1 for one, other in pairwise(severities))


happened = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 1.0, 1.0, 60.0, 1800]),
            "event_name": st.sampled_from(
                [
                    "view_item_list",
                    "view_item",
                    "add_to_cart",
                    "begin_checkout",
                    "add_payment_info",
                    "purchase",
                    "click",
                ]
            ),
            "page_path": st.sampled_from([None, None, "/checkout", "/p/1"]),
        }
    ),
    max_size=20,
)


def slowly(rows, day):
    order = [stage.name for stage in shop().stages]
    for session in sessions_of(known_on(rows, day)):
        stages = {row["event_id"]: stage for (stage, _), some in attempts(session).items() for row in some}
        back = []
        for row, then in pairwise(session):
            left, come_to = stages[row["event_id"]], stages[then["event_id"]]
            if order.index(come_to) < order.index(left):
                back.append((f"{left} → {come_to}", then["occurred_at"], row["event_id"], then["event_id"]))
        if len(back) >= 2 and back[1][1] >= day.start:
            yield *back[1][:2], tuple(dict.fromkeys(event for _, _, *events in back for event in events))


@SLOWLY
@given(happened, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 24 * 3600 - 5]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("stage_regression", world(rows), day).select("locus", "flagged_at", "evidence").rows()
    assert sorted((page, known, tuple(ids)) for page, known, ids in found) == sorted(slowly(rows.to_dicts(), day))

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import customers, day_of, flags, night, picked, world
from tests.detectors.plainly import SLOWLY, frame, is_purchase, known_on, sessions_of

CARTS = world(
    """
    customer_id | event_id | event_name       | page_path | outcome | value | occurred_at
    ------------+----------+------------------+-----------+---------+-------+----------------
    leaves      | a1       | view_item        | /p/1      |         | 80    | 10:00
    leaves      | a2       | add_to_cart      | /p/1      |         | 80    | 10:01
    leaves      | a3       | add_to_cart      | /p/2      |         | 120   | 10:02
    leaves      | a4       | page_view        | /help     |         |       | 10:03
    buys        | b1       | add_to_cart      | /p/1      |         |       | 10:00
    buys        | b2       | purchase         | /payment  |         |       | 10:01
    fails       | c1       | add_to_cart      | /p/1      |         |       | 10:00
    fails       | c2       | begin_checkout   | /checkout |         |       | 10:01
    fails       | c3       | purchase         | /payment  | error   |       | 10:02
    empties     | d1       | add_to_cart      | /p/1      |         |       | 10:00
    empties     | d2       | remove_from_cart | /cart     |         |       | 10:01
    # 24 hours after the session was over
    returns     | e1       | add_to_cart      | /p/1      |         |       | 10:00
    returns     | e2       | view_cart        | /cart     |         |       | d2 10:30
    too_late    | f1       | add_to_cart      | /p/1      |         |       | 10:00
    too_late    | f2       | view_cart        | /cart     |         |       | d2 10:30:00.001
    # somebody who comes back for something else has not come back for the cart
    browses     | g1       | add_to_cart      | /p/1      |         |       | 10:00
    browses     | g2       | view_item        | /p/1      |         |       | d2 09:00
    # bought, and left something else
    more        | h1       | add_to_cart      | /p/1      |         |       | 10:00
    more        | h2       | purchase         | /payment  |         |       | 10:01
    more        | h3       | add_to_cart      |           |         |       | 10:02
    looks       | i1       | view_cart        | /cart     |         |       | 10:00
    """
)


def test_a_cart_is_abandoned_when_nobody_came_back_for_it_within_a_day():
    found, expected = picked(
        flags("cart_abandonment", CARTS, day_of(2)),
        """
        flag_id             | visit_id | session_id | locus     | evidence | flagged_at       | value_at_stake
        --------------------+----------+------------+-----------+----------+------------------+---------------
        cart_abandonment:a2 | cart:a2  | s:a1       | /help     | a2, a3   | 2026-01-02 10:33 | 120
        cart_abandonment:c1 | cart:c1  | s:c1       | /payment  | c1       | 2026-01-02 10:32 |
        cart_abandonment:f1 | cart:f1  | s:f1       | /p/1      | f1       | 2026-01-02 10:30 |
        cart_abandonment:g1 | cart:g1  | s:g1       | /p/1      | g1       | 2026-01-02 10:30 |
        cart_abandonment:h3 | cart:h1  | s:h1       | /payment  | h3       | 2026-01-02 10:32 |
        """,
    )
    assert_frame_equal(found, expected)
    assert flags("cart_abandonment", CARTS, day_of(1)).is_empty()


def test_the_visit_of_the_day_before_stands_on_the_day_of_its_flag_and_is_not_decided_again():
    found = night(CARTS, day_of(2)).stage_visits.filter(visit_id="cart:a2")
    assert found.select("is_active", "is_decided", "outcome").rows() == [(True, False, "lost")]
    calm = night(CARTS, day_of(2)).stage_visits.filter(visit_id="cart:e1")
    assert calm.is_empty()


def test_the_time_to_come_back_is_a_parameter():
    assert customers(flags("cart_abandonment", CARTS, day_of(1), back_within=timedelta(0))) == {
        "leaves", "fails", "returns", "too_late", "browses", "more",
    }  # fmt: skip
    assert "returns" in customers(flags("cart_abandonment", CARTS, day_of(2), back_within=timedelta(hours=23.9)))


def test_which_stage_is_the_cart_is_a_parameter():
    assert flags("cart_abandonment", CARTS, day_of(2), stage="checkout")["visit_id"].to_list() == ["checkout:c2"]


@pytest.mark.parametrize(("day", "flagged"), [(2, {"today"}), (3, {"tomorrow", "long_stay"})])
def test_it_belongs_to_the_day_on_which_the_time_is_over_also_after_a_session_that_lasted_long(day, flagged):
    late = world(
        """
        customer_id | event_id | event_name  | occurred_at
        today       | a1       | add_to_cart | 23:29:59.999999
        tomorrow    | b1       | add_to_cart | 23:30
        long_stay   | c1       | add_to_cart | 22:15
        long_stay   | c2       | page_view   | 22:40
        long_stay   | c3       | page_view   | 23:05
        long_stay   | c4       | page_view   | 23:30
        long_stay   | c5       | page_view   | 23:55
        """
    )
    assert customers(flags("cart_abandonment", late, day_of(day))) == flagged


CART = {"add_to_cart", "remove_from_cart", "view_cart"}
steps = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 60, 1799.999, 1800, 10 * 3600, 24 * 3600, 24 * 3600 + 1800]),
            "event_name": st.sampled_from(
                ["add_to_cart"] * 4 + ["remove_from_cart", "view_cart", "begin_checkout", "purchase", "page_view"]
            ),
            "page_path": st.sampled_from([None, "/p/1", "/"]),
            "outcome": st.sampled_from([None, None, "ok", "error"]),
        }
    ),
    max_size=12,
)


def slowly(rows, day):
    sessions = sessions_of(known_on(rows, day))
    for session in sessions:
        over = session[-1]["occurred_at"] + timedelta(minutes=30)
        known = over + timedelta(hours=24)
        if not day.start <= known < day.end:
            continue
        held = 0
        added: list[str] = []
        for row in session:
            if is_purchase(row):
                held, added = 0, []
            elif row["event_name"] == "add_to_cart":
                held, added = held + 1, [*added, row["event_id"]]
            elif row["event_name"] == "remove_from_cart":
                held -= 1
        back = [
            row
            for other in sessions
            for row in other
            if other is not session
            and row["customer_id"] == session[0]["customer_id"]
            and session[-1]["occurred_at"] < row["occurred_at"] <= known
            and (row["event_name"] not in {"page_view", "purchase"} or is_purchase(row))
        ]
        if held > 0 and not back:
            pages = [row["page_path"] for row in session if row["page_path"]]
            first = next(row["event_id"] for row in session if row["event_name"] in CART)
            yield f"cart:{first}", added[0], added[-1], (pages or ["unknown"])[-1], known


@SLOWLY
@given(steps, st.sampled_from([2, 3]), st.sampled_from([0, 10 * 3600, 23 * 3600 + 1800]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("cart_abandonment", world(rows), day).select("visit_id", "evidence", "locus", "flagged_at").rows()
    as_found = [(visit, ids[0], ids[-1], page, known) for visit, ids, page, known in found]
    assert sorted(as_found) == sorted(slowly(rows.to_dicts(), day))

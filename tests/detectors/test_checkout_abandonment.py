from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, attempts, frame, is_purchase, known_on, sessions_of

CHECKOUTS = world(
    """
    customer_id | event_id | event_name     | page_path         | outcome | value | occurred_at
    ------------+----------+----------------+-------------------+---------+-------+------------
    leaves      | a1       | page_view      | /cart             |         |       | 10:00
    leaves      | a2       | begin_checkout | /checkout         |         | 80    | 10:01
    leaves      | a3       | page_view      | /checkout/address |         |       | 10:02
    leaves      | a4       | page_view      | /                 |         |       | 10:03
    buys        | b1       | begin_checkout | /checkout         |         |       | 10:00
    buys        | b2       | purchase       | /checkout/done    | ok      |       | 10:01
    fails       | c1       | begin_checkout | /checkout         |         |       | 10:00
    fails       | c2       | purchase       | /checkout         | error   |       | 10:01
    browses     | d1       | page_view      | /cart             |         |       | 10:00
    appless     | e1       | begin_checkout |                   |         |       | 10:00
    # bought within the session: the half hour is not up
    hesitates   | f1       | begin_checkout | /checkout         |         |       | 10:00
    hesitates   | f2       | purchase       |                   |         |       | 10:29:59.999
    # bought in the next session: this one was lost
    returns     | g1       | begin_checkout | /checkout         |         |       | 10:00
    returns     | g2       | purchase       |                   |         |       | 10:30
    # bought once, and left the second checkout
    again       | h1       | begin_checkout | /checkout         |         |       | 10:00
    again       | h2       | purchase       |                   |         |       | 10:01
    again       | h3       | begin_checkout | /checkout         |         |       | 10:02
    # a purchase before the checkout completes nothing
    backwards   | i1       | purchase       |                   |         |       | 10:00
    backwards   | i2       | begin_checkout | /checkout         |         |       | 10:01
    """
)


def test_a_checkout_without_a_purchase_is_abandoned_when_the_session_is_over():
    found, expected = picked(
        flags("checkout_abandonment", CHECKOUTS),
        """
        flag_id                 | visit_id    | locus             | evidence | flagged_at       | value_at_stake
        ------------------------+-------------+-------------------+----------+------------------+---------------
        checkout_abandonment:a2 | checkout:a2 | /checkout/address | a2, a3   | 2026-01-01 10:33 | 80
        checkout_abandonment:c1 | checkout:c1 | /checkout         | c1       | 2026-01-01 10:31 |
        checkout_abandonment:e1 | checkout:e1 | begin_checkout    | e1       | 2026-01-01 10:30 |
        checkout_abandonment:g1 | checkout:g1 | /checkout         | g1       | 2026-01-01 10:30 |
        checkout_abandonment:h3 | checkout:h3 | /checkout         | h3       | 2026-01-01 10:32 |
        checkout_abandonment:i2 | checkout:i2 | /checkout         | i2       | 2026-01-01 10:31 |
        """,
    )
    assert_frame_equal(found, expected)
    assert customers(flags("checkout_abandonment", CHECKOUTS)).isdisjoint({"buys", "browses", "hesitates"})


LATE = world(
    """
    customer_id | event_id | event_name     | page_path | occurred_at
    ------------+----------+----------------+-----------+----------------
    today       | a1       | begin_checkout | /checkout | 23:29:59.999999
    tomorrow    | b1       | begin_checkout | /checkout | 23:30
    goes_on     | c1       | begin_checkout | /checkout | 23:20
    goes_on     | c2       | page_view      | /         | 23:49
    decides     | d1       | begin_checkout | /checkout | 23:50
    decides     | d2       | purchase       |           | d2 00:10
    """
)


@pytest.mark.parametrize(("day", "flagged"), [(1, {"today"}), (2, {"tomorrow", "goes_on"}), (3, set())])
def test_it_belongs_to_the_day_on_which_the_half_hour_is_up(day, flagged):
    assert customers(flags("checkout_abandonment", LATE, day_of(day))) == flagged


def test_which_stage_is_the_checkout_is_a_parameter():
    assert flags("checkout_abandonment", CHECKOUTS, stage="cart")["visit_id"].to_list() == ["cart:d1"]


steps = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 60, 600, 1799.999, 1800]),
            "event_name": st.sampled_from(
                ["begin_checkout", "begin_checkout", "purchase", "add_payment_info", "page_view", "add_to_cart"]
            ),
            "page_path": st.sampled_from([None, "/checkout", "/checkout/address", "/"]),
            "outcome": st.sampled_from([None, None, "ok", "error"]),
        }
    ),
    max_size=14,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        over = session[-1]["occurred_at"] + timedelta(minutes=30)
        if not day.start <= over < day.end:
            continue
        for (stage, _), visit in attempts(session).items():
            since = session[session.index(visit[0]) :]
            if stage == "checkout" and not any(is_purchase(row) for row in since):
                pages = [row["page_path"] for row in visit if row["page_path"]]
                evidence = sorted({visit[0]["event_id"], visit[-1]["event_id"]})
                yield visit[0]["event_id"], (pages or [visit[-1]["event_name"]])[-1], evidence, over


@SLOWLY
@given(steps, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 22 * 3600]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("checkout_abandonment", world(rows), day)
    shown = found.select("flag_id", "locus", "evidence", "flagged_at").rows()
    as_read = [(f"checkout_abandonment:{first}", *told) for first, *told in slowly(rows.to_dicts(), day)]
    assert sorted((flag, page, sorted(ids), known) for flag, page, ids, known in shown) == sorted(as_read)

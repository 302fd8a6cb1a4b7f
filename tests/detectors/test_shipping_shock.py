from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, frame, known_on, sessions_of

COSTS = world(
    """
    customer_id | event_id | event_name        | page_path | outcome | value | shipping_cost | occurred_at
    ------------+----------+-------------------+-----------+---------+-------+---------------+------------
    leaves      | a1       | begin_checkout    | /checkout |         | 100   |               | 10:00
    leaves      | a2       | add_shipping_info | /checkout |         | 100   | 10            | 10:01
    leaves      | a3       | page_view         | /         |         |       |               | 10:02
    cheaper     | b1       | begin_checkout    | /checkout |         | 100   |               | 10:00
    cheaper     | b2       | add_shipping_info | /checkout |         | 100   | 9.99          | 10:01
    goes_on     | c1       | add_shipping_info | /checkout |         | 100   | 50            | 10:01
    goes_on     | c2       | add_payment_info  | /payment  |         | 100   | 50            | 10:02
    buys        | d1       | add_shipping_info | /checkout |         | 100   | 50            | 10:01
    buys        | d2       | purchase          | /payment  |         | 100   | 50            | 10:02
    # known from the cart on: no surprise
    knew        | e1       | view_cart         | /cart     |         | 100   | 50            | 10:00
    knew        | e2       | begin_checkout    | /checkout |         | 100   | 50            | 10:01
    # the value was told before
    reloads     | f1       | begin_checkout    | /checkout |         | 40    |               | 10:00
    reloads     | f2       | add_shipping_info | /checkout |         |       | 20            | 10:01
    reloads     | f3       | add_shipping_info | /checkout |         |       | 20            | 10:02
    valueless   | g1       | add_shipping_info | /checkout |         |       | 50            | 10:00
    told_late   | j1       | begin_checkout    | /checkout |         | 100   |               | 10:00
    told_late   | j2       | purchase          | /payment  |         | 100   | 50            | 10:01
    free        | h1       | add_shipping_info | /checkout |         | 100   | 0             | 10:00
    fails       | i1       | add_shipping_info | /checkout |         | 100   | 50            | 10:00
    fails       | i2       | purchase          | /payment  | error   | 100   | 50            | 10:01
    """
)


HIGH = {"goes_on", "buys", "reloads", "fails"}


def test_a_high_cost_that_is_first_seen_in_the_checkout_is_a_shock_whatever_comes_of_it():
    found, expected = picked(
        flags("shipping_shock", COSTS),
        """
        flag_id           | locus   | visit_id    | evidence | severity | flagged_at       | value_at_stake
        ------------------+---------+-------------+----------+----------+------------------+---------------
        shipping_shock:a2 | 10–20 % | checkout:a1 | a2       | 0.4      | 2026-01-01 10:01 | 100
        shipping_shock:c1 | ≥50 %   | checkout:c1 | c1       | 0.919    | 2026-01-01 10:01 | 100
        shipping_shock:d1 | ≥50 %   | checkout:d1 | d1       | 0.919    | 2026-01-01 10:01 | 100
        shipping_shock:f2 | ≥50 %   | checkout:f1 | f2       | 0.919    | 2026-01-01 10:01 | 40
        shipping_shock:i1 | ≥50 %   | checkout:i1 | i1       | 0.919    | 2026-01-01 10:00 | 100
        """,
    )
    assert_frame_equal(found, expected)


def test_the_detail_tells_whether_the_checkout_went_further():
    found = flags("shipping_shock", COSTS).sort("customer_id")
    last = dict(found.select("customer_id", pl.col("detail").str.json_path_match("$.is_last_step")).iter_rows())
    assert last == {"leaves": "true", "goes_on": "false", "buys": "false", "reloads": "false", "fails": "false"}


@pytest.mark.parametrize(("share", "flagged"), [(0.0999, HIGH | {"leaves", "cheaper"}), (0.101, HIGH)])
def test_how_much_is_too_much_is_a_parameter(share, flagged):
    assert customers(flags("shipping_shock", COSTS, min_share=share)) == flagged


@pytest.mark.parametrize(
    ("cost", "locus"),
    [(5, "<10 %"), (10, "10–20 %"), (20, "20–30 %"), (30, "30–50 %"), (49.9, "30–50 %"), (50, "≥50 %"), (200, "≥50 %")],
)
def test_the_place_is_the_band_of_the_costs_share(cost, locus):
    row = {"customer_id": "a", "event_id": "a1", "event_name": "add_shipping_info", "value": 100.0}
    found = flags(
        "shipping_shock", world(pl.DataFrame([row | {"shipping_cost": cost, "occurred_at": at(0)}])), min_share=0
    )
    assert found["locus"].to_list() == [locus]


def test_a_higher_share_is_more_severe():
    rows = [
        {"event_id": f"e{n:02}", "customer_id": f"c{n:02}", "event_name": "add_shipping_info", "value": 100.0}
        | {"shipping_cost": 10.0 + 9 * n, "occurred_at": at(0)}
        for n in range(20)
    ]
    severities = flags("shipping_shock", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 20
    assert all(one < other <= 1 for one, other in pairwise(severities))


steps = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "b", "c"]),
            "pause": st.sampled_from([0, 60, 600, 1800]),
            "event_name": st.sampled_from(
                [
                    "begin_checkout",
                    "add_shipping_info",
                    "add_shipping_info",
                    "add_payment_info",
                    "purchase",
                    "view_cart",
                ]
            ),
            "outcome": st.sampled_from([None, "error"]),
            "value": st.sampled_from([100.0, 100.0, 40.0, 0.0, None]),
            "shipping_cost": st.sampled_from([None, None, None, 0.0, 4.0, 10.0, 60.0]),
        }
    ),
    max_size=14,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        shown = [row for row in session if row["shipping_cost"] is not None]
        if not shown or shown[0]["event_name"] in {"view_cart", "purchase"}:
            continue
        first = shown[0]
        values = [
            row["value"]
            for row in session[: session.index(first) + 1]
            if row["value"] and (row["event_name"] != "view_cart" or row["shipping_cost"] is not None)
        ]
        if not values or not day.start <= first["occurred_at"] < day.end:
            continue
        if first["shipping_cost"] / values[-1] >= 0.1:
            yield first["event_id"], values[-1], first["occurred_at"]


@SLOWLY
@given(steps, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 22 * 3600 + 3000]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("shipping_shock", world(rows), day).select("evidence", "value_at_stake", "flagged_at").rows()
    assert sorted((first, value, known) for [first], value, known in found) == sorted(slowly(rows.to_dicts(), day))

from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import day_of, night, picked, world


def visits(rows, number, stage="fulfilment"):
    """Visits of a stage on the n-th day of the year."""
    first = day_of(1)
    passed = timedelta(days=number - 1)
    day = type(first)(first.date + passed, first.start + passed, first.end + passed)
    return night(rows, day).stage_visits.filter(stage=stage)


def decided(rows, number, stage="fulfilment"):
    found = visits(rows, number, stage).filter("is_decided").sort("visit_id")
    return [
        (visit.split(":")[1], outcome, why)
        for visit, outcome, why in found.select("visit_id", "outcome", "reason").rows()
    ]


ORDERS = world(
    orders="""
    customer_id | order_id | placed_at | promised_at | delivered_at | cancelled_at
    ------------+----------+-----------+-------------+--------------+-------------
    keeps       | a        | 10:00     | d3 10:00    | d3 09:00     |
    returns     | b        | 10:00     | d3 10:00    | d3 09:00     |
    just_in_time| c        | 10:00     | d3 10:00    | d3 09:00     |
    too_late    | d        | 10:00     | d3 10:00    | d3 09:00     |
    complains   | e        | 10:00     | d3 10:00    | d3 09:00     |
    cancels     | f        | 10:00     | d3 10:00    |              | d2 10:00
    never_came  | g        | 10:00     | d3 10:00    |              |
    unknown     | h        | 10:00     |             |              |
    asks_first  | i        | 10:00     | d3 10:00    | d3 09:00     |
    came_late   | j        | 10:00     | d3 10:00    | 2026-03-05 10:00 |
    """,
    order_error="""
    customer_id | error_id | order_id | error_type      | occurred_at
    ------------+----------+----------+-----------------+------------
    returns     | eb       | b        | return          | d10 10:00
    # delivered on the third at nine: fourteen days later it is kept
    just_in_time| ec       | c        | return          | d17 09:00
    too_late    | ed       | d        | return          | d17 09:00:00.001
    # an error alone loses nothing
    keeps       | ea       | a        | damaged         | d3 10:00
    """,
    wait_time="""
    customer_id | wait_id | order_id | wait_type | channel | outcome | started_at | ended_at
    ------------+---------+----------+-----------+---------+---------+------------+----------
    complains   | we      | e        | queue     | phone   | served  | d5 10:00   | d5 10:01
    asks_first  | wi      | i        | queue     | chat    | served  | d2 10:00   | d2 10:01
    # about another order
    keeps       | wa      | z        | queue     | phone   | served  | d5 10:00   | d5 10:01
    """,
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (1, []),
        (2, [("f", "lost", "cancelled"), ("i", "lost", "contact")]),
        (3, []),
        (5, [("e", "lost", "contact")]),
        (10, [("b", "lost", "return")]),
        (16, []),
        (17, [("a", "completed", "quiet"), ("c", "lost", "return"), ("d", "completed", "quiet")]),
        (60, []),
        (61, [("g", "lost", "not_delivered"), ("h", "completed", "quiet"), ("j", "lost", "not_delivered")]),
        (64, []),
    ],
)
def test_an_order_is_completed_when_it_came_and_was_kept_and_lost_at_the_first_complaint(day, expected):
    assert decided(ORDERS, day) == expected


def test_what_was_not_delivered_in_time_stays_lost_though_it_comes_later():
    assert visits(ORDERS, 64).select("visit_id", "outcome", "is_decided").rows() == [("fulfilment:j", "lost", False)]


def test_without_a_word_on_deliveries_an_order_is_completed_when_nobody_complains():
    bought = world(
        """
        customer_id | event_id | event_name | order_id | value | device | channel | occurred_at
        buys        | e1       | purchase   | a        | 50    | mobile | web     | 10:00
        returns     | e2       | purchase   | b        | 60    |        |         | 10:00
        forgets     | e3       | purchase   |          | 70    |        |         | 10:00
        """,
        order_error="""
        customer_id | error_id | order_id | error_type | occurred_at
        returns     | x        | b        | return     | d9 10:00
        """,
    )
    found, expected = picked(
        visits(bought, 1),
        """
        visit_id     | outcome | value | device | channel | is_exposure | due_at
        -------------+---------+-------+--------+---------+-------------+-----------------
        fulfilment:a | open    | 50    | mobile | web     | true        | 2026-01-15 10:00
        fulfilment:b | open    | 60    |        |         | true        | 2026-01-15 10:00
        """,
    )
    assert_frame_equal(found, expected)
    assert decided(bought, 9) == [("b", "lost", "return")]
    assert decided(bought, 61) == [("a", "completed", "quiet")]


def test_an_order_that_is_known_only_from_its_error_does_not_count_below_the_line():
    reported = world(
        order_error="""
        customer_id | error_id | order_id | error_type | occurred_at
        reports     | e        | a        | return     | 10:00
        """
    )
    found = visits(reported, 1).select("visit_id", "outcome", "is_exposure").rows()
    assert found == [("fulfilment:a", "lost", False)]
    assert visits(reported, 1, "loyalty").is_empty()


def test_what_several_inputs_know_of_an_order_is_one_visit_and_orders_have_the_first_word():
    known = world(
        """
        customer_id | event_id | event_name | order_id | value | device | occurred_at
        buys        | e1       | purchase   | a        | 50    | mobile | 10:00:01
        """,
        orders="""
        customer_id | order_id | value | placed_at | carrier
        buys        | a        | 55    | 10:00     |
        """,
        wait_time="""
        customer_id | wait_id | order_id | wait_type | channel | queue | outcome | value | started_at | ended_at
        buys        | w       | a        | delivery  | courier | north | served  | 12    | 12:00      | d2 10:00
        """,
    )
    found, expected = picked(
        visits(known, 2),
        """
        visit_id     | value | device | entered_at       | left_at          | due_at           | events
        -------------+-------+--------+------------------+------------------+------------------+-------
        fulfilment:a | 55    | mobile | 2026-01-01 10:00 | 2026-01-02 10:00 | 2026-01-16 10:00 | 2
        """,
    )
    assert_frame_equal(found, expected)
    assert visits(known, 2)["loci"].to_list() == [["carrier:north", "queue:north"]]


def test_the_day_of_the_promise_is_a_day_of_the_visit():
    assert [day for day in range(1, 9) if "fulfilment:g" in visits(ORDERS, day)["visit_id"].to_list()] == [1, 3]


def test_a_delivery_that_was_given_up_is_none():
    lost = world(
        wait_time="""
        customer_id | wait_id | order_id | wait_type | channel | outcome   | started_at | ended_at
        waits       | w       | a        | delivery  | courier | abandoned | 12:00      | d2 10:00
        """
    )
    assert decided(lost, 16) == []
    assert decided(lost, 61) == [("a", "lost", "not_delivered")]


BUYERS = world(
    orders="""
    customer_id | order_id | placed_at
    ------------+----------+-----------------
    again       | a1       | 10:00
    again       | a2       | d9 10:00
    just        | b1       | 10:00
    just        | b2       | 2026-03-02 10:00
    too_late    | c1       | 10:00
    too_late    | c2       | 2026-03-02 10:00:01
    once        | d1       | 10:00
    tied        | e1       | 10:00
    tied        | e2       | 10:00
    """
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (1, [("e1", "completed", "bought_again")]),
        (9, [("a1", "completed", "bought_again")]),
        (60, []),
        (
            61,
            [
                ("b1", "completed", "bought_again"),
                ("c1", "lost", "not_bought_again"),
                ("d1", "lost", "not_bought_again"),
                ("e2", "lost", "not_bought_again"),
            ],
        ),
        (69, [("a2", "lost", "not_bought_again")]),
    ],
)
def test_a_customer_is_kept_who_buys_again_within_sixty_days(day, expected):
    assert decided(BUYERS, day, "loyalty") == expected


def test_every_visit_is_decided_on_one_day():
    found = [visit for day in (*range(1, 20), *range(58, 66)) for visit, *_ in decided(ORDERS, day)]
    # the order that only a contact names is no order
    assert sorted(found) == list("abcdefghij")
    assert sorted(found) == sorted(set(found))


def test_an_error_long_after_the_order_decides_nothing_again():
    rows = world(
        ORDERS.clickstream,
        orders=ORDERS.orders.filter(customer_id="keeps"),
        order_error=ORDERS.order_error.filter(customer_id="keeps").with_columns(
            occurred_at=pl.col("occurred_at") + timedelta(days=20), error_type=pl.lit("refund_delayed")
        ),
    )
    assert [day for day in (17, 22, 23, 24, 61, 82, 83, 84, 91) if decided(rows, day)] == [17]

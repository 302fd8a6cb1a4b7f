import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import customers, day_of, flags, picked, world

ERRORS = world(
    order_error="""
    customer_id | error_id | order_id | error_type       | error_class | item_id | value | occurred_at
    ------------+----------+----------+------------------+-------------+---------+-------+------------
    sold_out    | a1       | o-a      | stock_out        |             | lamp    | 50    | 10:00
    by_the_shop | b1       | o-b      | merchant_cancel  | hard        | lamp    |       | 10:00
    on_hold     | c1       | o-c      | fraud_hold       | soft        |         |       | 10:00
    # first out of stock, then cancelled: one thing that went wrong
    told_twice  | d1       | o-d      | stock_out        | soft        | lamp    | 20    | 10:00
    told_twice  | d2       | o-d      | merchant_cancel  |             |         | 30    | 11:00
    two_items   | e1       | o-e      | stock_out        |             | lamp    |       | 10:00
    two_items   | e2       | o-e      | stock_out        |             | chair   |       | 10:00
    # what is named later does not name what came before
    then_named  | f1       | o-f      | merchant_cancel  |             |         |       | 10:00
    then_named  | f2       | o-f      | stock_out        |             | lamp    |       | 11:00
    declined    | g1       | o-g      | payment_declined | hard        | lamp    |       | 10:00
    incomplete  | h1       | o-h      | missing_item     | hard        | lamp    |       | 10:00
    """
)


def test_what_the_shop_does_not_deliver_is_flagged_once_per_order_and_product():
    found, expected = picked(
        flags("merchant_cancellation", ERRORS),
        """
        flag_id                  | locus   | locus_type | visit_id       | evidence | severity | value_at_stake | ended_at
        -------------------------+---------+------------+----------------+----------+----------+----------------+-----------------
        merchant_cancellation:a1 | lamp    | product    | fulfilment:o-a | a1       | 0.9      | 50             | 2026-01-01 10:00
        merchant_cancellation:b1 | lamp    | product    | fulfilment:o-b | b1       | 0.9      |                | 2026-01-01 10:00
        merchant_cancellation:c1 | unknown | product    | fulfilment:o-c | c1       | 0.6      |                | 2026-01-01 10:00
        merchant_cancellation:d1 | lamp    | product    | fulfilment:o-d | d1, d2   | 0.9      | 30             | 2026-01-01 11:00
        merchant_cancellation:e1 | lamp    | product    | fulfilment:o-e | e1       | 0.9      |                | 2026-01-01 10:00
        merchant_cancellation:e2 | chair   | product    | fulfilment:o-e | e2       | 0.9      |                | 2026-01-01 10:00
        merchant_cancellation:f1 | unknown | product    | fulfilment:o-f | f1       | 0.9      |                | 2026-01-01 10:00
        merchant_cancellation:f2 | lamp    | product    | fulfilment:o-f | f2       | 0.9      |                | 2026-01-01 11:00
        """,  # noqa: E501
    )
    assert_frame_equal(found, expected)


def test_types_and_severities_are_parameters():
    assert customers(flags("merchant_cancellation", ERRORS, types=("fraud_hold",))) == {"on_hold"}
    found = flags("merchant_cancellation", ERRORS, soft_severity=0.2, hard_severity=0.4).sort("flag_id")
    assert found["severity"].to_list() == [0.4, 0.4, 0.2, 0.4, 0.4, 0.4, 0.4, 0.4]


@pytest.mark.parametrize(("day", "found"), [(1, [(["a"], 0.6)]), (2, []), (3, [])])
def test_what_is_held_first_and_cancelled_on_the_next_day_is_flagged_when_it_is_held(day, found):
    held = world(
        order_error="""
        customer_id | error_id | order_id | error_type      | error_class | item_id | occurred_at
        waits       | a        | o        | fraud_hold      | soft        | lamp    | 23:59:59.999999
        waits       | b        | o        | merchant_cancel | hard        | lamp    | d2 00:00
        """
    )
    assert flags("merchant_cancellation", held, day_of(day)).select("evidence", "severity").rows() == found

import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import customers, day_of, flags, picked, world

ERRORS = world(
    order_error="""
    customer_id | error_id | order_id | error_type       | error_class | warehouse | item_id | value | occurred_at
    ------------+----------+----------+------------------+-------------+-----------+---------+-------+------------
    wrong       | a        | o-a      | wrong_item       | hard        | izmir     | item    | 50    | 10:00
    soft        | b        | o-b      | missing_item     | soft        | izmir     |         |       | 10:00
    unclear     | c        | o-c      | damaged          |             |           | item    |       | 10:00
    nowhere     | d        | o-d      | not_as_described | hard        |           |         |       | 10:00
    papers      | e        | o-e      | document_error   | hard        |           |         |       | 10:00
    price       | f        | o-f      | price_mismatch   | hard        |           |         |       | 10:00
    charge      | g        | o-g      | duplicate_charge | hard        |           |         |       | 10:00
    declined    | h        | o-h      | payment_declined | hard        |           |         |       | 10:00
    no_stock    | i        | o-i      | stock_out        | hard        |           |         |       | 10:00
    too_late    | j        | o-j      | late_delivery    | hard        |           |         |       | 10:00
    failed      | k        | o-k      | delivery_failed  | hard        |           |         |       | 10:00
    promo       | l        | o-l      | promo_rejected   | hard        |           |         |       | 10:00
    address     | m        | o-m      | address_invalid  | hard        |           |         |       | 10:00
    merchant    | n        | o-n      | merchant_cancel  | hard        |           |         |       | 10:00
    fraud       | o        | o-o      | fraud_hold       | hard        |           |         |       | 10:00
    refund      | p        | o-p      | refund_delayed   | hard        |           |         |       | 10:00
    return      | q        | o-q      | return           | hard        |           |         |       | 10:00
    twice       | r1       | o-r      | damaged          | hard        | izmir     |         |       | 10:00
    twice       | r2       | o-r      | wrong_item       | hard        | izmir     |         |       | 10:00
    """
)


def test_what_is_wrong_with_an_order_is_flagged_by_type_and_place_and_nothing_else_is():
    found, expected = picked(
        flags("order_defect", ERRORS),
        """
        flag_id         | locus                | visit_id       | evidence | severity | value_at_stake
        ----------------+----------------------+----------------+----------+----------+---------------
        order_defect:a  | wrong_item @ izmir   | fulfilment:o-a | a        | 0.8      | 50
        order_defect:b  | missing_item @ izmir | fulfilment:o-b | b        | 0.5      |
        order_defect:c  | damaged @ item       | fulfilment:o-c | c        | 0.8      |
        order_defect:d  | not_as_described     | fulfilment:o-d | d        | 0.8      |
        order_defect:e  | document_error       | fulfilment:o-e | e        | 0.8      |
        order_defect:f  | price_mismatch       | fulfilment:o-f | f        | 0.8      |
        order_defect:g  | duplicate_charge     | fulfilment:o-g | g        | 0.8      |
        order_defect:r1 | damaged @ izmir      | fulfilment:o-r | r1       | 0.8      |
        order_defect:r2 | wrong_item @ izmir   | fulfilment:o-r | r2       | 0.8      |
        """,
    )
    assert_frame_equal(found, expected)


def test_the_types_are_a_parameter():
    assert customers(flags("order_defect", ERRORS, types=("stock_out",))) == {"no_stock"}


@pytest.mark.parametrize(("day", "flagged"), [(1, {"before"}), (2, {"at_midnight"}), (3, set())])
def test_it_belongs_to_the_day_on_which_it_happened(day, flagged):
    late = world(
        order_error="""
        customer_id | error_id | order_id | error_type | occurred_at
        before      | a        | o-a      | damaged    | 23:59:59.999999
        at_midnight | b        | o-b      | damaged    | d2 00:00
        """
    )
    assert customers(flags("order_defect", late, day_of(day))) == flagged


def test_an_error_of_an_order_that_was_placed_and_decided_long_ago_stands_on_a_visit_of_its_day():
    late = world(
        orders="""
        customer_id | order_id | placed_at | delivered_at
        patient     | o        | 10:00     | d2 10:00
        """,
        order_error="""
        customer_id | error_id | order_id | error_type | occurred_at
        patient     | e        | o        | damaged    | d30 10:00
        """,
    )
    assert flags("order_defect", late, day_of(30))["visit_id"].to_list() == ["fulfilment:o"]


def test_an_order_that_two_customers_name_gives_each_the_flags_of_their_own_errors_once():
    shared = world(
        orders="""
        customer_id | order_id | value | placed_at
        buyer       | o        | 50    | 10:00
        """,
        clickstream="""
        customer_id | event_id | event_name | order_id | value | occurred_at
        guest       | e1       | purchase   | o        | 70    | 10:00
        """,
        order_error="""
        customer_id | error_id | order_id | error_type | occurred_at
        buyer       | a        | o        | damaged    | 11:00
        guest       | b        | o        | wrong_item | 12:00
        stranger    | c        | o        | wrong_item | 13:00
        """,
    )
    found, expected = picked(
        flags("order_defect", shared),
        """
        flag_id        | customer_id | value_at_stake
        order_defect:a | buyer       | 50
        order_defect:b | guest       | 70
        order_defect:c | stranger    |
        """,
    )
    assert_frame_equal(found, expected)

import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import customers, day_of, flags, picked, world

RETURNS = world(
    order_error="""
    customer_id | error_id | order_id | error_type | error_code       | item_id | value | occurred_at
    ------------+----------+----------+------------+------------------+---------+-------+------------
    broken      | a1       | o-a      | return     | DEFECTIVE        | lamp    | 50    | 10:00
    too_large   | b1       | o-b      | return     | SIZE_TOO_LARGE   | shoes   |       | 10:00
    no_word     | c1       | o-c      | return     |                  | lamp    |       | 10:00
    no_item     | d1       | o-d      | return     | STYLE            |         |       | 10:00
    nothing     | e1       | o-e      | return     |                  |         |       | 10:00
    twice       | f1       | o-f      | return     | DEFECTIVE        | lamp    | 10    | 10:00
    twice       | f2       | o-f      | return     | DEFECTIVE        | lamp    | 20    | 11:00
    two_reasons | g1       | o-g      | return     | DEFECTIVE        | lamp    |       | 10:00
    two_reasons | g2       | o-g      | return     | COLOR            | lamp    |       | 10:00
    # a change of mind, however it is written
    mind        | h1       | o-h      | return     | UNWANTED         | lamp    |       | 10:00
    mind        | h2       | o-i      | return     | unwanted         | lamp    |       | 10:00
    mind        | h3       | o-j      | return     | Changed mind     | lamp    |       | 10:00
    mind        | h4       | o-k      | return     | change-of-mind   | lamp    |       | 10:00
    mind        | h5       | o-l      | return     | NO_LONGER_NEEDED | lamp    |       | 10:00
    not_quite   | i1       | o-m      | return     | UNWANTED_COLOR   | lamp    |       | 10:00
    kept        | j1       | o-n      | damaged    | DEFECTIVE        | lamp    |       | 10:00
    """
)


def test_what_is_sent_back_for_a_reason_is_flagged_by_product_and_reason():
    found, expected = picked(
        flags("order_return", RETURNS),
        """
        flag_id         | locus                  | visit_id       | evidence | severity | value_at_stake
        ----------------+------------------------+----------------+----------+----------+---------------
        order_return:a1 | lamp / DEFECTIVE       | fulfilment:o-a | a1       | 1        | 50
        order_return:b1 | shoes / SIZE_TOO_LARGE | fulfilment:o-b | b1       | 1        |
        order_return:c1 | lamp                   | fulfilment:o-c | c1       | 1        |
        order_return:d1 | STYLE                  | fulfilment:o-d | d1       | 1        |
        order_return:e1 | unknown                | fulfilment:o-e | e1       | 1        |
        order_return:f1 | lamp / DEFECTIVE       | fulfilment:o-f | f1, f2   | 1        | 20
        order_return:g1 | lamp / DEFECTIVE       | fulfilment:o-g | g1       | 1        |
        order_return:g2 | lamp / COLOR           | fulfilment:o-g | g2       | 1        |
        order_return:i1 | lamp / UNWANTED_COLOR  | fulfilment:o-m | i1       | 1        |
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("codes", "flagged"),
    [
        ((), {"broken", "too_large", "no_word", "no_item", "nothing", "twice", "two_reasons", "mind", "not_quite"}),
        (("style", "DEFECTIVE", "SIZE_TOO_LARGE"), {"no_word", "nothing", "two_reasons", "mind", "not_quite"}),
    ],
)
def test_which_codes_mean_a_change_of_mind_is_a_parameter(codes, flagged):
    assert customers(flags("order_return", RETURNS, change_of_mind=codes)) == flagged


@pytest.mark.parametrize(("day", "evidence"), [(1, [["a"]]), (2, []), (3, [])])
def test_it_belongs_to_the_day_of_the_first_return(day, evidence):
    late = world(
        order_error="""
        customer_id | error_id | order_id | error_type | occurred_at
        back        | a        | o        | return     | 23:59:59.999999
        back        | b        | o        | return     | d2 00:00
        """
    )
    assert flags("order_return", late, day_of(day))["evidence"].to_list() == evidence

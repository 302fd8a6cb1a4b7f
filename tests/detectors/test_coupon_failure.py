from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

COUPONS = world(
    """
    customer_id | event_id | event_name   | page_path | coupon | error_code | value | occurred_at
    ------------+----------+--------------+-----------+--------+------------+-------+------------
    expired     | a1       | coupon_error | /cart     | SPRING | expired    | 80    | 10:00
    again       | b1       | coupon_error | /cart     | SPRING | expired    | 80    | 10:00
    again       | b2       | coupon_error | /checkout | SPRING | expired    | 90    | 10:01
    # two codes are two flags; where no reason is given the code is the place
    two_codes   | c1       | coupon_error | /cart     | SPRING |            |       | 10:00
    two_codes   | c2       | coupon_error | /cart     | SUMMER |            |       | 10:01
    unnamed     | d1       | coupon_error | /cart     |        |            |       | 10:00
    # half an hour later it is another session
    returns     | e1       | coupon_error | /cart     | SPRING | expired    |       | 10:00
    returns     | e2       | coupon_error | /cart     | SPRING | expired    |       | 10:30
    accepted    | f1       | coupon_apply | /cart     | SPRING |            |       | 10:00
    mistypes    | g1       | form_error   | /cart     | SPRING | expired    |       | 10:00
    """
)


def test_each_coupon_that_is_denied_in_a_session_is_one_flag_with_a_count():
    found, expected = picked(
        flags("coupon_failure", COUPONS),
        """
        flag_id           | locus_type | locus   | visit_id | stage | evidence | severity | value_at_stake
        ------------------+------------+---------+----------+-------+----------+----------+---------------
        coupon_failure:a1 | coupon     | expired | cart:a1  | cart  | a1       | 0.3      | 80
        coupon_failure:b1 | coupon     | expired | cart:b1  | cart  | b1, b2   | 0.575    | 90
        coupon_failure:c1 | coupon     | SPRING  | cart:c1  | cart  | c1       | 0.3      |
        coupon_failure:c2 | coupon     | SUMMER  | cart:c1  | cart  | c2       | 0.3      |
        coupon_failure:d1 | coupon     | unknown | cart:d1  | cart  | d1       | 0.3      |
        coupon_failure:e1 | coupon     | expired | cart:e1  | cart  | e1       | 0.3      |
        coupon_failure:e2 | coupon     | expired | cart:e2  | cart  | e2       | 0.3      |
        """,
    )
    assert_frame_equal(found, expected)
    assert customers(flags("coupon_failure", COUPONS)).isdisjoint({"accepted", "mistypes"})


@pytest.mark.parametrize("severity", [0.1, 0.9])
def test_how_bad_one_denial_is_is_a_parameter(severity):
    assert flags("coupon_failure", COUPONS, severity=severity)["severity"].min() == severity


@pytest.mark.parametrize(("day", "evidence"), [(1, [["a1", "a2"]]), (2, []), (3, [])])
def test_it_belongs_to_the_day_of_the_first_denial_and_counts_what_was_known_then(day, evidence):
    over_midnight = world(
        """
        customer_id | event_id | event_name   | coupon | occurred_at
        insists     | a1       | coupon_error | SPRING | 23:50
        insists     | a2       | coupon_error | SPRING | 23:59:59.999
        insists     | a3       | coupon_error | SPRING | d2 00:00
        """
    )
    assert flags("coupon_failure", over_midnight, day_of(day))["evidence"].to_list() == evidence


def test_more_tries_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n}", "customer_id": f"c{person:02}", "event_name": "coupon_error"}
        | {"coupon": "SPRING", "occurred_at": at(n)}
        for person in range(1, 12)
        for n in range(person)
    ]
    severities = flags("coupon_failure", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 11
    assert all(one < other <= 1 for one, other in pairwise(severities))

from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import day_of, flags, picked, world

ERRORS = world(
    order_error="""
    customer_id | error_id | order_id | error_type       | error_class | payment_method | error_code | value | occurred_at
    ------------+----------+----------+------------------+-------------+----------------+------------+-------+------------
    hard        | a1       | o-a      | payment_declined | hard        | card           | stolen     | 50    | 10:00
    soft        | b1       | o-b      | payment_declined | soft        | card           | funds      |       | 10:00
    unclear     | c1       | o-c      | payment_declined |             | card           | funds      |       | 10:00
    # the harder of two tries tells how bad it is
    gets_harder | d1       | o-d      | payment_declined | soft        | card           | funds      |       | 10:00
    gets_harder | d2       | o-d      | payment_declined | hard        | card           | funds      | 70    | 10:01
    other_code  | e1       | o-e      | payment_declined | soft        | card           | funds      |       | 10:00
    other_code  | e2       | o-e      | payment_declined | soft        | card           | timeout    |       | 10:01
    other_order | f1       | o-f      | payment_declined | soft        | card           | funds      |       | 10:00
    other_order | f2       | o-g      | payment_declined | soft        | card           | funds      |       | 10:01
    no_method   | h1       | o-h      | payment_declined | soft        |                | funds      |       | 10:00
    no_code     | i1       | o-i      | payment_declined | soft        | wallet         |            |       | 10:00
    nothing     | j1       | o-j      | payment_declined | soft        |                |            |       | 10:00
    fraud       | k1       | o-k      | fraud_hold       | hard        | card           | funds      |       | 10:00
    charge      | l1       | o-l      | duplicate_charge | hard        | card           | funds      |       | 10:00
    """  # noqa: E501
)


def test_what_is_declined_for_an_order_is_flagged_once_by_means_of_payment_and_code():
    found, expected = picked(
        flags("payment_declined", ERRORS),
        """
        flag_id             | locus          | visit_id       | evidence | severity | value_at_stake | flagged_at
        --------------------+----------------+----------------+----------+----------+----------------+-----------------
        payment_declined:a1 | card / stolen  | fulfilment:o-a | a1       | 0.7      | 50             | 2026-01-01 10:00
        payment_declined:b1 | card / funds   | fulfilment:o-b | b1       | 0.4      |                | 2026-01-01 10:00
        payment_declined:c1 | card / funds   | fulfilment:o-c | c1       | 0.4      |                | 2026-01-01 10:00
        payment_declined:d1 | card / funds   | fulfilment:o-d | d1, d2   | 0.818    | 70             | 2026-01-01 10:00
        payment_declined:e1 | card / funds   | fulfilment:o-e | e1       | 0.4      |                | 2026-01-01 10:00
        payment_declined:e2 | card / timeout | fulfilment:o-e | e2       | 0.4      |                | 2026-01-01 10:01
        payment_declined:f1 | card / funds   | fulfilment:o-f | f1       | 0.4      |                | 2026-01-01 10:00
        payment_declined:f2 | card / funds   | fulfilment:o-g | f2       | 0.4      |                | 2026-01-01 10:01
        payment_declined:h1 | funds          | fulfilment:o-h | h1       | 0.4      |                | 2026-01-01 10:00
        payment_declined:i1 | wallet         | fulfilment:o-i | i1       | 0.4      |                | 2026-01-01 10:00
        payment_declined:j1 | unknown        | fulfilment:o-j | j1       | 0.4      |                | 2026-01-01 10:00
        """,
    )
    assert_frame_equal(found, expected)


def test_each_retry_makes_it_worse_and_hard_is_worse_than_soft_parameters_vary():
    def severities(error_class, **parameters):
        rows = [
            {
                "customer_id": f"c{tries}",
                "order_id": f"o{tries}",
                "error_id": f"e{tries}-{n}",
                "error_class": error_class,
            }
            | {"error_type": "payment_declined", "occurred_at": day_of().start}
            for tries in range(1, 9)
            for n in range(tries)
        ]
        found = flags("payment_declined", world(order_error=pl.DataFrame(rows)), **parameters)
        return found.sort("customer_id")["severity"].to_list()

    soft, hard = severities("soft"), severities("hard")
    assert len(soft) == 8
    assert all(one < other for one, other in pairwise(soft))
    assert all(one < other < 1 for one, other in zip(soft, hard, strict=True))
    assert severities("hard", hard_severity=0.9, retries=1.0)[:2] == [0.9, pytest.approx(0.963, abs=0.001)]


@pytest.mark.parametrize(("day", "evidence"), [(1, [["a"]]), (2, []), (3, [])])
def test_it_belongs_to_the_day_of_the_first_decline_with_what_was_known_then(day, evidence):
    retried = world(
        order_error="""
        customer_id | error_id | order_id | error_type       | error_class | occurred_at
        retries     | a        | o        | payment_declined | soft        | 23:59:59.999999
        retries     | b        | o        | payment_declined | hard        | d2 00:00
        """
    )
    found = flags("payment_declined", retried, day_of(day))
    assert found["evidence"].to_list() == evidence
    assert found["severity"].to_list() == [0.4] * len(evidence)

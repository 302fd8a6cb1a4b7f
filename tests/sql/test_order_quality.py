"""marts.order_quality, and the analysis of deliveries that reads the same orders."""

import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.sql.worlds import mart, picked, query, warehouse

ORDERS = """
    order_id  | placed_at           | promised_at         | delivered_at        | cancelled_at        | carrier
    ----------+---------------------+---------------------+---------------------+---------------------+--------
    perfect   | 2026-01-01 10:00:00 | 2026-01-04 18:00:00 | 2026-01-04 18:00:00 |                     | north
    late      | 2026-01-01 10:00:00 | 2026-01-04 18:00:00 | 2026-01-04 18:00:01 |                     | south
    lost      | 2026-01-01 10:00:00 | 2026-01-04 18:00:00 |                     |                     | south
    damaged   | 2026-01-01 10:00:00 | 2026-01-04 18:00:00 | 2026-01-03 12:00:00 |                     | north
    short     | 2026-01-01 10:00:00 | 2026-01-04 18:00:00 | 2026-01-03 12:00:00 |                     | north
    sold_out  | 2026-01-01 10:00:00 | 2026-01-04 18:00:00 |                     | 2026-01-02 12:00:00 | north
    regretted | 2026-01-01 10:00:00 | 2026-01-04 18:00:00 |                     | 2026-01-01 11:00:00 | north
    no_date   | 2026-01-01 10:00:00 |                     |                     |                     |
    said_late | 2026-01-01 10:00:00 |                     |                     |                     |
    not_due   | 2026-01-30 10:00:00 | 2026-02-04 18:00:00 |                     |                     | north
    wrong_yet | 2026-01-30 10:00:00 | 2026-02-04 18:00:00 |                     |                     | north
    """

ERRORS = """
    order_id  | error_type      | occurred_at
    ----------+-----------------+--------------------
    damaged   | damaged         | 2026-01-05 10:00:00
    damaged   | return          | 2026-01-05 10:00:00
    short     | missing_item    | 2026-01-05 10:00:00
    sold_out  | stock_out       | 2026-01-02 10:00:00
    said_late | late_delivery   | 2026-01-09 10:00:00
    wrong_yet | price_mismatch  | 2026-01-31 10:00:00
    unknown   | wrong_item      | 2026-01-31 10:00:00
    perfect   | delivery_failed | 2026-01-03 10:00:00
    """


def test_judges_each_part_of_an_order_and_each_order_by_all_parts():
    found = mart(warehouse(orders=ORDERS, order_error=ERRORS), "order_quality")
    shown, expected = picked(
        found,
        """
        day        | is_mature | age_days | orders | orders_cancelled | orders_open | orders_judged | perfect_orders
        -----------+-----------+----------+--------+------------------+-------------+---------------+---------------
        2026-01-31 | false     | 0        | 0      | 0                | 0           | 0             | 0
        2026-01-30 | false     | 1        | 2      | 0                | 1           | 1             | 0
        2026-01-01 | true      | 30       | 9      | 1                | 0           | 8             | 2
        """,
    )
    assert_frame_equal(shown, expected)
    shown, expected = picked(
        found,
        """
        day        | perfect_share | in_full_share | on_time_known | on_time_share | otif_share | documents_right_share
        -----------+---------------+---------------+---------------+---------------+------------+----------------------
        2026-01-31 |               |               | 0             |               |            |
        2026-01-30 | 0.0           | 1.0           | 0             |               |            | 0.0
        2026-01-01 | 0.25          | 0.75          | 6             | 0.5           | 0.333333   | 1.0
        """,
    )
    assert_frame_equal(shown, expected)
    shown, expected = picked(
        found,
        """
        day        | undamaged_share | defective_orders | defect_share | late_deliveries | failed_deliveries | errors_without_order
        -----------+-----------------+------------------+--------------+-----------------+-------------------+---------------------
        2026-01-31 |                 | 0                |              | 0               | 0                 | 1
        2026-01-30 | 1.0             | 1                | 1.0          | 0               | 0                 | 0
        2026-01-01 | 0.875           | 2                | 0.25         | 3               | 1                 | 0
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


def test_orders_are_found_in_purchases_and_deliveries_where_the_orders_input_is_silent():
    con = warehouse(
        orders="""
        order_id | placed_at
        ---------+--------------------
        both     | 2026-01-01 10:00:00
        """,
        clickstream="""
        order_id | event_name    | occurred_at
        ---------+---------------+--------------------
        both     | purchase      | 2025-12-31 23:00:00
        bought   | purchase      | 2026-01-02 10:00:00
        bought   | purchase      | 2026-01-03 10:00:00
        seen     | view_item     | 2026-01-02 10:00:00
                 | purchase      | 2026-01-02 10:00:00
        """,
        wait_time="""
        order_id | wait_type | started_at          | promised_at         | ended_at            | outcome
        ---------+-----------+---------------------+---------------------+---------------------+--------
        both     | delivery  | 2026-01-02 10:00:00 | 2026-01-03 10:00:00 | 2026-01-04 10:00:00 | served
        bought   | delivery  | 2026-01-02 11:00:00 | 2026-01-05 10:00:00 | 2026-01-05 10:00:00 | served
        parcels  | delivery  | 2026-01-02 11:00:00 | 2026-01-05 10:00:00 | 2026-01-05 10:00:00 | served
        parcels  | delivery  | 2026-01-02 11:00:00 | 2026-01-05 10:00:00 | 2026-01-05 16:00:00 | served
        asked    | queue     | 2026-01-02 11:00:00 |                     | 2026-01-02 11:00:10 | served
        """,
    )
    shown, expected = picked(
        mart(con, "order_quality"),
        """
        day        | orders | orders_inferred | on_time_known | on_time_share | late_deliveries | hours_late_median
        -----------+--------+-----------------+---------------+---------------+-----------------+------------------
        2026-01-02 | 2      | 2               | 2             | 0.5           | 1               | 6.0
        2026-01-01 | 1      | 0               | 1             | 0.0           | 1               | 24.0
        """,
    )
    assert_frame_equal(shown, expected)


def test_rates_are_by_the_day_of_the_order_and_mature_after_thirty_days():
    con = warehouse(
        orders="""
        order_id | placed_at           | promised_at         | delivered_at
        ---------+---------------------+---------------------+--------------------
        a        | 2026-01-01 10:00:00 | 2026-01-05 10:00:00 | 2026-01-05 10:00:00
        b        | 2026-01-02 10:00:00 | 2026-01-05 10:00:00 | 2026-01-04 10:00:00
        c        | 2026-01-02 10:00:00 | 2026-01-05 10:00:00 | 2026-01-05 10:00:01
        d        | 2026-01-02 10:00:00 | 2026-01-05 10:00:00 | 2026-01-05 09:00:00
        """,
        order_error="""
        order_id | error_type   | occurred_at
        ---------+--------------+--------------------
        # the error is of the day of its order, whenever it is reported, and an order is defective once
        b        | missing_item | 2026-01-31 10:00:00
        b        | damaged      | 2026-01-31 10:00:00
        """,
    )
    shown, expected = picked(
        mart(con, "order_quality"),
        """
        day        | is_mature | age_days | defective_orders | defect_share | on_time_share | otif_share | otif_date
        -----------+-----------+----------+------------------+--------------+---------------+------------+------------
        2026-01-02 | false     | 29       | 1                | 0.333333     | 0.666667      | 0.333333   | promised_at
        2026-01-01 | true      | 30       | 0                | 0.0          | 1.0           | 1.0        | promised_at
        """,
    )
    assert_frame_equal(shown, expected)


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_a_count_by_hand(seed: int):
    rng = random.Random(seed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    types = ["wrong_item", "damaged", "duplicate_charge", "stock_out", "payment_declined", "return", "late_delivery"]
    end = start + timedelta(days=40)  # an error of an order of another day: what is due by then is late
    orders, errors = {}, [("elsewhere", "return", end)]
    for number in range(120):
        promised = start + timedelta(days=rng.choice([3, 39, 41])) if rng.random() < 0.8 else None
        delivered = start + timedelta(days=rng.choice([2, 3, 4])) if rng.random() < 0.6 else None
        orders[f"o{number}"] = (promised, delivered)
        errors += [(f"o{number}", rng.choice(types), end) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
    con = warehouse(
        orders="order_id | placed_at | promised_at | delivered_at\n"
        + "\n".join(f"{key} | {start} | {p or ''} | {d or ''}" for key, (p, d) in orders.items()),
        order_error="order_id | error_type | occurred_at\n" + "\n".join(f"{o} | {t} | {at}" for o, t, at in errors),
    )
    found = mart(con, "order_quality").filter(pl.col("orders") > 0).row(0, named=True)

    judged, perfect, on_time, known, defective, otif = 0, 0, 0, 0, 0, 0
    for key, (promised, delivered) in orders.items():
        wrong = {kind for order, kind, _ in errors if order == key} - {"payment_declined", "return"}
        late = "late_delivery" in wrong or (promised is not None and (delivered or end) > promised)
        if promised is not None and delivered is None and not late and not wrong:
            continue
        judged += 1
        perfect += not wrong and not late
        defective += bool(wrong & {"wrong_item", "damaged", "duplicate_charge"})
        if late or (promised is not None and delivered is not None):
            known += 1
            on_time += not late
            otif += not late and not wrong & {"wrong_item", "stock_out"}
    assert (found["orders_judged"], found["perfect_orders"]) == (judged, perfect)
    assert (found["on_time_known"], found["on_time_share"]) == (known, pytest.approx(on_time / known))
    assert found["otif_share"] == pytest.approx(otif / known)
    assert (found["defective_orders"], found["defect_share"]) == (defective, pytest.approx(defective / judged))


def test_late_deliveries_are_counted_by_carrier_once_they_are_due():
    con = warehouse(
        orders=ORDERS,
        order_error=ERRORS,
        wait_time="""
        order_id | wait_type | queue | started_at          | promised_at         | ended_at            | outcome
        ---------+-----------+-------+---------------------+---------------------+---------------------+--------
        perfect  | delivery  | north | 2026-01-01 10:00:00 | 2026-01-02 10:00:00 | 2026-01-09 10:00:00 | served
        w-1      | delivery  | west  | 2026-01-01 10:00:00 | 2026-01-02 10:00:00 | 2026-01-02 10:00:00 | served
        w-2      | delivery  | west  | 2026-01-01 10:00:00 | 2026-01-02 10:00:00 | 2026-01-02 12:00:00 | served
                 | delivery  |       | 2026-01-01 10:00:00 | 2026-01-02 10:00:00 |                     | open
        """,
    )
    shown, expected = picked(
        query(con, "analyses/late_deliveries_by_carrier"),
        """
        carrier   | deliveries | late | late_share | not_delivered | hours_late_median
        ----------+------------+------+------------+---------------+------------------
        south     | 2          | 2    | 1.0        | 1             | 0.000278
        (unknown) | 1          | 1    | 1.0        | 1             |
        west      | 2          | 1    | 0.5        | 0             | 2.0
        north     | 3          | 0    | 0.0        | 0             |
        """,
    )
    assert_frame_equal(shown, expected)

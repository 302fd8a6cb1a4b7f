from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY

PARCELS = world(
    wait_time="""
    customer_id | wait_id | order_id | wait_type | channel | queue | outcome   | started_at | promised_at | ended_at
    ------------+---------+----------+-----------+---------+-------+-----------+------------+-------------+----------
    on_promise  | a       | o-a      | delivery  | courier | north | served    | 08:00      | d3 10:00    | d3 10:00
    late        | b       | o-b      | delivery  | courier | north | served    | 08:00      | d3 10:00    | d3 10:00:01
    later       | c       | o-c      | delivery  | courier | north | served    | 08:00      | d3 10:00    | d3 22:00
    on_the_way  | d       | o-d      | delivery  | courier |       | open      | 08:00      | d3 10:00    |
    without     | e       |          | delivery  | courier | north | open      | 08:00      | d3 10:00    |
    no_promise  | f       | o-f      | delivery  | courier | north | served    | 08:00      |             | d9 10:00
    before      | g       | o-g      | delivery  | courier | north | open      | 08:00      | d2 23:59:59 |
    at_midnight | h       | o-h      | delivery  | courier | north | open      | 08:00      | d3 00:00    |
    tomorrow    | i       | o-i      | delivery  | courier | north | open      | 08:00      | d4 00:00    |
    gave_up     | j       | o-j      | delivery  | courier | north | abandoned | 08:00      | d3 10:00    | d2 10:00
    call        | k       | o-k      | callback  | phone   | north | open      | 08:00      | d3 10:00    |
    """
)


def test_an_order_is_late_when_it_is_not_there_by_its_promise():
    found, expected = picked(
        flags("late_delivery", PARCELS, day_of(3)),
        """
        flag_id         | locus   | visit_id       | flagged_at       | ended_at                | severity
        ----------------+---------+----------------+------------------+-------------------------+---------
        late_delivery:b | north   | fulfilment:o-b | 2026-01-03 10:00 | 2026-01-03 10:00:01     | 0.5
        late_delivery:c | north   | fulfilment:o-c | 2026-01-03 10:00 | 2026-01-03 22:00        | 0.75
        late_delivery:d | unknown | fulfilment:o-d | 2026-01-03 10:00 | 2026-01-03 10:00        | 0.792
        late_delivery:e | north   | fulfilment:e   | 2026-01-03 10:00 | 2026-01-03 10:00        | 0.792
        late_delivery:h | north   | fulfilment:o-h | 2026-01-03 00:00 | 2026-01-03 00:00        | 1
        late_delivery:j | north   | fulfilment:o-j | 2026-01-03 10:00 | 2026-01-03 10:00        | 0.792
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("day", "flagged"), [(1, set()), (2, {"before"}), (4, {"tomorrow"}), (5, set()), (9, set())])
def test_it_belongs_to_the_day_of_the_promise_whenever_it_arrives(day, flagged):
    assert customers(flags("late_delivery", PARCELS, day_of(day))) == flagged


def test_grace_moves_the_moment():
    found = flags("late_delivery", PARCELS, day_of(3), grace=timedelta(hours=12))
    assert customers(found) == {"on_the_way", "without", "before", "at_midnight", "gave_up"}
    assert found.filter(customer_id="before")["flagged_at"].to_list() == [at(-1, day=3, hour=12)]


ORDERS = world(
    orders="""
    customer_id | order_id | placed_at | promised_at | delivered_at    | cancelled_at    | carrier
    ------------+----------+-----------+-------------+-----------------+-----------------+--------
    delivered   | a        | 08:00     | d3 10:00    | d3 09:00        |                 | north
    late        | b        | 08:00     | d3 10:00    | d3 11:00        |                 | north
    cancelled   | c        | 08:00     | d3 10:00    |                 | d3 10:00        | north
    too_late    | d        | 08:00     | d3 10:00    |                 | d3 10:00:00.001 | north
    nothing     | e        | 08:00     | d3 10:00    |                 |                 | north
    no_promise  | f        | 08:00     |             |                 |                 | north
    """
)


def test_an_order_that_was_cancelled_by_its_promise_is_not_late():
    assert customers(flags("late_delivery", ORDERS, day_of(3))) == {"late", "too_late", "nothing"}


BOTH = world(
    orders="""
    customer_id | order_id | placed_at | promised_at | delivered_at
    agree       | a        | 08:00     | d3 10:00    |
    came        | b        | 08:00     | d3 10:00    | d3 09:00
    """,
    wait_time="""
    customer_id | wait_id | order_id | wait_type | channel | outcome | started_at | promised_at | ended_at
    agree       | wa      | a        | delivery  | courier | open    | 09:00      | d3 10:00    |
    came        | wb      | b        | delivery  | courier | open    | 09:00      | d3 10:00    |
    """,
    order_error="""
    customer_id | error_id | order_id | error_type    | carrier | occurred_at
    # where neither the order nor its wait names the carrier, the report does
    agree       | ea       | a        | late_delivery | south   | d3 15:00
    reports     | eb       | x        | late_delivery | south   | d3 15:00
    repeats     | ec       | y        | late_delivery | south   | d3 15:00
    repeats     | ed       | y        | late_delivery | south   | d3 16:00
    no_matter   | ee       | z        | wrong_item    | south   | d3 15:00
    """,
)


def test_what_several_inputs_say_of_an_order_is_one_flag():
    found, expected = picked(
        flags("late_delivery", BOTH, day_of(3)),
        """
        customer_id | evidence | locus   | flagged_at       | severity
        agree       | wa       | south   | 2026-01-03 10:00 | 0.792
        reports     | eb       | south   | 2026-01-03 15:00 | 0.5
        repeats     | ec       | south   | 2026-01-03 15:00 | 0.5
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("day", "evidence"), [(2, [["e"]]), (3, []), (4, [])])
def test_who_reports_it_before_the_promise_is_not_flagged_again(day, evidence):
    early = world(
        orders="""
        customer_id | order_id | placed_at | promised_at
        impatient   | o        | 08:00     | d3 10:00
        """,
        order_error="""
        customer_id | error_id | order_id | error_type    | occurred_at
        impatient   | e        | o        | late_delivery | d2 15:00
        impatient   | f        | o        | late_delivery | d4 15:00
        """,
    )
    assert flags("late_delivery", early, day_of(day))["evidence"].to_list() == evidence


def test_an_order_that_two_customers_name_is_late_for_each_of_them_once():
    shared = world(
        orders="""
        customer_id | order_id | placed_at | promised_at
        buyer       | o        | 08:00     | d3 10:00
        """,
        order_error="""
        customer_id | error_id | order_id | error_type    | occurred_at
        buyer       | a        | o        | late_delivery | d3 15:00
        stranger    | b        | o        | late_delivery | d3 16:00
        """,
    )
    found, expected = picked(
        flags("late_delivery", shared, day_of(3)),
        """
        flag_id         | customer_id
        late_delivery:b | stranger
        late_delivery:o | buyer
        """,
    )
    assert_frame_equal(found, expected)


def test_later_is_more_severe():
    rows = [
        {"order_id": f"o{n:02}", "customer_id": f"c{n:02}", "placed_at": at(0), "promised_at": at(0, hour=11)}
        | {"delivered_at": at(60 + 1800 * n, hour=11)}
        for n in range(20)
    ]
    found = flags("late_delivery", world(orders=pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(found) == 20
    assert all(0.5 < one < other < 1 for one, other in pairwise(found))


HOUR = 3600.0
MOMENTS = [None, 24 * HOUR, 34 * HOUR, 34 * HOUR + 0.001, 47 * HOUR, 48 * HOUR, 58 * HOUR, 80 * HOUR]
# promises and deliveries in seconds after the beginning of the first of January; the second to fourth are judged
moment = st.sampled_from(MOMENTS)
parcels = st.lists(
    st.fixed_dictionaries(
        {
            "is_ordered": st.booleans(),
            "promised": moment,
            "delivered": moment,
            "cancelled": st.sampled_from([None, None, *MOMENTS]),
            "is_sent": st.booleans(),
            "sent_promised": moment,
            "sent_until": moment,
            "reported": st.lists(st.sampled_from(MOMENTS[1:]), max_size=2),
        }
    ),
    max_size=6,
)


def slowly(order, day):
    """The instant at which an order was known to be late for the first time, from what was known by the day's end."""
    told = [moment for moment in order["reported"] if at(moment, hour=0) < day.end]
    promises = [order["promised"]] if order["is_ordered"] else []
    promises += [order["sent_promised"]] if order["is_sent"] else []
    promises = [each for each in promises if each is not None]
    arrivals = [order["delivered"], order["cancelled"]] if order["is_ordered"] else []
    # where both tell of the delivery, the order's own word counts once it is known
    is_told = order["is_ordered"] and order["delivered"] is not None and at(order["delivered"], hour=0) < day.end
    arrivals += [order["sent_until"]] if order["is_sent"] and not is_told else []
    if promises and not any(each is not None and each <= promises[0] for each in arrivals):
        told.append(promises[0])
    known = [each for each in told if at(each, hour=0) < day.end]
    return min(known, default=None)


@SLOWLY
@given(parcels, st.sampled_from([2, 3, 4]))
def test_it_finds_what_a_slow_reading_finds(drawn, number):
    day, orders, waits, errors = day_of(number), [], [], []

    def when(seconds):
        return None if seconds is None else at(seconds, hour=0)

    for n, order in enumerate(drawn):
        same = {"customer_id": f"c{n % 2}", "order_id": f"o{n}"}
        times = {f"{name}_at": when(order[name]) for name in ("promised", "delivered", "cancelled")}
        orders += [same | {"placed_at": at(0)} | times] if order["is_ordered"] else []
        sent = {
            "started_at": at(60),
            "promised_at": when(order["sent_promised"]),
            "ended_at": when(order["sent_until"]),
        }
        kind = {"wait_id": f"w{n}", "wait_type": "delivery", "channel": "courier"}
        outcome = {"outcome": "open" if order["sent_until"] is None else "served"}
        waits += [same | kind | sent | outcome] if order["is_sent"] else []
        errors += [
            same | {"error_id": f"e{n}{m}", "error_type": "late_delivery", "occurred_at": when(each)}
            for m, each in enumerate(order["reported"])
        ]
    rows = world(
        **{
            name: pl.DataFrame(found, infer_schema_length=None) if found else None
            for name, found in {"orders": orders, "wait_time": waits, "order_error": errors}.items()
        }
    )
    found = flags("late_delivery", rows, day).select("visit_id", "flagged_at").rows()
    as_read = [(f"fulfilment:o{n}", when(slowly(order, day))) for n, order in enumerate(drawn)]
    assert sorted(found) == sorted((visit, known) for visit, known in as_read if known and known >= day.start)

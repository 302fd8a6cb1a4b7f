from datetime import datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY

ERRORS = world(
    order_error="""
    customer_id | error_id | order_id | error_type       | value | occurred_at
    ------------+----------+----------+------------------+-------+-------------------
    in_a_month  | a1       | o-a      | damaged          | 20    | 10:00
    in_a_month  | a2       | o-b      | late_delivery    | 50    | d31 10:00
    too_late    | b1       | o-c      | damaged          |       | 10:00
    too_late    | b2       | o-d      | damaged          |       | d31 10:00:00.000001
    # the same order, but something else
    same_order  | c1       | o-e      | damaged          |       | d31 10:00
    same_order  | c2       | o-e      | wrong_item       |       | d31 11:00
    # a retry and a return are no further mishap
    retried     | d1       | o-f      | payment_declined |       | d31 10:00
    retried     | d2       | o-f      | payment_declined |       | d31 11:00
    sent_back   | e1       | o-g      | damaged          |       | d31 10:00
    sent_back   | e2       | o-g      | return           |       | d31 11:00
    thrice      | f1       | o-h      | damaged          |       | d30 10:00
    thrice      | f2       | o-i      | damaged          |       | d31 10:00
    thrice      | f3       | o-j      | stock_out        |       | d31 10:00
    thrice      | f4       | o-j      | missing_item     |       | d31 11:00
    once        | g1       | o-k      | damaged          |       | d31 10:00
    another     | h1       | o-l      | wrong_item       |       | d31 10:00
    """
)


def test_the_order_of_a_further_error_is_flagged_once_with_what_came_before():
    found, expected = picked(
        flags("repeat_order_error", ERRORS, day_of(31)),
        """
        flag_id               | locus         | visit_id       | evidence | severity | value_at_stake | started_at
        ----------------------+---------------+----------------+----------+----------+----------------+-----------------
        repeat_order_error:a2 | late_delivery | fulfilment:o-b | a2, a1   | 0.697    | 50             | 2026-01-01 10:00
        repeat_order_error:c2 | wrong_item    | fulfilment:o-e | c2, c1   | 0.697    |                | 2026-01-31 10:00
        repeat_order_error:f2 | damaged       | fulfilment:o-i | f2, f1   | 0.697    |                | 2026-01-30 10:00
        repeat_order_error:f3 | stock_out     | fulfilment:o-j | f3, f1   | 0.816    |                | 2026-01-30 10:00
        """,
    )
    assert_frame_equal(found, expected)


def test_the_time_and_what_counts_are_parameters():
    days = timedelta(days=29)
    assert customers(flags("repeat_order_error", ERRORS, day_of(31), within=days)) == {"same_order", "thrice"}
    more = customers(flags("repeat_order_error", ERRORS, day_of(31), not_counted=()))
    assert more == {"in_a_month", "same_order", "thrice", "sent_back"}


def test_the_more_there_were_the_worse():
    rows = [
        {"customer_id": "unlucky", "order_id": f"o{n}", "error_id": f"e{n}", "error_type": "damaged"}
        | {"occurred_at": at(60 * n)}
        for n in range(9)
    ]
    found = flags("repeat_order_error", world(order_error=pl.DataFrame(rows))).sort("flag_id")["severity"]
    assert len(found) == 8
    assert all(0.5 < one < other < 1 for one, other in pairwise(found))


DAY = 24 * 3600.0
# in seconds after the beginning of the first of January; the 1st, 2nd and 31st are judged
mishaps = st.lists(
    st.tuples(
        st.sampled_from(["a", "a", "b"]),
        st.sampled_from(["o1", "o2", "o3"]),
        st.sampled_from(["damaged", "damaged", "stock_out", "return"]),
        st.sampled_from([0.0, 0.0, 3600.0, DAY - 1, DAY, 30 * DAY - 1, 30 * DAY, 30 * DAY + 1, 30 * DAY + 3600]),
    ),
    max_size=8,
)


def slowly(rows, day):
    """For each order, its first error that another of the customer's came before; a second of its kind is none."""
    seen: list[tuple[str, str, str, datetime, str]] = []
    flagged: set[tuple[str, str]] = set()
    for moment, name, who, order, kind in sorted((at(row[3], hour=0), name, *row[:3]) for name, row in rows):
        if moment >= day.end or kind == "return" or (who, order, kind) in [each[:3] for each in seen]:
            continue
        before = [each for each in seen if each[0] == who and moment - each[3] <= timedelta(days=30)]
        if before and (who, order) not in flagged:
            flagged.add((who, order))
            if moment >= day.start:
                yield [name, before[0][4]], kind, f'{{"errors":{len(before) + 1}}}'
        seen.append((who, order, kind, moment, name))


@SLOWLY
@given(mishaps, st.sampled_from([1, 2, 31, 31]))
def test_it_finds_what_a_slow_reading_finds(drawn, number):
    day, rows = day_of(number), [(f"x{9 - n}", row) for n, row in enumerate(drawn)]
    frame = pl.DataFrame(
        [
            {"error_id": name, "customer_id": who, "order_id": f"{who}-{order}", "error_type": kind}
            | {"occurred_at": at(moment, hour=0)}
            for name, (who, order, kind, moment) in rows
        ]
    )
    found = flags("repeat_order_error", world(order_error=frame if rows else None), day)
    assert sorted(found.select("evidence", "locus", "detail").rows()) == sorted(slowly(rows, day))


@pytest.mark.parametrize(("day", "flagged"), [(1, set()), (2, {"twice"}), (3, set())])
def test_it_belongs_to_the_day_of_the_later_error(day, flagged):
    rows = world(
        order_error="""
        customer_id | error_id | order_id | error_type | occurred_at
        twice       | a        | o        | damaged    | 23:59:59.999999
        twice       | b        | p        | damaged    | d2 00:00
        """
    )
    assert customers(flags("repeat_order_error", rows, day_of(day))) == flagged

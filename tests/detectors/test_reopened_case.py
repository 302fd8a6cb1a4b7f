from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY

CASES = world(
    wait_time="""
    customer_id | case_id | contact_id | wait_id | wait_type      | channel | reason  | outcome     | value | started_at | ended_at
    ------------+---------+------------+---------+----------------+---------+---------+-------------+-------+------------+-------------
    again       | a       | a          | a1      | resolution     | email   | invoice | served      | 50    | 08:00      | 10:00
    again       | a       | aa         | a2      | first_response | email   | return  | open        |       | 12:00      |
    # the same contact goes on
    same_ticket | b       | b          | b1      | first_response | email   |         | served      |       | 08:00      | 08:30
    same_ticket | b       | b          | b2      | resolution     | email   |         | served      |       | 08:00      | 10:00
    same_ticket | b       | b          | b3      | resolution     | email   | invoice | open        |       | 12:00      |
    # what begins as the case is resolved is no return to it
    at_once     | c       | c          | c1      | resolution     | email   | invoice | served      |       | 08:00      | 10:00
    at_once     | c       | c          | c2      | next_response  | email   | invoice | served      |       | 10:00      | 10:01
    meanwhile   | d       | d          | d1      | resolution     | email   | invoice | served      |       | 08:00      | 10:00
    meanwhile   | d       | d          | d2      | next_response  | email   | invoice | served      |       | 09:00      | 11:00
    unresolved  | e       | e          | e1      | resolution     | email   | invoice | abandoned   |       | 08:00      | 10:00
    unresolved  | e       | e          | e2      | first_response | email   | invoice | open        |       | 12:00      |
    answered    | f       | f          | f1      | first_response | email   | invoice | served      |       | 08:00      | 10:00
    answered    | f       | f          | f2      | first_response | email   | invoice | open        |       | 12:00      |
    other_case  | g       | g          | g1      | resolution     | email   | invoice | served      |       | 08:00      | 10:00
    other_case  | gg      | gg         | g2      | first_response | email   | invoice | open        |       | 12:00      |
    no_case     |         | h          | h1      | resolution     | email   | invoice | served      |       | 08:00      | 10:00
    no_case     |         | hh         | h2      | first_response | email   | invoice | open        |       | 12:00      |
    # once resolved and twice come back: one reopening; resolved again and back: another
    twice       | i       | i          | i1      | resolution     | email   |         | served      |       | 08:00      | 10:00
    twice       | i       | ii         | i2      | resolution     | email   |         | served      |       | 12:00      | 13:00
    twice       | i       | iii        | i3      | next_response  | email   |         | served      |       | 12:30      | 13:00
    twice       | i       | iiii       | i4      | queue          | phone   |         | served      |       | 14:00      | 14:01
    parcel      | j       | j          | j1      | resolution     | email   | invoice | served      |       | 08:00      | 10:00
    parcel      | j       | j          | j2      | delivery       | courier | invoice | open        |       | 12:00      |
    """  # noqa: E501
)


def test_a_case_is_reopened_by_the_first_wait_after_its_resolution():
    found, expected = picked(
        flags("reopened_case", CASES),
        """
        flag_id          | locus   | visit_id   | evidence | started_at       | flagged_at       | severity | value_at_stake
        -----------------+---------+------------+----------+------------------+------------------+----------+---------------
        reopened_case:a1 | invoice | support:a1 | a1, a2   | 2026-01-01 08:00 | 2026-01-01 12:00 | 0.5      | 50
        reopened_case:b2 | invoice | support:b1 | b2, b3   | 2026-01-01 08:00 | 2026-01-01 12:00 | 0.5      |
        reopened_case:i1 | unknown | support:i1 | i1, i2   | 2026-01-01 08:00 | 2026-01-01 12:00 | 0.5      |
        reopened_case:i2 | unknown | support:i2 | i2, i4   | 2026-01-01 12:00 | 2026-01-01 14:00 | 0.75     |
        """,  # noqa: E501
    )
    assert_frame_equal(found, expected)


AFTER = world(
    wait_time="""
    customer_id | case_id | wait_id | wait_type      | channel | outcome | started_at      | ended_at
    ------------+---------+---------+----------------+---------+---------+-----------------+---------
    four_weeks  | a       | a1      | resolution     | email   | served  | 08:00           | 10:00
    four_weeks  | a       | a2      | first_response | email   | open    | d29 10:00       |
    too_late    | b       | b1      | resolution     | email   | served  | 08:00           | 10:00
    too_late    | b       | b2      | first_response | email   | open    | d29 10:00:00.001 |
    """
)


@pytest.mark.parametrize(
    ("day", "within", "flagged"),
    [
        (29, timedelta(days=28), {"four_weeks"}),
        (29, timedelta(days=29), {"four_weeks", "too_late"}),
        (29, timedelta(days=27), set()),
        (28, timedelta(days=28), set()),
        (30, timedelta(days=28), set()),
    ],
)
def test_the_time_is_a_parameter_and_the_day_is_that_of_the_return(day, within, flagged):
    assert customers(flags("reopened_case", AFTER, day_of(day), within=within)) == flagged


def test_each_further_reopening_is_more_severe():
    rows = [
        {"wait_id": f"w{n}", "case_id": "k", "customer_id": "c", "wait_type": "resolution", "channel": "email"}
        | {"outcome": "served", "started_at": at(600 * n), "ended_at": at(600 * n + 60)}
        for n in range(9)
    ]
    severities = flags("reopened_case", world(wait_time=pl.DataFrame(rows))).sort("flag_id")["severity"].to_list()
    assert len(severities) == 8
    assert all(0.5 <= one < other < 1 for one, other in pairwise(severities))


# in hours after the beginning of the first of January; the first two days are judged
tickets = st.lists(
    st.tuples(
        st.sampled_from(["a", "a", "a", "b", None]),
        st.sampled_from(["resolution", "resolution", "queue"]),
        st.sampled_from([0, 1, 2, 2, 22, 23, 24, 25]),
        st.sampled_from([0, 1, 1, 2, 24, None]),
        st.sampled_from(["served", "served", "abandoned"]),
    ),
    max_size=8,
)


def slowly(rows, day):
    """For each wait that begins, the last resolution before it, unless an earlier wait has opened that case again."""
    known = [(name, *row) for name, row in rows if at(3600 * row[2], hour=0) < day.end]
    taken, times = set(), {"a": 0, "b": 0}
    for begins, name, case in sorted((row[3], row[0], row[1]) for row in known if row[1]):
        resolved = [
            (start + lasts, wait)
            for wait, its_case, kind, start, lasts, outcome in known
            if its_case == case and kind == "resolution" and outcome == "served" and lasts is not None
            if start + lasts < begins
        ]
        if not resolved or max(resolved)[1] in taken:
            continue
        taken.add(max(resolved)[1])
        times[case] += 1
        if at(3600 * begins, hour=0) >= day.start:
            yield [max(resolved)[1], name], 1 - 0.5 ** times[case]


@SLOWLY
@given(tickets, st.sampled_from([1, 2]))
def test_it_finds_what_a_slow_reading_finds(drawn, number):
    day, rows = day_of(number), [(f"w{9 - n}", row) for n, row in enumerate(drawn)]
    frame = pl.DataFrame(
        [
            {"wait_id": name, "case_id": case, "customer_id": "c", "wait_type": kind, "channel": "email"}
            | {"outcome": "open" if lasts is None else outcome, "started_at": at(3600 * start, hour=0)}
            | {"ended_at": None if lasts is None else at(3600 * (start + lasts), hour=0)}
            for name, (case, kind, start, lasts, outcome) in rows
        ],
        schema_overrides={"ended_at": pl.Datetime("us", "UTC"), "case_id": pl.String},
    )
    found = flags("reopened_case", world(wait_time=frame if rows else None), day).select("evidence", "severity")
    assert sorted(found.rows()) == sorted(slowly(rows, day))

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
    customer_id | case_id | contact_id | wait_id | wait_type      | channel | queue | team | agent_id | outcome | started_at | ended_at
    ------------+---------+------------+---------+----------------+---------+-------+------+----------+---------+------------+---------
    a_day       | a       | a          | a1      | first_response | email   | mail  |      |          | served  | 10:00      | d2 10:00
    not_quite   | b       | b          | b1      | first_response | email   | mail  |      |          | served  | 10:00      | d2 09:59:59.999
    still_open  |         | c          | c1      | resolution     | email   |       |      |          | open    | 10:00      |
    has_team    | d       | d          | d1      | resolution     | email   | mail  | bill |          | served  | 10:00      | d3 10:00
    has_agent   | e       | e          | e1      | resolution     | email   | mail  |      | b1       | served  | 10:00      | d3 10:00
    # another wait of the case names its agent, before the day is over or too late
    in_the_case | f       | f          | f1      | resolution     | email   | mail  |      |          | served  | 10:00      | d3 10:00
    in_the_case | f       | ff         | f2      | queue          | phone   | tel   |      | b1       | served  | d2 10:00   | d2 10:01
    too_late    | g       | g          | g1      | resolution     | email   | mail  |      |          | served  | 10:00      | d3 10:00
    too_late    | g       | gg         | g2      | queue          | phone   | tel   |      | b1       | served  | d2 10:00:01 | d2 10:01
    other_case  | h       | h          | h1      | resolution     | email   | mail  |      |          | served  | 10:00      | d3 10:00
    other_case  | hh      | hh         | h2      | queue          | phone   | tel   |      | b1       | served  | 12:00      | 12:01
    # one case, two contacts that wait: one flag, of who waits longest
    one_case    | i       | i          | i1      | first_response | email   | mail  |      |          | served  | 10:00      | d2 09:00
    one_case    | i       | ii         | i2      | resolution     | email   | mail  |      |          | served  | 11:00      | d3 10:00
    one_case    | i       | iii        | i3      | resolution     | email   | two   |      |          | served  | 11:30      | d3 10:00
    in_store    | j       | j          | j1      | callback       | phone   | mail  |      |          | served  | 10:00      | d3 10:00
    """  # noqa: E501
)


def test_a_case_that_is_open_for_a_day_without_agent_and_team_is_flagged_once():
    found, expected = picked(
        flags("unowned_case", CASES, day_of(2)),
        """
        flag_id         | locus   | visit_id   | started_at       | flagged_at       | ended_at         | severity
        ----------------+---------+------------+------------------+------------------+------------------+---------
        unowned_case:a1 | mail    | support:a1 | 2026-01-01 10:00 | 2026-01-02 10:00 | 2026-01-02 10:00 | 0.5
        unowned_case:c1 | unknown | support:c1 | 2026-01-01 10:00 | 2026-01-02 10:00 | 2026-01-02 10:00 | 0.588
        unowned_case:g1 | mail    | support:g1 | 2026-01-01 10:00 | 2026-01-02 10:00 | 2026-01-02 10:00 | 0.588
        unowned_case:h1 | mail    | support:h1 | 2026-01-01 10:00 | 2026-01-02 10:00 | 2026-01-02 10:00 | 0.588
        unowned_case:i2 | mail    | support:i2 | 2026-01-01 11:00 | 2026-01-02 11:00 | 2026-01-02 11:00 | 0.583
        """,
    )
    assert_frame_equal(found, expected)
    assert flags("unowned_case", CASES, day_of(3)).is_empty()


TOUCHED = world(
    wait_time="""
    customer_id | case_id | wait_id | wait_type      | channel | team | outcome | started_at | ended_at
    ------------+---------+---------+----------------+---------+------+---------+------------+---------
    # nothing happens for three days while it is open
    three_days  | a       | a1      | resolution     | email   | bill | served  | 10:00      | d4 10:00
    not_quite   | b       | b1      | resolution     | email   | bill | served  | 10:00      | d4 09:59:59.999
    open        | c       | c1      | resolution     | email   | bill | open    | 10:00      |
    # each beginning and end of a wait is a touch
    touched     | d       | d1      | resolution     | email   | bill | open    | 10:00      |
    touched     | d       | d2      | first_response | email   | bill | served  | 10:00      | d2 10:00
    asked       | e       | e1      | resolution     | email   | bill | open    | 10:00      |
    asked       | e       | e2      | queue          | phone   | bill | served  | d3 10:00   | d3 10:01
    closed      | f       | f1      | resolution     | email   | bill | served  | 10:00      | 11:00
    closed      | f       | f2      | resolution     | email   | bill | served  | d8 10:00   | d8 11:00
    """
)


@pytest.mark.parametrize(
    ("day", "flagged"),
    [(3, set()), (4, {"three_days", "open"}), (5, {"touched"}), (6, {"asked"}), (7, set()), (8, set())],
)
def test_a_case_that_nobody_touches_for_three_days_is_flagged_once(day, flagged):
    assert customers(flags("unowned_case", TOUCHED, day_of(day))) == flagged


def test_times_and_types_are_parameters():
    shorter = flags("unowned_case", TOUCHED, day_of(3), untouched=timedelta(hours=48))
    assert customers(shorter) == {"three_days", "not_quite", "open", "asked"}
    hours = timedelta(hours=23)
    assert customers(flags("unowned_case", CASES, day_of(2), unowned=hours)) >= {"a_day", "not_quite"}
    types = ("callback",)
    assert customers(flags("unowned_case", CASES, day_of(2), types=types)) == {"in_store"}


def test_the_longer_it_goes_on_the_more_severe():
    rows = [
        {"wait_id": f"w{n:02}", "customer_id": f"c{n:02}", "wait_type": "resolution", "channel": "email"}
        | {"outcome": "served", "started_at": at(0, hour=0), "ended_at": at(n * 3600.0, day=2, hour=1)}
        for n in range(20)
    ]
    waits = world(wait_time=pl.DataFrame(rows))
    severities = flags("unowned_case", waits, day_of(2)).sort("customer_id")["severity"].to_list()
    assert len(severities) == 20
    assert all(0.5 < one < other < 1 for one, other in pairwise(severities))


# in hours after the beginning of the first of January; days 2 to 6 are judged
cases = st.lists(
    st.tuples(
        st.sampled_from(["a", "a", "b"]),
        st.sampled_from(["resolution", "resolution", "queue", "callback"]),
        st.sampled_from([0, 1, 10, 23, 24, 25, 48, 72, 96]),
        st.sampled_from([0, 1, 23, 24, 25, 71, 72, 73, None]),
        st.sampled_from([None, None, None, "bill"]),
    ),
    max_size=6,
)


def slowly(rows, day):
    """Hour by hour: the first at which a case has been open for a day without owner, or for three without a touch."""
    hours = int((day.end - at(0, hour=0)) / timedelta(hours=1))
    for case in ("a", "b"):
        waits = [(name, *row[1:]) for name, row in rows if row[0] == case and row[2] < hours]
        for hour in range(hours):
            begun = [wait for wait in waits if wait[2] < hour]
            is_open = [w for w in begun if w[1] != "callback" and (w[3] is None or w[2] + w[3] >= hour)]
            owned = [wait[2] for wait in waits if wait[4] and wait[2] <= hour]
            unowned = any(wait[2] + 24 == hour for wait in is_open) and not owned
            touches = [w[2] for w in begun] + [w[2] + w[3] for w in begun if w[3] is not None and w[2] + w[3] < hour]
            untouched = is_open and max(touches) + 72 == hour
            if unowned or untouched:
                if at(3600.0 * hour, hour=0) >= day.start:
                    yield f"unowned_case:{min((w[2], w[0]) for w in is_open)[1]}", at(3600.0 * hour, hour=0)
                break


@SLOWLY
@given(cases, st.sampled_from([2, 3, 4, 5, 6]))
def test_it_finds_what_a_slow_reading_finds(drawn, number):
    day, rows = day_of(number), [(f"w{9 - n}", row) for n, row in enumerate(drawn)]
    frame = pl.DataFrame(
        [
            {"wait_id": name, "case_id": case, "customer_id": "c", "wait_type": kind, "channel": "email", "team": team}
            | {"outcome": "open" if lasts is None else "served", "started_at": at(3600.0 * start, hour=0)}
            | {"ended_at": None if lasts is None else at(3600.0 * (start + lasts), hour=0)}
            for name, (case, kind, start, lasts, team) in rows
        ],
        schema_overrides={"ended_at": pl.Datetime("us", "UTC"), "team": pl.String},
    )
    found = flags("unowned_case", world(wait_time=frame if rows else None), day).select("flag_id", "flagged_at")
    assert sorted(found.rows()) == sorted(slowly(rows, day))

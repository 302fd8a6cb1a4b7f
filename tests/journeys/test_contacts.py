from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import day_of, night, picked, world


def visits(rows, day=1):
    return night(rows, day_of(day)).stage_visits.filter(stage="support").sort("visit_id")


CALLS = world(
    wait_time="""
    customer_id | wait_id | contact_id | wait_type | channel | outcome     | handled_seconds | started_at | ended_at
    ------------+---------+------------+-----------+---------+-------------+-----------------+------------+---------
    served      | a       |            | queue     | phone   | served      | 300             | 10:00      | 10:01
    hangs_up    | b       |            | queue     | phone   | abandoned   |                 | 10:00      | 10:00:05.001
    misdials    | c       |            | queue     | phone   | abandoned   |                 | 10:00      | 10:00:05
    cut_off     | d       |            | queue     | chat    | timed_out   |                 | 10:00      | 10:05
    waits       | e       |            | queue     | phone   | open        |                 | 10:00      |
    # one contact: passed on, held, served
    passed_on   | f2      | k          | hold      | phone   | served      | 60              | 10:05      | 10:06
    passed_on   | f1      | k          | queue     | phone   | transferred | 120             | 10:00      | 10:01
    # passed on and hung up soon after: that was no wrong number
    gives_up    | g1      | l          | queue     | phone   | transferred |                 | 10:00      | 10:01
    gives_up    | g2      | l          | queue     | phone   | abandoned   |                 | 10:02      | 10:02:03
    # the same contact id of somebody else is another contact
    namesake    | h       | k          | queue     | phone   | served      |                 | 10:00      | 10:01
    parcel      | i       |            | delivery  | courier | served      |                 | 10:00      | 10:01
    """
)


def test_the_waits_of_a_contact_are_one_visit_over_when_the_last_service_is():
    found, expected = picked(
        visits(CALLS),
        """
        visit_id   | events | left_at                 | outcome | reason        | is_exposure
        -----------+--------+-------------------------+---------+---------------+------------
        support:a  | 1      | 2026-01-01 10:06        | open    |               | true
        support:b  | 1      | 2026-01-01 10:00:05.001 | lost    | abandoned     | true
        support:c  | 1      | 2026-01-01 10:00:05     | lost    | short_abandon | false
        support:d  | 1      | 2026-01-01 10:05        | lost    | abandoned     | true
        support:e  | 1      | 2026-01-01 10:00        | open    |               | true
        support:f1 | 2      | 2026-01-01 10:07        | open    |               | true
        support:g1 | 2      | 2026-01-01 10:02:03     | lost    | abandoned     | true
        support:h  | 1      | 2026-01-01 10:01        | open    |               | true
        """,
    )
    assert_frame_equal(found, expected)


def test_a_contact_names_the_queues_and_teams_that_it_touched():
    touched = world(
        wait_time="""
        customer_id | wait_id | contact_id | wait_type | channel | queue   | team  | outcome     | started_at | ended_at
        passed_on   | a1      | k          | queue     | phone   | returns | third | transferred | 10:00      | 10:01
        passed_on   | a2      | k          | queue     | phone   | billing | first | served      | 10:02      | 10:03
        unnamed     | b       |            | queue     | phone   |         |       | served      | 10:00      | 10:01
        """
    )
    assert visits(touched)["loci"].to_list() == [
        ["queue:billing", "queue:returns", "team:first", "team:third"],
        ["queue:unknown"],
    ]


SERVED = world(
    wait_time="""
    customer_id | wait_id | wait_type | channel | outcome | reason  | handled_seconds | started_at | ended_at
    ------------+---------+-----------+---------+---------+---------+-----------------+------------+----------
    quiet       | a       | queue     | phone   | served  | invoice |                 | 10:00      | 10:01
    at_midnight | b       | queue     | phone   | served  | invoice | 3600            | 22:59      | 23:00
    repeats     | c1      | queue     | phone   | served  | invoice |                 | 10:00      | 10:01
    repeats     | c2      | queue     | phone   | served  | invoice |                 | d8 10:01   | d8 10:02
    too_late    | d1      | queue     | phone   | served  | invoice |                 | 10:00      | 10:01
    too_late    | d2      | queue     | phone   | served  | invoice |                 | d8 10:02   | d8 10:03
    """
)


@pytest.mark.parametrize(
    ("day", "decided"),
    [
        (1, []),
        (7, []),
        (8, [("support:a", "completed"), ("support:c1", "lost"), ("support:d1", "completed")]),
        (9, [("support:b", "completed")]),
        (15, [("support:c2", "completed"), ("support:d2", "completed")]),
    ],
)
def test_a_served_contact_is_completed_after_seven_quiet_days_and_lost_by_a_repeat_until_then(day, decided):
    found = visits(SERVED, day).filter("is_decided")
    assert found.select("visit_id", "outcome").rows() == decided


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (1, [("support:a", "open", "2026-01-01 23:50"), ("support:b", "open", "2026-01-01 23:50")]),
        (2, [("support:a", "open", "2026-01-02 00:10"), ("support:b", "open", "2026-01-02 00:29")]),
        (3, []),
    ],
)
def test_a_contact_over_midnight_goes_on_until_its_service_is_over(day, expected):
    late = world(
        wait_time="""
        customer_id | wait_id | wait_type | channel | outcome | handled_seconds | started_at | ended_at
        waits       | a       | queue     | phone   | served  |                 | 23:50      | d2 00:10
        talks       | b       | queue     | phone   | served  | 1800            | 23:50      | 23:59
        """
    )
    found = visits(late, day).with_columns(pl.col("left_at").dt.strftime("%Y-%m-%d %H:%M"))
    assert found.select("visit_id", "outcome", "left_at").rows() == expected


def test_a_contact_that_begins_while_another_is_served_does_not_repeat_it():
    talking = world(
        wait_time="""
        customer_id | wait_id | wait_type | channel | outcome | reason  | handled_seconds | started_at | ended_at
        talks       | a       | queue     | phone   | served  | invoice | 3600            | 23:40      | 23:41
        talks       | b       | queue     | chat    | served  | invoice |                 | 23:50      | 23:51
        """
    )
    assert [visits(talking, day)["outcome"].to_list() for day in (1, 2)] == [["open", "open"], ["open"]]
    assert visits(talking, 9)["outcome"].to_list() == ["completed"]


CASES = world(
    wait_time="""
    customer_id | wait_id | case_id | wait_type | channel | outcome | reason  | started_at  | ended_at
    ------------+---------+---------+-----------+---------+---------+---------+-------------+------------
    # the source's own case, whatever the reasons and however far apart
    given       | a1      | K-1     | queue     | phone   | served  | invoice | 10:00       | 10:01
    given       | a2      | K-1     | queue     | chat    | served  | return  | d20 10:00   | d20 10:01
    given       | a3      | K-2     | queue     | chat    | served  | invoice | d20 11:00   | d20 11:01
    # no case is given: the reason counts, and less than seven days between two
    follows     | b1      |         | queue     | phone   | served  | invoice | d10 10:00   | d10 10:01
    follows     | b2      |         | queue     | email   | served  | invoice | d14 10:00   | d14 10:01
    follows     | b3      |         | queue     | email   | served  | return  | d14 10:00   | d14 10:01
    follows     | b4      |         | queue     | phone   | served  | invoice | d20 10:00   | d20 10:01
    stops       | c1      |         | queue     | phone   | served  | invoice | d13 10:00   | d13 10:01
    stops       | c2      |         | queue     | phone   | served  | invoice | d20 10:00   | d20 10:01
    # nobody knows what it was about
    unclear     | d1      |         | queue     | phone   | served  |         | d20 10:00   | d20 10:01
    unclear     | d2      |         | queue     | phone   | served  |         | d20 11:00   | d20 11:01
    """
)


def test_contacts_about_one_reason_that_follow_each_other_are_a_case_over_all_channels():
    found, expected = picked(
        night(CASES, day_of(20)).cases,
        """
        case_id | person_id | reason  | contacts | channels     | visits                             | opened_at
        --------+-----------+---------+----------+--------------+------------------------------------+-----------------
        K-1     | c:given   | invoice | 2        | chat, phone  | support:a1, support:a2             | 2026-01-01 10:00
        K-2     | c:given   | invoice | 1        | chat         | support:a3                         | 2026-01-20 11:00
        case:b1 | c:follows | invoice | 3        | email, phone | support:b1, support:b2, support:b4 | 2026-01-10 10:00
        case:c2 | c:stops   | invoice | 1        | phone        | support:c2                         | 2026-01-20 10:00
        case:d1 | c:unclear |         | 1        | phone        | support:d1                         | 2026-01-20 10:00
        case:d2 | c:unclear |         | 1        | phone        | support:d2                         | 2026-01-20 11:00
        """,
    )
    assert_frame_equal(found, expected)


def test_a_case_stands_on_each_day_on_which_it_had_a_contact_as_it_was_known_then():
    counts = {
        day: night(CASES, day_of(day)).cases.filter(case_id="case:b1")["contacts"].to_list() for day in range(9, 22)
    }
    assert {day: found for day, found in counts.items() if found} == {10: [1], 14: [2], 20: [3]}


def test_an_endless_case_is_cut_after_twenty_eight_days():
    first = day_of(1).start
    rows = pl.DataFrame(
        {"wait_id": f"w{n:02}", "customer_id": "c", "wait_type": "queue", "channel": "phone", "outcome": "served"}
        | {"reason": "invoice", "started_at": first + n * timedelta(days=3), "ended_at": first + n * timedelta(days=3)}
        for n in range(15)
    )
    sizes = [night(world(wait_time=rows), day_of(day)).cases["contacts"].to_list() for day in (28, 31)]
    assert sizes[0] == [10]
    assert sum(sizes[1]) < 11

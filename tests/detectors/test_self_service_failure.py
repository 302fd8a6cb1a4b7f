from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

HELP = world(
    """
    customer_id | anonymous_id | event_id | event_name | page_path      | occurred_at
    ------------+--------------+----------+------------+----------------+------------
    calls       |              | a1       | help_view  | /help          | 10:00
    calls       |              | a2       | help_view  | /help/invoices | 10:05
    calls       |              | a3       | page_view  | /              | 10:06
    in_a_day    |              | b1       | help_view  | /help          | 10:00
    too_late    |              | c1       | help_view  | /help          | 10:00
    afterwards  |              | d1       | help_view  | /help          | d2 09:30
    searches    |              | e1       | search     | /help/search   | 10:00
    shops       |              | f1       | search     | /search        | 10:00
    placeless   |              | g1       | help_view  |                | 10:00
    # one look, two contacts: the first is its contact
    twice       |              | h1       | help_view  | /help          | 10:00
    one         |              | i1       | help_view  | /help          | 10:00
                | phone        | j1       | help_view  | /help          | d2 08:00
    known       | phone        | j2       | login      | /login         | d2 08:01
    """,
    wait_time="""
    customer_id | wait_id | wait_type | channel | outcome | reason  | value | started_at      | ended_at
    calls       | w1      | queue     | phone   | served  | invoice | 50    | d2 09:00        | d2 09:01
    in_a_day    | w2      | queue     | phone   | served  | invoice |       | d2 10:00        | d2 10:01
    too_late    | w3      | queue     | phone   | served  | invoice |       | d2 10:00:00.001 | d2 10:01
    afterwards  | w4      | queue     | phone   | served  | invoice |       | d2 09:00        | d2 09:01
    searches    | w5      | queue     | phone   | served  | invoice |       | d2 09:00        | d2 09:01
    shops       | w6      | queue     | phone   | served  | invoice |       | d2 09:00        | d2 09:01
    placeless   | w7      | queue     | phone   | served  | invoice |       | d2 09:00        | d2 09:01
    twice       | w8      | queue     | phone   | served  | invoice |       | 23:00           | 23:01
    twice       | w9      | queue     | phone   | served  | invoice |       | d2 09:00        | d2 09:01
    other       | w10     | queue     | phone   | served  | invoice |       | d2 09:00        | d2 09:01
    known       | w11     | queue     | chat    | served  |         |       | d2 09:00        | d2 09:01
    parcel      | w12     | delivery  | courier | served  | invoice |       | d2 09:00        | d2 09:01
    """,
)


def test_a_contact_within_a_day_of_a_look_for_help_says_that_it_did_not_help():
    found, expected = picked(
        flags("self_service_failure", HELP, day_of(2)),
        """
        flag_id                 | locus_type | locus          | visit_id    | evidence   | severity | value_at_stake
        ------------------------+------------+----------------+-------------+------------+----------+---------------
        self_service_failure:a1 | help_page  | /help/invoices | support:w1  | a1, a2, w1 | 0.57     | 50
        self_service_failure:b1 | help_page  | /help          | support:w2  | b1, w2     | 0.4      |
        self_service_failure:e1 | help_page  | /help/search   | support:w5  | e1, w5     | 0.4      |
        self_service_failure:g1 | reason     | invoice        | support:w7  | g1, w7     | 0.4      |
        self_service_failure:j1 | help_page  | /help          | support:w11 | j1, w11    | 0.4      |
        """,
    )
    assert_frame_equal(found, expected)
    assert flags("self_service_failure", HELP, day_of(1))["evidence"].to_list() == [["h1", "w8"]]


@pytest.mark.parametrize(
    ("hours", "flagged"),
    [
        (23, {"calls", "searches", "placeless", "known"}),
        (24.1, {"calls", "in_a_day", "too_late", "searches", "placeless", "known"}),
    ],
)
def test_the_time_is_a_parameter(hours, flagged):
    found = flags("self_service_failure", HELP, day_of(2), within=timedelta(hours=hours))
    assert customers(found) == flagged


def test_which_pages_give_help_is_a_parameter():
    found = flags("self_service_failure", HELP, day_of(2), help_pages=("/search",))
    assert "shops" in customers(found)
    assert "searches" not in customers(found)


def test_more_looks_are_more_severe():
    clicks = [
        {
            "event_id": f"{person}-{n:02}",
            "customer_id": f"c{person:02}",
            "event_name": "help_view",
            "occurred_at": at(n),
        }
        for person in range(1, 12)
        for n in range(person)
    ]
    calls = [
        {"wait_id": f"w{person:02}", "customer_id": f"c{person:02}", "wait_type": "queue", "channel": "phone"}
        | {"outcome": "served", "started_at": at(100), "ended_at": at(101)}
        for person in range(1, 12)
    ]
    found = flags("self_service_failure", world(pl.DataFrame(clicks), pl.DataFrame(calls))).sort("customer_id")
    assert found.height == 11
    assert all(one < other <= 1 for one, other in pairwise(found["severity"]))

from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world

LOGINS = world(
    """
    customer_id | anonymous_id | event_id | event_name  | page_path | outcome | error_code | occurred_at
    ------------+--------------+----------+-------------+-----------+---------+------------+------------
    twice       |              | a1       | login_error | /login    |         | password   | 10:00
    twice       |              | a2       | login_error | /login    |         | password   | 10:01
    outcomes    |              | b1       | login       | /login    | error   |            | 10:00
    outcomes    |              | b2       | login_error | /checkout |         | locked     | 10:01
    outcomes    |              | b3       | login       | /checkout | error   | password   | 10:02
    once        |              | c1       | login_error | /login    |         | password   | 10:00
    once        |              | c2       | login       | /login    | ok      |            | 10:01
    once        |              | c3       | login       | /login    |         |            | 10:02
    returns     |              | d1       | login_error | /login    |         | password   | 10:00
    returns     |              | d2       | login_error | /login    |         | password   | 10:30
    untold      |              | e1       | login_error | /login    |         |            | 10:00
    untold      |              | e2       | login_error | /login    |         |            | 10:01
    # who logs in in the end was the same person before
                | phone        | f1       | login_error | /login    |         | password   | 10:00
                | phone        | f2       | login_error | /login    |         | password   | 10:01
    gets_in     | phone        | f3       | login       | /login    | ok      |            | 10:02
    """
)


def test_two_failed_logins_of_a_session_are_one_flag_with_a_count():
    found, expected = picked(
        flags("login_failure", LOGINS),
        """
        flag_id          | locus_type | locus    | person_id  | visit_id    | evidence   | severity
        -----------------+------------+----------+------------+-------------+------------+---------
        login_failure:a1 | error_code | password | c:twice    | discover:a1 | a1, a2     | 0.4
        login_failure:b1 | error_code | locked   | c:outcomes | checkout:b2 | b1, b2, b3 | 0.636
        login_failure:e1 | error_code | unknown  | c:untold   | discover:e1 | e1, e2     | 0.4
        login_failure:f1 | error_code | password | c:gets_in  | discover:f1 | f1, f2     | 0.4
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("failures", "flagged"),
    [(1, {"twice", "outcomes", "once", "returns", "untold", "gets_in"}), (3, {"outcomes"}), (4, set())],
)
def test_how_many_are_too_many_is_a_parameter(failures, flagged):
    assert customers(flags("login_failure", LOGINS, min_failures=failures)) == flagged


@pytest.mark.parametrize(("day", "evidence"), [(1, [["a1", "a2"]]), (2, [["b1", "b2", "b3"]])])
def test_it_belongs_to_the_day_of_the_second_failure_and_counts_what_was_known_then(day, evidence):
    over_midnight = world(
        """
        customer_id | event_id | event_name  | occurred_at
        before      | a1       | login_error | 23:50
        before      | a2       | login_error | 23:59:59.999
        before      | a3       | login_error | d2 00:10
        after       | b1       | login_error | 23:50
        after       | b2       | login_error | d2 00:00
        after       | b3       | login_error | d2 00:10
        """
    )
    assert flags("login_failure", over_midnight, day_of(day))["evidence"].to_list() == evidence


def test_more_failures_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n}", "customer_id": f"c{person:02}", "event_name": "login_error", "occurred_at": at(n)}
        for person in range(2, 12)
        for n in range(person)
    ]
    severities = flags("login_failure", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 10
    assert all(one < other <= 1 for one, other in pairwise(severities))

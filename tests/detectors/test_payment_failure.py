from collections import defaultdict
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, night, picked, world
from tests.detectors.plainly import SLOWLY, attempts, frame, known_on, sessions_of

FAILED = world(
    """
    customer_id | event_id | event_name       | outcome | error_code | error_class | value | occurred_at
    ------------+----------+------------------+---------+------------+-------------+-------+------------
    hard        | a1       | payment_error    |         | declined   | hard        | 80    | 10:00
    soft        | b1       | payment_error    | error   | timeout    | soft        | 80    | 10:00
    unclear     | c1       | payment_error    |         |            |             |       | 10:00
    tries       | d1       | payment_error    |         | timeout    | soft        | 80    | 10:00
    tries       | d2       | payment_error    |         | timeout    | soft        | 90    | 10:01
    tries       | d3       | payment_error    |         | timeout    | soft        | 70    | 10:02
    worsens     | e1       | payment_error    |         | timeout    | soft        |       | 10:00
    worsens     | e2       | payment_error    |         | timeout    | hard        |       | 10:01
    details     | f1       | add_payment_info | error   | bad_card   | soft        |       | 10:00
    refused     | g1       | purchase         | error   | fraud      | hard        |       | 10:00
    pays        | h1       | add_payment_info | ok      |            |             |       | 10:00
    pays        | h2       | purchase         | ok      |            |             |       | 10:01
    quiet       | i1       | add_payment_info |         |            |             |       | 10:00
    quiet       | i2       | purchase         |         |            |             |       | 10:01
    elsewhere   | j1       | form_error       | error   | declined   | hard        |       | 10:00
    """
)


def test_a_failed_payment_is_flagged_by_visit_and_code_and_hard_is_worse_than_soft():
    found, expected = picked(
        flags("payment_failure", FAILED),
        """
        flag_id            | locus    | visit_id   | evidence   | severity | value_at_stake
        -------------------+----------+------------+------------+----------+---------------
        payment_failure:a1 | declined | payment:a1 | a1         | 0.7      | 80
        payment_failure:b1 | timeout  | payment:b1 | b1         | 0.4      | 80
        payment_failure:c1 | unknown  | payment:c1 | c1         | 0.4      |
        payment_failure:d1 | timeout  | payment:d1 | d1, d2, d3 | 0.779    | 90
        payment_failure:e1 | timeout  | payment:e1 | e1, e2     | 0.818    |
        payment_failure:f1 | bad_card | payment:f1 | f1         | 0.4      |
        payment_failure:g1 | fraud    | payment:g1 | g1         | 0.7      |
        """,
    )
    assert_frame_equal(found, expected)


def test_a_purchase_that_failed_completes_nothing():
    found = night(FAILED, day_of(1)).stage_visits.filter(pl.col("customer_id").is_in(["refused", "pays"]))
    assert dict(found.select("customer_id", "outcome").iter_rows()) == {"refused": "lost", "pays": "completed"}
    closed = night(FAILED, day_of(1)).sessions.filter(pl.col("customer_id").is_in(["refused", "pays"]))
    assert dict(closed.select("customer_id", "purchases").iter_rows()) == {"refused": 0, "pays": 1}


TWICE = world(
    """
    customer_id | event_id | event_name       | error_code | occurred_at
    ------------+----------+------------------+------------+------------
    codes       | a1       | payment_error    | declined   | 10:00
    codes       | a2       | payment_error    | timeout    | 10:01
    codes       | a3       | payment_error    | declined   | 10:02
    # bought, and began another payment: another visit
    attempts    | b1       | payment_error    | declined   | 10:00
    attempts    | b2       | purchase         |            | 10:01
    attempts    | b3       | add_payment_info |            | 10:02
    attempts    | b4       | payment_error    | declined   | 10:03
    # half an hour later: another session
    sessions    | c1       | payment_error    | declined   | 10:00
    sessions    | c2       | payment_error    | declined   | 10:30
    tied        | d2       | payment_error    | declined   | 10:00
    tied        | d1       | payment_error    | declined   | 10:00
    one         | e1       | payment_error    | declined   | 10:00
    other       | e2       | payment_error    | declined   | 10:00
    """
)


def test_codes_attempts_sessions_and_persons_have_flags_of_their_own():
    assert flags("payment_failure", TWICE).sort("flag_id")["evidence"].to_list() == [
        ["a1", "a3"],
        ["a2"],
        ["b1"],
        ["b4"],
        ["c1"],
        ["c2"],
        ["d1", "d2"],
        ["e1"],
        ["e2"],
    ]


@pytest.mark.parametrize(("day", "evidence"), [(1, [["a1", "a2"]]), (2, [["b1"]])])
def test_it_belongs_to_the_day_of_the_first_failure_and_counts_the_tries_known_then(day, evidence):
    over_midnight = world(
        """
        customer_id | event_id | event_name    | error_code | occurred_at
        before      | a1       | payment_error | declined   | 23:50
        before      | a2       | payment_error | declined   | 23:59:59.999
        before      | a3       | payment_error | declined   | d2 00:00
        after       | b1       | payment_error | declined   | d2 00:00
        """
    )
    assert flags("payment_failure", over_midnight, day_of(day))["evidence"].to_list() == evidence


@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_more_tries_are_more_severe(kind):
    rows = [
        {"event_id": f"{person}-{n}", "customer_id": f"c{person:02}", "event_name": "payment_error"}
        | {"error_class": kind, "occurred_at": at(n)}
        for person in range(1, 12)
        for n in range(person)
    ]
    severities = flags("payment_failure", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 11
    assert all(one < other <= 1 for one, other in pairwise(severities))


def test_without_a_payment_there_is_no_flag():
    assert customers(flags("payment_failure", FAILED)).isdisjoint({"pays", "quiet", "elsewhere"})


payments = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 60, 600, 1799.999, 1800]),
            "event_name": st.sampled_from(
                ["payment_error"] * 4 + ["add_payment_info", "purchase"] * 2 + ["begin_checkout", "form_error"]
            ),
            "outcome": st.sampled_from([None, "ok", "error"]),
            "error_code": st.sampled_from(["declined", "declined", "timeout", None]),
            "error_class": st.sampled_from(["hard", "soft", None]),
        }
    ),
    max_size=16,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        for (stage, _), visit in attempts(session).items():
            failed = defaultdict(list)
            for row in visit:
                said_so = row["event_name"] in {"add_payment_info", "purchase"} and row["outcome"] == "error"
                if row["event_name"] == "payment_error" or said_so:
                    failed[row["error_code"] or "unknown"].append(row)
            for code, tries in failed.items():
                if tries[0]["occurred_at"] >= day.start:
                    is_hard = any(row["error_class"] == "hard" for row in tries)
                    yield f"{stage}:{visit[0]['event_id']}", code, [row["event_id"] for row in tries], is_hard


@SLOWLY
@given(payments, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 23 * 3600]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("payment_failure", world(rows), day)
    is_hard = found["severity"] >= 0.7
    is_single = found["evidence"].list.len() == 1
    shown = list(zip(found["visit_id"], found["locus"], found["evidence"].to_list(), is_hard, is_single, strict=True))
    as_read = list(slowly(rows.to_dicts(), day))
    assert sorted(row[:3] for row in shown) == sorted(row[:3] for row in as_read)
    by_evidence = {tuple(ids): hard for *_, ids, hard in as_read}
    assert all(hard == by_evidence[tuple(ids)] for *_, ids, hard, single in shown if single)

"""What the scores are made of: who is alike, and until when a visit could be flagged."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from pipeline.warehouse.period import decided
from tests.sql.worlds import warehouse

DAY = date(2026, 3, 31)
BOUNDS = (datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def visits(drawn: str, customers: str = "customer_id | segment\nc-1 | gold") -> dict[str, dict[str, object]]:
    con = warehouse(stage_visits=drawn, customers=customers)
    found = decided(con, DAY, 28, {"EUR": 1.0, "TRY": 0.02}, [], BOUNDS)
    assert found["visit_id"].is_sorted()
    return {row["visit_id"]: row for row in found.iter_rows(named=True)}


def test_who_was_seen_in_the_four_weeks_before_and_not_just_now_comes_back():
    found = visits(
        """
        day        | visit_id | person_id | entered_at          | left_at             | is_decided | is_active | outcome
        2026-03-20 | first    | twice     | 2026-03-20 10:00:00 | 2026-03-20 10:10:00 | true       | true      | lost
        2026-03-20 | same-day | twice     | 2026-03-20 18:00:00 | 2026-03-20 18:10:00 | true       | true      | lost
        2026-03-22 | again    | twice     | 2026-03-22 10:00:00 | 2026-03-22 10:10:00 | true       | true      | lost
        2026-02-20 | old      | after-all | 2026-02-20 10:00:00 | 2026-02-20 10:10:00 | true       | true      | lost
        2026-03-20 | late     | after-all | 2026-03-20 10:09:00 | 2026-03-20 10:20:00 | true       | true      | lost
        2026-03-20 | too-late | long-ago  | 2026-03-20 10:11:00 | 2026-03-20 10:20:00 | true       | true      | lost
        2026-02-20 | older    | long-ago  | 2026-02-20 10:00:00 | 2026-02-20 10:10:00 | true       | true      | lost
        2026-03-25 | alone    | someone   | 2026-03-25 10:00:00 | 2026-03-25 10:10:00 | true       | true      | lost
        2026-03-27 | future   | someone   | 2026-03-27 10:10:00 | 2026-03-27 10:20:00 | true       | true      | lost
        2026-03-25 | morning  | busy      | 2026-03-25 08:00:00 | 2026-03-25 08:10:00 | true       | true      | lost
        2026-03-25 | evening  | busy      | 2026-03-25 20:00:00 | 2026-03-25 20:10:00 | true       | true      | lost
        2026-03-26 | next-day | busy      | 2026-03-26 10:00:00 | 2026-03-26 10:10:00 | true       | true      | lost
        """
    )
    kinds = {name: str(row["stratum"]).rsplit("|", 1)[1] for name, row in found.items()}
    assert kinds == {
        "first": "new", "same-day": "new", "again": "returning", "late": "returning", "too-late": "new",
        "alone": "new", "future": "returning", "morning": "new", "evening": "new", "next-day": "returning",
    }  # fmt: skip


def test_visits_are_alike_by_device_channel_segment_and_return():
    found = visits(
        """
        day        | visit_id | person_id | customer_id | device | channel | is_decided | is_active | outcome
        2026-03-20 | known    | c:c-1     | c-1         | mobile | web     | true       | true      | lost
        2026-03-20 | unknown  | a:1       |             |        |         | true       | true      | lost
        """
    )
    assert {name: row["stratum"] for name, row in found.items()} == {
        "known": "mobile|web|gold|new",
        "unknown": "?|?|?|new",
    }


def seconds(row: dict[str, object]) -> float:
    reached, entered = row["reached_at"], row["entered_at"]
    assert isinstance(reached, datetime)
    assert isinstance(entered, datetime)
    return (reached - entered).total_seconds()


# steps of ten, thirty and thirty seconds: the usual one is thirty
REACHED = """
    day        | visit_id  | person_id | session_id | entered_at          | left_at             | decided_at          | events | is_decided | is_active | outcome
    2026-03-20 | lost      | a:1       | s1         | 2026-03-20 10:00:00 | 2026-03-20 10:00:30 | 2026-03-20 10:30:30 | 4      | true       | true      | lost
    2026-03-20 | completed | a:2       | s2         | 2026-03-20 10:00:00 | 2026-03-20 10:02:00 | 2026-03-20 10:01:00 | 5      | true       | true      | completed
    2026-03-20 | quick     | a:3       | s3         | 2026-03-20 10:00:00 | 2026-03-20 10:01:00 | 2026-03-20 10:01:10 | 3      | true       | true      | lost
    2026-03-20 | single    | a:4       | s4         | 2026-03-20 10:00:00 | 2026-03-20 10:00:00 | 2026-03-20 10:30:00 | 1      | true       | true      | lost
    2026-03-20 | contact   | a:5       |            | 2026-03-20 10:00:00 | 2026-03-20 10:20:00 | 2026-03-27 10:20:00 | 1      | true       | true      | lost
    """  # noqa: E501


@pytest.mark.parametrize(
    ("visit", "reached"), [("lost", 60), ("completed", 60), ("quick", 70), ("single", 30), ("contact", 0)]
)
def test_a_visit_reaches_its_decision_or_one_step_after_its_last_event(visit, reached):
    assert seconds(visits(REACHED)[visit]) == reached


def test_only_money_whose_worth_is_declared_is_converted_and_added_up():
    found = visits(
        """
        day        | visit_id | person_id | value | currency | is_decided | is_active | outcome
        2026-03-20 | own      | a:1       |   100 | EUR      | true       | true      | lost
        2026-03-20 | declared | a:2       |   100 | TRY      | true       | true      | lost
        2026-03-20 | other    | a:3       |   100 | USD      | true       | true      | lost
        2026-03-20 | unnamed  | a:4       |   100 |          | true       | true      | lost
        2026-03-20 | unvalued | a:5       |       | EUR      | true       | true      | lost
        """
    )
    assert {name: (row["is_valued"], row["value"]) for name, row in found.items()} == {
        "own": (True, 100),
        "declared": (True, 2),
        "other": (False, None),
        "unnamed": (True, 100),
        "unvalued": (True, None),
    }


def test_nobody_counts_twice():
    found = pl.DataFrame(list(visits(REACHED).values()))
    assert found["visit_id"].is_unique().all()

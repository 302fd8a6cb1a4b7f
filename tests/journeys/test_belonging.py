"""Whose the anonymous events of a device are, looked at from behind."""

from datetime import timedelta

import polars as pl
import pytest

from pipeline.journeys import belonging, sessions
from tests.drawn import table

PHONE = frozenset({"phone"})


def events(drawn: str) -> pl.DataFrame:
    found = table(drawn, occurred_at=pl.Datetime("us"))
    return found.with_columns(pl.col("occurred_at").dt.replace_time_zone("UTC"))


def theirs(drawn: str, *customers: str) -> list[str]:
    found = belonging.of_device(events(drawn), frozenset(customers), sessions.GAP, sessions.CAP)
    return found["event_id"].to_list()


ALONE = """
    event_id  | anonymous_id | customer_id | occurred_at
    ----------+--------------+-------------+--------------------
    long_ago  | phone        |             | 2025-01-01 10:00:00
    signs_in  | phone        | anna        | 2026-01-01 10:00:00
    next_year | phone        |             | 2027-01-01 10:00:00
    """

SHARED = """
    event_id      | anonymous_id | customer_id | occurred_at
    --------------+--------------+-------------+--------------------
    before        | phone        |             | 2026-01-01 08:00:00
    anna          | phone        | anna        | 2026-01-01 10:00:00
    after_anna    | phone        |             | 2026-01-01 11:00:00
    29_min_before | phone        |             | 2026-01-01 13:31:00
    bert          | phone        | bert        | 2026-01-01 14:00:00
    after_bert    | phone        |             | 2026-01-01 18:00:00
    """


def test_a_device_that_nobody_else_has_used_is_theirs_as_a_whole():
    assert theirs(ALONE, "anna") == ["long_ago", "next_year"]
    assert belonging.devices(events(ALONE), frozenset({"anna"})) == (PHONE, frozenset())


@pytest.mark.parametrize(
    ("customers", "found"),
    [
        (["anna"], ["after_anna", "before"]),
        (["bert"], ["29_min_before", "after_bert"]),
        (["anna", "bert"], ["29_min_before", "after_anna", "after_bert", "before"]),
        (["carl"], []),
    ],
)
def test_on_a_shared_device_each_event_belongs_to_one(customers, found):
    assert theirs(SHARED, *customers) == found


def test_a_shared_device_stays_with_the_others():
    assert belonging.devices(events(SHARED), frozenset({"anna"})) == (frozenset(), PHONE)
    assert belonging.devices(events(SHARED), frozenset({"anna", "bert"})) == (PHONE, frozenset())


def test_nothing_belongs_to_anybody_where_nothing_was_seen():
    nothing = events(SHARED).clear()
    assert belonging.of_device(nothing, frozenset({"anna"}), timedelta(minutes=30), sessions.CAP).is_empty()
    assert belonging.devices(nothing, frozenset({"anna"})) == (frozenset(), frozenset())

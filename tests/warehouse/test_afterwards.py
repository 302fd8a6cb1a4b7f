"""Whose later days are looked at: first days with full follow-up, and nothing of the first day itself."""

from datetime import date, timedelta

import duckdb
import polars as pl
import pytest

from pipeline.warehouse.afterwards import followed
from tests.sql.worlds import warehouse

DAY = date(2026, 1, 31)  # a horizon of 7 days: first days are 28 December to 24 January

VISITS = """
    day        | visit_id | person_id   | outcome   | reason   | is_active | is_decided | device
    -----------+----------+-------------+-----------+----------+-----------+------------+-------
    2026-01-24 | last     | in_time     | open      |          | true      | false      | mobile
    2026-01-31 | back     | in_time     | open      |          | true      | false      | mobile
    2026-01-25 | short    | too_late    | open      |          | true      | false      | mobile
    2025-12-27 | early    | too_early   | open      |          | true      | false      | mobile
    2026-01-10 | a        | buys_at_once | completed | purchase | true     | true       | mobile
    2026-01-10 | b        | buys_again  | lost      |          | true      | true       | mobile
    2026-01-17 | c        | buys_again  | completed | purchase | true      | true       | mobile
    2026-01-10 | d        | a_day_over  | lost      |          | true      | true       | mobile
    2026-01-18 | e        | a_day_over  | open      |          | true      | false      | mobile
    2026-01-10 | f        | harmed      | lost      |          | true      | true       | mobile
    2026-01-10 | g        | harmed_later | open     |          | true      | false      | mobile
    2026-01-12 | h        | harmed_later | open     |          | true      | false      | mobile
    2026-01-10 | i        | only_left   | lost      |          | true      | true       | mobile
    """

FLAGS = """
    day        | flag_id | signal       | person_id    | visit_id
    -----------+---------+--------------+--------------+---------
    2026-01-10 | f1      | rage_click   | harmed       | f
    2026-01-12 | f2      | rage_click   | harmed_later | h
    2026-01-10 | f3      | cart_abandonment | only_left | i
    """


def begun(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Visits of customers, begun on the day of their row where no instant before that of the examples is drawn."""
    con.execute("update journeys.stage_visits set entered_at = day where entered_at >= '2026-01-15'")
    con.execute("update journeys.stage_visits set customer_id = person_id where person_id <> 'nobody'")
    return con


@pytest.mark.parametrize(
    ("outcome", "affected", "affected_with", "unaffected", "unaffected_with"),
    [("return", 1, 0, 6, 3), ("purchase", 1, 0, 6, 1), ("churn", 1, 1, 6, 3)],
)
def test_who_counts_on_which_side_and_what_counts_as_later(
    outcome, affected, affected_with, unaffected, unaffected_with
):
    con = begun(warehouse(stage_visits=VISITS, flags=FLAGS))
    found = followed(con, DAY, 7, ["rage_click"], ["checkout"], "UTC").filter(pl.col("outcome") == outcome)
    sums = found.select("affected", "affected_lost", "unaffected", "unaffected_lost").sum().row(0)
    assert sums == (affected, affected_with, unaffected, unaffected_with)


def test_those_who_were_here_before_are_compared_with_their_like():
    con = warehouse(
        stage_visits="""
        day        | visit_id | person_id | is_active | device
        2026-01-01 | a        | regular   | true      | mobile
        2025-12-27 | b        | regular   | true      | mobile
        2025-12-26 | c        | regular   | true      | mobile
        2025-12-25 | d        | regular   | true      | mobile
        2026-01-01 | e        | stranger  | true      | mobile
        """
    )
    found = followed(begun(con), DAY, 7, [], ["checkout"], "UTC").filter(pl.col("outcome") == "return")
    assert found["stratum"].to_list() == ["checkout|mobile|?|new", "checkout|mobile|?|often"]


def test_a_visit_that_goes_on_or_is_of_another_stage_is_no_return():
    con = warehouse(
        stage_visits="""
        day        | visit_id | person_id | entered_at          | stage       | is_active | device
        2026-01-05 | a        | waits     | 2026-01-05 10:00:00 | checkout    | true      | mobile
        2026-01-06 | a        | waits     | 2026-01-05 10:00:00 | checkout    | true      | mobile
        2026-01-06 | b        | waits     | 2026-01-06 10:00:00 | fulfilment  | true      | mobile
        """
    )
    found = followed(begun(con), DAY, 7, [], ["checkout"], "UTC").filter(pl.col("outcome") == "return")
    assert found.select("unaffected", "unaffected_lost").rows() == [(1, 0)]


def test_who_is_not_known_cannot_be_known_to_have_come_back():
    con = warehouse(
        stage_visits="""
        day        | visit_id | person_id | is_active | device
        2026-01-05 | a        | nobody    | true      | mobile
        """
    )
    assert followed(begun(con), DAY, 7, [], ["checkout"], "UTC").is_empty()


def test_the_day_on_which_a_visit_began_is_the_project_s():
    con = warehouse(
        stage_visits="""
        day        | visit_id | person_id | entered_at          | is_active | device
        2026-01-05 | a        | late      | 2026-01-04 22:30:00 | true      | mobile
        """
    )
    found = followed(begun(con), DAY, 7, [], ["checkout"], "Europe/Istanbul").filter(pl.col("outcome") == "return")
    assert found["unaffected"].to_list() == [1]


def test_people_are_compared_who_had_come_as_far_and_each_counts_once():
    people = [f"p{number}" for number in range(40)]
    rows = "\n".join(
        f"{DAY - timedelta(days=20)} | {stage}:{person} | {person} | {stage} | true | mobile"
        for person in people
        for stage in ("browse", "checkout")
    )
    con = begun(
        warehouse(
            stage_visits=f"day | visit_id | person_id | stage | is_active | device\n{rows}",
            flags=f"""
            day                          | flag_id | signal     | person_id | visit_id    | stage
            {DAY - timedelta(days=20)}   | f1      | rage_click | p0        | checkout:p0 | checkout
            {DAY - timedelta(days=20)}   | f2      | rage_click | p1        | browse:p1   | browse
            """,
        )
    )
    found = followed(con, DAY, 7, ["rage_click"], ["browse", "checkout"], "UTC")
    returned = found.filter(pl.col("outcome") == "return").sort("stratum")
    assert returned.select("stratum", "affected").rows() == [("browse|mobile|?|new", 1), ("checkout|mobile|?|new", 1)]
    assert returned["unaffected"].sum() == len(people) - 2
    assert (returned["unaffected"] > 10).all()

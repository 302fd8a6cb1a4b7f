"""Whose later days are looked at: first days with full follow-up, and nothing of the first day itself."""

from datetime import date

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


@pytest.mark.parametrize(
    ("outcome", "affected", "affected_with", "unaffected", "unaffected_with"),
    [("return", 1, 0, 6, 3), ("purchase", 1, 0, 6, 1), ("churn", 1, 1, 6, 3)],
)
def test_who_counts_on_which_side_and_what_counts_as_later(
    outcome, affected, affected_with, unaffected, unaffected_with
):
    con = warehouse(stage_visits=VISITS, flags=FLAGS)
    found = followed(con, DAY, 7, ["rage_click"]).filter(pl.col("outcome") == outcome)
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
    found = followed(con, DAY, 7, []).filter(pl.col("outcome") == "return")
    assert found["stratum"].to_list() == ["mobile|?|new", "mobile|?|often"]

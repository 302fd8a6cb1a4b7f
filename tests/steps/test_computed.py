"""What is known of computed days: by which settings, and whether rows came since that nothing was made of."""

from datetime import date

import duckdb
import pytest

from pipeline import computed
from pipeline.computed import Known
from pipeline.contracts.contract import load

DAY = date(2026, 1, 10)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """A warehouse in which one day is computed."""
    con = duckdb.connect()
    con.execute("create schema ops")
    for name in ("computed", "runs", "signals"):
        con.execute(load(name).ddl())
    con.execute("insert into ops.signals values ($day, 'rage_click', true, null, 0, '{}')", {"day": DAY})
    return con


def tell(con: duckdb.DuckDBPyConnection, *runs: tuple[str, str], began: tuple[int, ...] = ()) -> None:
    """Runs, one an hour, with the reason for which each took the day, and the settings."""
    for number, (reason, settings) in enumerate(runs):
        hour = began[number] if began else number
        con.execute(
            "insert into ops.runs values ($run, $day, '2026-01-11T00:00:00Z'::timestamptz + $hour * interval 1 hour, "
            "'publish', 1, 12.0)",
            {"run": f"run-{number}", "day": DAY, "hour": hour},
        )
        con.execute(
            "insert into ops.computed by name select $run as run_id, $day as day, $reason as reason, "
            "$flagged as is_flagged, $settings as settings",
            {
                "run": f"run-{number}", "day": DAY, "reason": reason,
                "flagged": reason not in {"too_late", "period", "segments"}, "settings": settings,
            },
        )  # fmt: skip


def test_a_day_of_which_no_run_has_told_is_known_by_no_settings(con):
    assert computed.known(con) == {DAY: Known(None, came_too_late=False)}


def test_rows_that_came_too_late_are_owed_until_the_day_is_flagged_again(con):
    tell(con, ("asked", "a"), ("too_late", "a"))
    assert computed.known(con) == {DAY: Known("a", came_too_late=True)}
    assert computed.too_late(con) == [DAY]


@pytest.mark.parametrize("scores_only", ["period", "segments"])
def test_scoring_a_day_again_neither_pays_what_came_too_late_nor_makes_its_settings_new(con, scores_only):
    tell(con, ("asked", "a"), ("too_late", "b"), (scores_only, "b"))
    assert computed.known(con) == {DAY: Known("a", came_too_late=True)}


def test_flagging_a_day_again_does_both(con):
    tell(con, ("asked", "a"), ("too_late", "b"), ("looks_back", "b"))
    assert computed.known(con) == {DAY: Known("b", came_too_late=False)}


def test_it_is_the_run_that_began_last_that_counts_and_not_the_one_that_is_noted_last(con):
    tell(con, ("too_late", "b"), ("asked", "a"), began=(5, 2))
    assert computed.known(con) == {DAY: Known("a", came_too_late=True)}


def test_a_day_takes_what_days_took_in_runs_that_flagged_any(con):
    assert computed.seconds_a_day(con) is None
    tell(con, ("asked", "a"), ("period", "a"))
    con.execute("update ops.runs set seconds = 99 where run_id = 'run-1'")
    assert computed.seconds_a_day(con) == 12.0

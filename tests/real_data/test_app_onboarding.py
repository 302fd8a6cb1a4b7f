"""A mobile app's first minutes, one day: every count is that of a plain SQL query on the raw file."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from tests.real_data import nights, plainly
from tests.real_data.nights import Ran
from tests.reports.days import Page

pytestmark = [pytest.mark.real_data, pytest.mark.xdist_group("real_app_onboarding")]

LOG = "app_onboarding/events.csv"
DAY = date(2018, 10, 1)
MIDNIGHT = datetime(2018, 10, 1, 21, tzinfo=UTC)  # in Moscow: a session that is not over by then is still open
PERSONS = 1_017  # six of the 1,023 users have nothing but what the exporter has added

EVENTS = """
    create table events as
    with told as (
        select event_name as name, make_timestamptz(event_timestamp::bigint) as t, user_pseudo_id as who,
               user_pseudo_id || ' ' || event_timestamp as id,
               case event_name when 'onboarding_welcome_screen' then 'welcome'
                   when 'onboarding_profile_edit_close' then null else 'login' end as own_stage
        from log where event_name not in ('lost', 'passed')
    ),
    after as (select *, t - lag(t) over (partition by who order by t) as silence from told),
    numbered as (
        select *, count(*) filter (silence is null or silence >= interval 30 minutes)
                      over (partition by who order by t) as session
        from after
    )
    -- closing the profile says nothing of a stage: it is part of the one before
    select *, coalesce(last_value(own_stage ignore nulls) over (partition by who, session order by t), 'welcome')
        as stage
    from numbered
    """


@pytest.fixture(scope="module")
def log(real_data: Path):
    with plainly.open_csv(real_data, log=LOG) as con:
        con.execute(EVENTS)
        yield con


@pytest.fixture(scope="module")
def ran(real_data: Path, tmp_path_factory) -> Ran:
    nights.raw(real_data, LOG)
    return nights.run("app_onboarding", tmp_path_factory.mktemp("app"), real_data, [DAY], [DAY])


def test_what_the_exporter_added_is_left_out_before_anything_is_counted(ran: Ran, log: duckdb.DuckDBPyConnection):
    rows, users, ends = log.execute(
        "select count(*), count(distinct user_pseudo_id), count(*) filter (event_name in ('lost', 'passed')) from log"
    ).fetchall()[0]
    assert (rows, users, ends) == (7_810, 1_023, 1_023)
    counted = ran.one("select rows_read, rows_kept, rows_quarantined, rows_duplicate from ops.loads")
    assert counted == (rows - ends, rows - ends, 0, 0)
    names = "select name, count(*), min(t), max(t) from events group by name order by name"
    ours = """
        select if(event_name = 'login_error', 'onboarding__loginFailure', event_name) as name, count(*),
               min(occurred_at), max(occurred_at)
        from events.clickstream group by name order by name
        """
    assert ran.ask(ours) == log.execute(names).fetchall()
    assert "lost" not in {name for name, *_ in ran.ask(ours)}


def test_people_and_their_sessions_are_those_of_the_file(ran: Ran, log: duckdb.DuckDBPyConnection):
    expected = log.execute(
        """
        select 'a:' || who, min(t), max(t), count(*) from events group by who, session
        having max(t) + interval 30 minutes < $midnight order by all
        """,
        {"midnight": MIDNIGHT},
    ).fetchall()
    assert len(expected) == 1_009
    assert ran.ask("select person_id, started_at, ended_at, events from journeys.sessions order by all") == expected
    assert ran.one("select count(distinct person_id) from journeys.stage_visits") == PERSONS


VISITS = """
    with visits as (
        select stage, who, session, min(t) as entered, max(t) as left_at, count(*) as n, arg_min(id, t) as first_id
        from events group by all
    ),
    ends as (select who, session, max(t) + interval 30 minutes < $midnight as is_over from events group by all),
    completed as (
        select visits.stage, who, session, min(events.t) as completed_at from visits join events using (who, session)
        where events.t >= entered and case visits.stage
            when 'welcome' then name in ('onboarding__chooseLoginType', 'onboarding_otherLogin__show',
                                         'onboarding_otherLogin__chooseLoginType')
            else name = 'onboarding_welcome_screen' end
        group by all
    )
    select stage || ':' || first_id as visit, 'a:' || who as person, entered, left_at, n,
           case when completed.who is not null then 'completed' when is_over then 'lost' else 'open' end as outcome,
           completed_at
    from visits join ends using (who, session) left join completed using (stage, who, session)
    """


def test_stage_visits_are_those_of_a_plain_query(ran: Ran, log: duckdb.DuckDBPyConnection):
    expected = log.execute(
        f"select * exclude (completed_at) from ({VISITS}) order by all", {"midnight": MIDNIGHT}
    ).fetchall()
    found = "select visit_id, person_id, entered_at, left_at, events, outcome from journeys.stage_visits order by all"
    assert ran.ask(found) == expected


def test_stage_scores_count_the_visits_that_are_decided(ran: Ran, log: duckdb.DuckDBPyConnection):
    expected = log.execute(
        f"""
        select stage, count(*), count(*) filter (outcome = 'completed'), count(*) filter (outcome = 'lost')
        from (select split_part(visit, ':', 1) as stage, outcome from ({VISITS})) where outcome <> 'open'
        group by stage order by stage
        """,
        {"midnight": MIDNIGHT},
    ).fetchall()
    query = "select stage, entered, completed, lost from friction.stage_scores where day = $day order by stage"
    assert ran.ask(query, day=DAY) == expected
    assert [stage for stage, *_ in expected] == ["login", "welcome"]


FAILURES = """
    select 'a:' || who, list(id order by t), list(t order by t)[2], count(*)
    from events where name = 'onboarding__loginFailure' group by who, session having count(*) >= 2 order by all
    """


def test_two_failed_logins_in_a_session_are_a_flag(ran: Ran, log: duckdb.DuckDBPyConnection):
    expected = log.execute(FAILURES).fetchall()
    assert len(expected) == 14
    query = """
        select person_id, evidence, flagged_at, (detail ->> 'failures')::bigint from friction.flags
        where signal = 'login_failure' order by all
        """
    assert ran.ask(query) == expected
    assert ran.ask("select distinct day, stage, locus from friction.flags where signal = 'login_failure'") == [
        (DAY, "login", "unknown")
    ]


def test_the_login_that_fails_twice_is_compared_with_all_logins(ran: Ran, log: duckdb.DuckDBPyConnection):
    """Two of the 14 had seen the welcome again before they failed for the second time: that login was completed."""
    expected = log.execute(
        f"""
        with failing as (
            select 'a:' || who as person, session, list(t order by t)[2] as failed_at
            from events where name = 'onboarding__loginFailure' group by who, session having count(*) >= 2
        ),
        decided as (
            select visit, outcome = 'lost' as is_lost,
                   coalesce(failed_at <= coalesce(completed_at, failed_at), false) as is_affected
            from ({VISITS}) left join events on visit = 'login:' || id
            left join failing on failing.person = 'a:' || who and failing.session = events.session
            where visit like 'login:%' and outcome <> 'open'
        )
        select count(*), count(*) filter (is_affected), avg(is_lost::int) filter (is_affected),
               avg(is_lost::int) filter (not is_affected)
        from decided
        """,
        {"midnight": MIDNIGHT},
    ).fetchall()[0]
    query = """
        select exposed, affected, lost_share_affected, lost_share_unaffected from friction.points
        where day = $day and signal = 'login_failure'
        """
    assert ran.one(query, day=DAY) == (*expected[:2], pytest.approx(expected[2]), pytest.approx(expected[3]))
    assert expected[:2] == (874, 12)
    assert expected[2] > expected[3]


def test_who_goes_back_to_the_welcome_twice_is_a_flag(ran: Ran, log: duckdb.DuckDBPyConnection):
    expected = log.execute(
        """
        with moves as (
            select *, lead(stage) over next as to_stage, lead(t) over next as back_at
            from events window next as (partition by who, session order by t)
        )
        select 'a:' || who, list(back_at order by t)[2], count(*) from moves
        where stage = 'login' and to_stage = 'welcome' group by who, session having count(*) >= 2 order by all
        """
    ).fetchall()
    assert len(expected) > 10
    query = """
        select person_id, flagged_at, (detail ->> 'times')::bigint from friction.flags
        where signal = 'stage_regression' and locus = 'login → welcome' order by all
        """
    assert ran.ask(query) == expected


def test_nothing_else_is_flagged_and_what_the_log_cannot_tell_is_said(ran: Ran):
    flagged = {signal for (signal,) in ran.ask("select distinct signal from friction.flags")}
    assert flagged == {"login_failure", "stage_regression"}
    measurable = ran.ask("select signal from ops.signals where is_measurable order by signal")
    assert {signal for (signal,) in measurable} == flagged
    missing = nights.why_unmeasurable(ran)
    assert missing["payment_failure"] == "no events named payment_error, add_payment_info, purchase"
    assert missing["cart_abandonment"] == "no stage of the journey is named cart (signals.cart_abandonment.stage)"
    assert missing["rage_click"] == "no values in clickstream.element or no values in clickstream.x, y"
    assert missing["form_error_repeat"] == "no values in clickstream.form_id, field_id"
    assert missing["device_restart"] == "no values in clickstream.customer_id, device"
    assert missing["long_wait"] == "no rows in wait_time"
    assert missing["order_defect"] == "no rows in order_error"


def test_the_report_names_what_the_log_cannot_tell(ran: Ran):
    page = Page(ran.page())
    assert "Rage clicks" in page.sections["missing"]
    assert "no rows in wait_time" in page.row("Long waits")[1]
    assert page.row("events", "app")[1:5] == ["6,787", "6,787", "0", "0"]

"""A help desk's nights, three weeks of March 2011: every count is that of plain SQL on the log's own text."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.real_data import nights, plainly
from tests.real_data.nights import Ran
from tests.reports.days import Page

pytestmark = [pytest.mark.real_data, pytest.mark.xdist_group("real_helpdesk_nights")]

LOG = "helpdesk_italian/helpdesk.xes.gz"
DAYS = nights.span(date(2011, 3, 1), date(2011, 3, 21))  # no weeks have more tickets that were open again


@pytest.fixture(scope="module")
def log(real_data: Path):
    with plainly.open_xes(real_data, LOG) as con:
        for step in plainly.query("helpdesk/steps.sql").split(";\n"):
            con.execute(step, {"first": DAYS[0], "last": DAYS[-1]} if "$first" in step else None)
        yield con


@pytest.fixture(scope="module")
def ran(real_data: Path, tmp_path_factory) -> Ran:
    nights.raw(real_data, LOG)
    return nights.run("helpdesk", tmp_path_factory.mktemp("desk"), real_data, DAYS, DAYS[-1:])


def of_days(log: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    """What a query with `at` finds on the days that were run, with the day in front."""
    return log.execute(
        f"select day, found.* from ({query}) as found join days on t >= since and t < until order by all"
    ).fetchall()


def test_waits_are_those_of_the_log(ran: Ran, log):
    expected = log.execute(
        "select id, customer, kind, began, ended, outcome, who, product from waits order by id"
    ).fetchall()
    query = """
        select wait_id, customer_id, wait_type, started_at, ended_at, outcome, agent_id, reason
        from events.wait_time order by wait_id
        """
    assert ran.ask(query) == expected
    assert ran.ask("select sum(rows_read), sum(rows_kept) from ops.loads") == [(len(expected), len(expected))]
    counts = "select kind, count(*) from waits group by kind order by kind"
    assert log.execute(counts).fetchall() == [
        ("first_response", 4_504),
        ("next_response", 4_700),
        ("resolution", 4_742),
    ]


def test_most_tickets_that_were_resolved_more_than_once_were_not_open_in_between(log):
    """8.4 % were; of these, two in five were resolved again without any other state in between, often in one second."""
    twice = """
        select count(*) from (
            select ticket from events where name = 'Resolve ticket' group by ticket having count(*) > 1
        )
        """
    assert log.execute(twice).fetchall() == [(386,)]
    assert log.execute("select count(*), count(distinct ticket) from spells where place > 1").fetchall() == [(164, 154)]


def test_a_ticket_is_reopened_when_it_leaves_the_state_of_being_resolved(ran: Ran, log):
    expected = of_days(
        log,
        """
        select ticket, began as t, 'c:' || customer as person, ticket || ' whole ' || last_place as resolution
        from (select *, lag(place) over (partition by ticket order by place) as last_place from spells)
        where last_place is not null
        """,
    )
    assert len(expected) > 10
    query = """
        select day, detail ->> 'case_id', flagged_at, person_id, evidence[1] from friction.flags
        where signal = 'reopened_case' order by all
        """
    assert ran.ask(query) == expected


@pytest.mark.parametrize(
    ("signal", "kind", "target"),
    [
        ("slow_resolution", "resolution", timedelta(days=10)),
        ("slow_first_response", "first_response", timedelta(days=1)),
    ],
)
def test_a_wait_beyond_its_target_is_known_at_its_end_or_after_four_targets(ran: Ran, log, signal, kind, target):
    days = target.days
    expected = of_days(
        log,
        f"""
        select [id] as evidence, least(ended, began + interval {4 * days} days) as t, 'c:' || customer as person
        from waits where kind = '{kind}' and coalesce(ended - began > interval {days} days, true)
        """,
    )
    assert len(expected) > 5
    query = "select day, evidence, flagged_at, person_id from friction.flags where signal = $signal order by all"
    assert ran.ask(query, signal=signal) == expected


def test_a_ticket_that_goes_from_hand_to_hand_is_a_transfer(ran: Ran, log):
    """Also where it is taken by somebody else after it was open again. Where a ticket went is told when it went on."""
    expected = log.execute(
        """
        with stops as (
            select *, lag(who) over ends as who_before, lag(is_moved) over ends as was_moved,
                   lead(who) over ends as who_next, lead(ended) over ends as next_ended
            from stations where ended is not null window ends as (partition by ticket order by ended, place)
        ),
        moves as (
            select ticket, customer, ended, place, who as from_whom, who_next as to_whom, next_ended from stops
            where is_moved
            union all
            select ticket, customer, ended, place, who_before, who, ended from stops
            where who <> who_before and not was_moved
        ),
        first_moves as (select * from moves qualify row_number() over (partition by ticket order by ended, place) = 1)
        select day, ticket, from_whom || ' → ' || if(next_ended < until, to_whom, 'unknown'), ended, 'c:' || customer
        from first_moves join days on ended >= since and ended < until order by all
        """
    ).fetchall()
    assert len(expected) > 10
    query = r"""
        select day, regexp_extract(evidence[1], '^Case \d+'), locus, flagged_at, person_id from friction.flags
        where signal = 'transfer' order by all
        """
    assert ran.ask(query) == expected


def test_a_ticket_that_nobody_has_or_touches_is_unowned(ran: Ran, log):
    expected = of_days(
        log,
        """
        with touches as (
            select ticket, began as t, 1 as step from waits
            union all select ticket, ended, -1 from waits where ended is not null
        ),
        steps as (select ticket, t, sum(step) as step from touches group by all),
        states as (
            select ticket, t, sum(step) over so_far as waiting, lead(t) over so_far as next_at
            from steps window so_far as (partition by ticket order by t)
        ),
        neglected as (
            select ticket, t + interval 72 hours as t, 'untouched' as why from states
            where waiting > 0 and coalesce(next_at - t >= interval 72 hours, true)
            union all
            select ticket, waits.began + interval 24 hours, 'unowned' from waits
            left join (select ticket, min(began) as taken_at from stations group by all) using (ticket)
            where coalesce(ended - waits.began >= interval 24 hours, true)
              and coalesce(taken_at > waits.began + interval 24 hours, true)
        )
        select ticket, arg_min(why, (t, why)) as why, min(t) as t from neglected group by ticket
        """,
    )
    assert len(expected) > 20
    query = """
        select day, detail ->> 'case_id', detail ->> 'why', flagged_at from friction.flags
        where signal = 'unowned_case' order by all
        """
    assert ran.ask(query) == expected


def test_a_further_ticket_about_the_same_product_within_a_week_is_a_repeat(ran: Ran, log):
    expected = log.execute(
        """
        select day, ticket, next_ticket, again_at from repeats where again_at >= since and again_at < until order by all
        """
    ).fetchall()
    assert len(expected) > 10
    query = r"""
        select day, regexp_extract(evidence[1], '^Case \d+'), regexp_extract(evidence[2], '^Case \d+'), flagged_at
        from friction.flags where signal = 'repeat_contact' order by all
        """
    assert ran.ask(query) == expected


def test_tickets_are_visits_that_end_quietly_or_in_a_further_ticket(ran: Ran, log):
    expected = log.execute(
        """
        with fates as (
            select day, ticket, 'lost' as outcome from repeats where again_at >= since and again_at < until
            union all
            select day, ticket, 'completed' from known anti join repeats using (day, ticket)
            where over_at + interval 7 days >= since and over_at + interval 7 days < until
        )
        select ticket, arg_min(outcome, day), min(day) from fates group by ticket order by all
        """
    ).fetchall()
    query = r"""
        select regexp_extract(visit_id, 'Case \d+'), outcome, day from journeys.stage_visits
        where is_decided order by all
        """
    found = ran.ask(query)
    assert found == expected
    assert len({ticket for ticket, *_ in found}) == len(found) > 80


def test_nothing_else_is_flagged_and_what_tickets_cannot_tell_is_said(ran: Ran):
    flagged = {signal for (signal,) in ran.ask("select distinct signal from friction.flags")}
    outcomes = {"reopened_case", "repeat_contact"}
    assert flagged == outcomes | {"slow_first_response", "slow_resolution", "transfer", "unowned_case"}
    missing = nights.why_unmeasurable(ran)
    assert not set(missing) & flagged
    assert missing["queue_abandonment"] == "no waits of type queue"
    assert missing["long_hold"] == "no waits of type hold"
    assert missing["missed_callback"] == "no values in wait_time.promised_at"
    assert missing["silent_abandonment"] == "no values in wait_time.handled_seconds"
    assert missing["login_failure"] == "no rows in clickstream"
    assert missing["order_defect"] == "no rows in order_error"


def test_the_weeks_end_in_a_report(ran: Ran):
    page = Page(ran.page())
    assert "no waits of type queue" in page.sections["missing"]
    assert page.row("helpdesk", "tickets")[1:5] == ["4,742", "4,742", "0", "0"]

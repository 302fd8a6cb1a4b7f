"""A shop's log, the first hours of October 2019: checked against the log as plain Python reads it."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests.real_data import nights
from tests.real_data.nights import Ran
from tests.reports.days import Page

pytestmark = [pytest.mark.real_data, pytest.mark.xdist_group("real_rees46")]

LOG = "rees46_slice/2019-Oct_head17434.csv"
DAY = date(2019, 10, 1)
ORDER = {"view": 1, "cart": 2, "purchase": 3}  # of what happens within one second

Event = tuple[datetime, int]  # when, and which step
Session = list[Event]


@pytest.fixture(scope="module")
def rows(real_data: Path) -> list[tuple[str, ...]]:
    """Whole rows of the log: the slice ends in the middle of a row."""
    path = nights.raw(real_data, LOG)
    return [tuple(values) for row in nights.records(path) if None not in (values := list(row.values()))]


@pytest.fixture(scope="module")
def sessions(rows) -> list[Session]:
    """Sessions of the users: the log's own session is not asked. Rows that stand twice are one event."""
    by_user = defaultdict(list)
    for time, step, *_, user, _session in set(rows):
        at = datetime.strptime(time, "%Y-%m-%d %H:%M:%S UTC")  # noqa: DTZ007 - UTC throughout
        by_user[user].append((at, ORDER[step]))
    found: list[Session] = []
    for events in by_user.values():
        last = None
        for event in sorted(events):
            if last is None or event[0] - last >= timedelta(minutes=30):
                found.append([])
            found[-1].append(event)
            last = event[0]
    return found


@pytest.fixture(scope="module")
def ran(real_data: Path, tmp_path_factory) -> Ran:
    nights.raw(real_data, LOG)
    return nights.run("rees46", tmp_path_factory.mktemp("rees46"), real_data, [DAY], [DAY])


def test_every_row_is_read_and_repeated_rows_are_counted(ran: Ran, rows):
    """17,434 whole rows, and the beginning of another, which goes to the quarantine."""
    assert len(rows) == 17_434
    assert len(rows) - len(set(rows)) == 5
    counted = ran.one("select rows_read, rows_kept, rows_quarantined, rows_duplicate from ops.loads")
    assert counted == (17_435, 17_429, 1, 5)
    rules, line, original = ran.one("select broken_rules, line, original from ops.quarantine")
    assert (rules, line) == (["row.missing_columns"], 17_436)
    assert original.startswith("2019-10-01 02:50:00 UTC,view,10900305,")


def test_events_are_those_of_the_log(ran: Ran, rows):
    query = (
        "select event_name, count(*), sum(value), min(occurred_at), max(occurred_at) from events.clickstream group by 1"
    )
    names = {"view": "view_item", "cart": "add_to_cart", "purchase": "purchase"}
    found = {name: (count, value) for name, count, value, *_ in ran.ask(query)}
    for step, name in names.items():
        own = [row for row in set(rows) if row[1] == step]
        assert found[name] == (len(own), pytest.approx(sum(float(row[6]) for row in own)))
    since, until = ran.one("select min(occurred_at), max(occurred_at) from events.clickstream")
    assert (since.isoformat(), until.isoformat()) == ("2019-10-01T00:00:00+00:00", "2019-10-01T02:50:00+00:00")


def test_sessions_end_after_half_an_hour_of_silence(ran: Ran, sessions):
    assert len(sessions) == 4_518
    query = """
        select timezone('UTC', started_at), timezone('UTC', ended_at), events, purchases from journeys.sessions
        order by all
        """
    assert ran.ask(query) == sorted(
        (own[0][0], own[-1][0], len(own), sum(step == 3 for _, step in own)) for own in sessions
    )


def test_carts_and_purchases_are_visits_of_their_sessions(ran: Ran, sessions):
    """A visit begins with its first event; it is completed by what comes after, even within the same second."""
    expected = {}
    for stage, own, completing in [("look", 1, {2, 3}), ("cart", 2, {3}), ("buy", 3, {3})]:
        entered = [session for session in sessions if any(step == own for _, step in session)]
        completed = [
            session
            for session in entered
            if any(step in completing for _, step in session[[step for _, step in session].index(own) :])
        ]
        expected[stage] = (len(entered), len(completed), len(entered) - len(completed))
    assert expected["cart"][0] == 111
    assert expected["buy"] == (193, 193, 0)
    query = "select stage, entered, completed, lost from friction.stage_scores where day = $day"
    assert {stage: counts for stage, *counts in ran.ask(query, day=DAY)} == {
        stage: list(counts) for stage, counts in expected.items()
    }


def test_carts_that_were_left_are_flagged_half_an_hour_after_the_last_event(ran: Ran, sessions):
    left = []
    for session in sessions:
        steps = [step for _, step in session]
        if 2 in steps and 3 not in steps[steps.index(2) :]:
            left.append(session[-1][0] + timedelta(minutes=30))
    assert len(left) == 49
    query = """
        select timezone('UTC', flagged_at) from friction.flags where signal = 'checkout_abandonment' and stage = 'cart'
        order by all
        """
    assert [at for (at,) in ran.ask(query)] == sorted(left)
    assert ran.one("select count(*) from friction.flags where signal = 'checkout_abandonment'") == len(left)


def test_what_the_log_cannot_tell_is_said_to_be_not_measurable(ran: Ran):
    missing = nights.why_unmeasurable(ran)
    assert missing["rage_click"] == "no values in clickstream.element or no values in clickstream.x, y"
    assert missing["form_error_repeat"] == "no values in clickstream.form_id, field_id"
    assert missing["long_wait"] == "no rows in wait_time"
    assert "checkout_abandonment" not in missing


def test_the_night_ends_in_a_report(ran: Ran):
    page = Page(ran.page())
    assert "clickstream.element" in page.row("Rage clicks")[1]
    assert "Rage clicks" in page.sections["missing"]
    assert "Abandoned checkouts" in page.sections["outcomes"]
    assert page.row("2019-Oct", "shop")[1:5] == ["17,435", "17,429", "1", "5"]
    assert "row.missing_columns" in page.sections["quality"]

"""A bank's call centre, January 1999: calls as waits, checked against the log as plain Python reads it."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from tests.real_data import nights, plainly
from tests.real_data.nights import Ran
from tests.reports.days import Page

pytestmark = [pytest.mark.real_data, pytest.mark.xdist_group("real_call_centre")]

LOG = "call_centre_1999_january/january.txt"
DAYS = nights.span(date(1999, 1, 1), date(1999, 1, 31))
END = datetime(1999, 2, 1)  # noqa: DTZ001 - the log's clock; January has no change of clocks
NEVER = "0:00:00"


@dataclass(frozen=True)
class Call:
    """A call as the codebook describes it. `over` is the end of the service, or of the wait where there was none."""

    id: str
    customer: str | None
    kind: str
    outcome: str
    waited: int
    has_queued: bool
    began: datetime
    over: datetime

    @property
    def hung_up(self) -> bool:
        return self.outcome == "HANG"

    @property
    def queue(self) -> str:
        return "menu" if self.hung_up and not self.has_queued else self.kind


def moment(row: dict[str, str], name: str) -> datetime:
    """A time of the log; it is after midnight where the call came in just before."""
    hours, minutes, seconds = map(int, row[name].split(":"))
    midnight = datetime.strptime(row["date"], "%y%m%d")  # noqa: DTZ007 - the log's clock
    is_next_day = row["vru_entry"].startswith("23:") and hours == 0
    return midnight + timedelta(days=is_next_day, hours=hours, minutes=minutes, seconds=seconds)


def call(row: dict[str, str]) -> Call:
    has_queued = row["q_start"] != NEVER
    began = moment(row, "q_start" if has_queued else "vru_exit")
    served = int(row["ser_time"]) if row["outcome"] == "AGENT" else 0
    return Call(
        id=f"{row['vru+line']}-{row['call_id']}",
        customer=row["customer_id"] if row["customer_id"] != "0" else None,
        kind=row["type"],
        outcome=row["outcome"],
        waited=int(row["q_time"]),
        has_queued=has_queued,
        began=began,
        over=began + timedelta(seconds=int(row["q_time"]) + served),
    )


@pytest.fixture(scope="module")
def rows(real_data: Path) -> list[dict[str, str]]:
    return nights.records(nights.raw(real_data, LOG), "\t")


@pytest.fixture(scope="module")
def calls(rows: list[dict[str, str]]) -> list[Call]:
    return [call(row) for row in rows if row["outcome"] != "PHANTOM"]


@pytest.fixture(scope="module")
def repeated(calls: list[Call]) -> dict[str, datetime]:
    """Calls whose customer called again about the same kind of thing within seven days of the end: when they did."""
    by_customer = defaultdict(list)
    for each in calls:
        if each.customer:
            by_customer[each.customer, each.kind].append(each)
    found = {}
    for own in by_customer.values():
        own.sort(key=lambda each: (each.began, each.id))
        for place, first in enumerate(own):
            after = [each.began for each in own[place + 1 :] if each.began >= first.over]
            if after and after[0] - first.over <= timedelta(days=7):
                found[first.id] = after[0]
    return found


@pytest.fixture(scope="module")
def ran(real_data: Path, tmp_path_factory) -> Ran:
    nights.raw(real_data, LOG)
    return nights.run("call_centre", tmp_path_factory.mktemp("calls"), real_data, DAYS, DAYS[-1:])


def test_every_call_is_read_and_the_virtual_ones_are_put_aside(ran: Ran, rows):
    phantoms = sum(row["outcome"] == "PHANTOM" for row in rows)
    counted = ran.one(
        "select rows_read, rows_kept, rows_quarantined, rows_duplicate from ops.loads where contract = 'wait_time'"
    )
    assert counted == (31_599, 31_359, 240, 0) == (len(rows), len(rows) - phantoms, phantoms, 0)
    assert ran.ask("select distinct broken_rules from ops.quarantine") == [(["outcome.known"],)]
    line, original = ran.one("select line, original from ops.quarantine order by line limit 1")
    assert "PHANTOM" in original
    assert original.split("\t") == list(rows[line - 2].values()), "line 1 is the header"


def test_waits_are_those_of_the_log_in_its_own_time_zone(ran: Ran, calls):
    query = """
        select wait_id, timezone('Asia/Jerusalem', started_at), date_diff('second', started_at, ended_at), queue
        from events.wait_time
        """
    assert {row[0]: row[1:] for row in ran.ask(query)} == {
        each.id: (each.began, each.waited, each.queue) for each in calls
    }


def test_unidentified_callers_are_customers_of_their_own(ran: Ran, calls):
    known = {each.customer for each in calls if each.customer}
    unknown = sum(each.customer is None for each in calls)
    assert ran.one("select count(distinct customer_id) from events.wait_time") == len(known) + unknown
    assert ran.one("select count(*) from events.wait_time where customer_id = '0'") == 0


def test_hang_ups_while_waiting_are_those_of_the_log(ran: Ran, calls):
    waiting = [each for each in calls if each.hung_up and each.waited > 0]
    flagged = {each.id for each in waiting if each.waited > 5}
    assert (len(waiting), len(flagged)) == (3_080, 2_906)
    query = "select count(*) from events.wait_time where outcome = 'abandoned' and ended_at > started_at"
    assert ran.one(query) == len(waiting)
    assert {wait for (wait,) in ran.ask(flags("queue_abandonment", "evidence[1]"))} == flagged


def test_waits_over_twenty_seconds_are_long(ran: Ran, calls):
    # a wait that goes on is flagged after four times its target: by then, or at its end
    known_at = {each.id: each.began + timedelta(seconds=min(each.waited, 80)) for each in calls if each.waited > 20}
    assert len(known_at) == 12_753
    found = ran.ask(flags("long_wait", "evidence[1], timezone('Asia/Jerusalem', flagged_at), day"))
    assert {(wait, at, day) for wait, at, day in found} == {
        (wait, at, at.date()) for wait, at in known_at.items() if at < END
    }


def test_customers_who_call_again_within_seven_days_are_found(ran: Ran, repeated):
    found = ran.ask(flags("repeat_contact", "evidence[1], timezone('Asia/Jerusalem', flagged_at), day"))
    assert len(found) > 7_000
    assert {(first, at, day) for first, at, day in found} == {(first, at, at.date()) for first, at in repeated.items()}


def test_flags_of_each_day_and_person_are_those_of_a_plain_query(ran: Ran, real_data):
    with plainly.open_csv(real_data, "\t", log=LOG) as con:
        expected = con.execute(plainly.query("call_centre/flags.sql"), {"until": END}).fetchall()
    found = ran.ask("select signal, day, person_id, evidence from friction.flags order by all")
    assert found == expected
    assert {signal for signal, *_ in found} == {"long_wait", "queue_abandonment", "repeat_contact"}


def test_every_call_is_a_visit_and_lost_as_the_log_says(ran: Ran, calls, repeated):
    query = """
        select reason, count(distinct visit_id) from journeys.stage_visits
        where stage = 'call' and is_decided group by reason
        """
    hung_up = {each.id for each in calls if each.hung_up}
    short = {each.id for each in calls if each.hung_up and each.waited <= 5}
    ended = [each for each in calls if each.id not in hung_up]
    quiet = [each for each in ended if each.id not in repeated and each.over + timedelta(days=7) < END]
    assert dict(ran.ask(query)) == {
        "abandoned": len(hung_up - short),
        "short_abandon": len(short),
        "repeat_contact": len({each.id for each in ended} & set(repeated)),
        "quiet": len(quiet),
    }
    assert ran.one("select count(distinct visit_id) from journeys.stage_visits") == len(calls)


def due(calls: list[Call]) -> list[Call]:
    """Calls that the last day's scores are about: the seven days after them are over. Short hang-ups did not wait."""
    return [each for each in calls if each.over + timedelta(days=7) < END and not (each.hung_up and each.waited <= 5)]


def is_lost(each: Call, repeated: dict[str, datetime]) -> bool:
    return each.hung_up or each.id in repeated


def test_the_stage_counts_calls_whose_seven_days_are_over(ran: Ran, calls, repeated):
    counted = due(calls)
    lost = sum(is_lost(each, repeated) for each in counted)
    long = sum(each.waited > 20 for each in counted)
    query = "select entered, completed, lost, affected from friction.stage_scores where day = $day and stage = 'call'"
    assert ran.one(query, day=ran.last) == (len(counted), len(counted) - lost, lost, long)


def test_the_effect_of_a_long_wait_is_measured_among_callers_who_can_be_seen_calling_again(
    ran: Ran, rows, calls, repeated
):
    """Mostly callers who queued were identified, and only the identified can be seen calling again.

    Compared without regard to that, a wait of over 20 s seems to lose every second call.
    """
    priority: dict[str, str] = {}
    for row in rows:
        priority[row["customer_id"]] = max(priority.get(row["customer_id"], ""), row["priority"])
    over: dict[str | None, list[datetime]] = {}
    for each in calls:
        over.setdefault(each.customer, []).append(each.over)
    counts: Counter[tuple[str, bool, bool, bool]] = Counter()
    for each in due(calls):
        if each.queue == "PS":
            group = ("priority" if priority[each.customer] == "2" else "regular") if each.customer else "?"
            # who had called in the four weeks before, and not only within a day, is compared with the like
            since, until = each.began - timedelta(days=28), each.began - timedelta(days=1)
            is_back = each.customer is not None and any(since <= at <= until for at in over[each.customer])
            counts[group, is_back, each.waited > 20, is_lost(each, repeated)] += 1
    excess = weight = 0.0
    for group, is_back in product(("priority", "regular", "?"), (True, False)):
        lost, kept = counts[group, is_back, True, True], counts[group, is_back, True, False]
        lost_else, kept_else = counts[group, is_back, False, True], counts[group, is_back, False, False]
        if not (lost + kept) * (lost_else + kept_else):
            continue
        n, n_else = lost + kept, lost_else + kept_else
        excess += (lost * n_else - lost_else * n) / (n + n_else)
        weight += n * n_else / (n + n_else)
    effect, basis, naive = ran.one(
        """
        select effect, effect_basis, lost_share_affected - lost_share_unaffected from friction.points
        where day = $day and signal = 'long_wait' and locus = 'PS'
        """,
        day=ran.last,
    )
    assert basis == "measured"
    assert effect == pytest.approx(excess / weight, abs=1e-6)
    assert effect < 0.1
    assert naive > 0.4


def test_the_contact_centre_view_gives_the_figures_of_the_log(ran: Ran, calls):
    day = date(1999, 1, 4)
    of_day = [each for each in calls if each.began.date() == day and each.queue == "PS"]
    answered = [each for each in of_day if not each.hung_up]
    abandoned = [each for each in of_day if each.hung_up]
    in_target = sum(each.waited <= 20 for each in answered)
    late = sum(each.waited > 20 for each in abandoned)
    short = sum(each.waited <= 5 for each in abandoned)
    query = """
        select offered, answered, abandoned, short_abandoned, service_level_share, answer_seconds_mean
        from marts.contact_centre where day = $day and queue = 'PS'
        """
    assert ran.one(query, day=day) == (
        len(of_day),
        len(answered),
        len(abandoned),
        short,
        pytest.approx(in_target / (len(answered) + late)),
        pytest.approx(sum(each.waited for each in answered) / len(answered)),
    )


def test_what_calls_cannot_tell_is_said_to_be_not_measurable(ran: Ran):
    missing = nights.why_unmeasurable(ran)
    assert {"rage_click", "payment_failure", "late_delivery", "order_defect"} <= set(missing)
    assert missing["long_hold"] == "no waits of type hold"
    assert missing["slow_first_response"] == "no waits of type first_response"
    assert missing["payment_failure"] == "no rows in clickstream"
    assert missing["late_delivery"].startswith("no values in wait_time.promised_at")
    assert not set(missing) & {"long_wait", "queue_abandonment", "repeat_contact"}


def test_the_month_ends_in_a_report(ran: Ran):
    page = Page(ran.page())
    assert "no rows in clickstream" in page.row("Rage clicks")[1]
    assert "wait_time.promised_at" in page.row("Late deliveries")[1]
    assert "Rage clicks" in page.sections["missing"]
    assert "Long waits" not in page.sections["missing"]
    assert "Long waits" in page.sections["ranked"]
    assert "Repeat contacts" in page.sections["outcomes"]
    assert page.row("january.txt", "calls")[1:5] == ["31,599", "31,359", "240", "0"]


def flags(signal: str, columns: str) -> str:
    return f"select {columns} from friction.flags where signal = '{signal}'"

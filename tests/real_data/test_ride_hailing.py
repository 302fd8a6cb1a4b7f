"""A ride-hailing app, one day: searches, quotes, bookings and cancellations, checked against plain SQL on the files."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from tests.real_data import nights, plainly
from tests.real_data.nights import Ran
from tests.reports.days import Page

pytestmark = [pytest.mark.real_data, pytest.mark.xdist_group("real_ride_hailing")]

FILES = {name: f"ride_hailing/{name}.csv" for name in ("search", "quote", "booking", "cancellation")}
DAY = date(2022, 12, 21)
MIDNIGHT = datetime(2022, 12, 21, 18, 30, tzinfo=UTC)  # in India

# Called off: by the rider, or by the driver or the app (five bookings have two such rows, two of them alike).
RIDES = """
    create table rides as
    select booking_id as id, rider_id as rider, booking_created_at::timestamptz as placed, status,
           duration_to_pickup::int as pickup, estimated_duration::int as drive, estimated_fare::double as fare,
           id in (select booking_id from cancellation where source = 'ByUser') as is_by_rider,
           id in (select booking_id from cancellation where source <> 'ByUser') as is_by_driver
    from booking join quote using (quote_id) join search using (search_request_id)
    """


@pytest.fixture(scope="module")
def files(real_data: Path):
    with plainly.open_csv(real_data, **FILES) as con:
        con.execute(RIDES)
        yield con


@pytest.fixture(scope="module")
def ran(real_data: Path, tmp_path_factory) -> Ran:
    for name in FILES.values():
        nights.raw(real_data, name)
    return nights.run("ride_hailing", tmp_path_factory.mktemp("rides"), real_data, [DAY], [DAY])


def one(files: duckdb.DuckDBPyConnection, query: str, **values: object):
    (row,) = files.execute(query, values or None).fetchall()
    return row[0] if len(row) == 1 else row


def test_every_row_is_read_and_cancellations_that_stand_twice_are_counted(ran: Ran, files):
    rows = {name: one(files, f"select count(*) from {name}") for name in FILES}
    assert rows == {"search": 3_092, "quote": 4_668, "booking": 1_357, "cancellation": 578}
    own, driver, distinct = one(
        files,
        """
        select count(*) filter (source = 'ByUser'), count(*) filter (source <> 'ByUser'),
               count(distinct (booking_id, source, reason_code)) filter (source <> 'ByUser')
        from cancellation
        """,
    )
    assert (own, driver, distinct) == (235, 343, 341)
    query = "select source, rows_read, rows_kept, rows_quarantined, rows_duplicate from ops.loads order by source"
    assert ran.ask(query) == [
        ("bookings", 1_357, 1_357, 0, 0),
        ("cancellations", driver, distinct, 0, driver - distinct),
        ("pickups", 1_357, 1_357, 0, 0),
        ("quotes", 4_668, 4_668, 0, 0),
        ("rides", 1_357, 1_357, 0, 0),
        ("searches", 3_092, 3_092, 0, 0),
    ]


def test_rides_are_bookings_with_their_quote_and_their_search(ran: Ran, files):
    expected = files.execute(
        """
        select id, rider, placed, fare, if(is_by_rider, placed + to_seconds(pickup), null),
               if(status = 'COMPLETED', placed + to_seconds(pickup + drive), null), lower(status)
        from rides order by all
        """
    ).fetchall()
    query = """
        select order_id, customer_id, placed_at, value, cancelled_at, delivered_at, status
        from events.orders order by all
        """
    assert ran.ask(query) == expected
    assert len(expected) == 1_357


def test_the_announced_pickup_is_the_wait_of_everybody_who_booked(ran: Ran, files):
    expected = files.execute(
        """
        select 'pickup ' || id, rider, placed, pickup,
               case when is_by_rider then 'abandoned' when is_by_driver then 'timed_out' else 'transferred' end
        from rides order by all
        """
    ).fetchall()
    query = """
        select wait_id, customer_id, started_at, date_diff('second', started_at, ended_at), outcome
        from events.wait_time order by all
        """
    assert ran.ask(query) == expected


def test_an_announced_pickup_of_more_than_five_minutes_is_a_long_wait_of_its_ride(ran: Ran, files):
    expected = files.execute(
        """
        select 'ride:' || id, 'c:' || rider, ['pickup ' || id], placed + to_seconds(pickup), pickup
        from rides where pickup > 300 and placed + to_seconds(pickup) < $midnight order by all
        """,
        {"midnight": MIDNIGHT},
    ).fetchall()
    assert len(expected) == 525
    query = """
        select visit_id, person_id, evidence, flagged_at, (detail ->> 'waited_seconds')::double::int
        from friction.flags where signal = 'long_wait' and stage = 'ride' and locus = 'pickup' and day = $day
        order by all
        """
    assert ran.ask(query, day=DAY) == expected
    assert ran.one("select count(*) from friction.flags where signal = 'long_wait'") == len(expected)


def test_drivers_cancellations_are_the_merchants_and_riders_own_are_not(ran: Ran, files):
    expected = files.execute(
        """
        select 'ride:' || id, 'c:' || rider, placed + to_seconds(pickup), fare,
               (select count(distinct (source, reason_code)) from cancellation
                where booking_id = id and source <> 'ByUser')
        from rides where is_by_driver order by all
        """
    ).fetchall()
    assert len(expected) == 338
    query = """
        select visit_id, person_id, flagged_at, value_at_stake, (detail ->> 'errors')::bigint from friction.flags
        where signal = 'merchant_cancellation' and day = $day order by all
        """
    assert ran.ask(query, day=DAY) == expected
    assert one(files, "select count(*) from rides where is_by_rider and is_by_driver") == 0


def test_why_drivers_cancel_is_kept(ran: Ran, files):
    expected = files.execute(
        """
        select if(reason_code = 'NA', source, reason_code) as why, count(distinct booking_id) from cancellation
        where source <> 'ByUser' group by why order by all
        """
    ).fetchall()
    query = "select error_code, count(distinct order_id) from events.order_error group by error_code order by all"
    assert ran.ask(query) == expected
    assert dict(expected)["PICKUP_LOC_TOO_FAR"] == 61


def test_riders_whom_drivers_leave_again_are_found(ran: Ran, files):
    """Several reasons for one booking are one error."""
    expected = files.execute(
        """
        with again as (
            select *, row_number() over (partition by rider order by placed + to_seconds(pickup), id) as times
            from rides where is_by_driver
        )
        select 'ride:' || id, 'c:' || rider, placed + to_seconds(pickup), times from again where times > 1 order by all
        """
    ).fetchall()
    assert len(expected) == 75
    query = """
        select visit_id, person_id, flagged_at, (detail ->> 'errors')::bigint from friction.flags
        where signal = 'repeat_order_error' order by all
        """
    assert ran.ask(query) == expected


def test_searches_without_a_quote_found_nothing(ran: Ran, files):
    expected = files.execute(
        """
        select 'a:' || search_request_id, ['1-' || search_request_id], search_request_created_at::timestamptz
        from search anti join quote using (search_request_id) order by all
        """
    ).fetchall()
    assert len(expected) == 1_468
    query = (
        "select person_id, evidence, flagged_at from friction.flags where signal = 'zero_result_search' order by all"
    )
    assert ran.ask(query) == expected


def test_stage_visits_are_searches_choices_and_rides(ran: Ran, files):
    """A session is a search here; what it comes to within half an hour of silence decides it."""
    searched = one(
        files,
        """
        with quoted as (
            select search_request_id, timezone('UTC', max(quote_created_at::timestamp)) as t from quote group by all
        ),
        booked as (select search_request_id, max(booking_created_at::timestamptz) as t
                   from booking join quote using (quote_id) group by all),
        sessions as (
            select quoted.t is not null as is_quoted, booked.t is not null as is_booked,
                   greatest(search_request_created_at::timestamptz, quoted.t, booked.t)
                       < $midnight - interval 30 minutes as is_over
            from search left join quoted using (search_request_id) left join booked using (search_request_id)
        )
        select count(*), count(*) filter (is_quoted), count(*) filter (not is_quoted and is_over),
               count(*) filter (is_quoted), count(*) filter (is_booked),
               count(*) filter (is_quoted and not is_booked and is_over)
        from sessions
        """,
        midnight=MIDNIGHT,
    )
    ridden = one(
        files,
        """
        select count(*),
               count(*) filter (status = 'COMPLETED' and placed + to_seconds(pickup + drive) < $midnight),
               count(*) filter (is_by_rider), count(*) filter (is_by_driver)
        from rides
        """,
        midnight=MIDNIGHT,
    )
    query = """
        select count(*), count(*) filter (outcome = 'completed'), count(*) filter (outcome = 'lost')
        from journeys.stage_visits where stage = $stage and day = $day
        """
    assert ran.one(query, stage="search", day=DAY) == searched[:3]
    assert ran.one(query, stage="choose", day=DAY) == searched[3:]
    rides, completed, by_rider, by_driver = ridden
    assert ran.one(query, stage="ride", day=DAY) == (rides, completed, by_rider + by_driver)
    reasons = (
        "select reason, count(*) from journeys.stage_visits where stage = 'ride' and outcome = 'lost' group by reason"
    )
    assert dict(ran.ask(reasons)) == {"cancelled": by_rider, "merchant_cancel": by_driver}


def test_a_long_announced_pickup_loses_rides(ran: Ran, files):
    """The wait is what was announced, which nobody's leaving can shorten."""
    expected = one(
        files,
        """
        select count(*), count(*) filter (pickup > 300), avg((status = 'CANCELLED')::int) filter (pickup > 300),
               avg((status = 'CANCELLED')::int) filter (pickup <= 300)
        from rides
        where status = 'CANCELLED' or (status = 'COMPLETED' and placed + to_seconds(pickup + drive) < $midnight)
        """,
        midnight=MIDNIGHT,
    )
    query = """
        select exposed, affected, lost_share_affected, lost_share_unaffected, effect_basis, effect_low
        from friction.points where day = $day and signal = 'long_wait'
        """
    *counts, basis, low = ran.one(query, day=DAY)
    assert counts == [*expected[:2], pytest.approx(expected[2]), pytest.approx(expected[3])]
    assert basis == "measured"
    assert low > 0.1


def test_nothing_else_is_flagged_and_what_the_files_cannot_tell_is_said(ran: Ran):
    flagged = {signal for (signal,) in ran.ask("select distinct signal from friction.flags")}
    assert flagged == {"long_wait", "merchant_cancellation", "repeat_order_error", "zero_result_search"}
    missing = nights.why_unmeasurable(ran)
    assert not set(missing) & flagged
    assert missing["late_delivery"] == "no values in wait_time.promised_at or no values in orders.promised_at"
    assert missing["queue_abandonment"] == "no waits of type queue"
    assert missing["error_to_contact"] == "no stage of the journey is made of contact"
    assert missing["repeat_contact"] == "no values in wait_time.reason"
    assert missing["login_failure"] == "no events named login_error, login"
    assert missing["rage_click"] == "no values in clickstream.element or no values in clickstream.x, y"
    assert missing["shipping_shock"] == "no values in clickstream.shipping_cost"


def test_the_report_names_what_the_files_cannot_tell(ran: Ran):
    page = Page(ran.page())
    assert "no waits of type queue" in page.sections["missing"]
    assert page.row("cancellation", "cancellations")[1:5] == ["343", "341", "0", "2"]

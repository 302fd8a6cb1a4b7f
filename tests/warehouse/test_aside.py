"""Rows that are set aside: which, why, and what that leaves alone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import duckdb
import polars as pl
import pytest

from pipeline.settings import Traffic
from pipeline.warehouse import aside
from tests.sql.worlds import warehouse
from tests.warehouse.loads import new_warehouse, put, take

DAY = date(2026, 1, 15)
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
OFFICE = Traffic(internal_addresses=("10.0.0.0/8", "2001:db8::/32"))


def judged(con: duckdb.DuckDBPyConnection, traffic: Traffic, *days: date) -> frozenset[date]:
    return aside.judge(con, traffic, days or [DAY])


def marks(con: duckdb.DuckDBPyConnection, contract: str = "clickstream", key: str = "event_id") -> dict[str, str]:
    """Reason by id of the rows that are set aside."""
    query = f"select {key}, set_aside from events.{contract} where set_aside is not null order by all"
    return dict(con.execute(query).fetchall())


def clicks(con: duckdb.DuckDBPyConnection, who: str, moments: Sequence[datetime], **more: object) -> None:
    """Events of one device or, with `customer_id`, of one customer."""
    already = con.execute("select count(*) from events.clickstream").fetchall()[0][0]
    count = len(moments)
    row = {"anonymous_id": who, "event_name": "click", "load_id": "l"} | more
    frame = pl.DataFrame(
        {
            "event_id": [f"{who}-{already + number}" for number in range(count)],
            "occurred_at": moments,
            "day": [moment.date() for moment in moments],
        }
    ).with_columns(pl.lit(value).alias(name) for name, value in row.items())
    con.register("drawn_clicks", frame.to_arrow())
    con.execute("insert into events.clickstream by name select * from drawn_clicks")
    con.unregister("drawn_clicks")


def every(step: timedelta, times: int, since: datetime = NOON) -> list[datetime]:
    return [since + step * number for number in range(times)]


TENTH = timedelta(milliseconds=100)

# --- what rows say of themselves --------------------------------------------------------------------------------------


def test_nothing_planted_nothing_set_aside():
    con = warehouse(
        clickstream=f"""
        event_id | occurred_at         | customer_id | anonymous_id | user_agent  | ip_address | is_test
        ---------+---------------------+-------------+--------------+-------------+------------+--------
        browser  | 2026-01-15 10:00:00 | c1          | d1           | Mozilla/5.0 | 81.2.3.4   | false
        nothing  | 2026-01-15 10:00:00 |             | d1           |             |            |
        other    | 2026-01-14 10:00:00 |             | d1           | {BOT}       |            | true
        """,
        wait_time="wait_id | customer_id | started_at | is_test\n---+---+---+---\nw | c1 | 2026-01-15 | false",
    )
    assert judged(con, OFFICE) == frozenset()
    assert marks(con) == {}, "another day is another day's work"
    assert con.execute("select contract, rows, rows_set_aside from ops.traffic order by all").fetchall() == [
        ("clickstream", 2, 0),
        ("wait_time", 1, 0),
    ]


def test_the_first_reason_that_holds_counts_what_was_said_before_what_was_concluded():
    con = warehouse(
        clickstream=f"""
        event_id | occurred_at         | customer_id | user_agent  | ip_address       | is_test
        ---------+---------------------+-------------+-------------+------------------+--------
        bot      | 2026-01-15 10:00:00 | c1          | {BOT}       | 81.2.3.4         | false
        office   | 2026-01-15 10:00:00 | c1          | Mozilla/5.0 | 10.1.2.3         |
        both     | 2026-01-15 10:00:00 | c1          | {BOT}       | 10.1.2.3         |
        mapped   | 2026-01-15 10:00:00 | c1          | Mozilla/5.0 | ::ffff:10.1.2.3  |
        six      | 2026-01-15 10:00:00 | c1          | Mozilla/5.0 | 2001:db8::1      |
        flagged  | 2026-01-15 10:00:00 | c1          | {BOT}       | 10.1.2.3         | true
        staff    | 2026-01-15 10:00:00 | staff-1     | {BOT}       | 81.2.3.4         |
        tester   | 2026-01-15 10:00:00 | staff-9     | {BOT}       | 10.1.2.3         |
        customer | 2026-01-15 10:00:00 | c1          | Mozilla/5.0 | garbage          |
        """
    )
    traffic = OFFICE.model_copy(update={"internal_customers": ("staff-*",), "test_customers": ("staff-9",)})
    assert judged(con, traffic) == {DAY}
    assert marks(con) == {
        "bot": "bot",
        "both": "internal",
        "flagged": "test",
        "mapped": "internal",
        "office": "internal",
        "six": "internal",
        "staff": "internal",
        "tester": "test",
    }
    counts = "select rows, rows_set_aside, test, internal, bot, impossible_rate from ops.traffic"
    assert con.execute(counts).fetchall() == [(9, 8, 2, 5, 1, 0)]


def test_who_is_in_the_office_only_sometimes_is_internal_only_then():
    con = warehouse(
        clickstream="""
        event_id | occurred_at         | customer_id | ip_address
        ---------+---------------------+-------------+-----------
        home     | 2026-01-15 08:00:00 | c1          | 81.2.3.4
        office   | 2026-01-15 10:00:00 | c1          | 10.1.2.3
        unknown  | 2026-01-15 12:00:00 | c1          |
        """
    )
    judged(con, OFFICE)
    assert marks(con) == {"office": "internal"}


def test_waits_errors_and_orders_are_set_aside_by_their_flag_and_their_customer():
    head = "customer_id | is_test\n---+---+---\n"
    con = warehouse(
        wait_time=f"started_at | {head}2026-01-15 | c1 | true\n2026-01-15 | c1 |\n2026-01-15 | staff | false",
        order_error=f"occurred_at | {head}2026-01-15 | c1 | true\n2026-01-15 | c1 | false\n2026-01-15 | staff |",
        orders=f"placed_at | {head}2026-01-15 | c1 | true\n2026-01-15 | c1 | false\n2026-01-15 | staff |",
    )
    judged(con, Traffic(internal_customers=("staff",)))
    assert list(marks(con, "wait_time", "wait_id").values()) == ["test", "internal"]
    assert list(marks(con, "order_error", "error_id").values()) == ["test", "internal"]
    assert list(marks(con, "orders", "order_id").values()) == ["test", "internal"]


def test_what_a_colleague_does_before_signing_in_is_set_aside_too_but_not_on_a_shared_device():
    con = warehouse(
        clickstream="""
        event_id | occurred_at         | customer_id | anonymous_id | is_test
        ---------+---------------------+-------------+--------------+--------
        before   | 2026-01-15 08:00:00 |             | laptop       |
        signed   | 2026-01-15 08:01:00 | staff       | laptop       |
        after    | 2026-01-15 08:02:00 |             | laptop       |
        itself   | 2026-01-15 08:02:00 |             | laptop       | true
        nextday  | 2026-01-16 08:00:00 |             | laptop       |
        kiosk    | 2026-01-15 08:00:00 |             | kiosk        |
        staff    | 2026-01-15 08:01:00 | staff       | kiosk        |
        guest    | 2026-01-15 08:02:00 | c1          | kiosk        |
        tester   | 2026-01-15 08:01:00 | tester      | phone        |
        mixed    | 2026-01-15 08:01:00 | staff       | phone        |
        tested   | 2026-01-15 08:02:00 |             | phone        |
        stranger | 2026-01-15 08:02:00 |             | other        |
        """
    )
    traffic = Traffic(internal_customers=("staff",), test_customers=("tester",))
    judged(con, traffic, DAY, DAY + timedelta(days=1))
    assert marks(con) == {
        "after": "internal",
        "before": "internal",
        "itself": "test",
        "mixed": "internal",
        "signed": "internal",
        "staff": "internal",
        "tested": "test",
        "tester": "test",
    }
    assert judged(con, traffic, DAY, DAY + timedelta(days=1)) == frozenset(), "a row has one reason"


# --- impossible rates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "step", "is_set_aside"),
    [
        pytest.param(600, timedelta(0), False, id="600 at once"),
        pytest.param(601, timedelta(0), True, id="601 at once"),
        pytest.param(601, TENTH, False, id="the 601st a minute after the first"),
        pytest.param(6_000, TENTH, False, id="600 a minute for ten minutes"),
        pytest.param(601, TENTH - timedelta(microseconds=1), True, id="the 601st just within the minute"),
        pytest.param(1_200, timedelta(milliseconds=200), False, id="many events in many minutes"),
    ],
)
def test_more_than_600_events_within_any_minute_are_impossible(events, step, is_set_aside):
    con = warehouse()
    clicks(con, "fast", every(step, events))
    assert judged(con, Traffic()) == ({DAY} if is_set_aside else frozenset())
    assert set(marks(con).values()) == ({"impossible_rate"} if is_set_aside else set())
    assert len(marks(con)) == (events if is_set_aside else 0)


def test_a_burst_across_two_minutes_of_the_clock_is_found():
    con = warehouse()
    clicks(con, "fast", every(timedelta(milliseconds=50), 601, NOON - timedelta(seconds=15)))
    judged(con, Traffic())
    assert len(marks(con)) == 601


def test_a_burst_across_midnight_is_two_days_and_each_is_judged_by_itself():
    con = warehouse()
    midnight = datetime(2026, 1, 15, tzinfo=UTC)
    clicks(con, "split", every(timedelta(0), 600, midnight - timedelta(seconds=1)) + every(timedelta(0), 600, midnight))
    clicks(con, "split", every(timedelta(minutes=1), 60, midnight - timedelta(hours=2)))  # in each day more than 600
    clicks(con, "split", every(timedelta(minutes=1), 60, midnight + timedelta(hours=2)))
    clicks(con, "fast", every(timedelta(0), 601, midnight - timedelta(seconds=1)) + every(timedelta(0), 9, midnight))
    assert judged(con, Traffic(), DAY, DAY - timedelta(days=1)) == {DAY - timedelta(days=1)}
    assert {name.partition("-")[0] for name in marks(con)} == {"fast"}
    assert len(marks(con)) == 601


def test_the_whole_day_of_the_id_is_set_aside_and_nobody_else_s():
    con = warehouse()
    clicks(con, "fast", every(TENTH / 2, 700))
    clicks(con, "fast", every(timedelta(minutes=5), 20, NOON - timedelta(hours=4)))
    clicks(con, "fast", [NOON + timedelta(days=1)])
    clicks(con, "slow", every(timedelta(seconds=1), 700))
    judged(con, Traffic(), DAY, DAY + timedelta(days=1))
    assert {name.partition("-")[0] for name in marks(con)} == {"fast"}
    assert len(marks(con)) == 720


def test_a_customer_is_counted_over_devices_and_a_device_of_the_same_name_is_somebody_else():
    con = warehouse()
    clicks(con, "d1", every(timedelta(0), 301), customer_id="same")
    clicks(con, "d2", every(timedelta(0), 300), customer_id="same")
    clicks(con, "same", every(timedelta(0), 600))
    judged(con, Traffic())
    assert {name.partition("-")[0] for name in marks(con)} == {"d1", "d2"}


def test_rows_with_a_reason_of_their_own_make_nobody_impossible():
    con = warehouse()
    clicks(con, "d1", every(timedelta(0), 600), customer_id="c1")
    clicks(con, "d1", every(timedelta(0), 600), customer_id="c1", user_agent=BOT)
    judged(con, Traffic())
    assert set(marks(con).values()) == {"bot"}
    judged(con, Traffic(bots=False))
    assert set(marks(con).values()) == {"impossible_rate"}
    assert len(marks(con)) == 1_200


def test_how_many_are_too_many_is_a_setting():
    con = warehouse()
    clicks(con, "d1", every(timedelta(0), 4))
    judged(con, Traffic(max_events_a_minute=4))
    assert marks(con) == {}
    judged(con, Traffic(max_events_a_minute=3))
    assert len(marks(con)) == 4


# --- again, and otherwise ---------------------------------------------------------------------------------------------


def test_judging_twice_changes_nothing_and_says_so():
    con = warehouse()
    clicks(con, "fast", every(timedelta(0), 601))
    clicks(con, "bot", [NOON], user_agent=BOT)
    assert judged(con, Traffic()) == {DAY}
    before = con.sql("select * from events.clickstream").pl(), con.sql("from ops.traffic").pl()
    assert judged(con, Traffic()) == frozenset()
    assert con.sql("select * from events.clickstream").pl().equals(before[0])
    assert con.sql("from ops.traffic").pl().equals(before[1])


def test_other_settings_bring_rows_back_and_the_days_judged_before_are_named():
    yesterday = DAY - timedelta(days=1)
    con = warehouse()
    clicks(con, "office", [NOON, NOON - timedelta(days=1)], ip_address="10.0.0.1")
    judged(con, OFFICE, yesterday, DAY)
    assert len(marks(con)) == 2
    assert aside.judged_otherwise(con, OFFICE, yesterday) == []
    assert judged(con, Traffic(), DAY) == {DAY}
    assert len(marks(con)) == 1, "a day that is not judged keeps its marks"
    assert aside.judged_otherwise(con, Traffic(), yesterday) == [yesterday]
    assert aside.judged_otherwise(con, Traffic(), DAY) == []


HEAD = "event_id,occurred_at,event_name,anonymous_id,received_at,is_test,user_agent\n"


def rows(first: int, last: int, **more: str) -> str:
    told = "{received},{is_test},{agent}".format(**{"received": "", "is_test": "", "agent": ""} | more)
    return HEAD + "".join(f"e{number},2026-01-15T12:00:00Z,click,fast,{told}\n" for number in range(first, last))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_files_is_irrelevant_though_only_together_they_are_too_fast(tmp_path, order):
    files = [rows(0, 300), rows(300, 601), HEAD + f"bot,2026-01-15T12:00:00Z,click,fast,,,{BOT}\n"]
    con = new_warehouse()
    for place in order:
        loaded = take(con, put(tmp_path, f"{place}.csv", files[place]))
        judged(con, Traffic(), *loaded.days)
    found = marks(con)
    assert len(found) == 602
    assert found.pop("bot") == "bot"
    assert set(found.values()) == {"impossible_rate"}
    counts = con.execute("select sum(rows), sum(rows_set_aside), sum(bot) from ops.traffic").fetchall()
    assert counts == [(602, 602, 1)]


def test_a_newer_version_of_a_row_is_judged_by_what_it_says(tmp_path):
    con = new_warehouse()
    judged(con, Traffic(), *take(con, put(tmp_path, "a.csv", rows(0, 1, is_test="true"))).days)
    assert marks(con) == {"e0": "test"}
    corrected = put(tmp_path, "b.csv", rows(0, 1, is_test="false", received="2026-01-16T00:00:00Z"))
    judged(con, Traffic(), *take(con, corrected).days)
    assert marks(con) == {}
    assert con.execute("select rows_kept, rows_quarantined from ops.loads order by file").fetchall() == [(0, 1), (1, 0)]
    assert con.execute("select rows, rows_set_aside from ops.traffic").fetchall() == [(1, 0)]


def test_days_without_rows_leave_no_counts_behind():
    con = warehouse(clickstream="event_id | occurred_at | is_test\n---+---+---\ne | 2026-01-15 | true")
    judged(con, Traffic())
    con.execute("delete from events.clickstream")
    assert judged(con, Traffic()) == frozenset()
    assert con.execute("from ops.traffic").fetchall() == []
    assert aside.judge(con, Traffic(), []) == frozenset()

"""Rows that are kept and counted, but not looked at: of tests, of one's own people, of bots, at impossible rates.

A day is always judged whole, from its own rows and the settings alone. So a mark depends neither on the order in which
files came nor on how often; and what is known of another day never changes it.

Where a row gives several reasons, the first counts, what somebody has said before what is concluded: test, internal,
bot. What others say of it comes after: the customer who signed in on its device, then the rate of its person.
"""

from collections.abc import Iterable
from datetime import date, timedelta

import duckdb
import polars as pl

from pipeline.contracts.contract import Contract, load_all
from pipeline.quoting import text
from pipeline.settings import Traffic
from pipeline.warehouse import traffic as recognised
from pipeline.warehouse.connection import fetch

REASONS = ("test", "internal", "bot", "impossible_rate")

# Any 60 seconds, the last instant not among them: ten events a second are 600 a minute, and not 601. The clock's own
# minutes would let twice as many pass where a burst lies across two of them.
MINUTE = timedelta(minutes=1) - timedelta(microseconds=1)

_OF_THE_DAYS = "day in (select day from days_to_judge)"


def judge(con: duckdb.DuckDBPyConnection, traffic: Traffic, days: Iterable[date]) -> frozenset[date]:
    """Set aside what is to be set aside on some days, and nothing else; gives the days on which that changed a row.

    Reads and writes `set_aside` of all inputs that have one, and counts into ops.traffic.
    """
    _put(con, "days_to_judge", pl.DataFrame({"day": sorted(days)}, schema={"day": pl.Date}))
    _recognise(con, traffic)
    changed: set[date] = set()
    for contract in inputs():
        con.execute(f"create or replace temp table judged as {_own_reasons(contract)}")
        if "anonymous_id" in contract.names:
            con.execute(_rest_of_devices(contract))
            _add_impossible_rates(con, contract, traffic.max_events_a_minute)
        changed |= _mark(con, contract)
        _count(con, contract, recognised.digest(traffic))
    return frozenset(changed)


def judged_otherwise(con: duckdb.DuckDBPyConnection, traffic: Traffic, since: date) -> list[date]:
    """The days since then that were judged by other settings than these."""
    found = con.execute(
        "select distinct day from ops.traffic where settings <> $settings and day >= $since order by day",
        {"settings": recognised.digest(traffic), "since": since},
    ).fetchall()
    return [day for (day,) in found]


def inputs() -> list[Contract]:
    """The contracts whose rows can be set aside."""
    return [contract for contract in load_all().values() if "set_aside" in contract.names]


def _recognise(con: duckdb.DuckDBPyConnection, traffic: Traffic) -> None:
    """Tables of the user agents, addresses and customers of the days that give themselves away."""
    looks_at_agents = traffic.bots or traffic.bot_user_agents
    agents = recognised.bots(_distinct(con, "user_agent"), traffic) if looks_at_agents else []
    networks = traffic.internal_addresses
    addresses = recognised.internal(_distinct(con, "ip_address"), networks) if networks else []
    everybody = _distinct(con, "customer_id") if traffic.internal_customers or traffic.test_customers else []
    tests = recognised.named(everybody, traffic.test_customers)
    staff = recognised.named(everybody, traffic.internal_customers)
    _put(con, "bot_agents", pl.DataFrame({"user_agent": agents}, schema={"user_agent": pl.String}))
    _put(con, "internal_addresses", pl.DataFrame({"ip_address": addresses}, schema={"ip_address": pl.String}))
    _put(con, "test_customers", pl.DataFrame({"customer_id": tests}, schema={"customer_id": pl.String}))
    _put(con, "internal_customers", pl.DataFrame({"customer_id": staff}, schema={"customer_id": pl.String}))


def _distinct(con: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    each = [
        f"select {column} from {contract.table} where {_OF_THE_DAYS} and {column} is not null"
        for contract in inputs()
        if column in contract.names
    ]
    rows = fetch(con, f"select distinct {column} from ({' union all '.join(each)}) order by all")
    return rows[column].to_list()


def _put(con: duckdb.DuckDBPyConnection, name: str, rows: pl.DataFrame) -> None:
    con.register("incoming", rows.to_arrow())
    con.execute(f"create or replace temp table {name} as from incoming")
    con.unregister("incoming")


def _own_reasons(contract: Contract) -> str:
    """A SELECT of the rows that give themselves away: id, reason."""
    by_column = [
        ("is_test", "test", "is_test"),
        ("customer_id", "test", "customer_id in (from test_customers)"),
        ("customer_id", "internal", "customer_id in (from internal_customers)"),
        ("ip_address", "internal", "ip_address in (from internal_addresses)"),
        ("user_agent", "bot", "user_agent in (from bot_agents)"),
    ]
    cases = " ".join(
        f"when {says} then {text(reason)}" for column, reason, says in by_column if column in contract.names
    )
    return (
        f"select id, reason from (select rowid as id, case {cases} end as reason from {contract.table} "
        f"where {_OF_THE_DAYS}) where reason is not null"
    )


def _rest_of_devices(contract: Contract) -> str:
    """An INSERT of what listed customers did on the day before they said who they were.

    Without it, a colleague who looks round and then signs in would count as somebody who left. Only where the device
    had no other customer on that day.
    """
    return f"""
        insert into judged
        with devices as (
            select day, anonymous_id, bool_or(customer_id in (from test_customers)) as is_test
            from {contract.table}
            where {_OF_THE_DAYS} and anonymous_id is not null and customer_id is not null
                and exists (from test_customers union all from internal_customers)
            group by all
            having bool_and(customer_id in (from test_customers) or customer_id in (from internal_customers))
        )
        select r.rowid, case when devices.is_test then 'test' else 'internal' end
        from {contract.table} r join devices using (day, anonymous_id)
        where r.customer_id is null and r.rowid not in (select id from judged)
    """


def _add_impossible_rates(con: duckdb.DuckDBPyConnection, contract: Contract, most: int) -> None:
    """Set aside the whole day of an id that had more events within a minute than anybody can have.

    Whole, because its slower minutes are no customer's either. Rows with a reason of their own do not count towards
    it: a test run on a customer's account does not take the customer away.
    """
    time = contract.event_time
    rows = (
        "select rowid as id, day, case when customer_id is null then 'a:' || anonymous_id else 'c:' || customer_id end "
        f"as who, {time} as moment from {contract.table} where {_OF_THE_DAYS} and rowid not in (select id from judged)"
    )
    # whoever has more in a minute has more in the day: the rest need not be put in order
    con.execute(
        f"create or replace temp table busy as select day, who from ({rows}) group by all having count(*) > $most",
        {"most": most},
    )
    con.execute(
        f"""
        insert into judged
        with theirs as (select * from ({rows}) semi join busy using (day, who)),
        counted as (
            select day, who, count(*) over (
                partition by day, who order by moment
                range between to_microseconds({MINUTE // timedelta(microseconds=1)}) preceding and current row
            ) as events
            from theirs
        )
        select id, 'impossible_rate' from theirs
        semi join (select day, who from counted where events > $most) using (day, who)
        """,
        {"most": most},
    )


def _mark(con: duckdb.DuckDBPyConnection, contract: Contract) -> set[date]:
    """Bring `set_aside` in line with `judged`; only what differs is written."""
    con.execute(
        f"""
        create or replace temp table to_mark as
        select r.rowid as id, r.day, judged.reason from {contract.table} r left join judged on judged.id = r.rowid
        where r.{_OF_THE_DAYS} and r.set_aside is distinct from judged.reason
        """
    )
    days = {day for (day,) in con.execute("select distinct day from to_mark").fetchall()}
    if days:
        con.execute(
            f"""
            update {contract.table} as r set set_aside = to_mark.reason from to_mark
            where r.rowid = to_mark.id and r.day = to_mark.day
            """
        )
    return days


def _count(con: duckdb.DuckDBPyConnection, contract: Contract, settings: str) -> None:
    counts = ", ".join(f"count(*) filter (set_aside = {text(reason)}) as {reason}" for reason in REASONS)
    con.execute(f"delete from ops.traffic where {_OF_THE_DAYS} and contract = $name", {"name": contract.name})
    con.execute(
        f"""
        insert into ops.traffic by name
        select day, $name as contract, load_id, count(*) as rows, count(set_aside) as rows_set_aside, {counts},
               $settings as settings
        from {contract.table} where {_OF_THE_DAYS} group by day, load_id order by day, load_id
        """,
        {"name": contract.name, "settings": settings},
    )

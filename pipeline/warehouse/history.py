"""What a night reads of the warehouse: no more columns and days than the day's work needs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from pipeline.contracts.contract import load
from pipeline.quoting import quoted
from pipeline.warehouse.connection import fetch
from pipeline.warehouse.parting import parted

# The columns of the clickstream that journeys, detectors and reports of a day are made of.
CLICKSTREAM = (
    "event_id", "occurred_at", "event_name", "customer_id", "anonymous_id", "page_url", "page_path", "element", "x",
    "y", "query", "result_count", "product_id", "order_id", "form_id", "field_id", "coupon", "value", "shipping_cost",
    "currency", "outcome", "error_code", "error_class", "duration_ms", "metric", "device", "channel", "country",
)  # fmt: skip


DECIDED_REACH_DAYS = 180  # twice what an order is looked back on: nothing older is decided again

NOT_READ = {"attributes", "received_at"}

# The day prunes row groups; a day more on either side, because it is a day in the project's time zone.
# What is set aside is there to be counted, and for nothing else.
_WITHIN = "day between $start::date - 1 and $end::date + 1 and {time} >= $start and {time} < $end and set_aside is null"


@dataclass(frozen=True)
class Share:
    """Which of how many buckets of people is read."""

    bucket: int = 0
    buckets: int = 1


def remember(con: duckdb.DuckDBPyConnection, parts: Iterable[pl.DataFrame]) -> None:
    """Keep event_id and resolved_id of anonymous events for `clickstream`, as long as the connection lasts."""
    con.execute("create or replace temp table resolved (event_id varchar, resolved_id varchar)")
    for rows in parts:
        con.register("incoming", rows.to_arrow())
        try:
            con.execute("insert into resolved select event_id, resolved_id from incoming")
        finally:
            con.unregister("incoming")


@contextmanager
def clickstream(
    con: duckdb.DuckDBPyConnection, start: datetime, end: datetime, buckets: int, path: Path
) -> Iterator[Callable[[int], pl.DataFrame]]:
    """Events in [start, end), bucket of people by bucket, with the customers that were `remembered` of anonymous ones.

    Of more than one bucket the events are read once, into the file `path`, which is gone at the end: to look for
    each bucket's in all of them would take the square of the time.
    """
    told = {"customer_id": "coalesce(customer_id, resolved_id) as customer_id"}
    listed = ", ".join(told.get(column, f"e.{quoted(column)}") for column in CLICKSTREAM)
    query = f"""
        select {listed}, (hash(coalesce(customer_id, resolved_id, anonymous_id)) % $buckets)::usmallint as bucket
        from events.clickstream e left join resolved using (event_id)
        where {_WITHIN.format(time="occurred_at")}
        """
    rows = con.sql(query, params={"start": start, "end": end, "buckets": buckets})
    if buckets == 1:
        yield lambda _: rows.pl().drop("bucket")
        return
    with parted(rows, "bucket", buckets, path) as of:
        yield of


def of_customers(
    con: duckdb.DuckDBPyConnection, name: str, start: datetime, end: datetime, share: Share
) -> pl.DataFrame:
    """Rows of a table whose rows all have a customer, for a bucket's people in [start, end): waits, errors, orders."""
    contract = load(name)
    wanted = ", ".join(quoted(column.name) for column in contract.inputs if column.name not in NOT_READ)
    return fetch(
        con,
        f"select {wanted} from {contract.table} where {_WITHIN.format(time=contract.event_time)} "
        "and hash(customer_id) % $buckets = $bucket",
        {"start": start, "end": end, "buckets": share.buckets, "bucket": share.bucket},
    )


def purchases(con: duckdb.DuckDBPyConnection, start: datetime, end: datetime, share: Share) -> pl.DataFrame:
    """Purchase events that name an order and a customer, in [start, end)."""
    return fetch(
        con,
        f"""
        select event_id, occurred_at, customer_id, order_id, value, currency, device, channel
        from events.clickstream
        where event_name = 'purchase' and coalesce(outcome, 'ok') <> 'error'
          and order_id is not null and customer_id is not null
          and {_WITHIN.format(time="occurred_at")} and hash(customer_id) % $buckets = $bucket
        """,
        {"start": start, "end": end, "buckets": share.buckets, "bucket": share.bucket},
    )


def devices(con: duckdb.DuckDBPyConnection, start: datetime, end: datetime, share: Share) -> pl.DataFrame:
    """Events of devices that were anonymous at some time in [start, end): what identities are resolved from."""
    return fetch(
        con,
        f"""
        with window_events as (
            select event_id, occurred_at, anonymous_id, customer_id from events.clickstream
            where anonymous_id is not null and hash(anonymous_id) % $buckets = $bucket
              and {_WITHIN.format(time="occurred_at")}
        )
        select * from window_events
        where anonymous_id in (select anonymous_id from window_events where customer_id is null)
        """,
        {"start": start, "end": end, "buckets": share.buckets, "bucket": share.bucket},
    )


def known_devices(con: duckdb.DuckDBPyConnection, since: datetime, before: datetime, share: Share) -> pl.DataFrame:
    """Pairs of ids that were seen together since, the first time before an instant."""
    return fetch(
        con,
        """
        select anonymous_id, customer_id, last_seen_at from journeys.identities
        where day >= $since::date and first_seen_at < $before and hash(anonymous_id) % $buckets = $bucket
        """,
        {"since": since, "before": before, "buckets": share.buckets, "bucket": share.bucket},
    )


def counts(
    con: duckdb.DuckDBPyConnection, name: str, columns: Iterable[str], start: datetime, end: datetime
) -> dict[str, int]:
    """How many rows of [start, end) have a value in each column; `*` is the number of rows."""
    contract = load(name)
    listed = sorted(set(columns))
    counted = ", ".join(["count(*)", *(f"count({quoted(column)})" for column in listed)])
    found = con.execute(
        f"select {counted} from {contract.table} where {_WITHIN.format(time=contract.event_time)}",
        {"start": start, "end": end},
    ).fetchall()[0]
    return dict(zip(["*", *listed], found, strict=True))


def has_milliseconds(con: duckdb.DuckDBPyConnection, start: datetime, end: datetime) -> bool:
    """Whether the times of the clicks of [start, end) tell parts of a second."""
    found = con.execute(
        f"select count(*) from events.clickstream where event_name = 'click' and {_WITHIN.format(time='occurred_at')} "
        "and date_trunc('second', occurred_at) <> occurred_at",
        {"start": start, "end": end},
    ).fetchall()
    return bool(found[0][0])


def event_names(con: duckdb.DuckDBPyConnection, start: datetime, end: datetime) -> set[str]:
    """The names of the events of [start, end)."""
    return _words(con, "clickstream", "event_name", start, end)


def wait_types(con: duckdb.DuckDBPyConnection, start: datetime, end: datetime) -> set[str]:
    """The types of the waits that began in [start, end)."""
    return _words(con, "wait_time", "wait_type", start, end)


def _words(con: duckdb.DuckDBPyConnection, name: str, column: str, start: datetime, end: datetime) -> set[str]:
    contract = load(name)
    found = con.execute(
        f"select distinct {quoted(column)} from {contract.table} where {_WITHIN.format(time=contract.event_time)}",
        {"start": start, "end": end},
    ).fetchall()
    return {word for (word,) in found}


def usual(con: duckdb.DuckDBPyConnection, days: Iterable[date], trailing: timedelta) -> pl.DataFrame:
    """What was measured in the time before each of the days, added up: journeys.usual with `of` for its `day`."""
    return fetch(
        con,
        """
        select of, measure, place, device, value, sum(times)::bigint as times
        from journeys.usual, (select unnest($days::date[]) as of) as those
        where day >= of - $trailing::integer and day < of and device <> '*'
        group by all order by all
        """,
        {"days": sorted(days), "trailing": trailing.days},
    )


def counted(con: duckdb.DuckDBPyConnection, day: date, trailing: timedelta) -> pl.DataFrame:
    """What was only counted in the time before a day, day by day: rows of journeys.usual."""
    return fetch(
        con,
        "select * from journeys.usual where day >= $day - $trailing::integer and day < $day and device = '*' "
        "order by all",
        {"day": day, "trailing": trailing.days},
    )


def decided_before(con: duckdb.DuckDBPyConnection, day: date, visits: pl.DataFrame) -> pl.DataFrame:
    """Those of the visits that an earlier day has decided: visit_id."""
    con.register("incoming", visits.select("visit_id").to_arrow())
    try:
        return fetch(
            con,
            """
            select distinct visit_id from journeys.stage_visits
            where is_decided and day < $day and day >= $day - $reach::integer
              and visit_id in (select visit_id from incoming)
            order by visit_id
            """,
            {"day": day, "reach": DECIDED_REACH_DAYS},
        )
    finally:
        con.unregister("incoming")


def refresh_identities(con: duckdb.DuckDBPyConnection, days: Iterable[object]) -> None:
    """Make journeys.identities of some days anew from their events."""
    for day in days:
        con.execute("delete from journeys.identities where day = $day", {"day": day})
        con.execute(
            """
            insert into journeys.identities by name
            select day, anonymous_id, customer_id, min(occurred_at) as first_seen_at, max(occurred_at) as last_seen_at,
                   count(*) as events
            from events.clickstream
            where day = $day and anonymous_id is not null and customer_id is not null and set_aside is null
            group by all order by all
            """,
            {"day": day},
        )

"""A day's journeys and flags: reads what the day's work needs, has it judged, writes the day."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from os import cpu_count
from threading import Lock
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipeline import night
from pipeline.calendar import Day, day_in, days_between
from pipeline.detectors import _measurable, configured
from pipeline.journeys import contacts, identities, journey, orders, sessions, usual
from pipeline.settings import Settings
from pipeline.warehouse import history, versions
from pipeline.warehouse.days import replace_day
from pipeline.warehouse.entries import entries

log = logging.getLogger(__name__)

INSTANT = pl.Datetime("us", "UTC")
BUCKET_EVENTS = 250_000  # events of a night that are worked through at once; bounds memory to about 1 GB
MOST_AT_ONCE = 4  # buckets; polars itself uses all processors, but not all the time
BUCKETS_OF_DEVICES = 8  # so many buckets' devices at once: of their events four columns are enough


def flag(con: duckdb.DuckDBPyConnection, settings: Settings, date_: date) -> tuple[int, int]:
    """Make a day's journeys and flags, bucket of people by bucket; gives the numbers of flags and events."""
    day = day_in(settings.zone, date_)
    plan = journey.load(settings.project.journey, settings.folder)
    signals = configured(settings.signals, [stage.name for stage in plan.stages])
    since, waited_since = day.start - sessions.LOOK_BACK, day.start - contacts.LOOK_BACK
    counts = {
        table: history.counts(con, table, columns, day.start if table == "clickstream" else waited_since, day.end)
        for table, columns in _measurable.needed(signals).items()
    }
    before, counted = seen_before(con, day, settings.zone)
    seen = _measurable.Seen(
        counts=counts,
        events=history.event_names(con, since, day.end),
        waits=history.wait_types(con, waited_since, day.end),
        usual={*before.filter(since=day.start)["measure"], *counted["measure"]},
        has_milliseconds=history.has_milliseconds(con, day.start, day.end),
    )
    lacks = {name: _measurable.missing(signal, seen, plan) for name, signal in signals.items()}
    measurable = {name: signal for name, signal in signals.items() if lacks[name] is None}

    buckets = 1 + counts["clickstream"]["*"] // BUCKET_EVENTS
    few = 1 + buckets // BUCKETS_OF_DEVICES
    history.remember(con, (_resolved(con, since, day.end, history.Share(number, few)) for number in range(few)))
    apart = versions.bucket_file(settings.warehouse)
    with history.clickstream(con, since, day.end, buckets, apart) as events:
        parts = in_parallel(
            lambda number: _bucket(con, day, events(number), history.Share(number, buckets)),
            lambda bucket: night.judge(bucket, plan, measurable, day, before),
            buckets,
        )
    found = night.together(parts, measurable, day, counted)
    written = {name: getattr(found, name) for name in ("sessions", "stage_visits", "cases", "usual", "flags")}
    written["stage_visits"] = _once(
        written["stage_visits"], history.decided_before(con, date_, written["stage_visits"])
    )
    written["flags"] = _of_their_visits(written["flags"], written["stage_visits"])
    written["cases"] = _one_of(written["cases"], "case_id")
    for name, rows in written.items():
        replace_day(con, name, date_, rows)
    replace_day(con, "entries", date_, entries(con, day, since, contacts.LOOK_BACK))
    replace_day(con, "signals", date_, _measurable.report(date_, signals, lacks, written["flags"]))
    return written["flags"].height, sum(each["*"] for each in counts.values())


def seen_before(con: duckdb.DuckDBPyConnection, day: Day, zone: ZoneInfo) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What was seen in the days before, as `night.judge` takes it, and what was counted, as `night.together` does."""
    # a session of the day may have begun on one of the two days before
    starts = {each: day_in(zone, each).start for each in days_between(day.date - timedelta(days=2), day.date)}
    before = history.usual(con, starts, usual.TRAILING)
    since = pl.col("of").replace_strict(starts, return_dtype=INSTANT)
    return before.with_columns(since=since).drop("of"), history.counted(con, day.date, usual.TRAILING)


def in_parallel(
    read: Callable[[int], night.Bucket], judge: Callable[[night.Bucket], night.Found], buckets: int
) -> list[night.Found]:
    """What was found in each bucket, in their order; so many are worked on at once as there are processors, to four.

    They are read one after the other, because a connection serves one at a time.
    """
    reading = Lock()

    def found(number: int) -> night.Found:
        with reading:
            bucket = read(number)
        return judge(bucket)

    with ThreadPoolExecutor(min(MOST_AT_ONCE, buckets, cpu_count() or 1)) as workers:
        return list(workers.map(found, range(buckets)))


def _resolved(con: duckdb.DuckDBPyConnection, since: datetime, end: datetime, share: history.Share) -> pl.DataFrame:
    known = history.known_devices(con, since - identities.REMEMBERED, since, share)
    return identities.resolve(history.devices(con, since, end, share), known, sessions.GAP, sessions.CAP)


def _once(visits: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """A visit is decided once: what comes later (a contact taken up again, a login after midnight) changes nothing."""
    is_late = pl.col("visit_id").is_in(decided["visit_id"].implode())
    first = _one_of(visits, "visit_id", first="is_exposure").with_columns(is_decided=pl.col("is_decided") & ~is_late)
    return first.filter(pl.col("is_active") | pl.col("is_decided"))


def _one_of(rows: pl.DataFrame, key: str, first: str | None = None) -> pl.DataFrame:
    """One row per key. Two persons share one only where the input gives them one order or case.

    A row of which `first` is true stays, such as an order over what only its error tells; else the first person's.
    """
    ranked = rows.sort("person_id") if first is None else rows.sort(~pl.col(first), "person_id")
    kept = ranked.unique(key, keep="first", maintain_order=True).sort(key)
    if kept.height < rows.height:
        log.warning("%d rows left out: their %s is another person's too", rows.height - kept.height, key)
    return kept


def _of_their_visits(flags: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Flags as of the persons to whom the visits are counted: who shares an order shares what went wrong with it."""
    owners = visits.select("visit_id", owner="person_id", owner_customer="customer_id")
    is_theirs = pl.col("owner").is_null() | (pl.col("owner") == pl.col("person_id"))
    return (
        flags.join(owners, on="visit_id", how="left", maintain_order="left")
        .with_columns(
            person_id=pl.when(is_theirs).then("person_id").otherwise("owner"),
            customer_id=pl.when(is_theirs).then("customer_id").otherwise("owner_customer"),
        )
        .select(flags.columns)
    )


def _bucket(con: duckdb.DuckDBPyConnection, day: Day, events: pl.DataFrame, share: history.Share) -> night.Bucket:
    def of_customers(name: str, look_back: timedelta) -> pl.DataFrame:
        return history.of_customers(con, name, day.start - look_back, day.end, share)

    return night.Bucket(
        events=events,
        purchases=history.purchases(con, day.start - orders.LOOK_BACK, day.end, share),
        waits=of_customers("wait_time", orders.LOOK_BACK),
        errors=of_customers("order_error", orders.LOOK_BACK),
        orders=of_customers("orders", orders.LOOK_BACK),
    )

"""A day's journeys and flags: reads what the day's work needs, has it judged, writes the day."""

import logging
from datetime import date, datetime, timedelta

import duckdb
import polars as pl

from pipeline import night
from pipeline.calendar import day_in
from pipeline.detectors import _measurable, configured
from pipeline.journeys import contacts, identities, journey, orders, sessions
from pipeline.settings import Settings
from pipeline.warehouse import history
from pipeline.warehouse.days import replace_day

log = logging.getLogger(__name__)

BUCKET_EVENTS = 250_000  # events of a night that are worked through at once; bounds memory to about 1 GB


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
    seen = _measurable.Seen(
        counts=counts,
        events=history.event_names(con, since, day.end),
        waits=history.wait_types(con, waited_since, day.end),
        has_milliseconds=history.has_milliseconds(con, day.start, day.end),
    )
    lacks = {name: _measurable.missing(signal, seen, plan) for name, signal in signals.items()}
    measurable = {name: signal for name, signal in signals.items() if lacks[name] is None}

    known = history.known_devices(con, since - identities.REMEMBERED, since)
    resolved = identities.resolve(history.devices(con, since, day.end), known, sessions.GAP, sessions.CAP)
    buckets = 1 + counts["clickstream"]["*"] // BUCKET_EVENTS
    found = [
        night.judge(_bucket(con, day.start, day.end, resolved, history.Share(number, buckets)), plan, measurable, day)
        for number in range(buckets)
    ]
    written = {
        name: pl.concat([getattr(each, name) for each in found], how="vertical_relaxed")
        for name in ("sessions", "stage_visits", "cases", "flags")
    }
    written["stage_visits"] = _once(
        written["stage_visits"], history.decided_before(con, date_, written["stage_visits"])
    )
    written["flags"] = _of_their_visits(written["flags"], written["stage_visits"])
    written["cases"] = _one_of(written["cases"], "case_id")
    for name, rows in written.items():
        replace_day(con, name, date_, rows)
    replace_day(con, "signals", date_, _measurable.report(date_, signals, lacks, written["flags"]))
    return written["flags"].height, sum(each["*"] for each in counts.values())


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


def _bucket(
    con: duckdb.DuckDBPyConnection, start: datetime, end: datetime, resolved: pl.DataFrame, share: history.Share
) -> night.Bucket:
    def of_customers(name: str, look_back: timedelta) -> pl.DataFrame:
        return history.of_customers(con, name, start - look_back, end, share)

    return night.Bucket(
        events=history.clickstream(con, start - sessions.LOOK_BACK, end, resolved, share),
        resolved=resolved,
        purchases=history.purchases(con, start - orders.LOOK_BACK, end, share),
        waits=of_customers("wait_time", orders.LOOK_BACK),
        errors=of_customers("order_error", orders.LOOK_BACK),
        orders=of_customers("orders", orders.LOOK_BACK),
    )

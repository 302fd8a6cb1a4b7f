"""Forget customers in one database: who they are, what goes, and what is written down of it."""

from collections.abc import Collection
from datetime import date, datetime

import duckdb

from pipeline import ingestion
from pipeline.contracts.contract import load as load_contract
from pipeline.contracts.people import People
from pipeline.journeys import belonging, sessions
from pipeline.settings import Settings
from pipeline.warehouse import blocking
from pipeline.warehouse import forgetting as tables
from pipeline.warehouse.days import transaction
from pipeline.warehouse.forgetting import Removed


def people(con: duckdb.DuckDBPyConnection, customers: Collection[str]) -> People:
    """The customers with the devices that nobody else has used, and what they did unnamed on those that others have."""
    asked = frozenset(customers)
    events = tables.device_events(con, asked)
    theirs = belonging.of_device(events, asked, sessions.GAP, sessions.CAP)
    shared = frozenset(theirs.filter("is_shared")["event_id"])
    return People(asked, *belonging.devices(events, asked), {"clickstream": shared} if shared else {})


def forget(con: duckdb.DuckDBPyConnection, settings: Settings, asked: People, *, mentions: bool) -> Removed:
    """Remove people from the current run's file, in a transaction, and put them on the list of who is left out."""
    run_id, started_at = con.execute("select run_id, started_at from ops.current_run").fetchall()[0]
    with transaction(con):
        removed = tables.remove(con, asked, mentions=mentions)
        ingestion.note_days(con, removed.days)
        blocked = blocking.add(settings.warehouse, asked | People(frozenset(), rows=removed.rows))
        note(con, run_id, started_at, blocked.hashed(asked.customers), removed, is_recomputed=True)
    return removed


def note(
    con: duckdb.DuckDBPyConnection,
    run_id: str,
    started_at: datetime,
    hashes: Collection[str],
    removed: Removed,
    *,
    is_recomputed: bool,
) -> None:
    """Write down in ops.forgotten what was removed, and of whom by the hash only; belongs into the transaction."""
    con.execute(load_contract("forgotten").ddl())  # an older version has no such table
    for each in removed.tables:
        told = {
            "run": run_id, "at": started_at, "table": each.table, "customers": sorted(hashes), "rows": each.rows,
            "first": min(each.days, default=None), "last": max(each.days, default=None), "again": is_recomputed,
        }  # fmt: skip
        con.execute("delete from ops.forgotten where run_id = $run and table_name = $table",
                    {"run": run_id, "table": each.table})  # fmt: skip
        con.execute(
            "insert into ops.forgotten by name select $run as run_id, $table as table_name, $at as forgotten_at, "
            "$customers::varchar[] as customers, $rows as rows, $first::date as first_day, $last::date as last_day, "
            "$again as is_recomputed",
            told,
        )


def give_reason(con: duckdb.DuckDBPyConnection) -> None:
    """Days of the current run whose rows have changed have done so because somebody was forgotten.

    The segments of others are what they were, so no day is scored again because the customers table has a row less.
    """
    con.execute(
        "update ops.current_days set reason = 'forgotten' where reason in "
        "('new_file', 'changed_file', 'late_rows', 'corrected_rows', 'set_aside')"
    )
    con.execute("update ops.current_run set since = $never", {"never": date.max})


def is_of_run(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether the current run has removed somebody."""
    found = con.execute(
        "select count(*) from ops.forgotten where run_id = (select run_id from ops.current_run)"
    ).fetchall()
    return found != [(0,)]

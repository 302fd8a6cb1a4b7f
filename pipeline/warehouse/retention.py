"""Raw events are kept for a time; what was computed from them stays, and so do the counts of what was loaded."""

from datetime import date, timedelta

import duckdb

from pipeline.contracts.contract import load_all
from pipeline.warehouse.quarantine import IS_SUPERSEDED


def kept_since(con: duckdb.DuckDBPyConnection, keep_days: int) -> date | None:
    """The first day whose events are kept, so many days before the last that was computed; None where none was."""
    last: date | None = con.execute("select max(day) from ops.signals").fetchall()[0][0]
    return last - timedelta(days=keep_days) if last else None


def expire(con: duckdb.DuckDBPyConnection, keep_days: int) -> int:
    """Delete events of older days, which devices were whose, and the texts of quarantined rows of older files.

    Gives the number of deleted events. Must run inside a transaction. The quarantine keeps its rows without their
    texts, so that loads still add up.
    """
    since = kept_since(con, keep_days)
    deleted = 0
    if since is None:
        return deleted
    for contract in load_all().values():
        if contract.table.startswith("events.") and contract.event_time:
            deleted += con.execute(f"delete from {contract.table} where day < $since", {"since": since}).fetchall()[0][
                0
            ]
    for table in ("journeys.identities", "ops.repeats", "ops.traffic"):
        con.execute(f"delete from {table} where day < $since", {"since": since})
    con.execute(
        f"update ops.quarantine set original = case when {IS_SUPERSEDED} then '{{}}' else 'deleted' end "
        "where original not in ('{}', 'deleted') and load_id in "
        "(select load_id from ops.loads where coalesce(day, loaded_at::date) < $since)",
        {"since": since},
    )
    return deleted

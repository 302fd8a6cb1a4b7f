"""What a run has changed so far, day by day: told by comparing its own file with the published one.

The published version stays as it is until the run is over. So a step that died half-way and is tried again still finds
everything that has changed, and nothing has to be kept for it.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipeline.contracts.contract import load
from pipeline.quoting import quoted, text
from pipeline.warehouse import entries
from pipeline.warehouse.catalogue import tables
from pipeline.warehouse.history import CLICKSTREAM, NOT_READ


@dataclass(frozen=True)
class Part:
    """What of a table the work of some day reads: some columns of some rows. Only where these differ has it changed.

    `attributes`: what is read of the column of that name, where a row has it.
    """

    table: str
    columns: tuple[str, ...]
    where: str = "true"
    attributes: tuple[str, ...] = ()


def _read_of(name: str) -> Part:
    contract = load(name)
    columns = tuple(column.name for column in contract.inputs if column.name not in NOT_READ)
    return Part(contract.table, columns, "set_aside is null")


CLICKS = Part("events.clickstream", (*CLICKSTREAM, *entries.COLUMNS), "set_aside is null", entries.ATTRIBUTES)
PURCHASES = Part(
    "events.clickstream",
    ("event_id", "occurred_at", "customer_id", "order_id", "value", "currency", "device", "channel"),
    "set_aside is null and event_name = 'purchase' and coalesce(outcome, 'ok') <> 'error' "
    "and order_id is not null and customer_id is not null",
)
IDENTITIES = Part("journeys.identities", ("anonymous_id", "customer_id", "first_seen_at", "last_seen_at"))
WAITS, ERRORS, ORDERS = _read_of("wait_time"), _read_of("order_error"), _read_of("orders")
VISITS = Part("journeys.stage_visits", load("stage_visits").names)
SEEN = Part("journeys.stage_visits", ("person_id", "left_at"), "is_active")
FLAGS = Part("friction.flags", load("flags").names)
ENTRIES = Part("journeys.entries", load("entries").names)
FOLLOWED = Part(
    "journeys.stage_visits",
    ("person_id", "customer_id", "stage", "device", "entered_at", "is_decided", "outcome", "reason"),
)
# By these the next day's visits are foretold; a scored day has a row for each stage even where it has no point.
EFFECTS = (
    Part("friction.points", ("point_id", "effect"), "effect is not null"),
    Part("friction.stage_scores", ("stage",)),
)


def usual(measure: str) -> Part:
    """What was seen of a measure; the counts that are not told by device stand and fall with the contacts."""
    which = "device = '*'" if measure == "contacts" else f"measure = {text(measure)} and device <> '*'"
    return Part("journeys.usual", ("measure", "place", "device", "value", "times"), which)


@contextmanager
def compared(con: duckdb.DuckDBPyConnection, published: Path) -> Iterator[None]:
    """Within it the published version, if there is one, is the database `before`; not within a transaction."""
    if not published.exists():
        yield
        return
    con.execute(f"attach {text(str(published.resolve()))} as before (read_only)")
    try:
        yield
    finally:
        con.execute("detach before")


def days(con: duckdb.DuckDBPyConnection, part: Part, among: Iterable[date]) -> set[date]:
    """Those of the days on which a part differs from what is published."""
    asked = sorted(among)
    if not asked:
        return set()
    known = _columns(con, part.table)
    if not known:  # nothing is published, or a version that had no such table
        return set(asked)
    listed = ", ".join(
        [quoted(name) for name in part.columns if name in known]
        + [f"attributes ->> {text(f'$.{quoted(name)}')}" for name in part.attributes]
    )

    def summed(table: str) -> str:
        return (
            f"select day, count(*) as rows, sum(hash({listed})::hugeint) as content from {table} "
            f"where day in (select unnest($days::date[])) and {part.where} group by day"
        )

    found = con.execute(
        f"select day from ({summed(part.table)}) as now full join ({summed('before.' + part.table)}) as old "
        "using (day) where now.rows is distinct from old.rows or now.content is distinct from old.content",
        {"days": asked},
    ).fetchall()
    return {day for (day,) in found}


def whole(con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> bool:
    """Whether a table that has no days differs from what is published; where nothing is, it does not."""
    if not _columns(con, table):
        return False
    summed = f"select count(*), sum(hash({', '.join(map(quoted, columns))})::hugeint) from "
    return bool(con.execute(summed + table).fetchall() != con.execute(f"{summed} before.{table}").fetchall())


def first_days(con: duckdb.DuckDBPyConnection) -> tuple[date | None, date | None]:
    """The first day with visits, as published and now."""
    query = "select min(day) from {}journeys.stage_visits"
    before = con.execute(query.format("before.")).fetchall()[0][0] if _columns(con, VISITS.table) else None
    return before, con.execute(query.format("")).fetchall()[0][0]


def decided_otherwise(con: duckdb.DuckDBPyConnection, day: date) -> tuple[bool, bool, date | None]:
    """Visits that a day decides and did not decide before, or the other way round.

    Whether there are any that are part of a session; whether there are others; and of those the last day on which
    anything is known of an order of theirs.
    """
    if not _columns(con, VISITS.table):
        return False, False, None
    of_day = "select visit_id, session_id is not null as of_session from {} where day = $day and is_decided"
    now, old = of_day.format(VISITS.table), of_day.format("before." + VISITS.table)
    con.execute(
        f"create or replace temp table decided_otherwise as ({now} except {old}) union ({old} except {now})",
        {"day": day},
    )
    in_sessions, others = con.execute(
        "select coalesce(bool_or(of_session), false), coalesce(bool_or(not of_session), false) from decided_otherwise"
    ).fetchall()[0]
    mentions = " union all ".join(
        f"select order_id, day from events.{name}" for name in ("orders", "order_error", "wait_time", "clickstream")
    )
    last = con.execute(
        f"select max(day) from ({mentions}) where order_id in "
        "(select substr(visit_id, instr(visit_id, ':') + 1) from decided_otherwise where not of_session)"
    ).fetchall()[0][0] if others else None  # fmt: skip
    return in_sessions, others, last


def reason(con: duckdb.DuckDBPyConnection, contract: str, day: date) -> str:
    """Why an input's rows of a day differ from what is published, as ops.computed tells it."""
    table = load(contract).table
    again, new, of_day = con.execute(
        f"""
        with fresh as (
            select source, file, day from ops.loads
            where load_id in (select load_id from {table} where day = $day)
                and load_id not in (select load_id from before.ops.loads)
        )
        select
            exists (from before.ops.loads l where not exists (from ops.loads n where n.load_id = l.load_id)
                    and l.load_id in (select load_id from before.{table} where day = $day)),
            exists (from fresh), exists (from fresh where fresh.day = $day)
        """,
        {"day": day},
    ).fetchall()[0]
    if again:
        return "changed_file"
    columns = ", ".join(quoted(column.name) for column in load(contract).inputs)
    replaced = con.execute(
        f"select count(*) from (select {columns} from before.{table} where day = $day "
        f"except select {columns} from {table} where day = $day)",
        {"day": day},
    ).fetchall()[0][0]
    if replaced:
        return "corrected_rows"
    if not new:
        return "set_aside"
    return "new_file" if of_day else "late_rows"


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> Collection[str]:
    """The columns that a table has in the published version."""
    return tables(con, "before").get(table, {})

"""The nightly run as a few functions of (settings, days): the DAG, the command line and the tests all call these.

prepare → ingest → check → flag → score → publish → report. Everything up to publish writes a file of the run's own, so
that a run that fails at any step changes nothing that anybody reads.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, TypeVar

import duckdb
import polars as pl

from pipeline import night
from pipeline.calendar import day_in
from pipeline.contracts.contract import load as load_contract
from pipeline.detectors import _measurable, configured
from pipeline.errors import ContractError, InputError, NotFoundError, SettingsError, WarehouseError, hint
from pipeline.journeys import contacts, identities, journey, orders, sessions
from pipeline.quoting import text
from pipeline.reports import files as report_files
from pipeline.reports import gather
from pipeline.reports import summary as report_summary
from pipeline.reports.report import Report, Stage
from pipeline.resources import root
from pipeline.scoring import points
from pipeline.settings import Settings, Source
from pipeline.sources import files, mapping
from pipeline.warehouse import history, loading, period, tables, versions
from pipeline.warehouse.connection import reading, writing
from pipeline.warehouse.days import replace_day, transaction

if TYPE_CHECKING:
    from pipeline.contracts import expectations

log = logging.getLogger(__name__)

BUCKET_EVENTS = 1_000_000  # events of a night that are worked through at once; bounds memory to about 1 GB

T = TypeVar("T")


class Progress(Protocol):
    """Shows how far a step has come: gives the parts that it is given, one by one."""

    def __call__(self, what: str, parts: Sequence[T], /) -> Iterable[T]:
        """What is done, and the parts that it is done to."""


def quietly(_what: str, parts: Sequence[T], /) -> Iterable[T]:
    """No progress."""
    return parts


def prepare(settings: Settings, days: Sequence[date], run_id: str, started_at: datetime) -> Path:
    """Begin a run: its own copy of the warehouse, with all tables. Gives the file."""
    journey.load(settings.project.journey, settings.folder)
    configured(settings.signals)
    work = versions.begin(settings.warehouse)
    with writing(work) as con:
        tables.create_all(con)
        con.execute("create or replace table ops.current_run (run_id varchar, started_at timestamptz)")
        con.execute("insert into ops.current_run values ($id, $at)", {"id": run_id, "at": started_at})
        con.execute("create or replace table ops.current_days (day date)")
        con.executemany("insert into ops.current_days values ($1)", [[day] for day in days])
    return work


def ingest(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> int:
    """Load the files of the days that are not loaded yet; gives the rows read.

    Earlier days that late rows have changed are computed anew with this run, as far back as `late_days`.
    """
    with _step(settings, "ingest", days) as (con, noted):
        read, changed = 0, set[date]()
        with transaction(con):
            for source, found in progress("Loading files", _files(settings, days)):
                rows, touched = _load(con, settings, source, found)
                read, changed = read + rows, changed | touched
            history.refresh_identities(con, sorted(changed))
            _note_late(con, settings, days, changed)
        noted(read)
    return read


def _files(settings: Settings, days: Sequence[date]) -> list[tuple[Source, files.SourceFile]]:
    if not settings.sources:
        raise SettingsError("friction.toml names no [[sources]]: say what to read.")
    found: dict[tuple[str, str], tuple[Source, files.SourceFile]] = {}
    for source in settings.sources:
        is_daily = "{day}" in source.path
        for day in days if is_daily else days[:1]:
            matching = files.find(settings.folder, source.path, day)
            if not matching:
                log.warning("source %s: no file matches %s on %s", source.name, source.path, day)
            for path, shown in matching:
                found[source.name, shown] = (source, files.open_file(path, shown, day if is_daily else None))
    if not found:
        paths = ", ".join(source.path for source in settings.sources)
        until = f" to {days[-1]}" if len(days) > 1 else ""
        raise InputError(f"there is no file for {days[0]}{until}: looked for {paths} in {settings.folder}.")
    return list(found.values())


def _load(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: Source, found: files.SourceFile
) -> tuple[int, set[date]]:
    contract = load_contract(source.contract)
    mapped = mapping.load(source.adapter, settings.folder)
    if mapped is not None and contract.name not in mapped.contracts:
        known = hint(contract.name, mapped.contracts)
        raise SettingsError(f"sources.{source.name}: adapter {source.adapter} gives no {contract.name}.{known}")
    identity = loading.load_id(source.name, contract, found, mapped)
    if con.execute("select 1 from ops.loads where load_id = $id", {"id": identity}).fetchall():
        return 0, set()
    changed = set(loading.unload(con, source.name, found.shown))
    con.execute(f"set timezone = {text(source.timezone)}")  # of times in the file that name none
    try:
        loaded = loading.load(con, source.name, contract, found, mapped, settings.project.timezone)
    finally:
        con.execute("set timezone = 'UTC'")
    row = asdict(loaded) | {"day": found.day}
    row.pop("days")
    names = ", ".join(row)
    con.execute(
        f"insert into ops.loads ({names}, run_id, loaded_at) select {', '.join('$' + name for name in row)}, * "
        "from ops.current_run",
        row,
    )
    log.info(
        "%s: %d rows read, %d kept, %d quarantined, %d duplicate",
        found.shown, loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate,
    )  # fmt: skip
    return loaded.rows_read, changed | loaded.days


def _note_late(con: duckdb.DuckDBPyConnection, settings: Settings, days: Sequence[date], changed: set[date]) -> None:
    """Earlier days that were computed before, and have changed with this load, are computed again."""
    computed = {day for (day,) in con.execute("select distinct day from ops.signals").fetchall()}
    since = min(days) - timedelta(days=settings.project.late_days)
    for day in sorted((changed & computed) - set(days)):
        if since <= day < max(days):
            con.execute("insert into ops.current_days values ($day)", {"day": day})
        else:
            log.warning("%s has changed and is not computed again: friction run --day %s", day, day)


def check(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> int:
    """Hold what this run has loaded to the contracts' expectations, inside DuckDB; gives the broken warnings.

    Raises ContractError where an expectation of severity error does not hold or could not be checked.
    """
    from pipeline.contracts import expectations

    with _step(settings, "check", days) as (con, noted):
        loaded = con.execute(
            "select distinct contract from ops.loads where run_id = (select run_id from ops.current_run) order by all"
        ).fetchall()
        broken, rows = list[str](), 0
        for (name,) in progress("Checking contracts", loaded):
            contract = load_contract(name)
            which = "select load_id from ops.loads where run_id = (select run_id from ops.current_run)"
            results = expectations.run(con, contract, f"select * from {contract.table} where load_id in ({which})")
            found = pl.DataFrame([asdict(each) for each in results], infer_schema_length=None)
            con.register("incoming", found.to_arrow())
            con.execute(
                "insert into ops.contract_results by name "
                "select (select run_id from ops.current_run) as run_id, $name as contract, * from incoming",
                {"name": name},
            )
            con.unregister("incoming")
            broken += [_told(name, each) for each in results if not each.success and each.severity == "error"]
            rows += max((each.rows_checked or 0 for each in results), default=0)
        noted(rows)
        if broken:
            raise ContractError("expectations do not hold, nothing was published:\n  " + "\n  ".join(broken))
        return int(
            con.execute(
                "select count(*) from ops.contract_results where not success and run_id = (select run_id from ops.current_run)"
            ).fetchall()[0][0]
        )


def _told(contract: str, result: "expectations.Result") -> str:
    if result.error:
        return f"{contract}.{result.expectation} could not be checked: {result.error}"
    return f"{contract}.{result.expectation}: {result.rows_unexpected} of {result.rows_checked} rows break it"


def flag(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> int:
    """Make the journeys and flags of the days; gives the number of flags."""
    with _step(settings, "flag", days) as (con, noted):
        flags = events = 0
        for day in progress("Flagging", _days(con)):
            found, read = _flag(con, settings, day)
            flags, events = flags + found, events + read
        noted(events)
    return flags


def _flag(con: duckdb.DuckDBPyConnection, settings: Settings, date_: date) -> tuple[int, int]:
    day = day_in(settings.zone, date_)
    plan = journey.load(settings.project.journey, settings.folder)
    signals = configured(settings.signals)
    counts = {
        table: history.counts(con, table, columns, day.start - contacts.LOOK_BACK, day.end)
        if table != "clickstream"
        else history.counts(con, table, columns, day.start, day.end)
        for table, columns in _measurable.needed(signals).items()
    }
    exact = history.has_milliseconds(con, day.start, day.end)
    lacks = {name: _measurable.missing(signal, counts, has_milliseconds=exact) for name, signal in signals.items()}
    measurable = {name: signal for name, signal in signals.items() if lacks[name] is None}

    since = day.start - sessions.LOOK_BACK
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
    for name, rows in written.items():
        replace_day(con, name, date_, rows)
    replace_day(con, "signals", date_, _measurable.report(date_, lacks, written["flags"]))
    return written["flags"].height, counts["clickstream"]["*"]


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


def score(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> int:
    """Score the points, stages and persons of the days; gives the number of points."""
    with _step(settings, "score", days) as (con, noted):
        plan = journey.load(settings.project.journey, settings.folder)
        signals, window, currency = (
            configured(settings.signals),
            settings.project.window_days,
            settings.project.currency,
        )
        scored = visits = 0
        takes = {stage.name: stage.takes_days for stage in plan.stages}
        for day in progress("Scoring", _days(con)):
            bounds = (
                day_in(settings.zone, day - settings.window + timedelta(days=1)).start,
                day_in(settings.zone, day).end,
            )
            warming = period.warming(con, day, window, takes)
            of_day = points.Period(
                day=day,
                window_days=window,
                currency=currency,
                stages=[stage.name for stage in plan.stages],
                moments_of_truth=frozenset(stage.name for stage in plan.stages if stage.is_moment_of_truth),
                owners={stage.name: stage.owner for stage in plan.stages},
                decided=period.decided(con, day, window, currency, warming, bounds),
                active=period.active(con, day, window),
                flags=period.flags(con, day, window, warming, bounds),
                segments=period.segments(con),
            )
            found = points.score(of_day, signals)
            for name in ("points", "stage_scores", "person_scores"):
                replace_day(con, name, day, getattr(found, name))
            scored, visits = scored + found.points.height, visits + of_day.decided.height
        noted(visits)
    return scored


def publish(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> str:
    """Make the run's file the one that readers open; gives the version."""
    with _step(settings, "publish", days) as (con, noted):
        noted(len(days))
        con.execute("drop table ops.current_days")
    with writing(versions.work_file(settings.warehouse)) as con:
        con.execute("drop table ops.current_run")
        con.execute("checkpoint")
    return versions.publish(settings.warehouse, settings.project.keep_versions).stem


def report(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> list[Path]:
    """Write the reports of the days from the published tables; gives the HTML files."""
    written = []
    with reading(settings.warehouse) as con:
        for day in progress("Writing reports", days):
            paths = report_files.write(gathered(con, settings, day), settings.reports)
            written.append(next(path for path in paths if path.suffix == ".html"))
    return written


def gathered(con: duckdb.DuckDBPyConnection, settings: Settings, day: date) -> Report:
    """The report of a day. Raises NotFoundError where the day was never computed."""
    if not con.execute("select 1 from ops.signals where day = $day limit 1", {"day": day}).fetchall():
        last = con.execute("select max(day) from ops.signals").fetchall()[0][0]
        raise NotFoundError(f"{day} has not been computed (the last day is {last}). Run it: friction run --day {day}")
    plan = journey.load(settings.project.journey, settings.folder)
    stages = [
        Stage(each.name, each.label.get(settings.project.language, each.name), each.is_moment_of_truth)
        for each in plan.stages
    ]
    return gather.gather(
        con,
        day,
        language=settings.project.language,
        currency=settings.project.currency,
        timezone=settings.project.timezone,
        stages=stages,
        window_days=settings.project.window_days,
    )


def summary(con: duckdb.DuckDBPyConnection, settings: Settings, day: date) -> list[str]:
    """The day in ten lines."""
    return report_summary.lines(gathered(con, settings, day))


def last_day(con: duckdb.DuckDBPyConnection) -> date:
    """The last day that was computed. Raises NotFoundError where there is none."""
    found: date | None = con.execute("select max(day) from ops.signals").fetchall()[0][0]
    if found is None:
        raise NotFoundError("no day has been computed yet. Run one: friction run --day YYYY-MM-DD")
    return found


def ask(con: duckdb.DuckDBPyConnection, query: str, limit: int) -> tuple[list[str], list[tuple[object, ...]], bool]:
    """Columns and the first rows of a query, and whether there were more. Raises WarehouseError where it is refused."""
    try:
        cursor = con.execute(query)
        columns = [column[0] for column in cursor.description or []]
        rows = cursor.fetchmany(limit + 1)
    except duckdb.Error as error:
        raise WarehouseError(f"the query was refused: {error}") from error
    return columns, rows[:limit], len(rows) > limit


def status(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What the warehouse holds, in the order in which an operator asks."""
    query = (root() / "sql" / "reports" / "status.sql").read_text(encoding="utf-8")
    cursor = con.execute(query)
    columns = [column[0] for column in cursor.description or []]
    return dict(zip(columns, cursor.fetchall()[0], strict=True))


def _days(con: duckdb.DuckDBPyConnection) -> list[date]:
    return [day for (day,) in con.execute("select distinct day from ops.current_days order by day").fetchall()]


@contextmanager
def _step(
    settings: Settings, name: str, days: Sequence[date]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[int], None]]]:
    """The run's own file, and a function that notes how many rows the step worked through."""
    work = versions.work_file(settings.warehouse)
    if not work.exists():
        raise WarehouseError(f"{name}: no run has been prepared for {settings.warehouse}.")
    began = perf_counter()
    with writing(work) as con:

        def noted(rows: int) -> None:
            con.execute(
                "insert into ops.runs select run_id, $day, started_at, $step, $rows, $seconds from ops.current_run",
                {"day": days[-1], "step": name, "rows": rows, "seconds": round(perf_counter() - began, 3)},
            )
            log.info("%s: %d rows in %.2f s", name, rows, perf_counter() - began)

        yield con, noted

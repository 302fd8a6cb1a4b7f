"""The nightly run as a few functions of (settings, days): the DAG, the command line and the tests all call these.

prepare → ingest → check → flag → score → publish → report. Everything up to publish writes a file of the run's own, so
that a run that fails at any step changes nothing that anybody reads.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, TypeVar

import duckdb
import polars as pl

from pipeline import computed, dirty, flagging, forgetting, ingestion, replaying, scores
from pipeline.answers import gathered
from pipeline.calendar import day_in
from pipeline.contracts.contract import load as load_contract
from pipeline.contracts.people import People
from pipeline.detectors import configured, families
from pipeline.errors import ContractError, WarehouseError
from pipeline.journeys import journey
from pipeline.reports import files as report_files
from pipeline.settings import Settings
from pipeline.warehouse import changes, checks, compacting, history, layout, retention, tables, versions
from pipeline.warehouse.connection import reading, writing
from pipeline.warehouse.days import transaction
from pipeline.warehouse.forgetting import Removed
from pipeline.warehouse.rereading import Replayed

if TYPE_CHECKING:
    from pipeline.contracts import expectations

log = logging.getLogger(__name__)

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
    plan = journey.load(settings.project.journey, settings.folder, families())
    configured(settings.signals, [stage.name for stage in plan.stages])
    with versions.exclusive(settings.warehouse), writing(versions.begin(settings.warehouse)) as con:
        layout.upgrade(con, settings.warehouse)
        tables.create_all(con)
        con.execute("create or replace table ops.current_run (run_id varchar, started_at timestamptz, since date)")
        con.execute("insert into ops.current_run values ($id, $at, null)", {"id": run_id, "at": started_at})
        con.execute(
            "create or replace table ops.current_days (day date, reason varchar, changed_day date, is_flagged boolean)"
        )
        con.executemany("insert into ops.current_days values ($1, 'asked', null, true)", [[day] for day in set(days)])
        con.execute("create or replace table ops.current_changes (day date)")
        con.execute("create or replace table ops.current_replays (load_id varchar)")
    return versions.work_file(settings.warehouse)


def ingest(
    settings: Settings,
    days: Sequence[date],
    progress: Progress = quietly,
    *,
    since: date | None = None,
    forced: Collection[date] = (),
) -> int:
    """Load the files of the days that are not loaded yet; gives the rows read.

    Other days that this changes are computed again with this run (see `pipeline.dirty`). `since` and `forced`: where
    the run is a part of a backfill, its first day, and the days that are computed whatever has changed; such a part may
    be without files.
    """
    with _step(settings, "ingest", days) as (con, noted):
        plan = journey.load(settings.project.journey, settings.folder)
        owed = ingestion.owed_days(con, settings, days)
        found = ingestion.find(settings, days, owed, plan.goes_on_without, is_none_fine=since is not None)
        read = ingestion.load_each(con, settings, progress("Loading files", found), plan.goes_on_without)
        with changes.compared(con, settings.warehouse), transaction(con):
            changed = set(ingestion.changed(con))
            changed |= ingestion.set_aside(con, settings, days, changed)
            history.refresh_identities(con, sorted(changed))
            dirty.plan(con, settings, days, changed, since=since, forced=forced)
        noted(read)
    return read


def replay(
    settings: Settings, days: Sequence[date], which: replaying.Which, progress: Progress = quietly
) -> list[Replayed]:
    """In place of `ingest`: read quarantined rows again, as their sources are read now; gives what became of them.

    All computed days that this changes are computed again with this run, however long ago they were.
    """
    with _step(settings, "replay", days) as (con, noted):
        replayed = [
            replaying.replay(con, settings, each)
            for each in progress("Reading quarantine", replaying.find(con, settings, which))
        ]
        with changes.compared(con, settings.warehouse), transaction(con):
            changed = set(ingestion.changed(con))
            changed |= ingestion.set_aside(con, settings, days, changed)
            history.refresh_identities(con, sorted(changed))
            dirty.plan(con, settings, days, changed, since=date.min)
        noted(sum(each.rows for each in replayed))
    return replayed


def forget(
    settings: Settings,
    days: Sequence[date],
    asked: People,
    *,
    mentions: bool,
) -> Removed:
    """In place of `ingest`: remove people from all tables, so that no file brings them back; gives what was removed.

    `mentions`: also rows of others whose words name them.
    All computed days that this changes are computed again with this run, as far back as events are kept.
    """
    with _step(settings, "forget", days) as (con, noted):
        removed = forgetting.forget(con, settings, asked, mentions=mentions)
        with changes.compared(con, settings.warehouse), transaction(con):
            changed = set(ingestion.changed(con))
            changed |= ingestion.set_aside(con, settings, days, changed)
            history.refresh_identities(con, sorted(changed))
            dirty.plan(con, settings, days, changed, since=dirty.first_whole(con, settings))
            forgetting.give_reason(con)
        noted(sum(each.rows for each in removed.tables))
    return removed


def check(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> int:
    """Hold what this run has loaded, and the inputs on its days, to the contracts' expectations, inside DuckDB.

    Gives the broken warnings, which are logged. Raises ContractError where an expectation of severity error does not
    hold or could not be checked.
    """
    with _step(settings, "check", days) as (con, noted):
        # an input that dried up brings nothing, so its days are looked at all the same
        this_run = "run_id = (select run_id from ops.current_run) or load_id in (from ops.current_replays)"
        inputs = con.execute(
            f"select contract, bool_or({this_run}) as is_loaded from ops.loads group by contract order by contract"
        ).fetchall()
        broken, warned, rows = list[str](), 0, 0
        if not any(is_loaded for _, is_loaded in inputs):
            noted(0)
            return 0
        from pipeline.contracts import expectations  # importing Great Expectations takes three seconds

        asked = [day_in(settings.zone, day) for day in days]
        for name, is_loaded in progress("Checking contracts", inputs):
            contract = load_contract(name)
            which = f"select load_id from ops.loads where {this_run}"
            loaded = f"select * from {contract.table} where load_id in ({which})" if is_loaded else None
            results = expectations.run(con, contract, loaded, asked)
            _note_results(con, name, results)
            told = [(each.severity, _told(name, each)) for each in results if not each.success]
            for words in (words for severity, words in told if severity == "warning"):
                log.warning("%s", words)
                warned += 1
            broken += [words for severity, words in told if severity == "error"]
            rows += max((each.rows_checked or 0 for each in results), default=0)
        noted(rows)
        if broken:
            raise ContractError("expectations do not hold, nothing was published:\n  " + "\n  ".join(broken))
        return warned


def _note_results(con: duckdb.DuckDBPyConnection, contract: str, results: Sequence["expectations.Result"]) -> None:
    run_id = con.execute("select run_id from ops.current_run").fetchall()[0][0]
    rows = [asdict(each) | {"run_id": run_id, "contract": contract} for each in results]
    con.register("incoming", pl.DataFrame(rows, schema=load_contract("contract_results").schema()).to_arrow())
    con.execute("insert into ops.contract_results by name select * from incoming")
    con.unregister("incoming")


def _told(contract: str, result: "expectations.Result") -> str:
    if result.error:
        return f"{contract}.{result.expectation} could not be checked: {result.error}"
    if result.rows_checked is None:
        return f"{contract}.{result.expectation}: {result.found}"
    return (
        f"{contract}.{result.expectation}: {result.rows_unexpected} of {result.rows_checked} rows break it "
        f"({result.found})"
    )


def flag(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> int:
    """Make the journeys and flags of the days that are dirty; gives the number of flags."""
    with _step(settings, "flag", days) as (con, noted), changes.compared(con, settings.warehouse):
        flags = events = 0
        perhaps = dirty.perhaps(con)
        for place, day in progress("Flagging", list(enumerate(perhaps, start=1))):
            if day not in dirty.to_flag(con):
                continue
            found, read = flagging.flag(con, settings, day)
            dirty.look_back_on(con, settings, day, perhaps[place:])
            flags, events = flags + found, events + read
        dirty.note_scores(con, settings)
        noted(events)
    return flags


def score(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> int:
    """Score the points, stages and persons of the days; gives the number of points."""
    with _step(settings, "score", days) as (con, noted), changes.compared(con, settings.warehouse):
        scored = visits = 0
        for which in (dirty.to_score, partial(dirty.note_foretold, settings=settings)):
            for day in progress("Scoring", which(con)):
                found, decided = scores.score(con, settings, day)
                scored, visits = scored + found, visits + decided
        noted(visits)
    return scored


def publish(
    settings: Settings, days: Sequence[date], progress: Progress = quietly, *, instead_of: str | None = None
) -> str:
    """Make the run's file the one that readers open; gives the version.

    `instead_of`: a version that is thrown away for it, as of an earlier part of the same backfill. Raises ContractError
    where the tables contradict themselves (`sql/checks`): that is never published.
    """
    with versions.exclusive(settings.warehouse):
        with _step(settings, "publish", days) as (con, noted):
            scored = dirty.to_score(con)
            for day in progress("Checking tables", scored):
                _verify(con, settings, day)
            noted(len(scored))
            must_be_anew = forgetting.is_of_run(con)
            with transaction(con):
                computed.keep(con, computed.digest(settings))
                expired = retention.expire(con, settings.project.keep_events_days)
                con.execute("drop table ops.current_changes")
                con.execute("drop table ops.current_replays")
                con.execute("drop table ops.current_days")
                con.execute("drop table ops.current_run")
            con.execute("checkpoint")
            if expired:
                log.info("%d events are older than %d days and gone", expired, settings.project.keep_events_days)
            is_worn = compacting.worn_share(con) > compacting.WORN_SHARE
        if must_be_anew:  # deleted rows stay readable in a file that is not
            compacting.compact(versions.work_file(settings.warehouse))
        elif is_worn:
            try:
                compacting.compact(versions.work_file(settings.warehouse))
            except WarehouseError as error:  # the night's work is whole, and worth more than the space
                log.warning("%s. It is published as it is.", error)
        return versions.publish(settings.warehouse, settings.project.keep_versions, instead_of).stem


def _verify(con: duckdb.DuckDBPyConnection, settings: Settings, day: date) -> None:
    found = checks.run(con, {"day": day, "timezone": settings.project.timezone})
    for each in found:
        if not each.holds and each.severity == "warn":
            log.warning("%s: %s: %d rows, e.g. %s", day, each.name, each.rows, each.sample[0])
    broken = [each for each in found if not each.holds and each.severity == "fail"]
    if broken:
        told = "\n  ".join(f"{each.name}: {each.rows} rows, e.g. {dict(each.sample[0])}" for each in broken)
        raise ContractError(f"{day}: the tables contradict themselves, nothing was published:\n  {told}")


def report(settings: Settings, days: Sequence[date], progress: Progress = quietly) -> list[Path]:
    """Write the reports of the days from the published tables; gives the HTML files."""
    written = []
    with reading(settings.warehouse) as con:
        for day in progress("Writing reports", days):
            paths = report_files.write(gathered(con, settings, day), settings.reports)
            written.append(next(path for path in paths if path.suffix == ".html"))
    return written


def _days(con: duckdb.DuckDBPyConnection) -> list[date]:
    return [day for (day,) in con.execute("select distinct day from ops.current_days order by day").fetchall()]


@contextmanager
def _step(
    settings: Settings, name: str, days: Sequence[date]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[int], None]]]:
    """The run's own file, and a function that notes how many rows the step worked through.

    Raises WarehouseError where another process is writing, or another run has begun since this one was prepared.
    """
    work = versions.work_file(settings.warehouse)
    if not work.exists():
        raise WarehouseError(f"{name}: no run has been prepared for {settings.warehouse}.")
    began = perf_counter()
    with versions.exclusive(settings.warehouse), writing(work) as con:
        if not set(days) <= set(_days(con)):
            raise WarehouseError(f"{name}: another run has begun since this one was prepared. Run it anew.")

        def noted(rows: int) -> None:
            con.execute(  # a step that is run again is told once
                "delete from ops.runs where day = $day and step = $step "
                "and run_id = (select run_id from ops.current_run)",
                {"day": days[-1], "step": name},
            )
            con.execute(
                "insert into ops.runs select run_id, $day, started_at, $step, $rows, $seconds from ops.current_run",
                {"day": days[-1], "step": name, "rows": rows, "seconds": round(perf_counter() - began, 3)},
            )
            log.info("%s: %d rows in %.2f s", name, rows, perf_counter() - began)

        yield con, noted

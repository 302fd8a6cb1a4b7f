"""From the settings' sources to loaded files."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta

import duckdb

from pipeline.contracts.contract import Contract
from pipeline.contracts.contract import load as load_contract
from pipeline.errors import InputError, SettingsError, hint
from pipeline.journeys.orders import LOOK_BACK
from pipeline.quoting import text
from pipeline.settings import Settings, Source
from pipeline.sources import files, mapping
from pipeline.warehouse import loading
from pipeline.warehouse.days import transaction

log = logging.getLogger(__name__)


def find(settings: Settings, days: Sequence[date]) -> list[tuple[Source, files.SourceFile]]:
    """The files of the days, each once, with the source that they belong to; in order of source and name.

    Raises InputError where there is none at all, SettingsError where no source is named.
    """
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


def load(con: duckdb.DuckDBPyConnection, settings: Settings, source: Source, found: files.SourceFile) -> int:
    """Load a file, unless it is loaded already, in a transaction of its own; gives the rows read.

    It is read and judged before anything of its earlier content is taken back; the days that change are noted with it,
    so that a step that died half-way and is tried again knows them all.
    """
    contract, mapped = read_as(settings, source)
    dialect = source.dialect()
    identity = loading.load_id(source.name, contract, found, mapped, dialect)
    if con.execute("select 1 from ops.loads where load_id = $id", {"id": identity}).fetchall():
        return 0
    con.execute(f"set timezone = {text(source.timezone)}")  # of times in the file that name none
    try:
        with loading.read(con, source.name, contract, found, mapped, dialect) as staged, transaction(con):
            gone = loading.unload(con, source.name, found.shown)
            loaded = loading.add(con, staged, settings.project.timezone)
            _note(con, loaded)
            note_days(con, gone | loaded.days)
    finally:
        con.execute("set timezone = 'UTC'")
    log.info(
        "%s: %d rows read, %d kept, %d quarantined, %d duplicate",
        found.shown, loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate,
    )  # fmt: skip
    return loaded.rows_read


def read_as(settings: Settings, source: Source) -> tuple[Contract, mapping.Mapping | None]:
    """The contract and the mapping of a source. Raises SettingsError where they do not fit."""
    contract = load_contract(source.contract)
    mapped = mapping.load(source.adapter, settings.folder)
    if mapped is not None and contract.name not in mapped.contracts:
        known = hint(contract.name, mapped.contracts)
        raise SettingsError(f"sources.{source.name}: adapter {source.adapter} gives no {contract.name}.{known}")
    return contract, mapped


def changed(con: duckdb.DuckDBPyConnection) -> list[date]:
    """The days that the files of this run have changed, in order."""
    found = con.execute("select distinct day from ops.current_changes order by day").fetchall()
    return [day for (day,) in found]


def note_days(con: duckdb.DuckDBPyConnection, days: frozenset[date]) -> None:
    """Note days that this run has changed; belongs into the transaction that changes them."""
    con.execute("insert into ops.current_changes select unnest($days::date[])", {"days": sorted(days)})


def note_failure(con: duckdb.DuckDBPyConnection, source: Source, found: files.SourceFile, error: str) -> None:
    """Note that a source has stopped at a file, and that the night goes on without it."""
    log.warning("source %s has stopped, the night goes on without the rest of it: %s", source.name, error)
    con.execute(
        "insert into ops.source_failures by name select run_id, $source as source, $contract as contract, "
        "$file as file, $day as day, $error as error, started_at as failed_at from ops.current_run",
        {"source": source.name, "contract": source.contract, "file": found.shown, "day": found.day, "error": error},
    )


def _note(con: duckdb.DuckDBPyConnection, loaded: loading.Loaded) -> None:
    row = asdict(loaded)
    row.pop("days")
    names = ", ".join(row)
    con.execute(
        f"insert into ops.loads ({names}, run_id, loaded_at) select {', '.join('$' + name for name in row)}, * "
        "from ops.current_run",
        row,
    )


def note_changed(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    days: Sequence[date],
    changed: set[date],
    *,
    however_late: bool = False,
) -> None:
    """Days that were computed before and are to be computed again, because what they are made of has changed.

    Those are earlier days that late rows belong to, as far back as `late_days` unless it is `however_late`, and the
    days after a changed one that look back on it.
    """
    computed = {day for (day,) in con.execute("select distinct day from ops.signals").fetchall()}
    since = date.min if however_late else min(days) - timedelta(days=settings.project.late_days)
    for day in sorted(day for day in changed & computed if day < since):
        log.warning("%s has changed, too late to be computed again by itself: friction run --day %s", day, day)
    late = {day for day in changed & computed if since <= day < max(days)}
    dirty = [day for day in changed if day in late or day in days]
    reach = settings.window + LOOK_BACK
    after = {day for day in computed if any(each < day <= each + reach for each in dirty)}
    for day in sorted((late | after) - set(days)):
        con.execute("insert into ops.current_days values ($day)", {"day": day})

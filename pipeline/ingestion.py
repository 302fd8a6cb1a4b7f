"""From the settings' sources to loaded files."""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from pipeline.contracts.contract import load as load_contract
from pipeline.errors import ContractError, InputError, SettingsError, hint
from pipeline.journeys.orders import LOOK_BACK
from pipeline.quoting import text
from pipeline.settings import Settings, Source
from pipeline.sources import files, mapping
from pipeline.warehouse import loading
from pipeline.warehouse.days import transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A file of a source, not opened yet. `shown`: its path as the settings put it; `day`: where the path has {day}."""

    source: Source
    path: Path
    shown: str
    day: date | None


def find(settings: Settings, days: Sequence[date]) -> list[Found]:
    """The files of the days, each once, with the source that they belong to; in order of source and name.

    Raises InputError where there is none at all, SettingsError where no source is named.
    """
    if not settings.sources:
        raise SettingsError("friction.toml names no [[sources]]: say what to read.")
    found: dict[tuple[str, str], Found] = {}
    for source in settings.sources:
        is_daily = "{day}" in source.path
        for day in days if is_daily else days[:1]:
            matching = files.find(settings.folder, source.path, day)
            if not matching:
                log.warning("source %s: no file matches %s on %s", source.name, source.path, day)
            for path, shown in matching:
                found[source.name, shown] = Found(source, path, shown, day if is_daily else None)
    if not found:
        paths = ", ".join(source.path for source in settings.sources)
        until = f" to {days[-1]}" if len(days) > 1 else ""
        raise InputError(f"there is no file for {days[0]}{until}: looked for {paths} in {settings.folder}.")
    return list(found.values())


def load_each(
    con: duckdb.DuckDBPyConnection, settings: Settings, found: Iterable[Found], goes_on_without: Collection[str]
) -> int:
    """Load the files one by one; gives the rows read.

    A source of one of the contracts `goes_on_without` may stop at a file with which something is wrong: that is noted,
    and its further files are left alone. Raises the error of any other source, and the first one where nothing else has
    come in either: a night without any input is no night.
    """
    con.execute("delete from ops.source_failures where run_id = (select run_id from ops.current_run)")  # tried again
    read = files_in = 0
    stopped: dict[str, ContractError | InputError] = {}
    for each in found:
        if each.source.name in stopped:
            continue
        try:
            read += load(con, settings, each)
            files_in += 1
        except (ContractError, InputError) as error:
            if each.source.contract not in goes_on_without:
                raise
            stopped[each.source.name] = error
            _note_failure(con, each, str(error))
    if stopped and not files_in:
        told = "\n  ".join(str(error) for error in stopped.values())
        first = next(iter(stopped.values()))
        raise type(first)(f"every source has stopped at its first file, nothing was loaded:\n  {told}")
    return read


def load(con: duckdb.DuckDBPyConnection, settings: Settings, found: Found) -> int:
    """Load a file, unless it is loaded already, in a transaction of its own; gives the rows read.

    It is read and judged before anything of its earlier content is taken back; the days that change are noted with it,
    so that a step that died half-way and is tried again knows them all.
    """
    source = found.source
    contract = load_contract(source.contract)
    mapped = mapping.load(source.adapter, settings.folder)
    if mapped is not None and contract.name not in mapped.contracts:
        known = hint(contract.name, mapped.contracts)
        raise SettingsError(f"sources.{source.name}: adapter {source.adapter} gives no {contract.name}.{known}")
    dialect = source.dialect()
    file = files.open_file(found.path, found.shown, found.day)
    identity = loading.load_id(source.name, contract, file, mapped, dialect)
    if con.execute("select 1 from ops.loads where load_id = $id", {"id": identity}).fetchall():
        return 0
    con.execute(f"set timezone = {text(source.timezone)}")  # of times in the file that name none
    try:
        with loading.read(con, source.name, contract, file, mapped, dialect) as staged, transaction(con):
            gone = loading.unload(con, source.name, found.shown)
            loaded = loading.add(con, staged, settings.project.timezone)
            _note(con, loaded)
            days = sorted(gone | loaded.days)
            con.execute("insert into ops.current_changes select unnest($days::date[])", {"days": days})
    finally:
        con.execute("set timezone = 'UTC'")
    log.info(
        "%s: %d rows read, %d kept, %d quarantined, %d duplicate",
        found.shown, loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate,
    )  # fmt: skip
    return loaded.rows_read


def changed(con: duckdb.DuckDBPyConnection) -> list[date]:
    """The days that the files of this run have changed, in order."""
    found = con.execute("select distinct day from ops.current_changes order by day").fetchall()
    return [day for (day,) in found]


def _note(con: duckdb.DuckDBPyConnection, loaded: loading.Loaded) -> None:
    row = asdict(loaded)
    row.pop("days")
    names = ", ".join(row)
    con.execute(
        f"insert into ops.loads ({names}, run_id, loaded_at) select {', '.join('$' + name for name in row)}, * "
        "from ops.current_run",
        row,
    )


def _note_failure(con: duckdb.DuckDBPyConnection, found: Found, error: str) -> None:
    log.warning("source %s has stopped, the night goes on without the rest of it: %s", found.source.name, error)
    con.execute(
        "insert into ops.source_failures by name select run_id, $source as source, $contract as contract, "
        "$file as file, $day as day, $error as error, started_at as failed_at from ops.current_run",
        {
            "source": found.source.name, "contract": found.source.contract, "file": found.shown, "day": found.day,
            "error": error,
        },
    )  # fmt: skip


def note_changed(con: duckdb.DuckDBPyConnection, settings: Settings, days: Sequence[date], changed: set[date]) -> None:
    """Days that were computed before and are to be computed again, because what they are made of has changed.

    Those are earlier days that late rows belong to, as far back as `late_days`, and the days after a changed one that
    look back on it.
    """
    computed = {day for (day,) in con.execute("select distinct day from ops.signals").fetchall()}
    since = min(days) - timedelta(days=settings.project.late_days)
    for day in sorted(day for day in changed & computed if day < since):
        log.warning("%s has changed, too late to be computed again by itself: friction run --day %s", day, day)
    late = {day for day in changed & computed if since <= day < max(days)}
    dirty = [day for day in changed if day in late or day in days]
    reach = settings.window + LOOK_BACK
    after = {day for day in computed if any(each < day <= each + reach for each in dirty)}
    for day in sorted((late | after) - set(days)):
        con.execute("insert into ops.current_days values ($day)", {"day": day})

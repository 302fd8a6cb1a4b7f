"""From the settings' sources to loaded files."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import duckdb

from pipeline.calendar import dated, is_daily
from pipeline.contracts.contract import Contract
from pipeline.contracts.contract import load as load_contract
from pipeline.errors import ContractError, InputError, SettingsError, hint
from pipeline.journeys.orders import LOOK_BACK
from pipeline.quoting import text
from pipeline.settings import Settings, Source
from pipeline.sources import mapping, places
from pipeline.sources.files import SourceFile
from pipeline.warehouse import aside, blocking, loading, unloading
from pipeline.warehouse.days import transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A file of a source, not read yet; or, where there is an `error` in place of a `place`, why nobody can tell.

    `shown` names it; `day`: where the source's path has {day}. `is_owed`: it is of an earlier day, on which its source
    stopped.
    """

    source: Source
    shown: str
    day: date | None
    place: places.Place | None = None
    error: InputError | None = None
    is_owed: bool = False


def find(
    settings: Settings,
    days: Sequence[date],
    owed: Mapping[str, Sequence[date]] = MappingProxyType({}),
    goes_on_without: Collection[str] = (),
    *,
    is_none_fine: bool = False,
) -> list[Found]:
    """Where the files of the days are, each once, with the source that they belong to; in order of source and name.

    After them come those of the days that a source owes (see `owed_days`): what is still wrong with them keeps no file
    of the days away. A storage that cannot be listed is told in place of the files of a source of one of the contracts
    `goes_on_without`, for the other sources its error is raised. Raises InputError where there is no file of the days
    at all and that is not fine, SettingsError where no source is named.
    """
    if not settings.sources:
        raise SettingsError("friction.toml names no [[sources]]: say what to read.")
    found: dict[tuple[str, str], Found] = {}
    for source in settings.sources:
        paths: dict[str, date] = {}
        for day in days:
            paths.setdefault(dated(source.path, day), day)  # one path may be that of many days
        for path, day in paths.items():
            matching = _listed(settings, source, day, goes_on_without)
            if not matching:
                log.warning("source %s: no file matches %s on %s", source.name, path, day)
            for each in matching:
                found[source.name, each.shown] = each
    if not found and not is_none_fine:
        looked = ", ".join(source.path for source in settings.sources)
        until = f" to {days[-1]}" if len(days) > 1 else ""
        raise InputError(f"there is no file for {days[0]}{until}: looked for {looked} in {settings.folder}.")
    for source in settings.sources:
        for day in owed.get(source.name, ()) if is_daily(source.path) else ():
            for each in _listed(settings, source, day, goes_on_without):
                found.setdefault((source.name, each.shown), replace(each, is_owed=True))
    return list(found.values())


def _listed(settings: Settings, source: Source, day: date, goes_on_without: Collection[str]) -> list[Found]:
    """The files that a source has for a day, or why they cannot be listed."""
    try:
        matching = places.find(settings.folder, source, day, settings.storage)
    except InputError as error:
        if source.contract not in goes_on_without:
            raise
        return [Found(source, dated(source.path, day), day if is_daily(source.path) else None, error=error)]
    return [Found(source, place.shown, place.day, place) for place in matching]


def owed_days(con: duckdb.DuckDBPyConnection, settings: Settings, days: Sequence[date]) -> dict[str, list[date]]:
    """Days by source on which it has stopped and that can still be computed again: their files may be mended by now.

    A source that has stopped on one day of a run left out the days after it, too.
    """
    found = con.execute(
        """
        with ended as (select run_id, max(day) as last_day from ops.runs group by run_id)
        select distinct source, unnest(generate_series(day, coalesce(last_day, day), interval 1 day))::date as owed
        from ops.source_failures left join ended using (run_id)
        where day is not null
        order by source, owed
        """
    ).fetchall()
    since = min(days) - timedelta(days=settings.project.late_days)
    by_source: dict[str, list[date]] = {}
    for source, day in found:
        if since <= day < max(days):
            by_source.setdefault(source, []).append(day)
    return by_source


def load_each(
    con: duckdb.DuckDBPyConnection, settings: Settings, found: Iterable[Found], goes_on_without: Collection[str]
) -> int:
    """Load the files one by one; gives the rows read.

    A source of one of the contracts `goes_on_without` may stop at a file with which something is wrong: that is noted,
    and its further files are left alone. The error of any other source is raised; that of the first source, too, where
    each has stopped at its first file: a night without any input is no night.
    """
    con.execute("delete from ops.source_failures where run_id = (select run_id from ops.current_run)")  # tried again
    read = files_in = 0
    stopped: dict[str, ContractError | InputError] = {}
    for each in found:
        if each.source.name in stopped:
            continue
        try:
            read += _loaded(con, settings, each)
            files_in += not each.is_owed
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


def _loaded(con: duckdb.DuckDBPyConnection, settings: Settings, each: Found) -> int:
    if each.error is not None:
        raise each.error
    return load(con, settings, each.source, each.place) if each.place else 0


def load(con: duckdb.DuckDBPyConnection, settings: Settings, source: Source, place: places.Place) -> int:
    """Load a file, unless it is loaded already, in a transaction of its own; gives the rows read.

    It is read and judged before anything of its earlier content is taken back; the days that change are noted with it,
    so that a step that died half-way and is tried again knows them all. An object in storage is fetched for as long as
    it is read, unless its content is known to be loaded.
    """
    contract, mapped = read_as(settings, source)
    if is_known(con, source, contract, place, mapped):
        return 0
    with places.at_hand(place) as found:
        identity = loading.load_id(source.name, contract, found, mapped, source.dialect())
        if con.execute("select 1 from ops.loads where load_id = $id", {"id": identity}).fetchall():
            con.execute("update ops.loads set etag = $tag where load_id = $id", {"tag": found.etag, "id": identity})
            return 0
        places.fetch_beside(place, found, mapped)
        return _load(con, settings, source, contract, found, mapped)


def is_known(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    contract: Contract,
    place: places.Place,
    mapped: mapping.Mapping | None,
) -> bool:
    """Whether the content that object storage has is loaded already, told without fetching it."""
    tag = places.etag(place)
    loads = con.execute(
        "select load_id, sha256 from ops.loads where source = $source and file = $file and etag = $tag",
        {"source": source.name, "file": place.shown, "tag": tag},
    ).fetchall()
    for identity, sha256 in loads:
        same = SourceFile(Path(), place.shown, None, None, sha256)
        if identity == loading.load_id(source.name, contract, same, mapped, source.dialect()):
            return True
    return False


def _load(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    source: Source,
    contract: Contract,
    found: SourceFile,
    mapped: mapping.Mapping | None,
) -> int:
    con.execute(f"set timezone = {text(source.timezone)}")  # of times in the file that name none
    try:
        blocked = blocking.of_run(con, settings.warehouse)
        with (
            loading.read(con, source.name, contract, found, mapped, source.dialect(), blocked) as staged,
            transaction(con),
        ):
            gone = unloading.unload(con, source.name, found.shown, settings.project.timezone)
            loaded = loading.add(con, staged, settings.project.timezone)
            _note(con, loaded, found.etag)
            note_days(con, gone | loaded.days)
    finally:
        con.execute("set timezone = 'UTC'")
    log.info(
        "%s: %d rows read, %d kept, %d quarantined, %d duplicate",
        found.shown, loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate,
    )  # fmt: skip
    return loaded.rows_read


def read_as(settings: Settings, source: Source) -> tuple[Contract, mapping.Mapping | None]:
    """The contract, with the source's own limit, and the mapping of a source.

    Raises SettingsError where they do not fit.
    """
    contract = load_contract(source.contract)
    if source.quarantine_limit_share is not None:
        contract = replace(contract, quarantine_limit_share=source.quarantine_limit_share)
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


def _note_failure(con: duckdb.DuckDBPyConnection, found: Found, error: str) -> None:
    """Note that a source has stopped at a file, and that the night goes on without it."""
    source = found.source
    log.warning("source %s has stopped, the night goes on without the rest of it: %s", source.name, error)
    con.execute(
        "insert into ops.source_failures by name select run_id, $source as source, $contract as contract, "
        "$file as file, $day as day, $error as error, started_at as failed_at from ops.current_run",
        {"source": source.name, "contract": source.contract, "file": found.shown, "day": found.day, "error": error},
    )


def _note(con: duckdb.DuckDBPyConnection, loaded: loading.Loaded, etag: str | None) -> None:
    row = asdict(loaded) | {"etag": etag}
    row.pop("days")
    names = ", ".join(row)
    con.execute(
        f"insert into ops.loads ({names}, run_id, loaded_at) select {', '.join('$' + name for name in row)}, "
        "run_id, started_at from ops.current_run",
        row,
    )


def set_aside(
    con: duckdb.DuckDBPyConnection, settings: Settings, days: Sequence[date], changed: set[date]
) -> frozenset[date]:
    """Judge anew what is set aside of the days of the run and of those that changed; gives the days this changes.

    A day keeps its marks until it is judged again. So that a change of the settings does not go unnoticed, the days
    that the scores still look at and that other settings judged are named.
    """
    found = aside.judge(con, settings.traffic, changed | set(days))
    since = min(days) - settings.window - LOOK_BACK
    if old := aside.judged_otherwise(con, settings.traffic, since):
        log.warning(
            "[traffic] has changed since %d days from %s to %s were judged: friction backfill --from %s --to %s",
            len(old), old[0], old[-1], old[0], old[-1],
        )  # fmt: skip
    return found

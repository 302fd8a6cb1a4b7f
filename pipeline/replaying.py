"""From the quarantine back into the tables: rows whose mapping, settings or contract were corrected since."""

import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipeline import ingestion
from pipeline.errors import SettingsError, hint
from pipeline.quoting import text
from pipeline.settings import Settings, Source
from pipeline.sources import places
from pipeline.warehouse import rereading, rewriting
from pipeline.warehouse.connection import reading, writing
from pipeline.warehouse.days import transaction
from pipeline.warehouse.rereading import Replayed
from pipeline.warehouse.rewriting import Load

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Which:
    """Whose rows are replayed: a source's, a file's (or those of a pattern), or all."""

    source: str | None = None
    file: str | None = None


def find(con: duckdb.DuckDBPyConnection, settings: Settings, which: Which) -> list[tuple[Source, Load]]:
    """The loads to be replayed, with their sources as they are now; in order of source and file.

    Raises SettingsError where a source is not in the settings any more, or reads another contract.
    """
    return [(_source(settings, load), load) for load in rewriting.find(con, which.source, which.file)]


def _source(settings: Settings, load: Load) -> Source:
    named = {source.name: source for source in settings.sources}
    others = "or replay the others one by one: friction quarantine replay --source NAME"
    if load.source not in named:
        raise SettingsError(
            f"{load.file}: its quarantined rows came from the source {load.source!r}, which friction.toml does not "
            f"name.{hint(load.source, named)} Name it again, {others}"
        )
    source = named[load.source]
    if source.contract != load.contract:
        raise SettingsError(
            f"sources.{source.name}: the quarantined rows of {load.file} were read as {load.contract}, the source now "
            f"reads {source.contract}. Set it back, {others}"
        )
    try:
        ingestion.read_as(settings, source)
    except SettingsError as error:
        raise SettingsError(
            f"sources.{source.name}: the quarantined rows of {load.file} cannot be read again: {error}"
        ) from error
    return source


def replay(con: duckdb.DuckDBPyConnection, settings: Settings, found: tuple[Source, Load]) -> Replayed:
    """Read a load's quarantined rows again, and move those that are good now, in a transaction of its own.

    The days that change are noted with it, so that a step that died half-way and is tried again knows them all.
    """
    source, load = found
    with _reread(con, settings, source, load) as reread, transaction(con):
        replayed = rereading.move(con, reread, settings.project.timezone)
        con.execute("insert into ops.current_replays values ($id)", {"id": load.load_id})
        ingestion.note_days(con, replayed.days)
    log.info(
        "%s: %d quarantined rows read again, %d kept, %d duplicate, %d superseded, %d still quarantined",
        load.file, replayed.rows, replayed.kept, replayed.duplicate, replayed.superseded, replayed.quarantined,
    )  # fmt: skip
    return replayed


def rehearse(settings: Settings, which: Which) -> list[Replayed]:
    """What a replay would do, found out on a copy of the published warehouse that is thrown away."""
    with reading(settings.warehouse) as con:
        found = find(con, settings, which)
    if not found:
        return []
    with tempfile.TemporaryDirectory(prefix="friction-", dir=settings.warehouse.parent) as folder:
        copy = Path(folder) / "rehearsal.duckdb"
        shutil.copyfile(settings.warehouse, copy)
        with writing(copy) as con:
            return [_rehearsed(con, settings, source, load) for source, load in found]


def _rehearsed(con: duckdb.DuckDBPyConnection, settings: Settings, source: Source, load: Load) -> Replayed:
    with _reread(con, settings, source, load) as reread, transaction(con):
        return rereading.move(con, reread, settings.project.timezone)


@contextmanager
def _reread(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: Source, load: Load
) -> Iterator[rereading.Reread]:
    contract, mapped = ingestion.read_as(settings, source)
    con.execute(f"set timezone = {text(source.timezone)}")  # of times in the file that name none
    try:
        with (
            places.folder_beside(places.at(load.file, settings.storage, settings.folder), mapped) as folder,
            rereading.reread(con, load, contract, mapped, source.dialect(), folder) as reread,
        ):
            yield reread
    finally:
        con.execute("set timezone = 'UTC'")


def changed(replayed: Sequence[Replayed]) -> list[date]:
    """The days that rows have come to, or been replaced in; in order."""
    return sorted({day for each in replayed for day in each.days})

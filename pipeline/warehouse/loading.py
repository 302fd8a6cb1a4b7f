"""Load one file into its events table: every row is kept, quarantined or an exact duplicate, and counted."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256

import duckdb

from pipeline.contracts.contract import Contract, load_all
from pipeline.errors import ContractError, InputError
from pipeline.settings import Dialect
from pipeline.sources.files import SourceFile
from pipeline.sources.mapping import Mapping
from pipeline.warehouse import blocking, judging, quarantine, repeats
from pipeline.warehouse.staging import Staging

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Staged:
    """A file's rows in the temporary table `staged`, typed and judged; nothing of the warehouse has changed yet."""

    load_id: str
    source: str
    contract: Contract
    file: SourceFile
    rows_read: int
    rows_bad: int
    staging: Staging
    missing_columns: list[str]
    unknown_columns: list[str]
    writing: quarantine.Writing


@dataclass(frozen=True)
class Loaded:
    """What became of a file's rows: read = kept + quarantined + duplicate. `days`: days that its rows changed.

    `format`, `columns`, `column_types` and `delimiter` are those of `quarantine.Writing`.
    """

    load_id: str
    source: str
    contract: str
    file: str
    day: date | None
    rows_read: int
    rows_kept: int
    rows_quarantined: int
    rows_duplicate: int
    missing_columns: list[str]
    unknown_columns: list[str]
    sha256: str
    format: str
    columns: list[str]
    column_types: list[str]
    delimiter: str | None
    days: frozenset[date]


def load_id(
    source: str, contract: Contract, file: SourceFile, mapping: Mapping | None, dialect: Dialect | None = None
) -> str:
    """The same for the same content read in the same way, so that nothing is loaded twice."""
    told = mapping.model_dump_json() if mapping else ""
    read_as = dialect.model_dump_json() if dialect else ""
    parts = [source, file.shown, file.sha256, contract.digest, told, read_as]
    return sha256("\n".join(parts).encode()).hexdigest()[:12]


def load(
    con: duckdb.DuckDBPyConnection,
    source: str,
    contract: Contract,
    file: SourceFile,
    mapping: Mapping | None,
    timezone: str,
    dialect: Dialect | None = None,
) -> Loaded:
    """Read, check and add one file's rows; must run inside a transaction. See `read` and `add`."""
    with read(con, source, contract, file, mapping, dialect) as staged:
        return add(con, staged, timezone)


@contextmanager
def read(
    con: duckdb.DuckDBPyConnection,
    source: str,
    contract: Contract,
    file: SourceFile,
    mapping: Mapping | None,
    dialect: Dialect | None = None,
    blocked: blocking.Blocked | None = None,
) -> Iterator[Staged]:
    """A file's rows, read and judged, in temporary tables only, that last as long as the block.

    Rows of people who were forgotten are none of the file's: `blocked` knows them.
    Raises InputError where the file cannot be read or changes meanwhile, ContractError where it lacks a required
    column or one that its mapping reads, a column has changed its type, more of its rows break rules than the contract
    allows, or the contract is of no input, SettingsError where its mapping cannot be applied.
    """
    if "load_id" not in contract.names:
        known = ", ".join(name for name, each in load_all().items() if "load_id" in each.names and each.inputs)
        raise ContractError(f"{file.shown}: {contract.name} is not an input but a result. Inputs: {known}.")
    identity = load_id(source, contract, file, mapping, dialect)
    told = (dialect or Dialect()).over(mapping)
    with _unless_changed(file), judging.understood(con, contract, file, mapping, told) as (staging, found, rejects):
        forgotten = blocking.leave_out(con, contract, staging, blocked) if blocked else 0
        good, ours = con.execute("select count(*) filter (is_good), count(*) filter (is_ours) from staged").fetchall()[
            0
        ]
        rows, bad = ours + len(rejects), ours - good + len(rejects)
        missing, unknown = judging.compared(con, contract, file, found, staging, mapping)
        about = (identity, source, contract.name, file.shown)
        most = quarantine.SHOWN if blocked is None and bad > contract.quarantine_limit_share * rows else None
        writing = quarantine.collect(con, about, found, mapping, staging, rejects, most=most)
        if blocked and bad and (unread := blocking.leave_out_refused(con, blocked)):
            rows, bad, forgotten = rows - unread, bad - unread, forgotten + unread
        if forgotten:
            log.info("%s: %d rows of forgotten customers left out", file.shown, forgotten)
        is_refused = bad > contract.quarantine_limit_share * rows
        if is_refused:
            raise ContractError(quarantine.verdict(con, contract, file.shown, rows, bad, rejects))
        file.check_unchanged()
        yield Staged(identity, source, contract, file, rows, bad, staging, missing, unknown, writing)


@contextmanager
def _unless_changed(file: SourceFile) -> Iterator[None]:
    """That a file has changed while it was read explains whatever DuckDB could not make of it."""
    try:
        yield
    except (duckdb.Error, InputError):
        file.check_unchanged()
        raise


def add(con: duckdb.DuckDBPyConnection, staged: Staged, timezone: str) -> Loaded:
    """Add the good rows of `staged` to their table, the others to the quarantine; must run inside a transaction.

    `timezone` is the project's: it gives rows their `day`. Raises InputError where the file has changed since it was
    judged: Parquet is read once more here.
    """
    contract, file = staged.contract, staged.file
    quarantine.add(con)
    repeated = repeats.resolve(con, contract, staged.staging, staged.load_id, staged.source, file.shown)
    with _unless_changed(file):
        try:
            days = repeats.insert(con, contract, staged.staging, staged.load_id, timezone) | repeated.days
        except duckdb.InvalidInputException as error:  # columns that the judging did not look at
            raise InputError(
                f"{file.shown}: cannot be read: {judging.in_short(error)}. Export or copy it again."
            ) from error
    file.check_unchanged()
    return Loaded(
        load_id=staged.load_id,
        source=staged.source,
        contract=contract.name,
        file=file.shown,
        day=file.day,
        rows_read=staged.rows_read,
        rows_kept=staged.rows_read - staged.rows_bad - repeated.duplicates - repeated.superseded,
        rows_quarantined=staged.rows_bad + repeated.superseded,
        rows_duplicate=repeated.duplicates,
        missing_columns=staged.missing_columns,
        unknown_columns=staged.unknown_columns,
        sha256=file.sha256,
        **asdict(staged.writing),
        days=days,
    )

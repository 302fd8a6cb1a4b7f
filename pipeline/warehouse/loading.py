"""Load one file into its events table: every row is kept, quarantined or an exact duplicate, and counted."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import duckdb

from pipeline.contracts.contract import Contract, load_all
from pipeline.contracts.contract import load as load_contract
from pipeline.errors import ContractError, InputError, SettingsError
from pipeline.sources.files import SourceFile, in_format
from pipeline.sources.mapping import Mapping
from pipeline.sources.reading import columns_of
from pipeline.warehouse import quarantine, repeats
from pipeline.warehouse.staging import stage

NOT_SQL = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)  # whoever wrote it can mend it


@dataclass(frozen=True)
class Loaded:
    """What became of a file's rows: read = kept + quarantined + duplicate. `days`: days that its rows changed."""

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
    days: frozenset[date]


def load_id(source: str, contract: Contract, file: SourceFile, mapping: Mapping | None) -> str:
    """The same for the same content read in the same way, so that nothing is loaded twice."""
    told = mapping.model_dump_json() if mapping else ""
    parts = [source, file.shown, file.sha256, contract.digest, told]
    return sha256("\n".join(parts).encode()).hexdigest()[:12]


def load(
    con: duckdb.DuckDBPyConnection,
    source: str,
    contract: Contract,
    file: SourceFile,
    mapping: Mapping | None,
    timezone: str,
) -> Loaded:
    """Read, check and add one file's rows; must run inside a transaction.

    Raises InputError where the file cannot be read, ContractError where it lacks a required column, more of its rows
    break rules than the contract allows, or the contract is of no input. `timezone` is the project's: it gives rows
    their `day`.
    """
    if "load_id" not in contract.names:
        known = ", ".join(name for name, each in load_all().items() if "load_id" in each.names and each.inputs)
        raise ContractError(f"{file.shown}: {contract.name} is not an input but a result. Inputs: {known}.")
    identity = load_id(source, contract, file, mapping)
    file = in_format(file, mapping.format if mapping else None)
    try:
        columns = columns_of(con, file, mapping)
        missing, unknown = _compared(contract, file, columns, mapping)
        staging = stage(contract, file, columns, mapping)
        _forget_rejects(con)
        con.execute(f"create or replace temp table staged as {staging.rows()}")
        rejects = _rejects(con)
        good, staged = con.execute("select count(*) filter (is_good), count(*) from staged").fetchall()[0]
        read, bad = staged + len(rejects), staged - good + len(rejects)
        if bad:
            quarantine.add(con, identity, source, contract, file, mapping, staging, rejects)
    except duckdb.Error as error:
        if mapping is not None and isinstance(error, NOT_SQL):
            raise SettingsError(f"{file.shown}: its mapping {mapping.name!r} cannot be applied: {error}") from error
        raise InputError(f"{file.shown}: cannot be read as {file.format}: {error}") from error
    if bad > contract.quarantine_limit_share * read:
        raise ContractError(quarantine.verdict(con, identity, contract, file.shown, read, bad))
    repeated = repeats.resolve(con, contract, identity, source, file.shown)
    return Loaded(
        load_id=identity,
        source=source,
        contract=contract.name,
        file=file.shown,
        day=file.day,
        rows_read=read,
        rows_kept=good - repeated.duplicates - repeated.superseded,
        rows_quarantined=bad + repeated.superseded,
        rows_duplicate=repeated.duplicates,
        missing_columns=missing,
        unknown_columns=unknown,
        sha256=file.sha256,
        days=repeats.insert(con, contract, identity, timezone) | repeated.days,
    )


def unload(con: duckdb.DuckDBPyConnection, source: str, shown: str) -> frozenset[date]:
    """Take back what an earlier content of a file has brought in; gives the days that this changes."""
    found = con.execute(
        "select load_id, contract from ops.loads where source = $source and file = $file",
        {"source": source, "file": shown},
    ).fetchall()
    days: set[date] = set()
    for identity, name in found:
        contract = load_contract(name)
        if contract.event_time:
            gone = con.execute(f"select distinct day from {contract.table} where load_id = $id", {"id": identity})
            days |= {day for (day,) in gone.fetchall()}
        for table in (contract.table, "ops.quarantine", "ops.loads"):
            con.execute(f"delete from {table} where load_id = $id", {"id": identity})
    return frozenset(days)


def _forget_rejects(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("drop table if exists reject_errors")
    con.execute("drop table if exists reject_scans")


def _rejects(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Rows that the reader could not make out, in the order of the file: (text, rule)."""
    if con.execute("select count(*) from duckdb_tables() where table_name = 'reject_errors'").fetchall() == [(0,)]:
        return []
    return con.execute(
        """
        select ltrim(any_value(csv_line), chr(13) || chr(10)),
               'row.' || lower(replace(any_value(error_type::varchar), ' ', '_'))
        from reject_errors group by line_byte_position order by line_byte_position
        """
    ).fetchall()


def _compared(
    contract: Contract, file: SourceFile, columns: list[str], mapping: Mapping | None
) -> tuple[list[str], list[str]]:
    """Columns of the contract that the file lacks, and columns of the file that the contract does not know."""
    names = [column.name for column in contract.inputs]
    has = set(columns) if mapping is None else set(mapping.contracts[contract.name].columns)
    missing = [name for name in names if name not in has]
    required = [column.name for column in contract.inputs if column.is_required and column.name in missing]
    if required and has:
        raise ContractError(
            f"{file.shown}: required columns of {contract.name} are missing: {', '.join(required)}. "
            f"Found: {', '.join(sorted(has))}. Rename them in the export, or write a mapping file (adapter = PATH)."
        )
    return missing, [] if mapping else [name for name in columns if name not in set(names)]

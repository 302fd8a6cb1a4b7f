"""Make out what a file holds: its rows typed and judged in `staged`, and the columns that it lacks or has besides."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import duckdb

from pipeline.contracts.contract import Contract
from pipeline.errors import ContractError, InputError, SettingsError
from pipeline.quoting import quoted
from pipeline.settings import Dialect
from pipeline.sources import encodings
from pipeline.sources.files import SourceFile
from pipeline.sources.mapping import Mapping
from pipeline.sources.packing import unpacked
from pipeline.sources.preparing import prepared
from pipeline.sources.reading import SHOWN, Table, table
from pipeline.warehouse.drift import changed_types
from pipeline.warehouse.rejects import Reject, forget, rejected
from pipeline.warehouse.staging import Staging, stage

log = logging.getLogger(__name__)

LONGEST_LIST = 1000  # characters of column names that an error quotes
NOT_SQL = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)  # whoever wrote it can mend it
# how DuckDB says that a file lacks a column: its mapping was right until the export changed
NO_COLUMN = re.compile(
    r'column "([^"]+)" (?:not found|referenced that exists)|does not have a column named "([^"]+)"', re.IGNORECASE
)


@contextmanager
def understood(
    con: duckdb.DuckDBPyConnection, contract: Contract, file: SourceFile, mapping: Mapping | None, dialect: Dialect
) -> Iterator[tuple[Staging, Table, list[Reject]]]:
    """The file's rows in `staged`, and those that the reader could not make out.

    Rows that are not UTF-8 make it look at the whole text again: it may be of a code page.
    """
    with prepared(file, mapping, dialect) as readable:
        staging, found, rejects = judged(con, contract, file, readable, mapping, dialect)
        is_undecoded = any(each.rule == "row.invalid_encoding" for each in rejects) and dialect.encoding is None
        encoding = _single_byte_encoding(readable) if is_undecoded else None
        if encoding is None:
            yield staging, found, rejects
            return
    log.info("%s: is not UTF-8; read as %s, which its letters say. Declare it: encoding = …", file.shown, encoding)
    declared = dialect.model_copy(update={"encoding": encoding})
    with prepared(file, mapping, declared) as readable:
        yield judged(con, contract, file, readable, mapping, declared)


def _single_byte_encoding(file: SourceFile) -> str | None:
    with unpacked(file.path) as content:
        return encodings.of_single_bytes(content)


def judged(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    file: SourceFile,
    readable: SourceFile,
    mapping: Mapping | None,
    dialect: Dialect,
) -> tuple[Staging, Table, list[Reject]]:
    """Make `staged` of what DuckDB can read in the file's place; gives also the rows that it could not make out."""
    found = None
    try:
        found = table(con, readable, mapping, dialect, [column.name for column in contract.inputs])
        _refuse_missing(contract, file, set(found.columns), mapping, is_known=not found.is_json)
        staging = _made(con, contract, file, found, mapping, dialect)
        if staging.has_rest and (more := _more_keys(con, {column.name for column in contract.inputs})):
            # keys of the contract that none of the first rows has
            staging = _made(con, contract, file, replace(found, keys=found.keys | more), mapping, dialect)
        return staging, found, rejected(con)
    except duckdb.Error as error:
        if found and mapping and (column := _lacking(found, error)):
            listed = ", ".join(sorted(found.columns))
            raise ContractError(
                f"{file.shown}: has no column {column!r}, which its mapping {mapping.name!r} reads. Found: {listed}. "
                "Correct the export, or the mapping file."
            ) from error
        if found and mapping and (changed := changed_types(found, mapping.contracts[contract.name], error)):
            told = "; ".join(f"{each.column} is {each.found} in the file, {each.expected} expected" for each in changed)
            raise ContractError(
                f"{file.shown}: a column that its mapping {mapping.name!r} reads has changed its type: {told}. "
                "Correct the export, or the mapping file."
            ) from error
        if isinstance(error, NOT_SQL) and (mapping is not None or dialect.times):
            what = f"its mapping {mapping.name!r}" if mapping else "times of its source"
            raise SettingsError(f"{file.shown}: {what} cannot be applied: {error}") from error
        raise InputError(
            f"{file.shown}: cannot be read as {readable.format}: {in_short(error)}. Export or copy it again."
        ) from error


def in_short(error: duckdb.Error) -> str:
    """What DuckDB says, without the settings that it proposes and the name by which it knows the file."""
    first = re.sub(r"^(?:[A-Za-z]+ )+Error: ", "", str(error).split("\n", 1)[0])
    return re.sub(r"""['"][^'"]*/friction-\w+/\w+['"]""", "the file", first)[:SHOWN].rstrip(". ")


def _lacking(found: Table, error: duckdb.Error) -> str | None:
    """The column of a file that a mapping reads and DuckDB does not find; of JSON there are none."""
    told = None if found.is_json else NO_COLUMN.search(str(error))
    return (told[1] or told[2]) if told else None


def _made(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    file: SourceFile,
    found: Table,
    mapping: Mapping | None,
    dialect: Dialect,
) -> Staging:
    staging = stage(contract, file, found, mapping, dialect)
    forget(con)
    con.execute(f"create or replace temp table staged as {staging.select}")
    return staging


def _more_keys(con: duckdb.DuckDBPyConnection, names: set[str]) -> frozenset[str]:
    """Those of the names that are keys of some row and were not read."""
    keys = con.execute("select distinct unnest(json_keys(rest)) from staged where rest is not null").fetchall()
    return frozenset(key for (key,) in keys) & names


def _refuse_missing(
    contract: Contract, file: SourceFile, has: set[str], mapping: Mapping | None, *, is_known: bool
) -> None:
    """Raise ContractError where a required column is not there; `is_known`: the file says which columns it has."""
    if mapping is not None:
        has, is_known = set(mapping.contracts[contract.name].columns), True
    missing = [column.name for column in contract.inputs if column.is_required and column.name not in has]
    if is_known and missing:
        raise ContractError(
            f"{file.shown}: required columns of {contract.name} are missing: {', '.join(missing)}. "
            f"Found: {_listed(has)}. Rename them in the export, or write a mapping file (adapter = PATH)."
        )


def _listed(names: set[str]) -> str:
    told = ", ".join(sorted(names))
    return told if len(told) <= LONGEST_LIST else f"{told[:LONGEST_LIST]} …"


def compared(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    file: SourceFile,
    found: Table,
    staging: Staging,
    mapping: Mapping | None,
) -> tuple[list[str], list[str]]:
    """Columns of the contract that the file lacks, and columns of the file that the contract does not know.

    JSON has a key only where it has a value, so there it is the rows that tell. Raises ContractError where none of them
    has a required key.
    """
    names = [column.name for column in contract.inputs]
    if not found.is_json or mapping is not None:
        # `attributes` are brought by the columns that the contract does not know, too
        of_file = staging.brought if mapping else [name for name in staging.brought if name in found.columns]
        return [name for name in names if name not in of_file], list(staging.unknown)
    listed = ", ".join(f"count({quoted(name)})" for name in staging.brought)
    counted = con.execute(f"select count(*) filter (is_ours), {listed or 'null'} from staged").fetchall()[0]
    has = {name for name, values in zip(staging.brought, counted[1:], strict=False) if values}
    if counted[0] and has:
        _refuse_missing(contract, file, has | found.keys, None, is_known=True)
    keys = con.execute(
        "select distinct unnest(json_keys(rest)) as key from staged where rest is not null order by key"
    ).fetchall()
    return [name for name in names if name not in has], [key for (key,) in keys]

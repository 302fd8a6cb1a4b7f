"""The layout of the warehouse's tables has a number: an older one is upgraded by the next run, a newer one refused.

Upgrading is part of a run, in the run's own file: until it is published readers open what they opened before.
"""

import logging
from pathlib import Path

import duckdb

from pipeline import __version__
from pipeline.contracts.contract import Contract, load_all
from pipeline.errors import WarehouseError
from pipeline.quoting import quoted
from pipeline.warehouse.catalogue import tables

log = logging.getLogger(__name__)

# 1: the first released layout, which had no number yet. 2: ops.computed, ops.forgotten, ops.layout.
VERSION = 2
TOLD_AS = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}  # types that DuckDB calls otherwise than the contracts


def version(con: duckdb.DuckDBPyConnection) -> int | None:
    """The number of the warehouse's layout; None where there is no warehouse yet."""
    names = tables(con)
    found = None
    if "ops.layout" in names:
        found = con.execute("select max(version) from ops.layout").fetchall()[0][0]
    return int(found) if found else 1 if "ops.loads" in names else None


def check_readable(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raises WarehouseError where the warehouse has another layout than this version of the program reads."""
    found = version(con)
    if found is None or found == VERSION:
        return
    _refuse_newer(found, path)
    raise WarehouseError(
        f"{path} has the layout {found} of an older version of friction, this one reads layout {VERSION}. The next run "
        "upgrades it: friction run --day YYYY-MM-DD"
    )


def upgrade(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring the tables that exist to the contracts' layout; what is missing is left to be created.

    New columns are null. A result that has a new column that must not be null cannot be kept: its days count as not
    computed, and that is logged. Raises WarehouseError where the layout is newer, or an input cannot be kept.
    """
    found = version(con)
    if found is None:
        return
    _refuse_newer(found, path)
    for contract in load_all().values():
        _upgrade_table(con, contract)
    if found < VERSION:
        log.warning("the warehouse has been upgraded from layout %d to %d", found, VERSION)


def note(con: duckdb.DuckDBPyConnection) -> None:
    """Write down that the warehouse has this version's layout."""
    con.execute(
        "insert into ops.layout by name select $program as program, $version as version "
        "where not exists (from ops.layout where program = $program and version = $version)",
        {"program": __version__, "version": VERSION},
    )


def _refuse_newer(found: int, path: Path) -> None:
    if found > VERSION:
        raise WarehouseError(
            f"{path} has the layout {found} of a newer version of friction, this one knows layouts up to {VERSION}. "
            "Install the newer version, or name another warehouse in friction.toml."
        )


def _upgrade_table(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    old = tables(con).get(contract.table, {})
    new = {column.name: TOLD_AS.get(column.type, column.type) for column in contract.columns}
    if not old or list(old.items()) == list(new.items()):
        return
    schema, _, name = contract.table.partition(".")
    aside = f"{schema}.{quoted(name + '_before')}"
    con.execute(f"alter table {contract.table} rename to {quoted(name + '_before')}")
    con.execute(contract.ddl())
    kept = [column for column in contract.columns if column.name in old]
    listed = ", ".join(quoted(column.name) for column in kept)
    values = ", ".join(f"{quoted(column.name)}::{column.type}" for column in kept)
    try:
        con.execute(f"insert into {contract.table} ({listed}) select {values} from {aside}")
    except (duckdb.ConstraintException, duckdb.ConversionException) as error:
        if schema not in {"journeys", "friction"}:
            raise WarehouseError(
                f"{contract.table} of an older version of friction cannot be upgraded: {error}. "
                "Move the warehouse away and backfill."
            ) from error
        _give_up(con, contract, aside)
    con.execute(f"drop table {aside}")


def _give_up(con: duckdb.DuckDBPyConnection, contract: Contract, aside: str) -> None:
    first, last = con.execute(f"select min(day), max(day) from {aside}").fetchall()[0]
    con.execute(f"delete from ops.signals where day in (select day from {aside})")
    log.warning(
        "%s of an older version cannot be kept: friction backfill --from %s --to %s", contract.table, first, last
    )

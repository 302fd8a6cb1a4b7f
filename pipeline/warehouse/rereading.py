"""Read the original text of a load's quarantined rows again, in the way in which its source is read now.

The file itself is not needed. What is good now moves to the events table under its old load; the law
read = kept + quarantined + duplicate holds before and after.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath

import duckdb
import polars as pl

from pipeline.contracts.contract import Contract
from pipeline.errors import InputError
from pipeline.quoting import quoted
from pipeline.settings import Dialect
from pipeline.sources.files import SourceFile
from pipeline.sources.mapping import Mapping
from pipeline.sources.reading import Table
from pipeline.warehouse import judging, repeats, rewriting
from pipeline.warehouse.quarantine import SCHEMA, Rows
from pipeline.warehouse.rejects import Reject
from pipeline.warehouse.rewriting import Load, Original
from pipeline.warehouse.staging import Staging


@dataclass(frozen=True)
class Reread:
    """The quarantined rows of a load in the temporary table `staged`; nothing of the warehouse has changed yet."""

    load: Load
    contract: Contract
    staging: Staging
    rows: int  # of the quarantine that were read again
    good: int
    bad: Rows


@dataclass(frozen=True)
class Replayed:
    """What became of a load's quarantined rows.

    `rows` were read again: `kept`, `duplicate` and `superseded` (a newer version is there) are good now, `quarantined`
    still break rules; where they do not add up, the mapping now leaves out some rows, or makes more of them. `days`:
    days that this changed.
    """

    source: str
    file: str
    rows: int
    kept: int
    duplicate: int
    superseded: int
    quarantined: int
    days: frozenset[date]

    @property
    def left_out(self) -> int:
        """Rows that the mapping no longer makes; below zero where it makes more."""
        return self.rows - self.kept - self.duplicate - self.superseded - self.quarantined


@contextmanager
def reread(
    con: duckdb.DuckDBPyConnection,
    load: Load,
    contract: Contract,
    mapping: Mapping | None,
    dialect: Dialect,
    folder: Path,
) -> Iterator[Reread]:
    """A load's quarantined rows, read and judged anew, in temporary tables that last as long as the block.

    `folder` holds what the mapping joins, as the folder of the load's file does. There is no limit to how
    many may be bad: all of them were. Raises InputError where they cannot be read, SettingsError where the mapping
    cannot be applied, ContractError where the file lacks a column that is required now.
    """
    originals = rewriting.of(con, load)
    told = dialect.over(mapping)
    told = told.model_copy(update={"encoding": None, "delimiter": told.delimiter or load.writing.delimiter})
    file = SourceFile(folder / PurePath(load.file).name, load.file, load.day, load.writing.format, load.sha256)
    with rewriting.written(con, load, originals, mapping) as (path, begins):
        readable = SourceFile(path, load.file, load.day, load.writing.format, load.sha256)
        staging, found, rejects = judging.judged(con, contract, file, readable, mapping, told)
        places = _places(con, load, originals, begins, staging, found, rejects)
        if staging.has_place and staging.values is None:
            _choose(con, contract, staging, [originals[place].times for place in places])
        (good,) = con.execute("select count(*) from staged where is_good").fetchall()[0]
        bad = con.execute(
            f"select {staging.place}, broken_rules from staged where is_ours and not is_good order by 1, 2"
        ).fetchall()
        rows: Rows = [(originals[places[at - 1]].line, rules, originals[places[at - 1]].text) for at, rules in bad]
        begun_at = dict(zip(begins, originals, strict=False))
        for reject in rejects:
            row = begun_at[reject.at]
            rows += [(row.line, [reject.rule], row.text)] * row.times
        yield Reread(load, contract, staging, sum(each.times for each in originals), good, rows)


def move(con: duckdb.DuckDBPyConnection, found: Reread, timezone: str) -> Replayed:
    """Move the rows that are good now to their events table; must run inside a transaction.

    `timezone` is the project's: it gives rows their `day`.
    """
    load, contract = found.load, found.contract
    con.execute(f"delete from ops.quarantine where load_id = $id and {rewriting.CAN_BE_READ}", {"id": load.load_id})
    con.register("incoming", pl.DataFrame(found.bad, schema=SCHEMA, orient="row").to_arrow())
    con.execute(
        "insert into ops.quarantine by name select $load_id as load_id, $source as source, $contract as contract, "
        "$file as file, * from incoming order by line, original",
        {"load_id": load.load_id, "source": load.source, "contract": load.contract, "file": load.file},
    )
    con.unregister("incoming")
    repeated = repeats.resolve(con, contract, found.staging, load.load_id, load.source, load.file)
    days = repeats.insert(con, contract, found.staging, load.load_id, timezone) | repeated.days
    kept = found.good - repeated.duplicates - repeated.superseded
    replayed = Replayed(
        source=load.source,
        file=load.file,
        rows=found.rows,
        kept=kept,
        duplicate=repeated.duplicates,
        superseded=repeated.superseded,
        quarantined=len(found.bad),
        days=days,
    )
    con.execute(
        "update ops.loads set rows_read = rows_read - $left_out, rows_kept = rows_kept + $kept, "
        "rows_duplicate = rows_duplicate + $duplicate, rows_quarantined = rows_quarantined + $quarantined "
        "where load_id = $id",
        {
            "left_out": replayed.left_out,
            "kept": kept,
            "duplicate": repeated.duplicates,
            "quarantined": repeated.superseded + len(found.bad) - found.rows,
            "id": load.load_id,
        },
    )
    return replayed


def _places(
    con: duckdb.DuckDBPyConnection,
    load: Load,
    originals: list[Original],
    begins: list[int],
    staging: Staging,
    found: Table,
    rejects: list[Reject],
) -> list[int]:
    """For each row that was read, which of the originals it is. Raises InputError where that cannot be told."""
    refused = {each.at for each in rejects}
    places = [place for place in range(len(originals)) if not refused or begins[place] not in refused]
    # the hash makes DuckDB read all columns: it rejects no row for text that it does not look at
    read_again = f"select count(*), bit_xor(hash(r)) from {found.relation} as r"
    read = con.execute(read_again if staging.has_place else "select count(*) from staged").fetchall()[0][0]
    if read != len(places) or not refused <= set(begins):
        raise InputError(
            f"{load.file}: {len(originals)} quarantined rows are read as {read}: quotes or the delimiter cut them "
            "otherwise than before. Run its day again with the file in place, it is then read as a whole."
        )
    return places


def _choose(con: duckdb.DuckDBPyConnection, contract: Contract, staging: Staging, times: list[int]) -> None:
    """Where a mapping makes several rows of one original, leave those that stood in the quarantine.

    The others were good when the file was loaded and are there already. Whatever is new stays; else as many rows of an
    original as were quarantined, bad ones first, rows that are there already just so last.
    """
    con.register("slots", pl.DataFrame({"place": range(1, len(times) + 1), "times": times}).to_arrow())
    stored = repeats.content_of(contract, (quoted(column.name) for column in contract.inputs))
    brought = repeats.content_of(contract, repeats.as_brought(contract, staging))
    key = quoted(contract.key[0])
    con.execute(
        f"""
        create or replace temp table chosen as
        with stored as (
            select {key} as key, {stored} as content from {contract.table}
            where {repeats.near(con, contract)}
        ),
        given as (
            select id, {key} as key, {brought} as content from {staging.rows} where is_good
        ),
        known as (
            select id, bool_or(given.content = stored.content) as is_same
            from given join stored on given.key = stored.key group by id
        ),
        ranked as (
            select s.rowid as id, s.place,
                case when not s.is_good then 0 when known.id is null then 1 when not is_same then 2 else 3 end as kind
            from staged as s left join known on s.rowid = known.id where s.is_ours
        )
        select id from ranked join slots on ranked.place = slots.place
        qualify kind = 1 or row_number() over (partition by ranked.place order by kind, id) <= times
        """
    )
    con.unregister("slots")
    con.execute("delete from staged where rowid not in (from chosen)")

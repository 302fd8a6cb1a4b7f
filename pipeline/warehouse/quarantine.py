"""Rows that broke a rule: their original text, the rules, the file and the line."""

import duckdb
import polars as pl

from pipeline.contracts.contract import Contract
from pipeline.sources.files import SourceFile
from pipeline.sources.mapping import Mapping
from pipeline.sources.reading import original_rows
from pipeline.warehouse.staging import Staging

SHOWN = 3  # commonest rules, and rows, that an error message quotes
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "load_id": pl.String,
    "source": pl.String,
    "contract": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "broken_rules": pl.List(pl.String),
    "original": pl.String,
}


def add(
    con: duckdb.DuckDBPyConnection,
    load_id: str,
    source: str,
    contract: Contract,
    file: SourceFile,
    mapping: Mapping | None,
    staging: Staging,
    rejects: list[tuple[str, str]],
) -> None:
    """Put the rows of a file that break a rule of `staging`, or were rejected by the reader, into `ops.quarantine`."""
    broken: dict[int, list[str]] = dict(con.execute(staging.broken()).fetchall())
    rows = None
    if file.format != "parquet":
        rows = _as_written(con, file, mapping, staging, rejects, broken)
    if rows is None:
        rows = _as_understood(con, staging, rejects, broken)
    about = (load_id, source, contract.name, file.shown)
    frame = pl.DataFrame([(*about, *row) for row in rows], schema=SCHEMA, orient="row")
    con.register("incoming", frame.to_arrow())
    con.execute("insert into ops.quarantine by name select * from incoming")
    con.unregister("incoming")


Rows = list[tuple[int | None, list[str], str]]  # line, rules, original text


def _as_written(
    con: duckdb.DuckDBPyConnection,
    file: SourceFile,
    mapping: Mapping | None,
    staging: Staging,
    rejects: list[tuple[str, str]],
    broken: dict[int, list[str]],
) -> Rows | None:
    """Text and line of each row; None where quotes are so broken that nobody can say where a row ends."""
    rules = dict(rejects)
    texts, rows = original_rows(file, mapping, set(rules), set(broken))
    # the hash makes DuckDB read all columns: it rejects no row for text that it does not look at
    read = con.execute(f"select count(*), bit_xor(hash(r)) from {staging.relation} as r").fetchall()[0][0]
    if rows != read + len(rejects) or len(texts) != len(rejects) + len(broken):
        return None
    return [
        (line, [rules.get(row, "row.invalid_encoding")] if ordinal is None else broken[ordinal], row)
        for ordinal, line, row in texts
    ]


def _as_understood(
    con: duckdb.DuckDBPyConnection, staging: Staging, rejects: list[tuple[str, str]], broken: dict[int, list[str]]
) -> Rows:
    """Each row as JSON with its number, and rejected rows as the reader shows them: for Parquet, which has no text."""
    con.register("wanted", pl.DataFrame({"ordinal": list(broken)}, schema={"ordinal": pl.Int64}).to_arrow())
    found = con.execute(
        f"select o.* from ({staging.originals()}) as o(ordinal, original) semi join wanted using (ordinal) order by 1"
    ).fetchall()
    con.unregister("wanted")
    rows: Rows = [(ordinal, broken[ordinal], original) for ordinal, original in found]
    return rows + [(None, [rule], row) for row, rule in rejects]


def verdict(con: duckdb.DuckDBPyConnection, load_id: str, contract: Contract, shown: str, read: int, bad: int) -> str:
    """Why a file is refused: how many rows broke which rules, the first of them, and what to do."""
    rules = con.execute(
        """
        select rule, count(*) as rows from (select unnest(broken_rules) as rule from ops.quarantine where load_id = $id)
        group by rule order by rows desc, rule
        """,
        {"id": load_id},
    ).fetchall()
    lines = con.execute(
        "select line, original from ops.quarantine where load_id = $id order by line limit $shown",
        {"id": load_id, "shown": SHOWN},
    ).fetchall()
    told = ", ".join(f"{rule} {count:,}" for rule, count in rules[:SHOWN])
    more = f" and {len(rules) - SHOWN} more rules" if len(rules) > SHOWN else ""
    quoted = "".join(f"\n  line {line}: {original[:120]}" for line, original in lines)
    return (
        f"{shown}: {bad:,} of {read:,} rows break the contract {contract.name}, over its limit of "
        f"{contract.quarantine_limit_share:.2%}: {told}{more}. Nothing was changed.{quoted}\n"
        f"Correct the export, or look at every row: friction check {shown} --contract {contract.name}"
    )

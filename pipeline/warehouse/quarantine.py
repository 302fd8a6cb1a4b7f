"""Rows that broke a rule: their original text, the rules, the file and the line."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from pipeline.contracts.contract import Contract
from pipeline.quoting import quoted, text
from pipeline.sources import originals
from pipeline.sources.mapping import Mapping
from pipeline.sources.reading import ORDINAL, Table
from pipeline.warehouse.rejects import Reject
from pipeline.warehouse.staging import Staging

PART = 1 << 25  # characters of originals that are put aside at once
REJECTED = 10_000  # characters of a rejected row that DuckDB keeps
SHOWN = 3  # commonest rules, and rows, that an error message quotes
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "line": pl.Int64,
    "broken_rules": pl.List(pl.String),
    "original": pl.String,
}
Rows = list[tuple[int | None, list[str], str]]  # line, rules, original text
# SQL over ops.quarantine. Both stand alone in their list of rules: a row that a newer version has replaced broke none,
# and of a row that the reader could not make out nobody knows which others it breaks.
IS_SUPERSEDED = "ends_with(broken_rules[1], '.superseded')"
IS_NO_ROW = "starts_with(broken_rules[1], 'row.')"


@dataclass(frozen=True)
class Writing:
    """How the original texts of one file's rows are written, so that they can be read again without the file.

    `format`: csv (as the row stands in the file), ndjson (its JSON text) or parquet (its columns as a JSON object);
    `columns` of the file, in order, with their DuckDB types; of JSON none.
    """

    format: str
    columns: list[str]
    column_types: list[str]
    delimiter: str | None


def collect(
    con: duckdb.DuckDBPyConnection,
    about: tuple[str, str, str, str],
    table: Table,
    mapping: Mapping | None,
    staging: Staging,
    rejects: list[Reject],
    *,
    most: int | None = None,
) -> Writing:
    """Put the bad rows of `staged`, and those that the reader rejected, into the temporary table `refused`.

    `about`: load_id, source, contract and file. One row of the file may stand there several times, where a mapping
    makes several of it. `most`: how many will do, where the file is refused for them.
    """
    writing = _writing(table, is_cut=table.file.format == "csv")
    con.execute("create or replace temp table refused as select * from ops.quarantine limit 0")
    original = "original" if staging.has_original else "null"
    told = ", ".join(
        f"{text(value)} as {quoted(name)}"
        for name, value in zip(("load_id", "source", "contract", "file"), about, strict=True)
    )
    selected = (
        f"select {told}, {staging.place} as line, broken_rules, {original} as original from staged "
        f"where is_ours and not is_good order by line, broken_rules {f'limit {most}' if most else ''}"
    )
    if staging.has_original and not rejects:  # every line is a row
        con.execute(f"insert into refused by name {selected}")
        return writing
    bad = con.execute(f"select line, broken_rules, original from ({selected}) order by line, broken_rules").fetchall()
    if not bad and not rejects:
        return writing
    if staging.has_original:
        # every line is a row, except those that were rejected
        begins = [each.line - before for before, each in enumerate(rejects)]
        rows: Rows = [(at + bisect_right(begins, at), rules, row) for at, rules, row in bad]
        rows += [(each.line, [each.rule], originals.line_at(table.file, each.at)) for each in rejects[:most]]
    else:
        broken: dict[int, list[list[str]]] = {}
        for at, rules, _ in bad:
            broken.setdefault(at, []).append(rules)
        found = _as_written(con, table, mapping, staging, rejects, broken) if table.file.format == "csv" else None
        rows = found if found is not None else _as_understood(con, table, rejects, broken)
        writing = _writing(table, is_cut=found is not None)
    rows.sort(key=lambda row: (row[0] is None, row[0], row[2]))
    for some in _in_parts(rows):
        con.register("incoming", pl.DataFrame(some, schema=SCHEMA, orient="row").to_arrow())
        con.execute(f"insert into refused by name select {told}, * from incoming")
        con.unregister("incoming")
    return writing


def _in_parts(rows: Rows) -> Iterator[Rows]:
    """The same rows in parts of bounded size, each of which is forgotten before the next: bad rows may be large."""
    rows.reverse()
    while rows:
        part: Rows = []
        size = 0
        while rows and size < PART:
            part.append(rows.pop())
            size += len(part[-1][2])
        yield part


def _writing(table: Table, *, is_cut: bool) -> Writing:
    if table.is_json:
        return Writing("ndjson", [], [], None)
    names, types = list(table.columns), list(table.columns.values())
    return Writing("csv", names, types, table.delimiter) if is_cut else Writing("parquet", names, types, None)


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Put what `collect` has found into `ops.quarantine`."""
    con.execute("insert into ops.quarantine by name select * from refused")


def _as_written(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    mapping: Mapping | None,
    staging: Staging,
    rejects: list[Reject],
    broken: dict[int, list[list[str]]],
) -> Rows | None:
    """Text and line of each row; None where quotes are so broken that nobody can say where a row ends."""
    cut = originals.of_rows(
        table.file,
        is_quoted=not (mapping and mapping.fields),
        delimiter=table.delimiter,
        wanted=set(broken),
        rejected=[(each.at, each.text) for each in rejects],
    )
    # the hash makes DuckDB read all columns: it rejects no row for text that it does not look at
    read_again = f"select count(*), bit_xor(hash(r)) from {table.relation} as r"
    read = con.execute(read_again if staging.has_place else "select count(*) from staged").fetchall()[0][0]
    if cut.rows != read + len(rejects) or len(cut.found) != len(rejects) + len(broken):
        return None
    why = {each.text: each.rule for each in rejects}
    rows: Rows = []
    for each in cut.found:
        if each.place is None:
            rows.append((each.line, [why.get(each.text, "row.invalid_encoding")], each.text))
        else:
            rows += [(each.line, rules, each.text) for rules in broken[each.place]]
    return rows


def _as_understood(
    con: duckdb.DuckDBPyConnection, table: Table, rejects: list[Reject], broken: dict[int, list[list[str]]]
) -> Rows:
    """Each row as JSON with its number, and rejected rows as the reader shows them: for Parquet, which has no text."""
    con.register("wanted", pl.DataFrame({"ordinal": list(broken)}, schema={"ordinal": pl.Int64}).to_arrow())
    columns = ", ".join(f"{quoted(name)} := {quoted(name)}" for name in table.columns)
    found = con.execute(
        f"select {ORDINAL}, to_json(struct_pack({columns}))::varchar from {table.numbered} as n "
        f"semi join wanted as w on n.{ORDINAL} = w.ordinal order by 1"
    ).fetchall()
    con.unregister("wanted")
    rows: Rows = [(place, rules, original) for place, original in found for rules in broken[place]]
    if table.file.format != "csv" or not rejects:
        return rows + [(None, [each.rule], each.text) for each in rejects]
    places = [each.at for each in rejects]
    lines = originals.lines_of(table.file, places)
    for each, until in zip(rejects, [*places[1:], None], strict=True):
        is_cut = len(each.text) >= REJECTED  # after a quote that nobody closed a row is all that follows
        whole = originals.text_between(table.file, each.at, until) if is_cut else each.text
        rows.append((lines[each.at], [each.rule], whole))
    return rows


def found(
    con: duckdb.DuckDBPyConnection, samples: int
) -> tuple[list[tuple[str, int]], list[tuple[int | None, list[str], str]], int]:
    """What is in the quarantine: rows by broken rule, the first rows, and how many a newer version has replaced."""
    broken = f"(from ops.quarantine where not {IS_SUPERSEDED})"
    rules = con.execute(
        f"select rule, count(*) as rows from (select unnest(broken_rules) as rule from {broken}) "
        "group by rule order by rows desc, rule"
    ).fetchall()
    first = con.execute(
        f"select line, broken_rules, left(original, 200) from {broken} order by line, original limit $samples",
        {"samples": samples},
    ).fetchall()
    replaced = con.execute(f"select count(*) from ops.quarantine where {IS_SUPERSEDED}").fetchall()[0][0]
    return rules, first, replaced


def verdict(
    con: duckdb.DuckDBPyConnection, contract: Contract, shown: str, read: int, bad: int, rejects: list[Reject]
) -> str:
    """Why a file is refused: how many rows broke which rules, the first of them, and what to do."""
    counted = Counter(each.rule for each in rejects)
    counted.update(
        dict(
            con.execute(
                "select rule, count(*) from (select unnest(broken_rules) as rule from staged "
                "where is_ours and not is_good) group by rule"
            ).fetchall()
        )
    )
    rules = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    lines = con.execute("select line, original from refused order by line limit $shown", {"shown": SHOWN}).fetchall()
    told = ", ".join(f"{rule} {count:,}" for rule, count in rules[:SHOWN])
    more = f" and {len(rules) - SHOWN} more rules" if len(rules) > SHOWN else ""
    quoted_rows = "".join(f"\n  line {line}: {original[:120]}" for line, original in lines)
    told_besides = "".join(f"\n{each}" for each in advice(contract, [rule for rule, _ in rules]))
    return (
        f"{shown}: {bad:,} of {read:,} rows break the contract {contract.name}, over its limit of "
        f"{contract.quarantine_limit_share:.2%}: {told}{more}. Nothing was changed.{quoted_rows}{told_besides}\n"
        f"Correct the export, or look at every row: friction check {shown} --contract {contract.name}"
    )


def advice(contract: Contract, rules: Sequence[str]) -> list[str]:
    """What to do about rules that are broken because of how a source writes numbers, times and text."""
    broken = {rule.rpartition(".")[0] for rule in rules if rule.endswith(".type")}
    found = []
    if times := [each.name for each in contract.inputs if each.type == "TIMESTAMPTZ" and each.name in broken]:
        found.append(
            f"{', '.join(times)}: a time is ISO 8601, unless the source says how it writes it, "
            'e.g. times = ["%d.%m.%Y %H:%M"] or ["epoch_ms"].'
        )
    if numbers := [each.name for each in contract.inputs if each.type in {"DOUBLE", "BIGINT"} and each.name in broken]:
        found.append(f'{", ".join(numbers)}: numbers like 1.234,56 are read where the source says decimal = ",".')
    if "row.invalid_encoding" in rules:
        found.append('Text is UTF-8, unless the source says what it is, e.g. encoding = "windows-1254".')
    return found

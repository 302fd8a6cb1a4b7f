"""Whether a mapping cannot be applied because a column has changed its type: the fault of the export, not its own."""

import re
from dataclasses import dataclass

import duckdb

from pipeline.quoting import quoted
from pipeline.sources.mapping import Rows
from pipeline.sources.reading import Table

# What an export may have meant by a column, the narrower first: the first that its mapping takes is what it expects.
TYPES = ("BIGINT", "DOUBLE", "VARCHAR", "TIMESTAMPTZ", "DATE", "BOOLEAN")
# casts that DuckDB finds to be impossible only when it comes to the rows
_NO_CAST = re.compile(r"Unimplemented type for cast \((.+) -> (.+)\) when casting from source column (\w+)")


@dataclass(frozen=True)
class Changed:
    """A column of another type than the mapping can be applied to."""

    column: str
    expected: str
    found: str


def changed_types(table: Table, rows: Rows, error: duckdb.Error) -> list[Changed]:
    """Columns of the file of whose types the expressions of a mapping can make nothing, though of another they could.

    A mapping that could be applied to no type at all is wrong itself: there is none. Text formats have no types.
    """
    if table.file.format != "parquet":
        return []
    if (told := _NO_CAST.search(str(error))) and told[3] in table.columns:
        return [Changed(told[3], told[2].replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"), told[1])]
    if rows.relation != "rows":  # whatever it joins or unnests is not at hand
        return []
    found: dict[str, Changed] = {}
    with duckdb.connect() as probe:
        for sql in [*rows.expressions().values(), *([rows.where] if rows.where else [])]:
            used = {name: kind for name, kind in table.columns.items() if name.lower() in sql.lower()}
            if not _binds(probe, sql, used):
                found |= {each.column: each for each in _mended_by(probe, sql, used)}
    return [found[name] for name in sorted(found)]


def _mended_by(probe: duckdb.DuckDBPyConnection, sql: str, used: dict[str, str]) -> list[Changed]:
    """The first column that alone explains it, with the type that it should have."""
    for column, kind in used.items():
        for expected in TYPES:
            if expected != kind and _binds(probe, sql, used | {column: expected}):
                return [Changed(column, expected, kind)]
    return []


def _binds(probe: duckdb.DuckDBPyConnection, sql: str, types: dict[str, str]) -> bool:
    columns = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in types.items() if not kind[0].islower())
    try:
        probe.execute(f"select ({sql}) from (select {columns or '1'}) as rows")
    except duckdb.Error:
        return False
    return True

"""Where people are named in a database: the proof that nothing is left of them."""

from collections.abc import Collection
from dataclasses import dataclass

import duckdb

from pipeline.contracts import people as whose
from pipeline.contracts.people import People
from pipeline.quoting import quoted
from pipeline.warehouse.catalogue import tables


@dataclass(frozen=True)
class Trace:
    """Rows of a table in one column of which somebody is named."""

    table: str
    column: str
    rows: int


def traces(
    con: duckdb.DuckDBPyConnection, people: People, only: Collection[str] | None = None
) -> tuple[list[Trace], int]:
    """Where the people are named, and how many columns were searched: all of text of all tables, or `only` some.

    A column of ids names them where it is theirs, any other where one of their ids stands in it by itself.
    """
    ids = {whose.CUSTOMER: people.customers, whose.DEVICE: people.devices, whose.PERSON: people.persons}
    words = whose.pattern(people.spellings, joined_by="")
    found, searched = list[Trace](), 0
    for table, columns in tables(con).items():
        texts = [name for name, kind in columns.items() if kind in whose.TEXTS and (only is None or name in only)]
        if not texts:
            continue
        asked = [
            f"count(*) filter ({quoted(name)} in (select unnest($ids_{name}::varchar[])))"
            if name in ids
            else f"count(*) filter (regexp_matches({quoted(name)}::varchar, $words))"
            for name in texts
        ]
        parameters: dict[str, object] = {f"ids_{name}": sorted(ids[name]) for name in texts if name in ids}
        if set(texts) - set(ids):
            parameters["words"] = words
        counts = con.execute(f"select {', '.join(asked)} from {table}", parameters).fetchall()[0]
        found += [Trace(table, name, rows) for name, rows in zip(texts, counts, strict=True) if rows]
        searched += len(texts)
    return found, searched

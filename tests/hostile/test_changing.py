"""A file that changes while it is read: what is kept is one content of it, and the hash is that one's."""

import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

from pipeline.errors import InputError
from tests.hostile.columnar import parquet, table
from tests.sources.rows import HEADER, event, line
from tests.warehouse.loads import balance, new_warehouse, take, undone

QUESTIONS = 12  # to DuckDB, before each of which the file is changed; no load of a small file asks more


class Meddled:
    """A connection that changes something before it is asked for the n-th time."""

    def __init__(self, con: duckdb.DuckDBPyConnection, left: int, change: Callable[[], None]) -> None:
        self._con, self._left, self._change = con, left, change

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._con, name)
        if name not in {"execute", "sql", "query", "register"}:
            return found

        def asked(*arguments: Any, **more: Any) -> Any:
            if self._left == 0:
                self._change()
            self._left -= 1
            return found(*arguments, **more)

        return asked


def contents(form: str) -> tuple[bytes, bytes]:
    """Two contents of as many bytes or nearly so; the first holds a bad row, so that it is read again."""
    if form == "parquet":
        return parquet(table(40)), parquet(table(20))
    first, second = ([f"{name}{number:02}" for number in range(count)] for name, count in (("a", 40), ("b", 40)))
    if form.startswith("csv"):
        made = [HEADER + "".join(map(event, names)) + "bad,never,click,c1,\n" for names in (first, second)]
    else:
        made = ["".join(map(line, names)) + '{"event_id": "bad"}\n' for names in (first, second)]
    told = [each.encode() for each in made]
    if form.endswith(".gz"):
        told = [gzip.compress(each, mtime=0) for each in told]
    return told[0], told[1]


def grows(path: Path, _other: bytes) -> None:
    with path.open("ab") as content:
        content.write(path.read_bytes()[-60:])


def is_cut(path: Path, _other: bytes) -> None:
    os.truncate(path, path.stat().st_size // 2)


def is_replaced(path: Path, other: bytes) -> None:
    new = path.with_name("new")
    new.write_bytes(other)
    new.replace(path)


def is_written_again(path: Path, other: bytes) -> None:
    with path.open("r+b") as content:
        content.write(other)
        content.truncate()


def disappears(path: Path, _other: bytes) -> None:
    path.unlink()


CHANGES = [grows, is_cut, is_replaced, is_written_again, disappears]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with new_warehouse() as made:
        yield made


def kept_ids(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for (name,) in con.execute("select event_id from events.clickstream").fetchall()}


def ids_of(con: duckdb.DuckDBPyConnection, path: Path, content: bytes) -> set[str]:
    """What is kept of a content that nobody changes."""
    path.write_bytes(content)
    with undone(con):
        try:
            take(con, path)
        except InputError:
            return set()
        return kept_ids(con)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", ["csv", "csv.gz", "ndjson", "parquet"])
def test_a_file_that_changes_is_read_as_it_was_or_refused(con, tmp_path, form, change):
    first, second = contents(form)
    path = tmp_path / f"a.{form}"
    path.write_bytes(first)
    change(path, second)
    after = path.read_bytes() if path.exists() else b""
    expected = {hashlib.sha256(content).hexdigest(): ids_of(con, path, content) for content in (first, after)}
    wrong = []
    for question in range(QUESTIONS):
        path.write_bytes(first)
        with undone(con):
            try:
                meddled = Meddled(con, question, lambda: change(path, second))
                loaded = take(cast(duckdb.DuckDBPyConnection, meddled), path)
            except InputError as error:
                assert path.name in str(error)  # noqa: PT017 - a load that reads the file as it was is right too
                continue
            balance(con)
            if kept_ids(con) != expected[loaded.sha256]:
                wrong.append(question)
    assert wrong == [], f"changed before the questions {wrong}, rows are kept under the hash of another content"

"""A large result in parts: each row in its own part, once, however many pieces the result comes in."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipeline.warehouse import parting
from pipeline.warehouse.parting import parted

ROWS = """
    select i::integer as id, 'p' || i % 3 as name, case when i % 5 > 0 then i / 4 end as value,
           timestamptz '2026-01-01 00:00:00+00' + interval (i) second as at, null::varchar as nothing,
           (i * 7 % $parts)::usmallint as part
    from range($rows) numbers(i)
"""


@pytest.fixture
def con():
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        yield con


@pytest.mark.parametrize(
    ("rows", "parts", "at_once"),
    [(0, 3, 10), (1, 3, 10), (100_000, 2, 250_000), (20_000, 7, 3_000), (20_000, 30, 3_000), (5, 40, 2)],
)
def test_every_row_is_in_its_own_part_once(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, parts: int, at_once: int
):
    monkeypatch.setattr(parting, "ROWS", at_once)
    monkeypatch.setattr(parting, "LEAST", 1)
    query = con.sql(ROWS, params={"rows": rows, "parts": parts})
    expected = con.sql(ROWS, params={"rows": rows, "parts": parts}).pl()
    with parted(query, "part", parts, tmp_path / "parts.arrow") as of:
        # in any order, and again: a part is there as long as the file is
        found = {number: of(number) for number in (*reversed(range(parts)), 0)}
        assert con.execute("select 1").fetchall() == [(1,)], "the connection is free for other questions meanwhile"
    assert sum(each.height for each in found.values()) == rows
    for number, each in found.items():
        own = expected.filter(pl.col("part") == number).drop("part")
        assert each.schema == own.schema
        assert each.sort("id").equals(own.sort("id")), number


def test_the_file_is_gone_at_the_end_also_after_an_error(con: duckdb.DuckDBPyConnection, tmp_path: Path):
    path = tmp_path / "parts.arrow"
    with parted(con.sql(ROWS, params={"rows": 10, "parts": 2}), "part", 2, path):
        assert path.exists()
    assert not path.exists()

    def stopped() -> None:
        with parted(con.sql(ROWS, params={"rows": 10, "parts": 2}), "part", 2, path):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        stopped()
    assert not path.exists()


def test_a_file_that_a_killed_run_left_is_written_anew(con: duckdb.DuckDBPyConnection, tmp_path: Path):
    path = tmp_path / "parts.arrow"
    path.write_bytes(b"half")
    with parted(con.sql(ROWS, params={"rows": 10, "parts": 2}), "part", 2, path) as of:
        assert of(0).height + of(1).height == 10

"""What goes of a database with a person, and what stays: loads add up, notes are kept, an old layout is no matter."""

from pathlib import Path

import duckdb
import pytest

from pipeline.contracts.people import People
from pipeline.warehouse import catalogue, forgetting, searching
from pipeline.warehouse.forgetting import Removed
from pipeline.warehouse.searching import Trace
from tests.warehouse import loads

ANNA = People(frozenset({"K-100231"}))
FIRST_LAYOUT = Path(__file__).parent / "layouts" / "1.sql"


def order(name: str, customer: str, value: int = 1, received: str = "2026-01-15T11:00:00Z") -> dict[str, object]:
    return {
        "order_id": name, "customer_id": customer, "placed_at": "2026-01-15T10:00:00Z", "value": value,
        "received_at": received,
    }  # fmt: skip


def take(con: duckdb.DuckDBPyConnection, folder: Path, name: str, *orders: dict[str, object]) -> None:
    loads.take(con, loads.put(folder, name, loads.as_ndjson(orders)), "orders")


def remove(con: duckdb.DuckDBPyConnection, people: People = ANNA, *, mentions: bool = True) -> Removed:
    return forgetting.remove(con, people, mentions=mentions)


def counts(con: duckdb.DuckDBPyConnection) -> list[tuple[int, ...]]:
    return con.execute(
        "select rows_read, rows_kept, rows_quarantined, rows_duplicate from ops.loads order by file"
    ).fetchall()


def test_a_row_that_two_files_have_brought_is_none_of_either_s(con, tmp_path):
    take(con, tmp_path, "1.ndjson", order("o1", "K-100231"), order("o2", "K-2"))
    take(con, tmp_path, "2.ndjson", order("o1", "K-100231"), order("o2", "K-2"))
    assert counts(con) == [(2, 2, 0, 0), (2, 0, 0, 2)]
    removed = remove(con)
    assert {each.table: each.rows for each in removed.tables} == {"events.orders": 1, "ops.repeats": 1}
    assert removed.files == {"1.ndjson", "2.ndjson"}
    assert counts(con) == [(1, 1, 0, 0), (1, 0, 0, 1)]
    loads.balance(con)
    assert con.execute("select id from ops.repeats").fetchall() == [("o2",)]


def test_an_older_version_of_her_row_goes_from_the_quarantine_too(con, tmp_path):
    take(con, tmp_path, "1.ndjson", order("o1", "K-100231", 1), order("o2", "K-2", 1))
    newer = "2026-01-15T12:00:00Z"
    take(con, tmp_path, "2.ndjson", order("o1", "K-100231", 2, newer), order("o2", "K-2", 2, newer))
    assert counts(con) == [(2, 0, 2, 0), (2, 2, 0, 0)]
    remove(con)
    assert counts(con) == [(1, 0, 1, 0), (1, 1, 0, 0)]
    loads.balance(con)
    assert searching.traces(con, ANNA)[0] == []


def test_what_is_set_aside_is_counted_anew(con, tmp_path):
    take(con, tmp_path, "1.ndjson", order("o1", "K-100231"), order("o2", "K-2"))
    take(con, tmp_path, "2.ndjson", order("o3", "K-100231"))
    con.execute(
        "insert into ops.traffic select day, 'orders', load_id, count(*), 0, 0, 0, 0, 0, 's' "
        "from events.orders group by all"
    )
    remove(con)
    told = con.execute("select rows, settings from ops.traffic").fetchall()
    assert told == [(1, "s")]


def test_a_note_that_quotes_her_loses_the_id_and_keeps_the_rest(con):
    con.execute(
        "insert into ops.source_failures values ('r', 'web', 'orders', 'f', null, "
        "'line 3: K-100231 K-100231,x', '2026-01-16')"
    )
    assert [(each.table, each.rows) for each in remove(con, mentions=False).tables] == []
    assert [(each.table, each.rows) for each in remove(con).tables] == [("ops.source_failures", 1)]
    assert con.execute("select error from ops.source_failures").fetchall() == [("line 3: forgotten forgotten,x",)]


def test_to_count_what_would_go_changes_nothing(con, tmp_path):
    take(con, tmp_path, "1.ndjson", order("o1", "K-100231"), order("o2", "K-2"))
    take(con, tmp_path, "2.ndjson", order("o1", "K-100231"))
    before = [con.execute(f"from {table} order by all").fetchall() for table in catalogue.tables(con)]
    counted = forgetting.remove(con, ANNA, mentions=True, is_dry=True)
    assert [con.execute(f"from {table} order by all").fetchall() for table in catalogue.tables(con)] == before
    assert counted == remove(con)


@pytest.mark.parametrize(
    ("statement", "trace"),
    [
        ("insert into friction.person_scores values ('2026-01-15', 'c:K-100231', 1, 1, 's', 's', null)",
         Trace("friction.person_scores", "person_id", 1)),
        ("insert into ops.runs values ('K-100231', '2026-01-15', '2026-01-15', 's', 1, 1)",
         Trace("ops.runs", "run_id", 1)),
        ("insert into journeys.cases select '2026-01-15', 'k', 'c', 'c', null, now(), now(), 1, [], ['s:K-100231']",
         Trace("journeys.cases", "visits", 1)),
        ("insert into journeys.entries values ('2026-01-15', 'v', 'xK-100231', 'K-1002310', 'K-10023', null)", None),
    ],
)  # fmt: skip
def test_the_search_finds_her_in_any_column_of_any_table_and_nobody_of_a_longer_name(con, statement, trace):
    con.execute(statement)
    found, searched = searching.traces(con, ANNA)
    assert found == ([trace] if trace else [])
    assert searched > 150


def test_a_version_of_the_first_layout_is_searched_and_rid_of_her_too():
    old = duckdb.connect()
    old.execute(FIRST_LAYOUT.read_text(encoding="utf-8"))
    old.execute(
        "insert into events.orders (order_id, customer_id, placed_at, load_id, day) values "
        "('o1', 'K-100231', '2026-01-01T10:00:00Z', 'l', '2026-01-01'), ('o2', 'K-2', '2026-01-01', 'l', '2026-01-01')"
    )
    assert searching.traces(old, ANNA)[0] == [Trace("events.orders", "customer_id", 1)]
    assert [(each.table, each.rows) for each in remove(old).tables] == [("events.orders", 1)]
    assert searching.traces(old, ANNA)[0] == []
    assert old.execute("select order_id from events.orders").fetchall() == [("o2",)]

"""A warehouse of an older version is upgraded by the next run; one of a newer version is refused."""

from pathlib import Path

import duckdb
import pytest

from pipeline.contracts.contract import load_all
from pipeline.errors import WarehouseError
from pipeline.warehouse import layout, tables, versions
from pipeline.warehouse.connection import reading, writing
from pipeline.warehouse.days import fingerprint
from tests.steps import world as w

FIRST = Path(__file__).parent / "layouts" / "1.sql"


def columns(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute(
        "select schema_name, table_name, column_name, data_type, is_nullable from duckdb_columns() "
        "where schema_name <> 'marts' and not internal order by schema_name, table_name, column_index"
    ).fetchall()


@pytest.fixture
def old() -> duckdb.DuckDBPyConnection:
    """The first released layout, with one order."""
    con = duckdb.connect()
    con.execute(FIRST.read_text(encoding="utf-8"))
    con.execute(
        "insert into events.orders (order_id, customer_id, placed_at, load_id, day) "
        "values ('o1', 'c1', '2026-01-01T10:00:00Z', 'l', '2026-01-01')"
    )
    return con


def test_the_first_layout_becomes_that_of_a_new_warehouse_and_keeps_its_rows(old):
    assert layout.version(old) == 1
    layout.upgrade(old, Path("friction.duckdb"))
    tables.create_all(old)
    assert layout.version(old) == layout.VERSION
    new = duckdb.connect()
    tables.create_all(new)
    assert columns(old) == columns(new)
    assert old.execute("select order_id, customer_id from events.orders").fetchall() == [("o1", "c1")]


def test_a_missing_column_is_added_in_its_place_and_one_that_is_gone_is_dropped(old):
    old.execute("alter table events.orders drop column carrier; alter table events.orders add column mood varchar")
    layout.upgrade(old, Path("friction.duckdb"))
    names = [name for name, *_ in old.execute("describe events.orders").fetchall()]
    assert names == list(load_all()["orders"].names)
    assert old.execute("select order_id, carrier from events.orders").fetchall() == [("o1", None)]


def test_a_result_that_cannot_be_kept_makes_its_days_count_as_not_computed(old, caplog):
    old.execute("insert into journeys.usual values ('2026-01-01', 'people', '*', '*', 1, 5)")
    old.execute("insert into ops.signals values ('2026-01-01', 'x', true, null, 0, '{}')")
    old.execute("insert into ops.signals values ('2026-01-02', 'x', true, null, 0, '{}')")
    old.execute("alter table journeys.usual drop column times")
    layout.upgrade(old, Path("friction.duckdb"))
    assert old.execute("select count(*) from journeys.usual").fetchall() == [(0,)]
    assert [f"{day}" for (day,) in old.execute("select day from ops.signals").fetchall()] == ["2026-01-02"]
    assert "journeys.usual of an older version cannot be kept: friction backfill --from 2026-01-01" in caplog.text


def test_an_input_that_cannot_be_kept_stops_the_upgrade(old):
    old.execute("alter table events.orders drop column placed_at")
    with pytest.raises(WarehouseError, match=r"events\.orders of an older version of friction cannot be upgraded"):
        layout.upgrade(old, Path("friction.duckdb"))


def set_layout(warehouse: Path, statement: str) -> None:
    with writing(warehouse.resolve()) as con:
        con.execute(statement)


def test_readers_of_an_older_warehouse_are_told_what_to_run_and_the_run_upgrades_it(tmp_path):
    settings = w.write(tmp_path)
    w.run(settings, w.DAYS[:1])
    before = w.fingerprints(settings)
    set_layout(
        settings.warehouse, "drop table ops.layout; drop table ops.computed; alter table friction.flags drop detail"
    )
    with (
        pytest.raises(WarehouseError, match=r"layout 1 of an older version .* friction run --day"),
        reading(settings.warehouse),
    ):
        pass
    w.run(settings, w.DAYS[:1])
    after = w.fingerprints(settings)
    assert w.tell(after, before) == []
    with reading(settings.warehouse) as con:
        assert layout.version(con) == layout.VERSION
        assert fingerprint(con, "friction.flags") == before["friction.flags"]


def test_a_newer_warehouse_is_refused_by_readers_and_by_the_run(tmp_path):
    settings = w.write(tmp_path)
    w.run(settings, w.DAYS[:1])
    set_layout(settings.warehouse, "insert into ops.layout values ('9.9.9', 99)")
    version = settings.warehouse.resolve()
    with pytest.raises(WarehouseError, match="layout 99 of a newer version"), reading(settings.warehouse):
        pass
    with pytest.raises(WarehouseError, match="layout 99 of a newer version"):
        w.run(settings, w.DAYS[1:2])
    assert settings.warehouse.resolve() == version
    versions.discard(settings.warehouse)

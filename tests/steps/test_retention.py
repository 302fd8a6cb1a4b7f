"""Events are deleted after a time; what was computed from them stays as it was."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import WarehouseError
from pipeline.settings import Settings
from pipeline.warehouse import retention, tables
from pipeline.warehouse.connection import reading
from tests.steps import world as w

LATER = w.DAYS[1] + timedelta(days=150)


@pytest.fixture(scope="module")
def half_a_year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, dict[str, object]]:
    """Two days, and one that comes 150 days after the second; the results of the two as they were at first."""
    folder: Path = tmp_path_factory.mktemp("retention")
    settings = w.write(folder, w.world([*w.DAYS[:2], LATER]), more="keep_events_days = 150\n")
    w.run(settings, w.DAYS[:2])
    before = results(settings)
    w.run(settings, [LATER])
    return settings, before


def results(settings: Settings) -> dict[str, object]:
    """Rows of the first two days of each result."""
    with reading(settings.warehouse) as con:
        return {
            name: con.execute(f"select * from {name} where day <= $day order by all", {"day": w.DAYS[1]}).fetchall()
            for name in ("journeys.stage_visits", "friction.flags", "friction.points", "friction.person_scores")
        }


def test_events_of_days_before_are_gone_and_what_was_computed_stays(half_a_year):
    settings, before = half_a_year
    with reading(settings.warehouse) as con:
        days = con.execute("select distinct day from events.clickstream order by day").fetchall()
    assert min(days) == (w.DAYS[1],)
    assert results(settings) == before
    assert before["friction.flags"]


def test_a_day_whose_events_are_gone_is_not_computed_again(half_a_year):
    settings, before = half_a_year
    with pytest.raises(WarehouseError, match=r"2026-01-10 was computed from events that are deleted by now .* = 150"):
        w.run(settings, w.DAYS[:1])
    assert results(settings) == before


def test_the_texts_of_old_quarantined_rows_are_deleted_and_their_rows_still_count():
    con = duckdb.connect()
    tables.create_all(con)
    con.execute("insert into ops.signals values ('2026-06-01', 'x', true, null, 0, '{}')")
    for load, day in (("old", "2026-01-01"), ("new", "2026-05-01")):
        con.execute(
            "insert into ops.loads by name select $load as load_id, 'r' as run_id, 's' as source, "
            "'orders' as contract, $load as file, $day::date as day, 2 as rows_read, "
            "0 as rows_kept, 2 as rows_quarantined, "
            "0 as rows_duplicate, [] as missing_columns, [] as unknown_columns, 'h' as sha256, 'csv' as format, "
            "[] as columns, [] as column_types, now() as loaded_at",
            {"load": load, "day": day},
        )
        for rule in ("order_id.superseded", "value.type"):
            con.execute(
                "insert into ops.quarantine by name select $load as load_id, 's' as source, 'orders' as contract, "
                "$load as file, [$rule] as broken_rules, 'c-42' as original",
                {"load": load, "rule": rule},
            )
    retention.expire(con, 150)
    found = con.execute("select load_id, broken_rules[1], original from ops.quarantine order by all").fetchall()
    assert found == [
        ("new", "order_id.superseded", "c-42"),
        ("new", "value.type", "c-42"),
        ("old", "order_id.superseded", "{}"),
        ("old", "value.type", "deleted"),
    ]

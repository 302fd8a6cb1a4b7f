"""However a period is computed, its tables are the same."""

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline import flagging
from pipeline.settings import Settings, load
from pipeline.warehouse.connection import reading
from tests.steps import world as w

ROOT = Path(__file__).resolve().parents[2]
THREE = w.DAYS[:3]


@pytest.fixture(scope="module")
def all_at_once(tmp_path_factory) -> dict[str, str]:
    """Tables of the whole world, computed as one backfill: what every other way must give."""
    settings = w.write(tmp_path_factory.mktemp("once"))
    w.run(settings, w.DAYS)
    filled = w.counts(settings)
    # nobody is told apart where fewer than 30 visits are: tests/steps/test_segments.py
    empty = {"events.customers", "events.feedback", "friction.point_segments"}
    assert {name for name, rows in filled.items() if rows == 0} == empty, "a law over empty tables proves nothing"
    with reading(settings.warehouse) as con:
        found = {name for (name,) in con.execute("select distinct signal from friction.flags").fetchall()}
    assert len(found) >= 8, f"the world shows too little friction: {found}"
    return w.fingerprints(settings)


@pytest.fixture(scope="module")
def three_days(tmp_path_factory) -> dict[str, str]:
    """Tables of the first three days, computed as one backfill."""
    settings = w.write(tmp_path_factory.mktemp("three"))
    w.run(settings, THREE)
    return w.fingerprints(settings)


def test_a_day_twice_is_the_day_once(tmp_path, all_at_once):
    settings = w.write(tmp_path)
    w.run(settings, w.DAYS)
    w.run(settings, [w.DAYS[2]])
    w.run(settings, [w.LAST])
    assert w.tell(w.fingerprints(settings), all_at_once) == []


def test_night_by_night_is_one_backfill(tmp_path, all_at_once):
    settings = w.write(tmp_path)
    for day in w.DAYS:
        w.run(settings, [day])
    assert w.tell(w.fingerprints(settings), all_at_once) == []


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 2, 0)], ids=str)
def test_days_in_any_order_are_days_in_their_order(tmp_path, three_days, order):
    settings = w.write(tmp_path)
    for place in order:
        w.run(settings, [THREE[place]])
    assert w.tell(w.fingerprints(settings), three_days) == []


@pytest.mark.parametrize("parts", [1, 3], ids=["one file a day", "three files a day"])
def test_how_rows_are_spread_over_files_and_in_which_order_is_irrelevant(tmp_path, three_days, parts):
    settings = w.write(tmp_path, parts=parts, shuffled=parts, name="export")
    w.run(settings, THREE)
    assert w.tell(w.fingerprints(settings), three_days) == []


def test_the_number_of_buckets_of_people_is_irrelevant(tmp_path, three_days, monkeypatch):
    monkeypatch.setattr(flagging, "BUCKET_EVENTS", 7)
    settings = w.write(tmp_path)
    w.run(settings, THREE)
    assert w.tell(w.fingerprints(settings), three_days) == []


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_is_irrelevant(tmp_path, all_at_once, threads):
    w.write(tmp_path)
    code = """
import sys
from pathlib import Path
import duckdb
connect = duckdb.connect
def limited(*args, config=None, **more):
    return connect(*args, config=(config or {}) | {"threads": THREADS}, **more)
duckdb.connect = limited
import polars
from pipeline.settings import load
from tests.steps import world
settings = load(Path(sys.argv[1]) / "friction.toml")
world.run(settings, world.DAYS)
assert polars.thread_pool_size() == THREADS
""".replace("THREADS", str(threads))
    environment = os.environ | {"POLARS_MAX_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert w.tell(w.fingerprints(load(tmp_path / "friction.toml")), all_at_once) == []


def _visit_arrives_late(contract: str, row: w.Row) -> date:
    late = contract == "clickstream" and row["event_id"].startswith(("e1-2", "e3-1"))
    return w.local_day(contract, row) + timedelta(days=2 if late else 0)


def _wait_arrives_late(contract: str, row: w.Row) -> date:
    late = contract == "wait_time" and row["wait_id"] in {"w1-2", "w2-4"}
    return w.local_day(contract, row) + timedelta(days=2 if late else 0)


@pytest.mark.parametrize("file_of", [_visit_arrives_late, _wait_arrives_late], ids=["visits", "waits"])
def test_rows_that_arrive_two_days_late_end_in_the_tables_of_rows_on_time(tmp_path, all_at_once, file_of):
    settings = w.write(tmp_path, file_of=file_of)
    for day in w.DAYS:
        w.run(settings, [day])
    assert w.tell(w.fingerprints(settings), all_at_once) == []


def test_late_rows_make_their_own_day_be_computed_again(tmp_path):
    settings = w.write(tmp_path, file_of=_visit_arrives_late)
    for day in w.DAYS[:3]:
        w.run(settings, [day])
    before = _sessions(settings, w.DAYS[1])
    w.run(settings, [w.DAYS[3]])  # brings the visit e1-2 of the second day
    assert _sessions(settings, w.DAYS[1]) == before + 1


def _sessions(settings: Settings, day: date) -> int:
    with reading(settings.warehouse) as con:
        query = "select count(*) from journeys.sessions where day = $day"
        return int(con.execute(query, {"day": day}).fetchall()[0][0])


def test_a_file_that_was_corrected_counts_as_if_it_had_always_been_so(tmp_path, three_days):
    wrong = w.world()
    for row in wrong["clickstream"]:
        if row["event_id"].startswith("e1"):
            row["page_path"] = "/wrong"
    settings = w.write(tmp_path, wrong)
    w.run(settings, THREE)
    assert w.tell(w.fingerprints(settings), three_days) != []
    settings = w.write(tmp_path)
    w.run(settings, [THREE[1]])
    assert w.tell(w.fingerprints(settings), three_days) == []

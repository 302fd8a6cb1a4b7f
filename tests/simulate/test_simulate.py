"""The folder that is written: the same for the same seed, whole, and ready to be worked through."""

import csv
import gzip
import hashlib
import json
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from pipeline import settings
from pipeline.contracts import contract
from pipeline.errors import FrictionError
from pipeline.simulate import simulate
from pipeline.simulate.columns import CLICKSTREAM, ERRORS, WAITS

pytestmark = pytest.mark.xdist_group("simulate")
ZONE = ZoneInfo("Europe/Istanbul")


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("form", ["parquet", "ndjson", "csv"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, form):
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        simulate(3, 150, seed, tmp_path / name, format=form)
    one, two, other = (hashes(tmp_path / name) for name in ("one", "two", "other"))
    assert len(one) >= 9, "too few files to have looked at anything"
    assert one == two
    assert all(one[name] != other[name] for name in one if name.startswith("clickstream") and name in other)


def test_compressed_files_carry_no_clock(small):
    stamps = {path.read_bytes()[4:8] for path in small.folder.rglob("*.gz")}
    assert stamps == {bytes(4)}


def test_the_bytes_do_not_depend_on_the_number_of_threads(tmp_path):
    code = "import sys, pathlib, pipeline.simulate as s; s.simulate(3, 400, 9, pathlib.Path(sys.argv[1]))"
    for threads in ("1", "4"):
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / threads)],
            check=True,
            env={**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
    assert hashes(tmp_path / "1") == hashes(tmp_path / "4")


def test_a_longer_simulation_begins_with_the_same_visits(tmp_path):
    simulate(2, 200, 7, tmp_path / "short")
    simulate(4, 200, 7, tmp_path / "long")
    assert (
        hashes(tmp_path / "short")["clickstream/2026-01-01.parquet"]
        == hashes(tmp_path / "long")["clickstream/2026-01-01.parquet"]
    )


def test_the_files_hold_as_many_rows_as_the_summary_says(small):
    rows, keys = 0, {}
    for table, key in (("clickstream", "event_id"), ("wait_time", "wait_id"), ("order_error", "error_id")):
        found = [row for day in read(small.folder, table).values() for row in day]
        good = [row for row in found if not row[key].endswith("b")]
        rows, keys[table] = rows + len(found), len({row[key] for row in good})
    told = small.summary
    assert keys == {"clickstream": told.events, "wait_time": told.waits, "order_error": told.errors}
    assert rows == told.events + told.waits + told.errors + told.duplicates + told.broken
    assert 0 < told.broken < 0.005 * rows
    assert 0 < told.duplicates < 0.005 * rows
    assert told.planted == dict(small.truth.group_by("signal").len().iter_rows())


def test_a_day_holds_about_six_events_per_customer(large):
    assert 5.5 < large.summary.events / (48 * 2500) < 6.5


def test_every_row_is_in_the_file_of_its_local_day_in_order_of_time_and_id(small):
    looked_at = 0
    for table, key, time in (
        ("clickstream", "event_id", "occurred_at"),
        ("wait_time", "wait_id", "started_at"),
        ("order_error", "error_id", "occurred_at"),
    ):
        for day, rows in read(small.folder, table).items():
            good = [(row[time], row[key]) for row in rows if not row[key].endswith("b")]
            assert good == sorted(good)
            for instant, _ in good:
                assert datetime.fromisoformat(instant).astimezone(ZONE).date() == day
                looked_at += 1
    assert looked_at > 10_000


def test_some_sessions_cross_midnight_and_none_reaches_beyond_the_last_day(small):
    days = read(small.folder, "clickstream")
    started_before = [
        row for day, rows in days.items() for row in rows if not row["event_id"].startswith(f"e{day.day}-")
    ]
    assert started_before
    assert max(days) == date(2026, 1, 21)


def test_a_purchase_always_names_its_customer_and_a_customer_is_named_from_login_on(small):
    purchases = 0
    for rows in read(small.folder, "clickstream").values():
        known: set[str] = set()
        for row in rows:
            session = row["anonymous_id"] + row["event_id"].split("-")[0] if row["anonymous_id"] else ""
            if row["event_id"].endswith("b") or row["event_id"].split("-")[0] != rows[-1]["event_id"].split("-")[0]:
                continue
            known |= {session} if row["event_name"] == "login" else set()
            assert (row.get("customer_id") is not None) == (session in known)
            purchases += row["event_name"] == "purchase"
    assert purchases > 100


def test_the_three_formats_hold_the_same_rows(tmp_path):
    for form in ("parquet", "ndjson", "csv"):
        simulate(2, 150, 3, tmp_path / form, format=form)
    typed = pl.read_parquet(tmp_path / "parquet/clickstream/2026-01-01.parquet")
    for form, ending in (("ndjson", "ndjson.gz"), ("csv", "csv.gz")):
        rows = read(tmp_path / form, "clickstream", ending)[date(2026, 1, 1)]
        assert [row["event_id"] for row in rows] == typed["event_id"].to_list()
        values = [float(row["value"]) if row.get("value") else None for row in rows]
        assert values == typed["value"].to_list()


@pytest.mark.parametrize(
    ("name", "columns"), [("clickstream", CLICKSTREAM), ("wait_time", WAITS), ("order_error", ERRORS)]
)
def test_the_columns_are_those_of_the_contract(name, columns):
    known = {column.name for column in contract.load(name).columns}
    assert set(columns) <= known


def test_the_settings_that_are_written_can_be_read_and_name_the_files(small):
    read_back = settings.load(small.folder / "friction.toml")
    assert read_back.project.timezone == "Europe/Istanbul"
    for source in read_back.sources:
        assert list(small.folder.glob(source.path.replace("{day}", "2026-01-15"))), source.path


def test_the_note_tells_each_planted_place_with_its_effect(small):
    note = (small.folder / "README.md").read_text(encoding="utf-8")
    assert "friction simulate --days 21 --customers 400 --seed 5" in note
    planted = small.truth.filter("is_planted").select("signal", "locus", "effect").unique()
    assert planted.height >= 15
    for signal, locus, effect in planted.iter_rows():
        line = next(line for line in note.splitlines() if line.startswith(f"| {signal} ") and f"`{locus}`" in line)
        assert f"{effect:+.3f}" in line


@pytest.mark.parametrize(("days", "customers"), [(1, 1), (1, 40), (3, 2), (9, 5)])
def test_the_smallest_worlds_work(tmp_path, days, customers):
    made = simulate(days, customers, 1, tmp_path, progress=None)
    assert made.folder == tmp_path
    assert pl.read_parquet(tmp_path / "truth.parquet").columns[:4] == ["signal", "stage", "locus_type", "locus"]


def test_progress_is_told_day_by_day(tmp_path):
    told = []
    simulate(3, 5, 1, tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_folder_that_the_simulator_made_is_made_anew(tmp_path):
    simulate(4, 30, 1, tmp_path / "again", format="csv")
    simulate(2, 30, 2, tmp_path / "again")
    simulate(2, 30, 2, tmp_path / "fresh")
    assert hashes(tmp_path / "again") == hashes(tmp_path / "fresh")


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "clickstream").mkdir()
    (tmp_path / "clickstream" / "2026-01-01.parquet").write_text("mine")
    with pytest.raises(FrictionError, match="was not made by the simulator; name another folder"):
        simulate(2, 30, 2, tmp_path)
    assert (tmp_path / "clickstream" / "2026-01-01.parquet").read_text() == "mine"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"days": 0}, "days is 0; it must lie between 1 and 3,660"),
        ({"customers": -3}, "customers is -3; it must lie between 1"),
        ({"seed": -1}, "seed is -1"),
        ({"start": date(1970, 1, 1)}, "start is 1970-01-01; choose a day between 2000 and 2080"),
        ({"format": "xlsx"}, "format is 'xlsx'; known are parquet, ndjson, csv"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_with_a_sentence(tmp_path, changed, said):
    with pytest.raises(FrictionError, match=said):
        simulate(**{"days": 1, "customers": 1, "seed": 1, "out": tmp_path, **changed})
    assert not list(tmp_path.iterdir())


def read(folder: Path, table: str, ending: str | None = None) -> dict[date, list[dict[str, str]]]:
    """Rows of each day as they stand in the file."""
    found = {}
    for path in sorted((folder / table).iterdir()):
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8", newline="") as content:
            is_json = ".ndjson" in path.name
            rows = [json.loads(line) for line in content] if is_json else list(csv.DictReader(content))
        assert ending is None or path.name.endswith(ending)
        found[date.fromisoformat(path.name[:10])] = rows
    assert found, f"no files in {folder / table}"
    return found

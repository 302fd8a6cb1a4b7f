import csv
import dataclasses
import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline.reports import files, html
from tests.reports.days import full, report

NAMES = ["report.html", "summary.md"] + [
    f"{table}.{kind}" for table in ("points", "stage_scores", "flags") for kind in ("csv", "parquet", "json")
]


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_per_day_holds_page_summary_and_the_tables_in_three_formats(tmp_path):
    written = files.write(full(), tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [f"2026-01-15/{name}" for name in NAMES]
    assert {path.name for path in tmp_path.rglob("*")} == {"2026-01-15", *NAMES}


def test_the_three_formats_hold_the_same_table(tmp_path):
    found = full()
    files.write(found, tmp_path)
    folder = tmp_path / "2026-01-15"
    assert_frame_equal(pl.read_parquet(folder / "points.parquet"), found.points)
    records = json.loads((folder / "points.json").read_text(encoding="utf-8"))
    rows = table(folder / "points.csv")
    assert [list(record) for record in records] == [found.points.columns] * found.points.height
    for record, row in zip(records, rows, strict=True):
        assert {key: "" if value is None else str(value) for key, value in record.items()} == row


def test_days_and_instants_are_iso_8601_and_lists_are_json(tmp_path):
    files.write(full(), tmp_path)
    folder = tmp_path / "2026-01-15"
    record = json.loads((folder / "flags.json").read_text(encoding="utf-8"))[0]
    row = table(folder / "flags.csv")[0]
    assert record["day"] == row["day"] == "2026-01-15"
    assert record["started_at"] == row["started_at"] == "2026-01-15T10:00:05.000000Z"
    assert record["evidence"] == json.loads(row["evidence"]) == ["e-3", "e-4"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_text_is_a_formula(tmp_path, start):
    found = full()
    evil = start + "cmd|' /C calc'!A0"
    points = found.points.with_columns(pl.lit(evil).alias("locus"))
    files.write(dataclasses.replace(found, points=points), tmp_path)
    rows = table(tmp_path / "2026-01-15" / "points.csv")
    assert {row["locus"] for row in rows} == {"'" + evil}
    assert rows[1]["effect"] == "-0.02", "a number may begin with a minus"


def test_the_same_report_gives_the_same_bytes_over_older_files(tmp_path):
    first = {path.name: path.read_bytes() for path in files.write(full(), tmp_path)}
    again = {path.name: path.read_bytes() for path in files.write(full(), tmp_path)}
    assert first == again


def test_a_page_that_cannot_be_made_leaves_the_older_files(tmp_path, monkeypatch):
    files.write(full(), tmp_path)
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.*"))}

    def broken(_):
        raise RuntimeError

    monkeypatch.setattr(html, "render", broken)
    with pytest.raises(RuntimeError):
        files.write(report(), tmp_path)
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.*"))} == before


def test_what_a_killed_process_left_aside_is_cleared_away(tmp_path):
    left_over = tmp_path / ".2026-01-15-abc"
    left_over.mkdir()
    files.write(full(), tmp_path)
    assert not left_over.exists()


def test_nan_is_null_in_json(tmp_path):
    found = full()
    points = found.points.with_columns(pl.lit(float("nan")).alias("effect"))
    files.write(dataclasses.replace(found, points=points), tmp_path)
    records = json.loads((tmp_path / "2026-01-15" / "points.json").read_text(encoding="utf-8"))
    assert {record["effect"] for record in records} == {None}


def test_an_empty_day_has_all_files_with_their_columns(tmp_path):
    files.write(report(), tmp_path)
    folder = tmp_path / "2026-01-15"
    assert json.loads((folder / "flags.json").read_text(encoding="utf-8")) == []
    assert (folder / "points.csv").read_text(encoding="utf-8").startswith("day,point_id,")

"""Simulate, then run: the commands that compute, end to end on two small days."""

import json
import re
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.journeys.journey import BUILT_IN
from tests.cli.command import Friction
from tests.steps import world as w

# One worker: importing Great Expectations takes seconds. Its warnings, and those of what it imports, are its own.
pytestmark = [pytest.mark.xdist_group("expectations"), pytest.mark.filterwarnings("default")]

SIMULATE = ("simulate", "--days", 2, "--customers", 60, "--seed", 1)


@pytest.fixture
def simulated(friction: Friction, tmp_path: Path) -> Path:
    done = friction(*SIMULATE, "--out", "sim", "--format", "csv")
    assert done.code == 0
    assert "Run it:  friction --config sim/friction.toml backfill --from 2026-01-01 --to 2026-01-02" in done.out
    return tmp_path / "sim"


def test_what_simulate_says_can_be_run_and_twice_changes_nothing(friction: Friction, simulated: Path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    friction.config = simulated / "friction.toml"
    backfill = ("backfill", "--from", "2026-01-01", "--to", "2026-01-02")
    done = friction(*backfill)
    assert done.code == 0, done.err
    assert [line for line in done.out.splitlines() if len(line) > 80] == []
    report = re.search(r"^Report:  (.*)$", done.out, re.M)
    assert report
    assert (Path.cwd() / report[1]).is_file()
    for step in ("ingest", "check", "flag", "score", "publish"):
        assert step in done.err
    points = "select * from friction.points order by day, point_id"
    once = json.loads(friction("sql", points, "--json").out)
    assert once
    again = friction("run", "--day", "2026-01-02")
    assert again.code == 0, again.err
    assert json.loads(friction("sql", points, "--json").out) == once
    assert json.loads(friction("status", "--json").out)["version"] == "friction-000002"


def test_the_demo_runs_on_the_sample_and_leaves_other_folders_alone(friction: Friction, simulated: Path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    beside = simulated.parent / "root"
    beside.mkdir()
    simulated.rename(beside / "sample_data")
    monkeypatch.setattr(cli, "root", lambda: beside)
    for _ in range(2):
        done = friction("demo")
        assert done.code == 0, done.err
        assert [line for line in done.out.splitlines() if len(line) > 80 and "friction --config" not in line] == []
        assert "Where customers struggle: 2 January 2026" in done.out
    (simulated.parent / "mine").mkdir()
    (simulated.parent / "mine" / "notes.txt").write_text("mine")
    done = friction("demo", "--into", "mine")
    assert done.code == 2
    assert "mine is not empty" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--days", 0, "--customers", 5, "--seed", 1, "--out", "x"], "days is 0; it must lie between 1 and"),
        (
            ["--days", 1, "--customers", 5, "--seed", 1, "--out", "x", "--format", "xml"],
            "known are parquet, ndjson, csv",
        ),
        (["--days", 1, "--customers", 5, "--out", "x"], "Missing option '--seed'"),
    ],
)
def test_simulate_says_what_is_wrong_with_its_options(friction: Friction, arguments, words):
    done = friction("simulate", *arguments)
    assert done.code in {1, 2}
    assert words in " ".join(done.err.split())


def test_a_run_and_the_status_say_which_source_has_stopped(friction: Friction, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    journey = 'goes_on_without = ["wait_time"]\n' + (BUILT_IN / "ecommerce.toml").read_text(encoding="utf-8")
    (tmp_path / "journey.toml").write_text(journey, encoding="utf-8")
    settings = w.write(tmp_path, more='journey = "journey.toml"\n')
    friction.config = settings.folder / "friction.toml"
    waits = tmp_path / "landing" / "wait_time" / "2026-01-10" / "part-0.ndjson"
    waits.write_text(waits.read_text().replace("wait_type", "kind"))
    done = friction("run", "--day", "2026-01-10")
    assert done.code == 0, done.err
    assert "Source stopped: wait_time: landing/wait_time/2026-01-10/part-0.ndjson" in " ".join(done.err.split())
    assert "What came in: wait_time stopped" in done.out
    (stopped,) = json.loads(friction("status", "--json").out)["stopped_sources"]
    assert stopped["error"].startswith("landing/wait_time/2026-01-10/part-0.ndjson: ")
    told = friction("status").out
    assert re.search(r"^stopped_sources +1 *$", told, re.M)
    assert "wait_type" in told

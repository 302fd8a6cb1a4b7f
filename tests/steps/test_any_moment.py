"""A run or a backfill that is killed at any moment, or has no disk, input or right to write, harms nothing."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import ingestion
from pipeline.errors import InputError
from pipeline.settings import Settings, load
from pipeline.warehouse import versions
from pipeline.warehouse.connection import reading
from tests.steps import world as w

ROOT = Path(__file__).resolve().parents[2]
THREE = w.DAYS[:3]
SEED = 6
OURS = {"friction.duckdb", "friction.lock", "friction-versions"}  # the lock's file stays: see versions.exclusive

# Expectations take seconds to import, and reports are no tables: a part is without both.
CHILD = """
import sys
from datetime import date
from pathlib import Path
from pipeline import backfilling, parted, steps
from pipeline.errors import FrictionError
from pipeline.settings import load
from tests.steps import world
backfilling.DAYS_AT_ONCE = 1
steps.check = lambda *_: 0
steps.report = lambda *_: []
parted.nights.tell = lambda *_: None
parted.nights.tell_again = lambda *_: None
settings = load(Path(sys.argv[1]) / "friction.toml")
days = [date.fromisoformat(day) for day in sys.argv[3:]]
limit = LIMIT
if limit:
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
try:
    if sys.argv[2] == "run":
        world.run(settings, days)
    else:
        parted.run(settings, backfilling.plan(settings, days))
except (FrictionError, OSError) as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def start(folder: Path, kind: str, limit: int = 0) -> subprocess.Popen[str]:
    days = [day.isoformat() for day in (THREE[2:] if kind == "run" else THREE)]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD.replace("LIMIT", str(limit)), str(folder), kind, *days],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    told = child.communicate()[1]
    return child.returncode, told


@pytest.fixture(scope="module")
def three_days(tmp_path_factory) -> dict[str, str]:
    """Tables of three days, undisturbed."""
    settings = w.write(tmp_path_factory.mktemp("three"))
    w.run(settings, THREE)
    return w.fingerprints(settings)


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> dict[str, Path]:
    """Where a run begins, with two days published, and a backfill, with none."""
    begun = w.write(tmp_path_factory.mktemp("run"))
    w.run(begun, THREE[:2])
    return {"run": begun.folder, "backfill": w.write(tmp_path_factory.mktemp("backfill")).folder}


def seconds_undisturbed(folder: Path, kind: str) -> float:
    copy = folder.with_name(f"{folder.name}-timed")
    shutil.copytree(folder, copy, symlinks=True, dirs_exist_ok=True)
    began = time.perf_counter()
    code, told = ended(start(copy, kind))
    assert code == 0, told
    seconds = time.perf_counter() - began
    shutil.rmtree(copy)
    return seconds


def day_s_tables(settings: Settings) -> dict[str, set[object]]:
    """The days that each table of a computed day has, as a reader sees them at this moment."""
    if not settings.warehouse.exists():
        return {}
    with reading(settings.warehouse) as con:
        return {
            name: {day for (day,) in con.execute(f"select distinct day from {name}").fetchall()}
            for name in (
                "ops.signals",
                "ops.computed",
                "journeys.sessions",
                "friction.flags",
                "friction.stage_scores",
            )
        }


def kills(kind: str, moments: int, before: dict[str, Path], three_days: dict[str, str], tmp_path: Path) -> None:
    """Kill at so many moments, spread by chance over the time an undisturbed one takes; go on after each."""
    whole, chance, killed = seconds_undisturbed(before[kind], kind), random.Random(SEED), 0
    for number in range(moments):
        folder = tmp_path / f"{kind}-{number}"
        shutil.copytree(before[kind], folder, symlinks=True)
        settings = load(folder / "friction.toml")
        child = start(folder, kind)
        time.sleep(whole * (number + chance.random()) / moments)
        child.send_signal(signal.SIGKILL)
        code, told = ended(child)
        assert code in {0, -signal.SIGKILL}, told
        killed += code != 0
        seen = day_s_tables(settings)
        assert len({frozenset(days) for days in seen.values()}) <= 1, f"half a day after moment {number}: {seen}"
        code, told = ended(start(folder, kind))
        assert code == 0, told
        assert w.tell(w.fingerprints(settings), three_days) == [], f"moment {number}"
        assert {path.name for path in (folder / "warehouse").iterdir()} == OURS, f"moment {number}"
        current = settings.warehouse.resolve()
        assert {path.suffix for path in versions.version_folder(settings.warehouse).iterdir()} == {".duckdb"}
        assert current in versions.kept(settings.warehouse)
        shutil.rmtree(folder)
    assert killed >= moments // 2, "most were over before they were killed: this shows nothing"


def test_a_backfill_that_is_killed_at_two_moments_is_completed_by_the_next(before, three_days, tmp_path):
    kills("backfill", 2, before, three_days, tmp_path)


@pytest.mark.hostile
@pytest.mark.parametrize("kind", ["run", "backfill"])
def test_killed_at_fifty_moments_the_next_one_completes(kind, before, three_days, tmp_path):
    kills(kind, int(os.environ.get("FRICTION_KILLS", "50")), before, three_days, tmp_path)


# --- no disk, no right, no input, no turn -----------------------------------------------------------------------------


@pytest.fixture
def published(before, tmp_path) -> Settings:
    """Two days that are published, and a third that can be run."""
    shutil.copytree(before["run"], folder := tmp_path / "project", symlinks=True)
    return load(folder / "friction.toml")


@pytest.mark.parametrize("share", [0.5, 1.0], ids=["while it is copied", "while it is written"])
def test_a_full_disk_is_an_error_that_names_it_and_the_next_run_completes(published, three_days, share):
    version, tables = published.warehouse.resolve(), w.fingerprints(published)
    code, told = ended(start(published.folder, "run", limit=int(published.warehouse.stat().st_size * share)))
    assert code == 1
    assert "File too large" in told
    assert "Traceback" not in told
    assert published.warehouse.resolve() == version
    assert w.fingerprints(published) == tables
    assert ended(start(published.folder, "run")) == (0, "")
    assert w.tell(w.fingerprints(published), three_days) == []


def test_a_file_that_vanishes_once_it_was_found_is_an_error_that_names_it(published, monkeypatch):
    told, tables = ingestion.find, w.fingerprints(published)

    def find(*args, **more):
        found = told(*args, **more)
        (published.folder / found[-1].shown).unlink()
        return found

    monkeypatch.setattr(ingestion, "find", find)
    with pytest.raises(InputError, match=r"landing/orders/2026-01-12/part-0\.ndjson: cannot be read: No such file"):
        w.run(published, THREE[2:])
    assert w.fingerprints(published) == tables


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_an_error_that_names_it(published):
    folder = published.warehouse.parent
    folder.chmod(0o555)
    try:
        code, told = ended(start(published.folder, "run"))
    finally:
        folder.chmod(0o755)
    assert code == 1
    assert "Permission denied" in told
    assert str(folder) in told


def test_a_second_run_is_told_who_is_writing_and_since_when_and_the_first_completes(published, three_days):
    first = start(published.folder, "run")
    deadline = time.monotonic() + 60
    while not versions.work_file(published.warehouse).exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    code, told = ended(start(published.folder, "backfill"))
    assert code == 1
    assert f"(process {first.pid}, since 20" in told
    assert ended(first) == (0, "")
    assert w.tell(w.fingerprints(published), three_days) == []

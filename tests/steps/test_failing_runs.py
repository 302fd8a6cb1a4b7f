"""A run that fails or dies at any moment changes nothing that anybody reads, and the next one completes."""

import logging
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline import steps
from pipeline.errors import ContractError, FrictionError, InputError, SettingsError, WarehouseError
from pipeline.settings import Settings, load
from pipeline.warehouse import compacting, versions
from tests.steps import world as w

ROOT = Path(__file__).resolve().parents[2]
FIRST_TWO = w.DAYS[:2]


@pytest.fixture(scope="module")
def two_days(tmp_path_factory) -> dict[str, str]:
    """Tables of the first two days."""
    settings = w.write(tmp_path_factory.mktemp("two"))
    w.run(settings, FIRST_TWO)
    return w.fingerprints(settings)


def published(tmp_path: Path) -> Settings:
    """A project whose first day is published."""
    settings = w.write(tmp_path)
    w.run(settings, FIRST_TWO[:1])
    return settings


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.settings import load
from pipeline.warehouse import versions
from pipeline import flagging, ingestion, scores
from tests.steps import world

def die_in(module, name, after):
    told, left = getattr(module, name), [after]
    def dying(*args, **more):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return told(*args, **more)
    setattr(module, name, dying)

moment = sys.argv[2]
if moment == "while files are loaded":
    die_in(ingestion, "load", 2)
elif moment == "between two tables of a day":
    die_in(flagging, "replace_day", 2)
elif moment == "between two scores of a day":
    die_in(scores, "replace_day", 1)
elif moment == "before it is published":
    die_in(versions, "publish", 0)
elif moment == "between the file and its link":
    die_in(Path, "symlink_to", 0)
settings = load(Path(sys.argv[1]) / "friction.toml")
world.run(settings, [world.DAYS[1]])
"""


@pytest.mark.parametrize(
    "moment",
    [
        "while files are loaded",
        "between two tables of a day",
        "between two scores of a day",
        "before it is published",
        "between the file and its link",
    ],
)
def test_a_run_that_is_killed_leaves_the_old_day_and_the_next_run_completes(tmp_path, two_days, moment):
    settings = published(tmp_path)
    before = w.fingerprints(settings)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), moment],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, f"it was not killed: {done.stderr}"
    assert w.fingerprints(settings) == before
    w.run(settings, FIRST_TWO[1:])
    assert w.tell(w.fingerprints(settings), two_days) == []


def test_a_worn_file_is_written_anew_before_it_is_published(tmp_path, two_days, monkeypatch):
    settings = published(tmp_path)
    compact, written = compacting.compact, []

    def noted(path: Path) -> None:
        written.append(path)
        compact(path)

    monkeypatch.setattr(compacting, "WORN_SHARE", -1)
    monkeypatch.setattr(compacting, "compact", noted)
    w.run(settings, FIRST_TWO[1:])
    assert written == [versions.work_file(settings.warehouse)]
    assert w.tell(w.fingerprints(settings), two_days) == []


def test_a_worn_file_that_cannot_be_written_anew_is_published_as_it_is(tmp_path, two_days, monkeypatch, caplog):
    settings = published(tmp_path)
    monkeypatch.setattr(compacting, "WORN_SHARE", -1)
    monkeypatch.setattr(compacting, "STORAGE", "of no version")
    with caplog.at_level(logging.WARNING, logger="pipeline"):
        w.run(settings, FIRST_TWO[1:])
    assert "could not be written anew to free its space" in caplog.text
    assert w.tell(w.fingerprints(settings), two_days) == []
    assert not list(settings.warehouse.parent.glob("*working*"))


def break_the_contract(settings: Settings) -> Path:
    path: Path = settings.folder / "landing" / "wait_time" / FIRST_TWO[1].isoformat() / "part-0.ndjson"
    path.write_text(path.read_text() + '{"wait_id": "w-bad"}\nno json\n')
    return path


def test_a_file_over_its_limit_stops_the_run_and_changes_nothing(tmp_path, two_days):
    settings = published(tmp_path)
    before, version = w.fingerprints(settings, ["events", "journeys", "friction", "ops"]), settings.warehouse.resolve()
    whole = (path := break_the_contract(settings)).read_text().removesuffix('{"wait_id": "w-bad"}\nno json\n')
    with pytest.raises(ContractError, match=r"wait_time.*part-0\.ndjson: 2 of 5 rows break the contract wait_time"):
        w.run(settings, FIRST_TWO[1:])
    assert settings.warehouse.resolve() == version
    assert w.fingerprints(settings, ["events", "journeys", "friction", "ops"]) == before
    path.write_text(whole)
    w.run(settings, FIRST_TWO[1:])
    assert w.tell(w.fingerprints(settings), two_days) == []


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        pytest.param("", InputError, "there is no file for 2026-03-01: looked for", id="no files"),
        pytest.param(
            '[[sources]]\nname = "x"\ncontract = "orders"\nadapter = "shopfy"\npath = "landing/orders/2026-01-11/*"\n',
            SettingsError, "there is no adapter 'shopfy'", id="unknown adapter",
        ),
        pytest.param(
            '[[sources]]\nname = "x"\ncontract = "clickstreem"\npath = "landing/orders/2026-01-11/*"\n',
            ContractError, "Did you mean 'clickstream'", id="unknown contract",
        ),
        pytest.param(
            '[[sources]]\nname = "x"\ncontract = "flags"\npath = "landing/orders/2026-01-11/*"\n',
            ContractError, "flags is not an input but a result", id="contract of a result",
        ),
        pytest.param("[signals.rage_clik]\n", SettingsError, "Did you mean 'rage_click'", id="unknown signal"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_an_error_before_anything_changes(tmp_path, more, error, words):
    settings = published(tmp_path)
    before = w.fingerprints(settings, ["events", "journeys", "friction", "ops"])
    config = settings.folder / "friction.toml"
    config.write_text(config.read_text() + more)
    days = FIRST_TWO[1:] if more else [date(2026, 3, 1)]
    with pytest.raises(error) as raised:
        w.run(load(config), days)
    assert words in str(raised.value)
    assert w.fingerprints(settings, ["events", "journeys", "friction", "ops"]) == before


def test_no_sources_are_an_error(tmp_path):
    config = tmp_path / "friction.toml"
    config.write_text("[project]\n")
    with pytest.raises(SettingsError, match="names no \\[\\[sources\\]\\]"):
        w.run(load(config), w.DAYS)
    assert not (tmp_path / "warehouse" / "friction.duckdb").exists()


def test_a_step_without_a_prepared_run_says_so(tmp_path):
    settings = w.write(tmp_path)
    with pytest.raises(WarehouseError, match="ingest: no run has been prepared"):
        steps.ingest(settings, w.DAYS)


def test_a_loaded_file_is_not_read_again(tmp_path, monkeypatch):
    settings = published(tmp_path)
    monkeypatch.setattr("pipeline.warehouse.judging.stage", lambda *_: pytest.fail("it was read"))
    w.run(settings, FIRST_TWO[:1])


def test_every_error_for_users_has_its_own_exit_code():
    kinds = FrictionError.__subclasses__()
    assert len(kinds) >= 5
    assert len({kind.exit_code for kind in kinds}) == len(kinds)


def test_what_a_dead_run_left_is_thrown_away(tmp_path):
    settings = published(tmp_path)
    work = versions.work_file(settings.warehouse)
    work.write_bytes(b"half a database")
    work.with_name(work.name + ".wal").write_bytes(b"half a log")
    w.run(settings, FIRST_TWO[1:])
    assert not work.exists()

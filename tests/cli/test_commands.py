"""Every command: its help, its place in the README, what it prints, and how it ends."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from pipeline import cli
from pipeline.errors import FrictionError
from tests.cli.command import Friction
from tests.steps import world as w

pytestmark = pytest.mark.xdist_group("world")

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]
PROMISED = {"demo", "run", "backfill", "check", "report", "explain", "journeys", "signals", "sql", "status", "simulate"}


def test_all_promised_commands_are_there():
    assert set(COMMANDS) >= PROMISED


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help_with_an_example_of_itself(friction: Friction, name: str):
    done = friction(name, "--help")
    assert done.code == 0
    assert f"Example: friction {name}" in " ".join(done.out.split())
    assert friction(name, "-h").out == done.out


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_stands_in_the_readme(name: str):
    assert f"`friction {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_tells_every_exit_code():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.search(r"Exit codes: (.*?)\.", text, re.S)
    assert told
    for kind in FrictionError.__subclasses__():
        assert str(kind.exit_code) in told[1], kind.__name__


def test_without_a_command_there_is_help_and_the_version_is_one_line(friction: Friction):
    assert "Commands:" in friction("--help").out
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", friction("--version").out)


# --- how it ends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["status"], 2, "there is no friction.toml. Write one", id="no settings"),
        pytest.param(["run", "--dya", "2026-01-01"], 2, "No such option: --dya", id="a wrong option"),
        pytest.param(["run", "--day", "2026-13-01"], 2, "'2026-13-01' does not match", id="a day that is none"),
        pytest.param(["rum"], 2, "No such command 'rum'", id="a wrong command"),
        pytest.param(
            ["backfill", "--from", "2026-01-05", "--to", "2026-01-01"],
            2,
            "--to 2026-01-01 is before --from 2026-01-05. Swap them.",
            id="days the wrong way round",
        ),
        pytest.param(["backfill", "--from", "2026-01-05"], 2, "Missing option '--to'", id="an option too few"),
        pytest.param(
            ["signals", "rage_clik"], 5, "Did you mean 'rage_click'? Known: cart_abandonment,", id="a wrong signal"
        ),
        pytest.param(
            ["check", "none.csv", "--contract", "orders"], 5, "there is no file none.csv.", id="no file to check"
        ),
    ],
)
def test_a_mistake_is_a_message_and_an_exit_code(friction: Friction, arguments, code, words):
    done = friction(*arguments)
    assert (done.code, done.out) == (code, "")
    assert words in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(
            ["run", "--day", "2030-01-01"],
            3,
            "there is no file for 2030-01-01: looked for landing/clickstream/",
            id="no files",
        ),
        pytest.param(
            ["report", "--day", "2020-01-01"],
            5,
            "2020-01-01 has not been computed (the last day is 2026-01-15). Run it: friction run --day 2020-01-01",
            id="a day that was not computed",
        ),
        pytest.param(
            ["explain", "nothing"], 5, "there is no point or flag 'nothing'. Points: friction sql", id="no such point"
        ),
        pytest.param(["sql", "select frm"], 4, "the query was refused", id="a query that is none"),
        pytest.param(["sql", ""], 4, "the query", id="an empty query"),
        pytest.param(["sql", "/* nothing */"], 4, "the query", id="a query of comments"),
        pytest.param(["sql", "delete from friction.points"], 4, "the query was refused", id="a query that writes"),
        pytest.param(
            ["sql", "copy friction.points to 'points.csv'"], 4, "the query was refused", id="a query that writes a file"
        ),
        pytest.param(
            ["sql", "from read_text('/etc/passwd')"], 4, "the query was refused", id="a query that reads a file"
        ),
    ],
)
def test_a_mistake_about_a_published_world_too(asked: Friction, arguments, code, words):
    done = asked(*arguments)
    assert (done.code, done.out) == (code, "")
    assert words in " ".join(done.err.split())


def test_no_warehouse_yet_says_what_to_do(friction: Friction, tmp_path):
    friction.config = w.write(tmp_path).folder / "friction.toml"
    done = friction("status")
    assert done.code == 4
    assert "Run a day first: friction run --day" in " ".join(done.err.split())


def test_a_file_where_a_folder_should_be_is_a_message(friction: Friction, tmp_path):
    (tmp_path / "taken").write_text("")
    done = friction("demo", "--into", "taken")
    assert done.code == 2
    assert "taken is a file" in done.err
    settings = w.write(tmp_path)
    (tmp_path / "warehouse").write_text("")
    friction.config = settings.folder / "friction.toml"
    done = friction("run", "--day", w.FIRST)
    assert done.code == 1
    assert "warehouse: File exists" in " ".join(done.err.split())


def test_an_interrupted_command_ends_as_a_shell_expects(friction: Friction, monkeypatch):
    def interrupted(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "load_settings", interrupted)
    assert friction("status").code == 130


def test_the_module_runs_and_its_output_can_be_cut_off(project):
    command = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "--config",
        str(project),
        "sql",
        "from range(20000)",
        "--limit",
        "20000",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().strip() == "range"
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()

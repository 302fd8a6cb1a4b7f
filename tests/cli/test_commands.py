"""Every command: its help, its place in the README, what it prints, and how it ends."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from pipeline import cli
from pipeline.errors import FrictionError
from tests.cli.command import Friction
from tests.cli.conftest import HOSTILE
from tests.steps import world as w

pytestmark = pytest.mark.xdist_group("world")

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]
PROMISED = {"demo", "run", "backfill", "check", "report", "explain", "signals", "sql", "status", "simulate"}
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f\u202e]")


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
            ["signals", "rage_clik"], 5, "Did you mean 'rage_click'? Known: checkout_abandonment,", id="a wrong signal"
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


# --- what it prints ---------------------------------------------------------------------------------------------------


def test_sql_prints_a_row_a_line_in_a_pipe_and_json_for_scripts(asked: Friction):
    query = "select day, stage, entered, health from friction.stage_scores order by day, stage"
    lines = asked("sql", query).out.splitlines()
    rows = json.loads(asked("sql", query, "--json").out)
    assert lines[0].split() == ["day", "stage", "entered", "health"]
    assert len(lines) == len(rows) + 1
    assert lines[1].split()[:3] == [str(rows[0]["day"]), rows[0]["stage"], str(rows[0]["entered"])]


def test_sql_prints_as_many_rows_as_are_asked_for_and_says_that_there_are_more(asked: Friction):
    done = asked("sql", "from range(10)", "--limit", 3)
    assert done.out.split() == ["range", "0", "1", "2"]
    assert "(the first 3 rows; more with --limit)" in done.err
    assert asked("sql", "from range(3)", "--limit", 3).err == ""


def test_json_of_any_value_is_json(asked: Friction):
    query = (
        "select 'nan'::double as n, 'inf'::double as i, map {date '2026-01-01': 1} as m, [1.5::double, null] as l,"
        " 1 as a, 2 as a, interval 1 day as d, 1.10::decimal(5, 2) as e, 'x'::blob as b,"
        " timestamptz '2026-01-01 00:00:00Z' as t, true as y"
    )
    done = asked("sql", query, "--json")

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    (row,) = json.loads(done.out, parse_constant=refuse)
    assert (row["n"], row["i"], row["m"], row["l"]) == (None, None, {"2026-01-01": 1}, [1.5, None])
    assert (row["a"], row["a_1"], row["e"], row["y"]) == (1, 2, "1.10", True)
    assert row["t"].startswith("2026-01-01T00:00:00")


def test_a_table_too_wide_for_the_screen_is_printed_downwards(asked: Friction, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = asked("sql", "from friction.points order by point_id limit 1").out.splitlines()
    assert lines[0].split() == ["row", "1"]
    assert ["window_days", "28"] in [line.split() for line in lines]


@pytest.mark.parametrize(
    "command", ["status", "signals", "signals long_wait", "explain", "sql from marts.stage_health"]
)
def test_nothing_is_wider_than_the_screen(asked: Friction, monkeypatch, command: str):
    monkeypatch.setenv("COLUMNS", "80")
    arguments = command.split(" ", 1)
    if command == "explain":
        arguments.append(one(asked, "select flag_id from friction.flags where signal = 'rage_click' order by 1"))
    done = asked(*arguments)
    assert done.code == 0
    assert len(done.out.splitlines()) > 3
    assert [line for line in done.out.splitlines() if len(line) > 80] == []


def one(asked: Friction, query: str) -> str:
    return str(next(iter(json.loads(asked("sql", query, "--json", "--limit", 1).out)[0].values())))


def test_status_tells_days_files_and_rows(asked: Friction):
    found = json.loads(asked("status", "--json").out)
    assert (found["first_day"], found["last_day"], found["days"]) == ("2026-01-10", "2026-01-15", 6)
    assert found["rows_read"] == found["rows_kept"] + found["rows_quarantined"] + found["rows_duplicate"] > 0
    assert found["version"] == "friction-000001"
    for name in found:
        assert name in asked("status").out


def test_signals_tells_each_and_all_about_one(asked: Friction):
    from pipeline.detectors import all_signals

    listed = asked("signals").out
    told = json.loads(asked("signals", "--json").out)
    assert [each["name"] for each in told] == list(all_signals())
    assert all(name in listed for name in all_signals())
    (page,) = json.loads(asked("signals", "rage_click", "--json").out)
    assert page["parameter min_clicks"] == "4"
    assert "min_clicks" in asked("signals", "rage_click").out


def test_a_point_is_explained_number_by_number(asked: Friction):
    point = one(
        asked, "select point_id from friction.points where kind = 'obstacle' and affected > 0 order by score desc, 1"
    )
    found = json.loads(asked("explain", point, "--json").out)
    named = [name for name, _, _ in found["numbers"]]
    assert {"exposed", "affected", "rate", "score", "rank"} <= set(named)
    assert all(words for _, _, words in found["numbers"])
    assert found["columns"][0] == "flag_id"
    assert found["rows"]
    told = asked("explain", point).out
    for name in named:
        assert name in told
    (stored,) = json.loads(
        asked(
            "sql",
            f"select score, exposed, affected from friction.points where point_id = '{point}' order by day desc",
            "--json",
            "--limit",
            1,
        ).out
    )
    assert {name: value for name, value, _ in found["numbers"] if name in stored} == stored


def test_every_point_of_the_world_can_be_explained(project):
    from pipeline import explaining
    from pipeline.settings import load
    from pipeline.warehouse.connection import reading

    with reading(load(project).warehouse) as con:
        points = con.execute("select point_id, day from friction.points order by all").fetchall()
        assert len(points) > 20
        for point, day in points:
            assert explaining.explain(con, point, day).numbers
        flags = con.execute("select flag_id, len(evidence) from friction.flags order by all").fetchall()
        assert len(flags) > 50
        for flag, evidence in flags:
            marked = [row for row in explaining.explain(con, flag, None).rows if row[0] == ">" and row[1] and row[2]]
            assert len(marked) <= evidence, flag
            assert marked, flag


def test_a_flag_is_explained_step_by_step_with_its_evidence_marked(asked: Friction):
    flag = one(asked, "select flag_id from friction.flags where signal = 'rage_click' order by 1")
    found = json.loads(asked("explain", flag, "--json").out)
    (row,) = json.loads(
        asked("sql", f"select evidence, day from friction.flags where flag_id = '{flag}'", "--json").out
    )
    assert [step[2] for step in found["rows"] if step[0] == ">"] == row["evidence"]
    assert len(found["rows"]) > len(row["evidence"]), "the steps around it are shown too"
    assert asked("explain", flag, "--day", row["day"]).code == 0
    assert asked("explain", flag, "--day", "2020-01-01").code == 5


def test_a_report_is_written_again(asked: Friction):
    done = asked("report", "--day", w.LAST)
    assert done.code == 0
    assert done.out.strip().endswith(f"{w.LAST}/report.html")
    assert Path(done.out.strip()).is_file()
    assert asked("report").out == done.out


# --- hostile data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [None, "80"])
def test_what_came_from_data_is_shown_escaped_and_not_obeyed(asked: Friction, monkeypatch, columns):
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    point = one(asked, "select point_id from friction.points where locus_type = 'element' order by day desc, 1")
    flag = one(asked, "select flag_id from friction.flags where locus_type = 'element' order by 1")
    told = [
        asked("sql", "select locus from friction.points where locus_type = 'element' limit 1"),
        asked("sql", "select locus as \"[red]\x1b[31m\" from friction.points where locus_type = 'element' limit 1"),
        asked("explain", point),
        asked("explain", flag),
        asked("explain", HOSTILE),
        asked("sql", f"select {HOSTILE}"),
    ]
    for done in told:
        assert CONTROL.search(done.out + done.err) is None
    assert r"\x1b[31m[red]#pay[/red]\x07\x202e :boom: <b>" in " ".join(told[0].out.split())
    assert "[red]#pay[/red]" in told[2].out


def test_a_hostile_file_is_shown_escaped(friction: Friction, tmp_path):
    path = tmp_path / "a[red].csv"
    path.write_text(
        "event_id,occurred_at,event_name,customer_id,\x1b[31mcolour[/]\n"
        + "".join(f"e{n},\x1b[2J[bold],x,c,\n" for n in range(9))
    )
    done = friction("check", path.name, "--contract", "clickstream")
    assert done.code == 10
    assert CONTROL.search(done.out + done.err) is None
    assert r"\x1b[2J[bold]" in done.out
    assert r"\x1b[31mcolour[/]" in done.out
    assert "a[red].csv: refused" in done.out


# --- check ------------------------------------------------------------------------------------------------------------

HEADER = "event_id,occurred_at,event_name,customer_id,mood\n"
GOOD = "e{n},2026-01-15T10:00:00Z,click,c1,\n"


def test_check_accepts_what_a_night_would_take(friction: Friction, tmp_path):
    (tmp_path / "a.csv").write_text(
        HEADER + "".join(GOOD.replace("{n}", str(n)) for n in range(200)) + "e200,never,click,c1,\n"
    )
    done = friction("check", "a.csv", "--contract", "clickstream")
    assert done.code == 0
    said = " ".join(done.out.split())
    for words in (
        "a.csv: ok – 1 of 201 rows break the contract clickstream, within its limit of 1.00%",
        "read 201 = kept 200 + quarantined 1 + duplicate 0",
        "columns that the contract does not know: mood",
        "occurred_at.type 1",
        "202 plausible_time, occurred_at.type e200,never,click,c1,",
    ):
        assert words in said


def test_check_refuses_what_a_night_would_refuse(friction: Friction, tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + GOOD + "e2,never,click,c1,\n")
    done = friction("check", "a.csv", "--contract", "clickstream", "--json")
    assert done.code == 10
    found = json.loads(done.out)
    assert (found["rows_read"], found["rows_kept"], found["is_within_limit"]) == (2, 1, False)
    assert found["broken_rules"] == {"occurred_at.type": 1, "plausible_time": 1}
    assert found["samples"][0][0] == 3
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--contract", "clickstreem"], 10, "Did you mean 'clickstream'?"),
        (["--contract", "flags"], 10, "flags is not an input but a result"),
        (["--contract", "clickstream", "--adapter", "shop"], 2, "there is no adapter 'shop'"),
        (["--contract", "clickstream", "--timezone", "Mars"], 2, "--timezone: unknown time zone 'Mars'"),
        (["--contract", "orders"], 10, "required columns of orders are missing: order_id, placed_at"),
        ([], 2, "Missing option '--contract'"),
    ],
)
def test_check_says_what_is_wrong_with_its_options(friction: Friction, tmp_path, arguments, code, words):
    (tmp_path / "a.csv").write_text(HEADER + GOOD)
    done = friction("check", "a.csv", *arguments)
    assert done.code == code
    assert words in " ".join(done.err.split())


def test_check_reads_the_rest_as_a_night_does(friction: Friction, tmp_path):
    done = friction("check", write(tmp_path, "a.csv.gz", b"no gzip"), "--contract", "clickstream")
    assert done.code == 3
    assert "a.csv.gz: cannot be read: Not a gzipped file" in done.err


def write(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return name


# --- in a process of its own ------------------------------------------------------------------------------------------


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

"""What the commands print: for people, for scripts, and of data that means harm."""

import json
from pathlib import Path

import pytest

from tests.cli.command import CONTROL, Friction
from tests.cli.conftest import HOSTILE
from tests.steps import world as w

pytestmark = pytest.mark.xdist_group("world")


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
    assert page["parameter profile"].startswith("friction – ")
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


def test_the_numbers_of_a_point_can_be_worked_out_by_hand(project):
    from pipeline import explaining
    from pipeline.settings import load
    from pipeline.warehouse.connection import reading

    config, claimed = load(project), 0.0
    with reading(config.warehouse) as con:
        points = con.execute(
            "select point_id, day from friction.points where effect is not null order by all"
        ).fetchall()
        assert len(points) > 10
        for point, day in points:
            found = explaining.explain(con, config, point, day)
            told = {name: value for name, value, _ in found.numbers}
            compared, claims = (
                [dict(zip(each.columns, row, strict=True)) for row in each.rows] for each in found.workings
            )
            weighed = [row for row in compared if row["weight"]]
            assert told["affected"] == sum(row["affected"] for row in compared)
            if weighed:
                apart = sum(row["weight"] * row["apart"] for row in weighed)
                unharmed = sum(row["weight"] * (1 - row["unaffected_later"] / row["unaffected"]) for row in weighed)
                assert told["own_effect"] == pytest.approx(max(-1, min(1, apart / unharmed)), abs=1e-6)
            drawn = told["own_weight"] * (told["own_effect"] or 0) + (1 - told["own_weight"]) * told["signal_effect"]
            assert told["effect"] == pytest.approx(drawn, abs=1e-6)
            lost = sum(row["visits"] * row["strongest"] * row["part"] for row in claims)
            assert told["lost_visits"] == pytest.approx(lost, abs=1e-6)
            claimed += lost
    assert claimed > 0


def test_every_point_of_the_world_can_be_explained(project):
    from pipeline import explaining
    from pipeline.settings import load
    from pipeline.warehouse.connection import reading

    config = load(project)
    with reading(config.warehouse) as con:
        points = con.execute("select point_id, day from friction.points order by all").fetchall()
        assert len(points) > 20
        for point, day in points:
            assert explaining.explain(con, config, point, day).numbers
        flags = con.execute("select flag_id, len(evidence) from friction.flags order by all").fetchall()
        assert len(flags) > 50
        for flag, evidence in flags:
            marked = [
                row for row in explaining.explain(con, config, flag, None).rows if row[0] == ">" and row[1] and row[2]
            ]
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

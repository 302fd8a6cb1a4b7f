"""A backfill computes what needs it and nothing else, part by part, and its tables are those of all days at once."""

import os
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
import typer

from pipeline import backfilling, flagging, parted, steps
from pipeline.errors import InputError, SomeDaysError
from pipeline.settings import Settings, load
from pipeline.warehouse import versions
from tests.steps import world as w

FOUR = w.DAYS[:4]


@pytest.fixture(autouse=True)
def light(monkeypatch):
    """Parts of two days, without expectations, which take seconds to import, and mostly without reports."""
    monkeypatch.setattr(backfilling, "DAYS_AT_ONCE", 2)
    monkeypatch.setattr(steps, "check", lambda *_: 0)
    monkeypatch.setattr(steps, "report", lambda *_: [])


@pytest.fixture(scope="module")
def four_days(tmp_path_factory) -> dict[str, str]:
    """Tables of the first four days, computed in one run."""
    settings = w.write(tmp_path_factory.mktemp("four"))
    w.run(settings, FOUR)
    return w.fingerprints(settings)


def backfill(
    settings: Settings, days: Sequence[date] = FOUR, *, force: bool = False, jobs: int = 1
) -> backfilling.Plan:
    plan = backfilling.plan(settings, days, force=force)
    parted.run(settings, plan, jobs)
    return plan


def reasons(plan: backfilling.Plan) -> dict[int, str]:
    return {each.day.day: each.reason for each in plan.days}


def waits(settings: Settings, day: date) -> Path:
    return settings.folder / "landing" / "wait_time" / day.isoformat() / "part-0.ndjson"


def test_part_by_part_is_all_at_once_and_leaves_one_version(tmp_path, four_days, capsys):
    settings = w.write(tmp_path)
    assert reasons(backfill(settings)) == dict.fromkeys((10, 11, 12, 13), "never computed")
    assert w.tell(w.fingerprints(settings), four_days) == []
    assert [path.stem for path in versions.kept(settings.warehouse)] == ["friction-000002"]
    told = capsys.readouterr().err
    assert "2026-01-10 to 2026-01-11: 2 of 4 days, about" in told
    assert "2026-01-12 to 2026-01-13: 4 of 4 days, in" in told


@pytest.mark.hostile
@pytest.mark.filterwarnings("default")  # of what Great Expectations imports
def test_with_two_jobs_the_tables_are_the_same(tmp_path, four_days, monkeypatch):
    monkeypatch.undo()  # contracts are checked in a thread, reports written in another process
    monkeypatch.setattr(backfilling, "DAYS_AT_ONCE", 2)
    settings = w.write(tmp_path)
    backfill(settings, jobs=2)
    assert w.tell(w.fingerprints(settings), four_days) == []
    pages = sorted(path.parent.name for path in settings.reports.glob("*/report.html"))
    assert pages == [day.isoformat() for day in FOUR]


def _arrives_late(contract: str, row: w.Row) -> date:
    """One visit of the first day arrives with the fourth: in another part."""
    late = contract == "clickstream" and row["event_id"].startswith("e0-2")
    return w.local_day(contract, row) + timedelta(days=3 if late else 0)


@pytest.mark.hostile
def test_rows_that_arrive_with_a_later_part_end_where_they_belong_however_late(tmp_path, four_days):
    settings = w.write(tmp_path, file_of=_arrives_late, more="late_days = 0\n")
    backfill(settings)
    assert w.tell(w.fingerprints(settings), four_days) == []


def test_a_day_of_the_same_inputs_and_settings_is_not_computed_again_without_force(tmp_path, monkeypatch):
    settings = w.write(tmp_path)
    backfill(settings)
    version, computed = settings.warehouse.resolve(), list[date]()
    told = flagging.flag

    def noted(con, its, day):
        computed.append(day)
        return told(con, its, day)

    monkeypatch.setattr(flagging, "flag", noted)
    assert backfill(settings) == backfilling.Plan((), 4, 0.0)
    assert computed == []
    assert settings.warehouse.resolve() == version
    assert reasons(backfill(settings, FOUR[2:], force=True)) == {12: "forced", 13: "forced"}
    assert computed == FOUR[2:]


def test_the_plan_says_why_each_day_is_computed(tmp_path, four_days):
    settings = w.write(tmp_path)
    waits(settings, FOUR[1]).rename(tmp_path / "aside")
    backfill(settings, w.DAYS[:3])
    (tmp_path / "aside").rename(waits(settings, FOUR[1]))
    expected = {11: "new files", 12: "looks back on a changed day", 13: "never computed"}
    assert reasons(backfilling.plan(settings, FOUR)) == expected
    backfill(settings)
    assert w.tell(w.fingerprints(settings), four_days) == []
    path = waits(settings, FOUR[0])
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    plan = backfilling.plan(settings, FOUR[:1])
    assert reasons(plan) == {10: "changed files", **dict.fromkeys((11, 12, 13), "looks back on a changed day")}
    assert plan.seconds is not None
    assert plan.seconds > 0


@pytest.mark.hostile
def test_other_thresholds_are_a_reason_and_another_language_is_none(tmp_path):
    settings = w.write(tmp_path)
    backfill(settings)
    config = tmp_path / "friction.toml"
    config.write_text(config.read_text().replace("[project]", '[project]\nlanguage = "tr"\nkeep_versions = 3'))
    assert backfilling.plan(load(config), FOUR).days == ()
    config.write_text(config.read_text() + '\n[signals.rage_click]\nprofile = "datadog"\n')
    assert reasons(backfilling.plan(load(config), FOUR)) == dict.fromkeys((10, 11, 12, 13), backfilling.SETTINGS)


@pytest.mark.hostile
def test_rows_that_came_too_late_for_a_night_are_a_reason_for_a_backfill(tmp_path, four_days):
    settings = w.write(tmp_path, file_of=_arrives_late, more="late_days = 0\n")
    for day in FOUR:
        w.run(settings, [day])
    assert w.tell(w.fingerprints(settings), four_days) != []
    assert reasons(backfill(settings))[10] == "its rows have changed"
    assert w.tell(w.fingerprints(settings), four_days) == []


def test_one_failing_day_is_told_and_the_others_go_on(tmp_path, four_days):
    settings = w.write(tmp_path)
    whole = (path := waits(settings, FOUR[1])).read_text()
    path.write_text(whole + '{"wait_id": "w-bad"}\nno json\n')
    with pytest.raises(
        SomeDaysError, match=r"1 of 4 days failed, the others are published:\n  2026-01-11: .*part-0"
    ) as e:
        backfill(settings)
    assert e.value.exit_code == 6
    assert reasons(backfilling.plan(settings, FOUR))[11] == "never computed"
    path.write_text(whole)
    backfill(settings)
    assert w.tell(w.fingerprints(settings), four_days) == []


def test_an_interrupted_backfill_keeps_its_finished_parts_and_goes_on_with_the_others(
    tmp_path, four_days, monkeypatch, capsys
):
    settings = w.write(tmp_path)
    told = flagging.flag

    def interrupted(con, its, day):
        if day == FOUR[2]:
            raise KeyboardInterrupt
        return told(con, its, day)

    monkeypatch.setattr(flagging, "flag", interrupted)
    with pytest.raises(typer.Exit) as ended:
        backfill(settings)
    assert ended.value.exit_code == 130
    assert "interrupted: 2 of 4 days are published" in capsys.readouterr().err
    monkeypatch.setattr(flagging, "flag", told)
    assert list(reasons(backfill(settings))) == [12, 13]
    assert w.tell(w.fingerprints(settings), four_days) == []


def test_reports_that_a_killed_run_has_not_written_are_written_by_the_next(tmp_path, monkeypatch):
    settings = w.write(tmp_path)
    backfill(settings, FOUR[:2])
    written: list[date] = []

    def noted(_settings, days, _progress):
        written.extend(days)
        return []

    monkeypatch.setattr(steps, "report", noted)
    page = settings.reports / FOUR[0].isoformat() / "report.html"
    page.parent.mkdir(parents=True)
    page.write_text("new")
    backfill(settings, FOUR[:2])
    assert written == [FOUR[1]], "the second has none"
    os.utime(page, (0, 0))
    backfill(settings, FOUR[:2])
    assert written == [FOUR[1], *FOUR[:2]], "that of the first is older than its tables"


def test_no_file_of_any_day_is_an_error_and_a_day_without_files_is_a_quiet_one(tmp_path):
    settings = w.write(tmp_path)
    with pytest.raises(InputError, match="there is no file for 2026-03-01 to 2026-03-02"):
        backfilling.plan(settings, [date(2026, 3, 1), date(2026, 3, 2)])
    backfill(settings, [w.LAST, w.LAST + timedelta(days=1), w.LAST + timedelta(days=2)])
    assert backfilling.plan(settings, [w.LAST, w.LAST + timedelta(days=2)]).days == ()

"""A night computes the days that read something that has changed, no others, and says which and why."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline import flagging, recounting, scores, steps
from pipeline.settings import Settings, load
from pipeline.warehouse.connection import reading
from tests.steps import world as w

TOLD = "select day, reason, changed_day, is_flagged from ops.computed where run_id = $run order by day"


def told(settings: Settings) -> dict[date, tuple[str, date | None, bool]]:
    """What the last run has computed: by day the reason, since which change, and whether it was flagged."""
    with reading(settings.warehouse) as con:
        rows = con.execute(TOLD, {"run": recounting.last_run(con)}).fetchall()
    return {day: (reason, since, is_flagged) for day, reason, since, is_flagged in rows}


def said(settings: Settings, asked: list[date]) -> list[str]:
    with reading(settings.warehouse) as con:
        return recounting.lines(con, asked)


def add(settings: Settings, contract: str, folder: date, name: str, *rows: w.Row) -> None:
    path: Path = settings.folder / "landing" / contract / folder.isoformat() / f"{name}.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def click(event: str, day: date, **more: object) -> w.Row:
    at = {"event_id": event, "occurred_at": f"{day}T08:00:00Z", "event_name": "page_view", "customer_id": "zoe"}
    return at | {"page_path": "/", "device": "mobile", "channel": "web"} | more


@pytest.fixture
def nights(tmp_path: Path) -> Settings:
    """Four nights are published."""
    settings = w.write(tmp_path)
    w.run(settings, w.DAYS[:4])
    return settings


def test_a_night_in_which_nothing_arrived_computes_nothing_and_says_so(nights, monkeypatch):
    before = w.fingerprints(nights)
    monkeypatch.setattr(flagging, "flag", lambda *_: pytest.fail("it was flagged"))
    w.run(nights, [w.DAYS[3]])
    assert told(nights) == {}
    assert said(nights, [w.DAYS[3]]) == [f"nothing new: {w.DAYS[3]} stays as it was computed."]
    assert w.fingerprints(nights) == before


def test_late_rows_redo_their_day_and_what_looks_back_on_it(nights):
    late, after = w.DAYS[2], w.DAYS[3]
    add(nights, "clickstream", w.DAYS[4], "late", click("late-1", late))
    w.run(nights, [w.DAYS[4]])
    found = told(nights)
    assert found[late] == ("late_rows", None, True)
    assert found[after] == ("looks_back", late, True)
    assert found[w.DAYS[4]] == ("asked", None, True)
    assert set(found) == {late, after, w.DAYS[4]}
    assert said(nights, [w.DAYS[4]]) == [f"2 days again: {late} (late rows), {after} (looks back on {late})"]


def test_a_file_that_is_corrected_and_one_that_is_added_are_told_apart(nights):
    day = w.DAYS[3]
    add(nights, "clickstream", day, "more", click("more-1", day))
    w.run(nights, [day])
    assert told(nights) == {day: ("new_file", None, True)}
    add(nights, "clickstream", day, "more", click("more-1", day, page_path="/item"))
    w.run(nights, [day])
    assert told(nights) == {day: ("changed_file", None, True)}


def test_a_newer_version_of_a_row_wins_and_its_day_is_computed_again(nights):
    day = w.DAYS[3]
    row = w.world()["orders"][0]
    first = next(each for each in w.world()["orders"] if w.local_day("orders", each) == day)
    newer = first | {"value": 900.0, "received_at": "2026-02-01T00:00:00Z"}
    add(nights, "orders", w.DAYS[4], "corrected", newer)
    w.run(nights, [w.DAYS[4]])
    assert told(nights)[day] == ("corrected_rows", None, True)
    with reading(nights.warehouse) as con:
        rows = con.execute("select value from events.orders where order_id = $id", {"id": first["order_id"]}).fetchall()
    assert rows == [(900.0,)]
    assert row["order_id"] != first["order_id"]


def test_what_nobody_reads_redoes_nothing_but_is_kept(nights):
    day = w.DAYS[3]
    path = nights.folder / "landing" / "clickstream" / day.isoformat() / "part-0.ndjson"
    rows = [json.loads(line) | {"attributes": {"a": 1}} for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    w.run(nights, [day])
    assert told(nights) == {}
    with reading(nights.warehouse) as con:
        kept = con.execute("select count(attributes) from events.clickstream where day = $d", {"d": day}).fetchall()
    assert kept[0][0] > 0


def test_what_tells_the_browser_is_read_though_no_journey_is_made_of_it(nights, tmp_path):
    rows = w.world()
    for row in rows["clickstream"]:
        row["attributes"] = {"browser": "Lynx"}
    w.run(w.write(nights.folder, rows), [w.DAYS[3]])
    assert told(nights)[w.DAYS[3]] == ("changed_file", None, True)
    with reading(nights.warehouse) as con:
        found = con.execute("select distinct browser from journeys.entries where day = $d", {"d": w.DAYS[3]}).fetchall()
    assert ("Lynx",) in found


def test_rows_that_come_too_late_are_kept_told_and_computed_when_they_are_asked_for(tmp_path):
    settings = w.write(tmp_path, more="late_days = 1\n")
    w.run(settings, w.DAYS[:3])
    old = w.DAYS[0]
    add(settings, "clickstream", w.DAYS[3], "late", click("late-1", old))
    w.run(settings, [w.DAYS[3]])
    assert told(settings) == {old: ("too_late", None, False), w.DAYS[3]: ("asked", None, True)}
    w.run(settings, [old])
    found = told(settings)
    assert found[old] == ("asked", None, True)
    assert found[w.DAYS[1]] == ("looks_back", old, True)
    once = w.write(tmp_path / "once", more="late_days = 1\n")
    add(once, "clickstream", w.DAYS[3], "late", click("late-1", old))
    w.run(once, w.DAYS[:4])
    assert w.tell(w.fingerprints(settings), w.fingerprints(once)) == []


def test_other_settings_are_a_reason(nights):
    config = nights.folder / "friction.toml"
    config.write_text(config.read_text() + "\n[signals.rage_click]\nmin_clicks = 3\n")
    settings = load(config)
    w.run(settings, [w.DAYS[4]])
    found = told(settings)
    assert {found[day][0] for day in w.DAYS[1:4]} == {"settings"}
    assert w.DAYS[0] not in found or found[w.DAYS[0]][0] == "period"


def test_a_step_that_is_tried_again_computes_the_same_days(nights, tmp_path):
    late = w.DAYS[2]
    add(nights, "clickstream", w.DAYS[4], "late", click("late-1", late))
    days = [w.DAYS[4]]
    steps.prepare(nights, days, "again", w.STARTED + timedelta(days=1))
    for step in (steps.ingest, steps.ingest, steps.flag, steps.flag, steps.score, steps.score, steps.publish):
        step(nights, days)
    assert set(told(nights)) == {late, w.DAYS[3], w.DAYS[4]}


def test_a_day_is_foretold_anew_by_what_the_day_before_gives_otherwise(nights, monkeypatch):
    whole, changed = scores.score, w.DAYS[1]

    def otherwise(con, settings, day):
        found = whole(con, settings, day)
        if day == changed:
            con.execute("update friction.points set effect = coalesce(effect, 0) + 0.1 where day = $day", {"day": day})
        return found

    monkeypatch.setattr(scores, "score", otherwise)
    steps.prepare(nights, [changed], "again", w.STARTED + timedelta(days=1))
    steps.ingest(nights, [changed], forced=[changed])
    for step in (steps.flag, steps.score, steps.publish):
        step(nights, [changed])
    assert told(nights) == {changed: ("asked", None, True), w.DAYS[2]: ("period", changed, False)}

"""The step that holds inputs to their contracts: what it says, what it notes, and when nothing is published."""

import dataclasses
import logging
import uuid
from collections.abc import Iterable
from datetime import date

import duckdb
import pytest

from pipeline import steps
from pipeline.contracts.contract import Contract, Limit, Rule, TableRule, load
from pipeline.errors import ContractError
from pipeline.settings import Settings
from pipeline.warehouse import versions
from pipeline.warehouse.connection import reading
from tests.steps import world as w

# One worker: importing Great Expectations takes seconds. Its warnings, and those of what it imports, are its own.
pytestmark = [pytest.mark.xdist_group("expectations"), pytest.mark.filterwarnings("default")]


def until_check(settings: Settings, days: Iterable[date]) -> int:
    """The steps of a run up to the check; gives what that gives."""
    listed = list(days)
    steps.prepare(settings, listed, uuid.uuid4().hex, w.STARTED)
    steps.ingest(settings, listed)
    return steps.check(settings, listed)


def results(settings: Settings) -> dict[str, tuple[bool, str | None]]:
    """What was noted of each rule in the run's own file: whether it held, and what was found."""
    with duckdb.connect(str(versions.work_file(settings.warehouse)), read_only=True) as con:
        rows = con.execute(
            "select contract || '.' || expectation, success, found from ops.contract_results "
            "where run_id = (select run_id from ops.current_run)"
        ).fetchall()
    return {name: (success, found) for name, success, found in rows}


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the step has warned of."""
    return [record.getMessage() for record in caplog.records if record.name == "pipeline.steps"]


@pytest.fixture
def dried_up(tmp_path) -> Settings:
    """A project whose orders end with the first day."""
    rows = w.world()
    rows["orders"] = [row for row in rows["orders"] if w.local_day("orders", row) == w.FIRST]
    return w.write(tmp_path, rows)


def test_a_sound_night_warns_of_nothing_and_notes_every_rule(tmp_path, caplog):
    settings = w.write(tmp_path)
    with caplog.at_level(logging.WARNING, logger="pipeline.steps"):
        assert until_check(settings, w.DAYS) == 0
    assert warned(caplog) == []
    noted = results(settings)
    assert {success for success, _ in noted.values()} == {True}
    for name in ("clickstream", "wait_time", "order_error", "orders"):
        rules = {rule.name for rule in load(name).table_rules}
        assert {f"{name}.{rule}" for rule in rules} <= noted.keys()
        assert f"{name}.{load(name).key[0]}.required" in noted


def test_an_input_that_dried_up_is_told_though_nothing_of_it_is_loaded(dried_up, caplog):
    w.run(dried_up, w.DAYS[:-1])
    with caplog.at_level(logging.WARNING, logger="pipeline.steps"):
        assert until_check(dried_up, [w.LAST]) == 1
    assert warned(caplog) == ["orders.freshness: 2026-01-15: 120 hours; it must be <= 72"]
    noted = results(dried_up)
    assert noted["order_error.order_is_known"] == (True, None), "the orders were bought on the site"
    assert noted["orders.freshness"] == (False, "2026-01-15: 120 hours; it must be <= 72")
    assert "orders.order_id.required" not in noted, "no rows were loaded, so there was none to look at"
    for step in (steps.flag, steps.score, steps.publish):
        step(dried_up, [w.LAST])
    with reading(dried_up.warehouse) as con:
        assert con.execute("select max(day) from friction.flags").fetchall() == [(w.LAST,)], "a warning stops nothing"


def test_where_nothing_is_loaded_nothing_is_looked_at(tmp_path, monkeypatch):
    settings = w.write(tmp_path)
    w.run(settings, w.DAYS[:1])
    monkeypatch.setitem(__import__("sys").modules, "pipeline.contracts.expectations", None)  # importing it would fail
    assert until_check(settings, w.DAYS[:1]) == 0
    assert results(settings) == {}


def stricter(monkeypatch: pytest.MonkeyPatch, contract: str, **more: object) -> None:
    """Let the step know another version of a contract."""

    def loaded(name: str) -> Contract:
        found = load(name)
        return dataclasses.replace(found, **more) if name == contract else found  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "load_contract", loaded)


def test_a_broken_error_publishes_nothing_and_tells_rows_shares_and_figures(tmp_path, monkeypatch):
    settings = w.write(tmp_path)
    w.run(settings, w.DAYS[:1])
    published = settings.warehouse.resolve()
    share = Rule("seldom_on_phones", "device <> 'mobile'", "", limit_share=0.25)
    many = TableRule("many", "rows", Limit("mustBeGreaterThan", (1000.0,)), "")
    moon = TableRule("moon", "query", Limit("mustBe", (0.0,)), "", query="select 1 from moon")
    stricter(monkeypatch, "clickstream", share_rules=(share,), table_rules=(many, moon))
    with pytest.raises(ContractError) as raised:
        until_check(settings, w.DAYS[1:2])
    told = str(raised.value)
    assert "expectations do not hold, nothing was published:" in told
    with duckdb.connect(str(versions.work_file(settings.warehouse)), read_only=True) as con:
        rows, phones = con.execute(
            "select count(*), count(*) filter (device = 'mobile') from events.clickstream where load_id in "
            "(select load_id from ops.loads where run_id = (select run_id from ops.current_run))"
        ).fetchall()[0]
    assert rows > phones > rows / 4
    assert f"clickstream.many: {rows} rows; it must be > 1000" in told
    assert "clickstream.moon could not be checked: Catalog Error: Table with name moon does not exist" in told
    assert (
        f"clickstream.seldom_on_phones: {phones} of {rows} rows break it "
        f"({phones / rows:.2%} of rows, the limit is 25.00%)"
    ) in told
    assert settings.warehouse.resolve() == published
    assert results(settings)["clickstream.many"] == (False, f"{rows} rows; it must be > 1000")

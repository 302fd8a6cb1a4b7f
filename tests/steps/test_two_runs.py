"""Two runs at once, and one that is interrupted: the one that came too late is told, and readers see whole versions."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import typer

from pipeline import nights, settings, steps
from pipeline.errors import WarehouseError
from pipeline.warehouse import versions

NOW = datetime(2026, 2, 1, tzinfo=UTC)
FIRST, SECOND = date(2026, 1, 1), date(2026, 1, 2)


@pytest.fixture
def config(tmp_path: Path) -> settings.Settings:
    (tmp_path / "friction.toml").write_text('[[sources]]\nname = "w"\ncontract = "wait_time"\npath = "w.csv"\n')
    return settings.load(tmp_path / "friction.toml")


def test_a_step_of_a_run_that_another_has_overtaken_is_refused(config):
    steps.prepare(config, [FIRST], "first", NOW)
    steps.prepare(config, [SECOND], "second", NOW)
    with pytest.raises(WarehouseError, match="flag: another run has begun since this one was prepared"):
        steps.flag(config, [FIRST])
    assert steps.flag(config, [SECOND]) == 0


def test_a_step_without_a_prepared_run_is_refused(config):
    with pytest.raises(WarehouseError, match="score: no run has been prepared"):
        steps.score(config, [FIRST])


def test_an_interrupted_night_says_so_and_ends_as_shells_expect(config, monkeypatch, capsys):
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(steps, "ingest", interrupted)
    with pytest.raises(typer.Exit) as ended:
        nights.run(config, [FIRST], reported=[FIRST])
    assert ended.value.exit_code == 130
    assert "interrupted: what readers open is whole" in capsys.readouterr().err
    assert not config.warehouse.exists()
    assert not versions.work_file(config.warehouse).exists()


def test_a_night_on_which_nothing_can_be_measured_is_published_without_flags(config):
    Path(config.folder, "w.csv").write_text("wait_id,customer_id,wait_type,channel,started_at,outcome\n")
    steps.prepare(config, [FIRST], "quiet", NOW)
    for step in (steps.ingest, steps.flag, steps.score, steps.publish):
        step(config, [FIRST])
    assert steps.report(config, [FIRST])[0].is_file()

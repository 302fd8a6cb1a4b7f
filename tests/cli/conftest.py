"""A published world to ask, and the command to ask it with."""

from pathlib import Path

import pytest

from tests.cli.command import Friction
from tests.steps import world as w

HOSTILE = "\x1b[31m[red]#pay[/red]\x07\u202e :boom: <b>"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`friction.toml` of a world of six days that is published; one button has a hostile name. Not to be run."""
    rows = w.world()
    for row in rows["clickstream"]:
        if row.get("element") == "#pay":
            row["element"] = HOSTILE
    settings = w.write(tmp_path_factory.mktemp("project"), rows)
    w.run(settings, w.DAYS)
    return settings.folder / "friction.toml"


@pytest.fixture
def friction(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Friction:
    """The command, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return Friction(monkeypatch, capsys)


@pytest.fixture
def asked(friction: Friction, project: Path) -> Friction:
    """The command with the published world's settings."""
    friction.config = project
    return friction

"""Paths of the settings that leave their folder, lead round in circles or mean nothing."""

from datetime import date
from pathlib import Path

import pytest

from pipeline import ingestion
from pipeline.errors import InputError, SettingsError
from pipeline.settings import load
from tests.sources.rows import HEADER, event

DAY = date(2026, 1, 15)


def found(folder: Path, path: str) -> list[str]:
    """What a path of the settings finds, as it would be shown."""
    config = folder / "project" / "friction.toml"
    config.write_text(f"[[sources]]\nname = 'web'\ncontract = 'clickstream'\npath = '''{path}'''\n", encoding="utf-8")
    return [file.shown for file in ingestion.find(load(config), [DAY])]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A project with a landing folder, a folder beside the project, and links that lead out and round."""
    landing = tmp_path / "project" / "landing"
    for folder in (landing / DAY.isoformat(), tmp_path / "outside"):
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(HEADER + event("e1"), encoding="utf-8")
    (landing / "round").symlink_to(landing)
    (landing / "out").symlink_to(tmp_path / "outside")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("landing/{day}/*.csv", ["landing/2026-01-15/a.csv"]),
        ("landing/./{day}/a.csv", ["landing/2026-01-15/a.csv"]),
        (
            "landing/**/*.csv",
            ["landing/2026-01-15/a.csv"],
        ),  # not once for each time round, and not what a link leads to
        ("landing/out/*.csv", ["landing/out/a.csv"]),
        ("../outside/*.csv", ["../outside/a.csv"]),  # the settings are the operator's own: they may name any folder
    ],
)
def test_a_path_finds_each_file_once(world, path, files):
    assert found(world / ".", path) == files


@pytest.mark.parametrize(
    "path",
    [
        "../{day}/../../../../../../../../nowhere/*.csv",
        "landing/{dya}/*.csv",
        "landing/{}/%s/{0}/*.csv",
        "~/landing/*.csv",
        "landing/{day}/*.csv/",
        "landing/{day}/[",
        "landing/{day}/***",
        "landing/" + "x" * 5000,
        "landing/" + "*/" * 300 + "*.csv",
        "",
        ".",
        "/",
        "**",
        "landing/\0/*.csv",
        "landing/a\nb/*.csv",
    ],
)  # fmt: skip
def test_a_path_that_finds_no_file_is_an_error_that_names_it(world, path):
    with pytest.raises((InputError, SettingsError)) as raised:
        found(world, path)
    assert len(str(raised.value)) < 10_000

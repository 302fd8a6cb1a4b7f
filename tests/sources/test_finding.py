"""Which files of this machine a path of the settings means, and what becomes of what is no file."""

import logging
import os
import socket
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import InputError, SettingsError
from pipeline.sources import files
from tests.warehouse.loads import put

DAY = date(2026, 1, 5)


def shown(folder: Path, pattern: str) -> list[str]:
    return [name for _, name in files.find(folder, pattern, DAY)]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{day}/*.csv", "2026-01-05/a.csv"),
        ("dt={day}/*.csv", "dt=2026-01-05/a.csv"),
        ("{day:%Y/%m/%d}/*.csv", "2026/01/05/a.csv"),
        ("events_{day:%Y%m%d}*.csv", "events_20260105_1.csv"),
        ("year={day:%Y}/month={day:%-m}/day={day:%-d}/*", "year=2026/month=1/day=5/a.csv"),
        ("{day:%Y-%j}.csv", "2026-005.csv"),
        ("{day:%d.%m.%y}.csv", "05.01.26.csv"),
    ],
)
def test_the_day_may_have_other_forms(tmp_path, pattern, name):
    for each in (name, "2026-01-06/a.csv", "2026/01/06/a.csv", "events_20260106_1.csv", "05.csv"):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).write_text("")
    assert shown(tmp_path, pattern) == [name]
    assert [name for _, name in files.find(Path("/nowhere"), f"{tmp_path}/{pattern}", DAY)] == [f"{tmp_path}/{name}"]


def test_a_path_may_leave_the_folder_of_the_settings(tmp_path):
    (tmp_path / "project").mkdir()
    put(tmp_path, "a.csv", "")
    ((path, name),) = files.find(tmp_path / "project", "../*.csv", DAY)
    assert name == "../a.csv"
    assert path.samefile(tmp_path / "a.csv")


def test_folders_that_match_are_left_out_with_a_warning(tmp_path, caplog):
    put(tmp_path, "a.csv", "")
    (tmp_path / "b.csv").mkdir()
    with caplog.at_level(logging.WARNING, logger="pipeline"):  # whatever an Airflow in this process asks for
        assert shown(tmp_path, "*") == ["a.csv"]
    assert "b.csv is a folder and is left out: to read the files in it, write b.csv/*" in caplog.text


def test_folders_that_go_round_in_a_ring_are_walked_once(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "back").symlink_to(tmp_path)
    put(tmp_path / "sub", "a.csv", "")
    assert shown(tmp_path, "**/*.csv") == ["sub/a.csv"]


def test_two_stars_at_the_end_are_an_error_that_says_what_to_write(tmp_path):
    with pytest.raises(SettingsError, match=r"which files of it\? Write landing/\*\*/\*"):
        shown(tmp_path, "landing/**")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))  # such names may not be long


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_pipe, _socket, _device])
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path, make):
    make(tmp_path / "a.csv")
    ((path, name),) = files.find(tmp_path, "*.csv", DAY)
    with pytest.raises(
        InputError, match=r"^a\.csv: is no file but a pipe, a socket or a device\. Write its content to"
    ):
        files.open_file(path, name, DAY)


@pytest.mark.parametrize(
    ("target", "words"), [("a.csv", "Too many levels of symbolic links"), ("gone.csv", "No such file or directory")]
)
def test_a_link_that_leads_nowhere_is_an_error_that_names_it(tmp_path, target, words):
    (tmp_path / "a.csv").symlink_to(tmp_path / target)
    ((path, name),) = files.find(tmp_path, "*.csv", DAY)
    with pytest.raises(InputError, match=rf"^a\.csv: cannot be read: {words}"):
        files.open_file(path, name, DAY)

"""`friction check` of an object, as of a file."""

import json

import pytest

from tests.cli.command import Friction
from tests.sources.rows import HEADER, event
from tests.sources.storage.conftest import Fill


@pytest.fixture
def friction(monkeypatch, capsys, tmp_path) -> Friction:
    monkeypatch.chdir(tmp_path)
    return Friction(monkeypatch, capsys)


def test_an_object_is_held_to_its_contract(friction: Friction, server, fill: Fill, tmp_path):
    bucket = fill({"d/a b?.csv": (HEADER + event("e1") + "e2,never,click,c1,\n").encode(), "d/a bc.csv": b""})
    (tmp_path / "friction.toml").write_text(f'[storage]\nendpoint = "{server.endpoint}"\n')
    done = friction("check", f"s3://{bucket}/d/a b?.csv", "--contract", "clickstream", "--json")
    assert done.code == 10
    found = json.loads(done.out)
    assert (found["file"], found["rows_read"], found["rows_kept"]) == (f"s3://{bucket}/d/a b?.csv", 2, 1)


def test_settings_are_not_needed_where_the_environment_names_the_server(friction: Friction, server, fill, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    bucket = fill({"a.csv": (HEADER + event("e1")).encode()})
    assert friction("check", f"s3://{bucket}/a.csv", "--contract", "clickstream").code == 0


def test_an_object_that_is_missing_is_an_error_that_names_it(friction: Friction, server, fill, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    bucket = fill({})
    done = friction("check", f"s3://{bucket}/none.csv", "--contract", "clickstream")
    assert done.code == 3
    assert f"s3://{bucket}/none.csv: is not there, or no longer." in " ".join(done.err.split())

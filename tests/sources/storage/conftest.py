"""An S3 server process, credentials that are nobody's, and a temporary folder that must be empty after each test."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.settings import Storage
from pipeline.sources import storage
from tests.sources.storage.server import Server, moto

OURS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "s3cr3t/of-nobody",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "NO_PROXY": "127.0.0.1",
}
THEIRS = ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")

Fill = Callable[[dict[str, bytes]], str]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with moto() as started:
        yield started


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where fetched files go: whatever a test does, nothing may be left there."""
    for name, value in OURS.items():
        monkeypatch.setenv(name, value)
    for name in THEIRS:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def options(server: Server) -> Storage:
    return Storage(endpoint=server.endpoint, region="us-east-1")


@pytest.fixture
def store(options: Storage) -> storage.Store:
    return storage.connect("s3://any/thing", options)


_NUMBERS = itertools.count(1)


@pytest.fixture
def fill(server: Server) -> Fill:
    """Puts objects into a new bucket; gives its name."""

    def filled(objects: dict[str, bytes]) -> str:
        name = f"landing-{next(_NUMBERS)}"
        server.bucket(name, objects)
        return name

    return filled

"""A worker to try files in, and a folder for one file that anybody may look into."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.keeper import Keeper


@pytest.fixture(scope="module")
def keeper() -> Iterator[Keeper]:
    """The worker process of a module."""
    made = Keeper()
    yield made
    made.end()


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, which is thrown away at once: bad files are large. (pytest's own are closed to others.)"""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    for each in [made, *made.rglob("*")]:
        if each.is_dir() and not each.is_symlink():
            each.chmod(0o755)
    shutil.rmtree(made)

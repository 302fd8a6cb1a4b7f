"""Where the real data are: in FRICTION_REAL_DATA, and nowhere in this project."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data. Without the variable the tests skip; with it, what is missing is a failure."""
    named = os.environ.get("FRICTION_REAL_DATA")
    if not named:
        pytest.skip("FRICTION_REAL_DATA is not set: it names the folder of the real data")
    folder = (ROOT / named).resolve()
    if not folder.is_dir():
        pytest.fail(f"FRICTION_REAL_DATA is {named!r}, and there is no such folder")
    return folder

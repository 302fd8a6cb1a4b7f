"""What is built holds all that it needs, and runs from any directory."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from pipeline import __version__

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = ["dags", "data_contracts", "sample_data", "sql"]


def call(*command: object, cwd: Path = ROOT) -> str:
    """Standard output of a command; its errors are in the failure."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "hatchling", "build", "-d", folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("journey_friction-*.whl"))


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    return next(built.glob("journey_friction-*.tar.gz"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment into which only the wheel was installed; it borrows our libraries."""
    folder = tmp_path_factory.mktemp("env")
    call(sys.executable, "-m", "venv", "--without-pip", folder)
    call(sys.executable, "-m", "pip", "--python", folder, "install", "--quiet", "--no-deps", "--no-index", wheel)
    site = next(folder.glob("lib/python3*/site-packages"))
    libraries = Path(pytest.__file__).parents[1]
    (site / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")  # after its own: our wheel wins
    return folder / "bin"


def files_below(folder: str) -> set[str]:
    """Files of a folder of the checkout, relative to the checkout."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_the_wheel_holds_the_package_and_all_of_its_resources(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert files_below("pipeline") <= names
    for folder in RESOURCES:
        expected = {f"pipeline/_resources/{name}" for name in files_below(folder)}
        assert expected, f"{folder} is empty"
        assert expected <= names


def test_the_wheel_holds_nothing_else(wheel: Path):
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"pipeline", f"journey_friction-{__version__}.dist-info"}


def test_the_source_distribution_builds_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path):
    with tarfile.open(sdist) as packed:
        packed.extractall(tmp_path, filter="data")
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=next(tmp_path.iterdir()))
    again = next(tmp_path.glob("*.whl"))
    assert set(zipfile.ZipFile(again).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_the_metadata_names_version_licence_and_extras(wheel: Path):
    with zipfile.ZipFile(wheel) as packed:
        info = f"journey_friction-{__version__}.dist-info"
        metadata = packed.read(f"{info}/METADATA").decode()
        licence = packed.read(f"{info}/licenses/LICENSE").decode()
    for line in [
        "Name: journey-friction",
        f"Version: {__version__}",
        "License-Expression: Apache-2.0",
        "Requires-Python: <3.14,>=3.11",
        *(f"Provides-Extra: {extra}" for extra in ["airflow", "spark", "test"]),
    ]:
        assert line in metadata.splitlines()
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence


def test_the_installed_wheel_runs_the_demo_from_a_directory_of_its_own(installed: Path, tmp_path: Path):
    where = call(installed / "python", "-c", "import pipeline.resources as r; print(r.root())", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(installed.parent), "the checkout was used, not the wheel"
    assert __version__ in call(installed / "friction", "--version", cwd=Path("/"))
    assert "Usage" in call(installed / "friction", "--help", cwd=Path("/"))
    printed = call(installed / "friction", "demo", cwd=tmp_path)
    assert list(tmp_path.rglob("report.html"))
    printed = printed.replace("\u00a0", " ")
    promised = (ROOT / "README.md").read_text(encoding="utf-8").split("```\n")
    report = next(block for block in promised if block.startswith("Where customers struggle"))
    assert report in printed, f"the README shows another report than the demo prints:\n{printed}"

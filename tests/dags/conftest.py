"""One Airflow for all DAG tests: a home of its own, a migrated database, no examples."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dags.night import write_night

DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A migrated Airflow home in a temporary folder.

    Airflow reads its environment when it is first imported, so nothing may import it before this fixture.
    """
    home = tmp_path_factory.mktemp("airflow")
    patch = pytest.MonkeyPatch()
    patch.setenv("AIRFLOW_HOME", str(home))
    patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(DAGS))
    patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    patch.setenv("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    patch.delenv("FRICTION_CONFIG", raising=False)
    patch.delenv("FRICTION_POOL", raising=False)
    assert "airflow.sdk" not in sys.modules, "imported before its home was set"
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True, env=os.environ)
    yield
    patch.undo()


@pytest.fixture
def load_dag(airflow: None) -> Callable[[], Any]:
    """Parses dags/ anew, as the environment is now, and returns the nightly DAG."""

    def load() -> Any:
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(dag_folder=str(DAGS))
        assert bag.import_errors == {}
        assert list(bag.dags) == ["friction_nightly"], "was the right folder read?"
        return bag.dags["friction_nightly"]

    return load


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project in a temporary folder, which FRICTION_CONFIG names."""
    path = write_night(tmp_path)
    monkeypatch.setenv("FRICTION_CONFIG", str(path))
    return path

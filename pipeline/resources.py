"""Where the files beside the code are: SQL, data contracts, sample data; the same for a checkout and a wheel."""

from importlib.resources import files
from pathlib import Path


def root() -> Path:
    """The folder that holds `sql/`, `data_contracts/`, `dags/` and `sample_data/`."""
    packed = Path(str(files("pipeline"))) / "_resources"
    return packed if packed.is_dir() else Path(__file__).resolve().parent.parent

"""A mapping file: how the columns of a format become the canonical columns of a contract.

A mapping is YAML. `columns` gives, for each canonical column, a DuckDB SQL expression over the columns of the file
(over `json` for NDJSON), so that anything an analyst can write in a SELECT can be said, and no code is needed.
"""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import SettingsError, hint

BUILT_IN = Path(__file__).parent / "mappings"


class Rows(BaseModel):
    """The mapping for one contract: `where` leaves out rows that are of another contract."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    columns: dict[str, str]
    relation: str = Field(default="rows", alias="from")
    where: str | None = None


class Mapping(BaseModel):
    """One source format. Every row that `where` lets through is counted as read.

    `beside` names other CSV files of the same folder that `from` may join, as tables of that name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    description: str
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    format: Literal["csv", "ndjson", "parquet"] | None = None
    beside: dict[str, str] = {}
    contracts: dict[str, Rows]


def load(adapter: str, folder: Path) -> Mapping | None:
    """The mapping of that name, or in the file of that path; None for `canonical`, where names are as they are.

    Raises SettingsError where there is none, or the file is not a mapping.
    """
    if adapter == "canonical":
        return None
    built_in = {path.stem: path for path in sorted(BUILT_IN.glob("*.yaml"))}
    path = built_in.get(adapter, folder / adapter)
    if path.suffix not in {".yaml", ".yml"} or not path.is_file():
        raise SettingsError(f"sources: there is no adapter {adapter!r}.{hint(adapter, {'canonical', *built_in})}")
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise SettingsError(f"{path}: is not a mapping file: {error}") from error

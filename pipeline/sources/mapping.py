"""A mapping file: how the columns of a format become the canonical columns of a contract.

A mapping is YAML. `columns` gives, for each canonical column, a DuckDB SQL expression over the columns of the file
(over `json` for NDJSON), so that anything an analyst can write in a SELECT can be said, and no code is needed.
"""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import SettingsError, hint
from pipeline.quoting import text

BUILT_IN = Path(__file__).parent / "mappings"


class Rows(BaseModel):
    """The mapping for one contract.

    `columns`: canonical column → SQL; `words`: canonical column → the source's word → ours, other words stay as they
    are; `where` leaves out rows that are of another contract; `lacks`: columns that the source cannot supply, and why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    columns: dict[str, str]
    words: dict[str, dict[str, str]] = {}
    relation: str = Field(default="rows", alias="from")
    where: str | None = None
    lacks: dict[str, str] = {}

    def expressions(self) -> dict[str, str]:
        """Canonical column → SQL, with the source's words turned into ours."""
        return {name: _in_our_words(sql, self.words.get(name, {})) for name, sql in self.columns.items()}


def _in_our_words(sql: str, words: dict[str, str]) -> str:
    if not words:
        return sql
    pairs = ", ".join(f"{text(theirs)}: {text(ours)}" for theirs, ours in words.items())
    return f"coalesce(map {{{pairs}}}[({sql})::varchar], ({sql})::varchar)"


class Mapping(BaseModel):
    """One source format. Every row that `where` lets through is counted as read.

    `beside` names other CSV files of the same folder that `from` may join, as tables of that name. `fields` names the
    columns of a file without a header.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    description: str
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    format: Literal["csv", "ndjson", "parquet", "xes", "ocel"] | None = None  # where the name's ending does not tell it
    fields: tuple[str, ...] = ()
    beside: dict[str, str] = {}
    contracts: dict[str, Rows]


def load(adapter: str, folder: Path) -> Mapping | None:
    """The mapping of that name, or in the file of that path; None for `canonical`, where names are as they are.

    Raises SettingsError where there is none, or the file is not a mapping.
    """
    if adapter == "canonical":
        return None
    ours = {path.stem: path for path in sorted(BUILT_IN.glob("*.yaml"))}
    path = ours.get(adapter, folder / adapter)
    if path.suffix not in {".yaml", ".yml"} or not path.is_file():
        raise SettingsError(f"sources: there is no adapter {adapter!r}.{hint(adapter, {'canonical', *ours})}")
    try:
        return Mapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise SettingsError(f"{path}: is not a mapping file: {error}") from error


def built_in() -> dict[str, Mapping]:
    """The product's own mappings by name."""
    found = {}
    for path in sorted(BUILT_IN.glob("*.yaml")):
        mapping = load(path.stem, BUILT_IN)
        if mapping is not None:
            found[path.stem] = mapping
    return found

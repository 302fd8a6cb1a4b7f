"""Small contract files for tests, and what stands in them."""

from pathlib import Path
from typing import Any

import yaml

from pipeline.contracts import contract as contracts
from pipeline.contracts.contract import Contract

LOGICAL = {"BIGINT": "integer", "DOUBLE": "number", "DATE": "date", "TIMESTAMPTZ": "timestamp"}


def described(name: str = "id", kind: str = "VARCHAR", **more: Any) -> dict[str, Any]:
    """A column as a contract describes it; `more` replaces what is said."""
    told: dict[str, Any] = {"name": name, "physicalType": kind, "description": "d", "examples": ["x"]}
    told["logicalType"] = LOGICAL.get(kind, "string")
    return told | {"customProperties": [{"property": "unit", "value": "none"}]} | more


def content(*columns: dict[str, Any], top: dict[str, Any] | None = None, **table: Any) -> dict[str, Any]:
    """A contract of one table with these columns; `top` stands beside the table, `table` in it."""
    made = {"name": "x", "physicalName": "events.x", "properties": list(columns)}
    made |= {"description": "Some rows.", "dataGranularityDescription": "one row per x"}
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "x",
        "name": "x",
        "version": "1.0.0",
        "status": "active",
        "schema": [made | table],
    } | (top or {})


def write(folder: Path, *columns: dict[str, Any], name: str = "x.yaml", **more: Any) -> Path:
    """The contract as a file."""
    path = folder / name
    path.write_text(yaml.safe_dump(content(*columns, **more), sort_keys=False))
    return path


def read(folder: Path, *columns: dict[str, Any], **more: Any) -> Contract:
    """The contract, written and read."""
    return contracts.read(write(folder, *columns, **more))

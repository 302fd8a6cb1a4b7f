"""What the tests of the built-in mappings share: a mapping by name, and the rows that it gave as plain values."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline.contracts.contract import load as load_contract
from pipeline.sources import mapping

HERE = Path(__file__).parent


def vendor(name: str) -> mapping.Mapping:
    """The built-in mapping of that name."""
    found = mapping.load(name, HERE)
    assert found is not None
    return found


def canonical(con: duckdb.DuckDBPyConnection, contract: str = "clickstream") -> list[dict[str, Any]]:
    """The kept rows without what is null, in order of time and id; instants in UTC, attributes as an object."""
    found = load_contract(contract)
    names = [column.name for column in found.inputs]
    rows = con.execute(
        f"select {', '.join(names)} from {found.table} order by {found.event_time}, {found.key[0]}"
    ).fetchall()
    return [
        {name: _plain(name, value) for name, value in zip(names, row, strict=True) if value is not None} for row in rows
    ]


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return json.loads(value) if name == "attributes" else value


def expected(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

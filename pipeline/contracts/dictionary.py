"""The data dictionary of a contract: what a person wants to know of each column, in words."""

from dataclasses import dataclass
from typing import Any

from pipeline.contracts.model import Column, Contract, TableRule


@dataclass(frozen=True)
class Entry:
    """One column: `unit` is empty where it has none, `rules` are what each of its values must keep."""

    column: str
    type: str
    unit: str
    description: str
    example: Any
    is_required: bool
    is_key: bool
    is_derived: bool
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Dictionary:
    """A contract in words. `rules`: name, severity, description of those that are of more than one column."""

    name: str
    table: str
    version: str
    description: str
    grain: str
    columns: tuple[Entry, ...]
    rules: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


def dictionary(contract: Contract) -> Dictionary:
    """The contract in words."""
    rules = [(rule.name, rule.severity, rule.description) for rule in contract.custom_rules]
    rules += [
        (rule.name, rule.severity, f"{rule.description} (limit: {rule.limit_share:.2%} of the rows)".strip())
        for rule in contract.share_rules
    ]
    rules += [
        (rule.name, rule.severity, f"{rule.description} ({_limited(rule)})".strip()) for rule in contract.table_rules
    ]
    return Dictionary(
        name=contract.name,
        table=contract.table,
        version=contract.version,
        description=contract.description,
        grain=contract.grain,
        columns=tuple(_entry(column) for column in contract.columns),
        rules=tuple(rules),
        notes=contract.notes,
    )


def _limited(rule: TableRule) -> str:
    return f"{rule.limit} {rule.unit}".strip()


def _entry(column: Column) -> Entry:
    rules = (
        []
        if column.is_derived
        else [rule for rule in column.rules() if not rule.name.endswith((".required", ".finite"))]
    )
    return Entry(
        column=column.name,
        type=column.type,
        unit="" if column.unit == "none" else column.unit,
        description=column.description,
        example=column.example,
        is_required=column.is_required,
        is_key=column.is_key,
        is_derived=column.is_derived,
        rules=tuple(rule.description.removeprefix(f"{column.name} ") for rule in rules),
    )

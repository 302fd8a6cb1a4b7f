"""An ODCS file, read into what the rest of the house asks of it."""

import hashlib
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import ValidationError

from pipeline.contracts import quality
from pipeline.contracts.model import SUPPORTED_TYPES, Bound, Column, Contract
from pipeline.errors import ContractError, hint

# What a column is where the contract names no physical type, as many tools write them.
OF_LOGICAL = {
    "string": "VARCHAR",
    "timestamp": "TIMESTAMPTZ",
    "date": "DATE",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "array": "VARCHAR[]",
    "object": "JSON",
}
# `format` and the time zones tell how a value is written; what is read has a type already.
OPTIONS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern"}
TOLD_ONLY = {"format", "timezone", "defaultTimezone"}


def read(path: Path) -> Contract:
    """The contract in an ODCS file.

    Raises ContractError where the file is no ODCS, describes a column without description, unit (or `none`) and
    example – optional documentation is absent documentation – or states a rule that cannot be checked.
    """
    try:
        stated, content = loaded(path)
        return _contract(modelled(stated), path.stem, content)
    except ContractError as error:
        raise ContractError(f"{path}: {error}") from error


def loaded(path: Path) -> tuple[dict[str, Any], bytes]:
    """What a file states, and its content. Raises ContractError where it is no YAML, or no mapping."""
    try:
        content = path.read_bytes()
        stated = yaml.safe_load(content.decode())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContractError(f"cannot be read as an ODCS v3 contract: {error}") from error
    if not isinstance(stated, dict):
        raise ContractError(f"cannot be read as an ODCS v3 contract: it is no mapping, but {str(stated)[:40]!r}.")
    return stated, content


def modelled(stated: dict[str, Any]) -> OpenDataContractStandard:
    """The standard's model of what a file states. Raises ContractError where it does not fit."""
    try:
        return OpenDataContractStandard(**stated)
    except (ValidationError, TypeError) as error:  # TypeError: a key that is no text
        raise ContractError(f"cannot be read as an ODCS v3 contract: {error}") from error


def _contract(odcs: OpenDataContractStandard, stem: str, content: bytes) -> Contract:
    table = the_table(odcs)
    columns = tuple(column(found) for found in table.properties or [])
    if not columns:
        raise ContractError("no columns. Give schema[0].properties.")
    custom = custom_properties(table)
    rules = quality.rules(odcs, table, columns, custom.get("eventTime"))
    return Contract(
        name=odcs.name or stem,
        table=table.physicalName or table.name or stem,
        description=table.description or "",
        grain=table.dataGranularityDescription or "",
        version=odcs.version or "",
        columns=columns,
        custom_rules=rules.of_rows,
        share_rules=rules.of_shares,
        table_rules=rules.of_table,
        notes=rules.notes,
        event_time=custom.get("eventTime"),
        quarantine_limit_share=_share(custom.get("quarantineLimitShare", 0.0)),
        digest=hashlib.sha256(content).hexdigest(),
    )


def the_table(odcs: OpenDataContractStandard) -> SchemaObject:
    """The one table that a contract describes. Raises ContractError where there are none or several."""
    if not odcs.schema_ or len(odcs.schema_) != 1:
        raise ContractError(f"a contract describes exactly one table, found {len(odcs.schema_ or [])}.")
    return odcs.schema_[0]


def custom_properties(described: SchemaObject | SchemaProperty) -> dict[str, Any]:
    """The custom properties of a table or a column by name."""
    return {found.property: found.value for found in described.customProperties or [] if found.property}


def _share(value: object) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ContractError(f"quarantineLimitShare is {value!r}; it is a share of the rows, between 0 and 1.")
    return float(value)


def column(found: SchemaProperty) -> Column:
    """One column. Raises ContractError where it lacks what a column must say, or says what nobody can check."""
    custom = custom_properties(found)
    missing = [
        what
        for what, value in [
            ("name", found.name),
            ("description", found.description),
            ("a unit (or none)", custom.get("unit")),
            ("an example", found.examples),
        ]
        if not value
    ]
    if missing or not found.name or not found.examples:
        raise ContractError(f"column {found.name!r} has no {', no '.join(missing)}.")
    kind = found.physicalType or OF_LOGICAL.get(found.logicalType or "")
    kind = kind.upper() if kind else kind
    if kind not in SUPPORTED_TYPES:
        raise ContractError(f"column {found.name!r} has physicalType {kind!r}.{hint(str(kind), SUPPORTED_TYPES)}")
    options = found.logicalTypeOptions or {}
    if unknown := sorted(set(options) - OPTIONS - TOLD_ONLY):
        raise ContractError(
            f"column {found.name!r}: {', '.join(unknown)} cannot be checked. Known: {', '.join(sorted(OPTIONS))}. "
            "Write the rule in SQL: quality with type custom, engine row."
        )
    bounds = {name: _bound(found.name, kind, name, options.get(name)) for name in OPTIONS if "imum" in name}
    return Column(
        name=found.name,
        type=kind,
        description=found.description or "",
        unit=str(custom["unit"]),
        example=found.examples[0],
        is_required=bool(found.required),
        is_key=bool(found.primaryKey),
        is_derived=bool(custom.get("derived", False)),
        allowed=tuple(str(word.value) for word in found.enum or []),
        minimum=bounds["minimum"],
        maximum=bounds["maximum"],
        above=bounds["exclusiveMinimum"],
        below=bounds["exclusiveMaximum"],
        min_length=options.get("minLength"),
        max_length=options.get("maxLength"),
        pattern=options.get("pattern"),
    )


def _bound(name: str, kind: str, option: str, value: object) -> Bound | None:
    if value is None:
        return None
    if kind in {"BIGINT", "DOUBLE"} and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in {"DATE", "TIMESTAMPTZ"}:
        return str(value)
    raise ContractError(f"column {name!r}: {option} {value!r} does not fit {kind}.")

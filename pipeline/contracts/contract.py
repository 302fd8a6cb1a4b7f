"""An ODCS file, read into what the rest of the house asks of it."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import ValidationError
from yaml import YAMLError

from pipeline.errors import ContractError, hint
from pipeline.quoting import quoted, text
from pipeline.resources import root

SUPPORTED_TYPES = frozenset({"VARCHAR", "TIMESTAMPTZ", "DATE", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR[]", "JSON"})


@dataclass(frozen=True)
class Column:
    """One column: `type` is a DuckDB type, `unit` is a unit or `none`, a derived column is not in the input."""

    name: str
    type: str
    description: str
    unit: str
    example: Any
    is_required: bool = False
    is_key: bool = False
    is_derived: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    pattern: str | None = None


@dataclass(frozen=True)
class Rule:
    """A rule of one row: `holds` is a DuckDB expression that must be true (null breaks it)."""

    name: str
    holds: str
    description: str
    severity: str = "error"


@dataclass(frozen=True)
class Contract:
    """One table.

    `event_time` names the column that gives a row its day; without it the table has no days. `row_count_severity`: how
    bad a load without rows is, if the contract says so.
    """

    name: str
    table: str
    description: str
    grain: str
    version: str
    columns: tuple[Column, ...]
    custom_rules: tuple[Rule, ...]
    row_count_severity: str | None
    event_time: str | None
    quarantine_limit_share: float
    digest: str

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that an input may bring."""
        return tuple(column for column in self.columns if not column.is_derived)

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the primary key's columns."""
        return tuple(column.name for column in self.columns if column.is_key)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    def rules(self) -> tuple[Rule, ...]:
        """All row rules: those that follow from the columns, then the contract's own."""
        return tuple(rule for column in self.inputs for rule in _column_rules(column)) + self.custom_rules


def _column_rules(column: Column) -> list[Rule]:
    name = quoted(column.name)
    found: list[Rule] = []

    def rule(kind: str, holds: str, description: str) -> None:
        found.append(Rule(f"{column.name}.{kind}", holds, description))

    if column.is_required:
        rule("required", f"{name} is not null", f"{column.name} is given")
    if column.type in {"DOUBLE", "TIMESTAMPTZ"}:  # both have an infinity
        rule("finite", f"{name} is null or isfinite({name})", f"{column.name} is finite")
    if column.allowed:
        words = ", ".join(text(word) for word in column.allowed)
        rule("known", f"{name} is null or {name} in ({words})", f"{column.name} is one of {', '.join(column.allowed)}")
    if column.minimum is not None:
        rule("minimum", f"{name} is null or {name} >= {column.minimum!r}", f"{column.name} >= {column.minimum:g}")
    if column.maximum is not None:
        rule("maximum", f"{name} is null or {name} <= {column.maximum!r}", f"{column.name} <= {column.maximum:g}")
    if column.max_length is not None:
        short = f"{name} is null or length({name}) <= {column.max_length}"
        rule("length", short, f"{column.name} has at most {column.max_length} characters")
    if column.pattern is not None:
        matches = f"{name} is null or regexp_full_match({name}, {text(column.pattern)})"
        rule("pattern", matches, f"{column.name} matches {column.pattern}")
    return found


def folder() -> Path:
    """Where the contracts of the product are."""
    return root() / "data_contracts"


@cache
def load_all() -> dict[str, Contract]:
    """All contracts of the product by name."""
    return {path.stem: read(path) for path in sorted(folder().glob("*.yaml"))}


def load(name: str) -> Contract:
    """The product's contract of that name, or the contract in the file of that path."""
    if name in load_all():
        return load_all()[name]
    if Path(name).suffix in {".yaml", ".yml"}:
        return read(Path(name))
    raise ContractError(f"there is no contract {name!r}.{hint(name, load_all())}")


def read(path: Path) -> Contract:
    """The contract in an ODCS file.

    Raises ContractError where the file is no ODCS, or describes a column without description, unit (or `none`) and
    example: optional documentation is absent documentation.
    """
    try:
        content = path.read_bytes()
        odcs = OpenDataContractStandard.from_string(content.decode())
    except (OSError, UnicodeDecodeError, YAMLError, ValidationError, TypeError) as error:  # TypeError: no mapping
        raise ContractError(f"{path}: cannot be read as an ODCS v3 contract: {error}") from error
    if not odcs.schema_ or len(odcs.schema_) != 1:
        raise ContractError(f"{path}: a contract describes exactly one table, found {len(odcs.schema_ or [])}.")
    table = odcs.schema_[0]
    columns = tuple(_column(path, found) for found in table.properties or [])
    if not columns:
        raise ContractError(f"{path}: no columns. Give schema[0].properties.")
    custom = _custom(table)
    return Contract(
        name=odcs.name or path.stem,
        table=table.physicalName or table.name or path.stem,
        description=table.description or "",
        grain=table.dataGranularityDescription or "",
        version=odcs.version or "",
        columns=columns,
        custom_rules=tuple(_custom_rules(table)),
        row_count_severity=next((each.severity for each in table.quality or [] if each.metric == "rowCount"), None),
        event_time=custom.get("eventTime"),
        quarantine_limit_share=float(custom.get("quarantineLimitShare", 0.0)),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _custom(described: SchemaObject | SchemaProperty) -> dict[str, Any]:
    return {found.property: found.value for found in described.customProperties or [] if found.property}


def _custom_rules(table: SchemaObject) -> list[Rule]:
    return [
        Rule(rule.name or "rule", str(rule.implementation), rule.description or "", rule.severity or "error")
        for rule in table.quality or []
        if rule.type == "custom" and rule.engine == "row"
    ]


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def _column(path: Path, found: SchemaProperty) -> Column:
    custom = _custom(found)
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
        raise ContractError(f"{path}: column {found.name!r} has no {', no '.join(missing)}.")
    if found.physicalType not in SUPPORTED_TYPES:
        raise ContractError(
            f"{path}: column {found.name!r} has physicalType {found.physicalType!r}."
            f"{hint(str(found.physicalType), SUPPORTED_TYPES)}"
        )
    options = found.logicalTypeOptions or {}
    return Column(
        name=found.name,
        type=found.physicalType,
        description=found.description or "",
        unit=str(custom["unit"]),
        example=found.examples[0],
        is_required=bool(found.required),
        is_key=bool(found.primaryKey),
        is_derived=bool(custom.get("derived", False)),
        allowed=tuple(str(word.value) for word in found.enum or []),
        minimum=_number(options.get("minimum")),
        maximum=_number(options.get("maximum")),
        max_length=options.get("maxLength"),
        pattern=options.get("pattern"),
    )

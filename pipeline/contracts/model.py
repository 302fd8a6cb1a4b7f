"""What a contract says of one table: columns, rules of a row, rules of the table."""

from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from pipeline.quoting import quoted, text

# What a column can be: its DuckDB type, and how polars holds it.
POLARS: dict[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "TIMESTAMPTZ": pl.Datetime("us", "UTC"),
    "DATE": pl.Date(),
    "BIGINT": pl.Int64(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "VARCHAR[]": pl.List(pl.String()),
    "JSON": pl.String(),
}
SUPPORTED_TYPES = frozenset(POLARS)

Bound = float | str  # text where the column is a day or an instant


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
    minimum: Bound | None = None
    maximum: Bound | None = None
    above: Bound | None = None  # exclusive
    below: Bound | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None

    def rules(self) -> "tuple[Rule, ...]":
        """The rules of a row that follow from what is said of the column."""
        name = quoted(self.name)
        told: list[tuple[str, str, str]] = []
        if self.is_required:
            told.append(("required", f"{name} is not null", "is given"))
        if self.type in {"DOUBLE", "TIMESTAMPTZ"}:  # both have an infinity
            told.append(("finite", f"isfinite({name})", "is finite"))
        if self.allowed:
            words = ", ".join(text(word) for word in self.allowed)
            told.append(("known", f"{name} in ({words})", f"is one of {', '.join(self.allowed)}"))
        for kind, sign, bound in (
            ("minimum", ">=", self.minimum),
            ("maximum", "<=", self.maximum),
            ("above", ">", self.above),
            ("below", "<", self.below),
        ):
            if bound is not None:
                shown = f"{bound:g}" if isinstance(bound, float) else bound
                told.append((kind, f"{name} {sign} {self._literal(bound)}", f"{sign} {shown}"))
        if self.min_length is not None:
            words = f"has at least {self.min_length} characters"
            told.append(("short", f"length({name}) >= {self.min_length}", words))
        if self.max_length is not None:
            words = f"has at most {self.max_length} characters"
            told.append(("length", f"length({name}) <= {self.max_length}", words))
        if self.pattern is not None:
            told.append(("pattern", f"regexp_full_match({name}, {text(self.pattern)})", f"matches {self.pattern}"))
        return tuple(
            Rule(
                f"{self.name}.{kind}",
                holds if kind == "required" else f"{name} is null or {holds}",
                f"{self.name} {words}",
            )
            for kind, holds, words in told
        )

    def _literal(self, bound: Bound) -> str:
        return repr(bound) if isinstance(bound, float) else f"{text(bound)}::{self.type}"


@dataclass(frozen=True)
class Rule:
    """A rule of one row: `holds` is a DuckDB expression that must be true (null breaks it).

    A rule with a `limit_share` is one of all rows together: that share of them (0-1) may break it, so no single row is
    set aside for it. `is_strict`: the share itself is too much.
    """

    name: str
    holds: str
    description: str
    severity: str = "error"
    limit_share: float = 0.0
    is_strict: bool = False


@dataclass(frozen=True)
class Limit:
    """What a figure must be, in the words of ODCS: `operator` is mustBe, mustBeGreaterThan …, with its values."""

    operator: str
    values: tuple[float, ...]

    def holds(self, figure: float) -> bool:
        """Whether a figure keeps it."""
        low, high = self.values[0], self.values[-1]
        return {
            "mustBe": figure == low,
            "mustNotBe": figure != low,
            "mustBeGreaterThan": figure > low,
            "mustBeGreaterOrEqualTo": figure >= low,
            "mustBeLessThan": figure < low,
            "mustBeLessOrEqualTo": figure <= low,
            "mustBeBetween": low <= figure <= high,
            "mustNotBeBetween": not low <= figure <= high,
        }[self.operator]

    def __str__(self) -> str:
        low, high = f"{self.values[0]:g}", f"{self.values[-1]:g}"
        return {
            "mustBe": low,
            "mustNotBe": f"not {low}",
            "mustBeGreaterThan": f"> {low}",
            "mustBeGreaterOrEqualTo": f">= {low}",
            "mustBeLessThan": f"< {low}",
            "mustBeLessOrEqualTo": f"<= {low}",
            "mustBeBetween": f"between {low} and {high}",
            "mustNotBeBetween": f"not between {low} and {high}",
        }[self.operator]


@dataclass(frozen=True)
class TableRule:
    """A rule of a table: a figure that must keep a limit; a figure that is null keeps every limit.

    Figures of the rows that a run has loaded: `rows`, and `duplicates` (rows whose `columns` stand there already).
    Figures of each day that a run is asked for: `usual_rows` (percent of the rows of a usual day, of the source that
    has least), `age_hours` (of the newest event, at the end of the day), and `query` (any number).
    """

    name: str
    figure: Literal["rows", "duplicates", "usual_rows", "age_hours", "query"]
    limit: Limit
    description: str
    severity: str = "error"
    unit: str = "rows"
    columns: tuple[str, ...] = ()
    query: str = ""

    @property
    def is_of_load(self) -> bool:
        """It is asked of the rows that were loaded, not of a day."""
        return self.figure in {"rows", "duplicates"}


@dataclass(frozen=True)
class Contract:
    """One table.

    `event_time` names the column that gives a row its day; without it the table has no days. `share_rules` are rules of
    rows that a share of them may break, `notes` are the contract's rules in prose, which nobody can check.
    """

    name: str
    table: str
    description: str
    grain: str
    version: str
    columns: tuple[Column, ...]
    custom_rules: tuple[Rule, ...]
    share_rules: tuple[Rule, ...]
    table_rules: tuple[TableRule, ...]
    notes: tuple[str, ...]
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
        """The rules that each single row must keep: those that follow from the columns, then the contract's own."""
        return tuple(rule for column in self.inputs for rule in column.rules()) + self.custom_rules

    def ddl(self) -> str:
        """SQL that creates the table where it does not exist; its schema must."""
        columns = ", ".join(
            f"{quoted(column.name)} {column.type}{' not null' if column.is_required else ''}" for column in self.columns
        )
        return f"create table if not exists {self.table} ({columns})"

    def schema(self) -> pl.Schema:
        """The table as polars holds it."""
        return pl.Schema({column.name: POLARS[column.type] for column in self.columns})

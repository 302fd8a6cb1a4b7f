"""A contract as Great Expectations suites, run inside DuckDB; results as rows of ops.contract_results.

Two suites: one of rows, one of figures. Rules of rows become expectations of columns – of the column itself where Great
Expectations knows DuckDB well enough, else of a column that says whether the rule holds – because it puts all of those
into one query: the rows are scanned once, however many rules there are.
"""

# ruff: noqa: E402 - a logger is made quiet before the import that it would tell of

import logging
import math
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

# Great Expectations tells of its inner life at INFO, already while it is imported.
logging.getLogger("great_expectations").setLevel(logging.ERROR)
# isort: split
import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_not_be_in_set import ExpectColumnValuesToNotBeInSet
from great_expectations.expectations.core.expect_column_values_to_not_be_null import ExpectColumnValuesToNotBeNull
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation

from pipeline.calendar import Day
from pipeline.contracts import figures, gx_duckdb
from pipeline.contracts.model import Column, Contract, Rule, TableRule
from pipeline.quoting import quoted

BOUNDS = ("minimum", "maximum")


@dataclass(frozen=True)
class Result:
    """What became of one expectation.

    `rows_checked` and `rows_unexpected` are of rules of rows only. `found`: the share of rows that broke it, or the
    figures of a table, where there is something to tell. `error`: why the check itself could not be made, which is not
    a broken rule.
    """

    expectation: str
    severity: str
    success: bool
    rows_checked: int | None
    rows_unexpected: int | None
    found: str | None
    error: str | None


def of_rows(contract: Contract, rules: Sequence[Rule]) -> list[Any]:
    """The rules of rows as expectations; each carries the rule's name and the contract's severity in `meta`.

    `rules`: those that are looked at in columns of their own, called `rule NAME`.
    """
    found = [each for column in contract.inputs for each in _of_column(column)]
    for rule in rules:
        mostly = round(1 - rule.limit_share, 12)  # 1 - 0.58 is a little more than 0.42
        told = _told(rule.name, rule.severity, math.nextafter(mostly, 2) if rule.is_strict else mostly)
        found.append(ExpectColumnValuesToBeInSet(column=_column_of(rule), value_set=[True], **told))
    return found


def of_figures(rules: Sequence[TableRule]) -> list[Any]:
    """The rules of a table as expectations of the columns of `contract_figures`."""
    return [_of_figure(rule) for rule in rules]


def in_columns_of_their_own(contract: Contract) -> tuple[Rule, ...]:
    """The rules of rows that Great Expectations has no expectation for that runs on DuckDB."""
    native = {each.meta["rule"] for column in contract.inputs for each in _of_column(column)}
    bounds = {f"{column.name}.{kind}": f"{column.name}.between" for column in contract.inputs for kind in BOUNDS}
    own = (rule for rule in contract.rules() if bounds.get(rule.name, rule.name) not in native)
    return tuple(own) + contract.share_rules


def _told(rule: str, severity: str = "error", mostly: float = 1.0) -> dict[str, Any]:
    worst = "critical" if severity == "error" else "warning"
    return {"meta": {"rule": rule, "severity": severity}, "severity": worst, "mostly": mostly}


def _column_of(rule: Rule) -> str:
    return f"rule {rule.name}"


def _of_column(column: Column) -> list[Any]:
    name = column.name
    found: list[Any] = []
    if column.is_required:
        found.append(ExpectColumnValuesToNotBeNull(column=name, **_told(f"{name}.required")))
    if column.allowed:
        found.append(ExpectColumnValuesToBeInSet(column=name, value_set=list(column.allowed), **_told(f"{name}.known")))
    low, high = (bound if isinstance(bound, float) else None for bound in (column.minimum, column.maximum))
    if low is not None or high is not None:
        told = _told(f"{name}.between")
        found.append(ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high, **told))
    return found


def _of_figure(rule: TableRule) -> Any:
    told, (low, high) = _told(rule.name, rule.severity), (rule.limit.values[0], rule.limit.values[-1])
    between: dict[str, dict[str, Any]] = {
        "mustBeGreaterThan": {"min_value": low, "strict_min": True},
        "mustBeGreaterOrEqualTo": {"min_value": low},
        "mustBeLessThan": {"max_value": low, "strict_max": True},
        "mustBeLessOrEqualTo": {"max_value": low},
        "mustBeBetween": {"min_value": low, "max_value": high},
    }
    if rule.limit.operator in between:
        return ExpectColumnValuesToBeBetween(column=rule.name, **between[rule.limit.operator], **told)
    if rule.limit.operator == "mustBe":
        return ExpectColumnValuesToBeInSet(column=rule.name, value_set=[low], **told)
    if rule.limit.operator == "mustNotBe":
        return ExpectColumnValuesToNotBeInSet(column=rule.name, value_set=[low], **told)
    told.pop("mostly")
    name = quoted(rule.name).replace("{", "{{").replace("}", "}}")  # braces are placeholders to Great Expectations
    query = f"select * from {{batch}} where {name} between {low!r} and {high!r}"
    return UnexpectedRowsExpectation(unexpected_rows_query=query, **told)


def run(con: duckdb.DuckDBPyConnection, contract: Contract, rows: str | None, days: Sequence[Day] = ()) -> list[Result]:
    """Hold the rows of a query to the contract, and the table to its rules of the days, through an open connection.

    `rows`: what a run has loaded; None: nothing, so only the days are looked at.
    """
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.ERROR)  # it sets itself to INFO
    computed = figures.compute(con, contract, rows, days)
    severities = {rule.name: rule.severity for rule in contract.table_rules}
    results = [_not_checked(name, severities[name], error) for name, error in computed.errors.items()]
    with _source(con, contract) as validate:
        if rows is not None:
            results += _rows(con, contract, rows, validate)
        if computed.rules:
            judged = validate(f"select * from {figures.TABLE}", of_figures(computed.rules), "BOOLEAN_ONLY")
            by_name = {rule.name: rule for rule in computed.rules}
            results += [_of_table(con, by_name[each.expectation], each) for each in judged]
    con.execute(f"drop table {figures.TABLE}")
    return sorted(results, key=lambda each: each.expectation)


def _rows(con: duckdb.DuckDBPyConnection, contract: Contract, rows: str, validate: Any) -> list[Result]:
    """Which rules of rows hold, in one scan; those that do not, or may be broken by a share, are then counted."""
    good, results = list[Rule](), list[Result]()
    for rule in in_columns_of_their_own(contract):
        try:
            con.execute(f"explain select ({rule.holds})::boolean from ({rows})").fetchall()
            good.append(rule)
        except duckdb.Error as error:
            results.append(_not_checked(rule.name, rule.severity, str(error).partition("\n")[0]))
    judged = ", ".join(f"coalesce({rule.holds}, false) as {quoted(_column_of(rule))}" for rule in good)
    query = f"select *{', ' * bool(good)}{judged} from ({rows})"
    checked = con.execute(f"select count(*) from ({rows})").fetchall()[0][0]
    first: list[Result] = validate(query, of_rows(contract, good), "BOOLEAN_ONLY")
    limits = {rule.name: rule for rule in contract.share_rules}
    again = {each.expectation for each in first if not each.error and (not each.success or each.expectation in limits)}
    counted = [each for each in of_rows(contract, good) if each.meta["rule"] in again]
    second: list[Result] = validate(query, counted, "BASIC") if counted else []
    results += [_shared(each, limits.get(each.expectation)) for each in second]
    return results + [
        Result(each.expectation, each.severity, each.success, checked, 0 if each.success else None, None, each.error)
        for each in first
        if each.expectation not in again
    ]


def _shared(result: Result, limit: Rule | None) -> Result:
    """With the share of rows that broke the rule."""
    share = (result.rows_unexpected or 0) / max(result.rows_checked or 0, 1)
    limited = f", the limit is {limit.limit_share:.2%}" if limit else ""
    return Result(**{**vars(result), "found": f"{share:.2%} of rows{limited}"})


def _of_table(con: duckdb.DuckDBPyConnection, rule: TableRule, result: Result) -> Result:
    """With the figures that broke the rule, day by day."""
    if result.success:
        return result
    name = quoted(rule.name)
    rows = con.execute(
        f"select day, {name} from {figures.TABLE} where {name} is not null and (day is null) = $of_load order by day",
        {"of_load": rule.is_of_load},
    ).fetchall()
    broken = [(day, value) for day, value in rows if not rule.limit.holds(value)]
    told = ", ".join(f"{f'{day}: ' if day else ''}{value:,.4g} {rule.unit}".strip() for day, value in broken)
    return Result(**{**vars(result), "found": f"{told}; it must be {rule.limit}"})


def _not_checked(name: str, severity: str, error: str) -> Result:
    return Result(name, severity, False, None, None, None, error)


@contextmanager
def _source(con: duckdb.DuckDBPyConnection, contract: Contract) -> Iterator[Any]:
    """A function that validates the rows of a query against expectations."""
    name = uuid.uuid5(uuid.NAMESPACE_OID, f"{contract.name}{id(con)}").hex
    gx_duckdb.SHARED[name] = con
    try:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_sql(
            name, connection_string=f"duckdb+shared:///{name}", create_temp_table=False
        )

        def validate(
            query: str, expectations: list[Any], result_format: Literal["BOOLEAN_ONLY", "BASIC"]
        ) -> list[Result]:
            label = f"{contract.name} {len(source.assets)}"
            rows = source.add_query_asset(label, query=query).add_batch_definition_whole_table("all")
            suite = context.suites.add(gx.ExpectationSuite(name=label, expectations=expectations))
            validation = context.validation_definitions.add(gx.ValidationDefinition(name=label, data=rows, suite=suite))
            return [_result(found) for found in validation.run(result_format=result_format).results]

        yield validate
    finally:
        del gx_duckdb.SHARED[name]


def _result(found: Any) -> Result:
    raised = [each["exception_message"] for each in _exceptions(found.exception_info) if each.get("raised_exception")]
    told = found.result or {}
    return Result(
        expectation=found.expectation_config.meta["rule"],
        severity=found.expectation_config.meta["severity"],
        success=bool(found.success),
        rows_checked=told.get("element_count"),
        rows_unexpected=told.get("unexpected_count"),
        found=None,
        error=raised[0] if raised else None,
    )


def _exceptions(info: Any) -> list[dict[str, Any]]:
    """Great Expectations tells of exceptions either as one record or as one per metric."""
    if not info:
        return []
    return [info] if "raised_exception" in info else list(info.values())

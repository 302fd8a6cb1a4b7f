"""A contract as a Great Expectations suite, run inside DuckDB; results as rows of ops.contract_results."""

# ruff: noqa: E402 - a logger is made quiet before the import that it would tell of

import logging
import uuid
from dataclasses import dataclass
from typing import Any

import duckdb

# Great Expectations tells of its inner life at INFO, already while it is imported.
logging.getLogger("great_expectations").setLevel(logging.ERROR)
# isort: split
import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_be_unique import ExpectColumnValuesToBeUnique
from great_expectations.expectations.core.expect_column_values_to_not_be_null import ExpectColumnValuesToNotBeNull
from great_expectations.expectations.core.expect_table_row_count_to_be_between import ExpectTableRowCountToBeBetween
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation

from pipeline.contracts import gx_duckdb
from pipeline.contracts.contract import Column, Contract, Rule


@dataclass(frozen=True)
class Result:
    """What became of one expectation. `error`: why the check itself could not be made, which is not a broken rule."""

    expectation: str
    severity: str
    success: bool
    rows_checked: int | None
    rows_unexpected: int | None
    error: str | None


def expectations(contract: Contract) -> list[Any]:
    """The contract's rules as expectations; each carries the rule's name and the contract's severity in `meta`."""
    found: list[Any] = []
    if contract.row_count_severity:
        found.append(ExpectTableRowCountToBeBetween(min_value=1, **_told("some_rows", contract.row_count_severity)))
    for column in contract.inputs:
        found += _of_column(column)
    if len(contract.key) == 1:
        found.append(ExpectColumnValuesToBeUnique(column=contract.key[0], **_told(f"{contract.key[0]}.unique")))
    # the regex expectations do not know DuckDB, and none knows what is finite
    found += [_rows(rule) for rule in contract.rules() if rule.name.endswith((".pattern", ".finite", ".length"))]
    found += [_rows(rule) for rule in contract.custom_rules]
    return found


def _told(rule: str, severity: str = "error") -> dict[str, Any]:
    return {"meta": {"rule": rule, "severity": severity}, "severity": "critical" if severity == "error" else "warning"}


def _of_column(column: Column) -> list[Any]:
    name = column.name
    found: list[Any] = []
    if column.is_required:
        found.append(ExpectColumnValuesToNotBeNull(column=name, **_told(f"{name}.required")))
    if column.allowed:
        found.append(ExpectColumnValuesToBeInSet(column=name, value_set=list(column.allowed), **_told(f"{name}.known")))
    if column.minimum is not None or column.maximum is not None:
        low, high = column.minimum, column.maximum
        told = _told(f"{name}.between")
        found.append(ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high, **told))
    return found


def _rows(rule: Rule) -> Any:
    literal = rule.holds.replace("{", "{{").replace("}", "}}")  # braces are placeholders to Great Expectations
    query = f"select * from {{batch}} where ({literal}) is not true"  # a null breaks a rule
    return UnexpectedRowsExpectation(unexpected_rows_query=query, **_told(rule.name, rule.severity))


def run(con: duckdb.DuckDBPyConnection, contract: Contract, query: str) -> list[Result]:
    """Run a contract's suite on the rows of a query, through an open connection."""
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.ERROR)  # it sets itself to INFO
    name = uuid.uuid5(uuid.NAMESPACE_OID, f"{contract.name}{id(con)}").hex
    gx_duckdb.SHARED[name] = con
    try:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_sql(
            name, connection_string=f"duckdb+shared:///{name}", create_temp_table=False
        )
        rows = source.add_query_asset("rows", query=query).add_batch_definition_whole_table("all")
        suite = context.suites.add(gx.ExpectationSuite(name=contract.name, expectations=expectations(contract)))
        validation = gx.ValidationDefinition(name=contract.name, data=rows, suite=suite)
        result = context.validation_definitions.add(validation).run(result_format="SUMMARY")
    finally:
        del gx_duckdb.SHARED[name]
    return sorted((_result(found) for found in result.results), key=lambda each: each.expectation)


def _result(found: Any) -> Result:
    raised = [each["exception_message"] for each in _exceptions(found.exception_info) if each.get("raised_exception")]
    told = found.result or {}
    return Result(
        expectation=found.expectation_config.meta["rule"],
        severity=found.expectation_config.meta["severity"],
        success=bool(found.success),
        rows_checked=told.get("element_count"),
        rows_unexpected=told.get("unexpected_count", told.get("observed_value") if not found.success else 0),
        error=raised[0] if raised else None,
    )


def _exceptions(info: Any) -> list[dict[str, Any]]:
    """Great Expectations tells of exceptions either as one record or as one per metric."""
    if not info:
        return []
    return [info] if "raised_exception" in info else list(info.values())

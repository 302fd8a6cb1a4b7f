"""What is wrong with a contract file: everything at once, each with the place and what to do."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject

from pipeline.contracts import figures, odcs, quality
from pipeline.contracts.contract import folder
from pipeline.contracts.model import Column, Contract, Rule
from pipeline.errors import ContractError, hint
from pipeline.quoting import quoted

OF_TABLE = {"eventTime", "quarantineLimitShare"}
OF_COLUMN = {"unit", "derived"}
VERSION = re.compile(r"\d+\.\d+\.\d+")
PLACEHOLDER = re.compile(r"\$?\{(\w+)\}")
LOGICAL = {kind: logical for logical, kind in odcs.OF_LOGICAL.items()} | {"JSON": None}  # JSON may be called anything


@dataclass(frozen=True)
class Problem:
    """One thing to put right. `where` is a column, a rule or a place in the file; empty: the file as a whole."""

    file: str
    where: str
    problem: str


def lint(path: Path) -> list[Problem]:
    """All problems of a contract file; none: it is sound."""
    try:
        stated, _ = odcs.loaded(path)
        known = {name: value for name, value in stated.items() if name in _standard_schema()["properties"]}
        found = odcs.modelled(known)  # of unknown keys the standard's own schema tells
        table = odcs.the_table(found)
    except ContractError as error:
        return [Problem(str(path), "", str(error))]
    told = [*_standard(stated), *_identity(found, table), *_columns(table), *_rules(found, table)]
    if not told:  # what follows needs a contract that can be read
        try:
            told = list(_in_duckdb(odcs.read(path)))
        except ContractError as error:  # its parts are sound, but do not fit together: two rules of one name, say
            told = [("", str(error).removeprefix(f"{path}: "))]
    return [Problem(str(path), where, words) for where, words in dict.fromkeys(told)]


Told = Iterator[tuple[str, str]]  # where, what


@cache
def _standard_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((files("open_data_contract_standard") / "schema.json").read_text("utf-8"))
    return schema


def _standard(stated: dict[str, Any]) -> Told:
    """What the standard's own JSON schema says, unknown keys included."""
    plain = json.loads(json.dumps(stated, default=str))  # days and instants are text in JSON
    for column in plain["schema"][0].get("properties") or []:
        if isinstance(column, dict):  # one that is of no type is held to what the standard says of any type
            column.setdefault("logicalType", "string")
    validator = Draft201909Validator(_standard_schema())
    errors = sorted(validator.iter_errors(plain), key=lambda each: [str(step) for step in each.absolute_path])
    known = [list(error.absolute_path) for error in errors if error.validator != "unevaluatedProperties"]
    for error in errors:
        place = list(error.absolute_path)
        # a key whose value is wrong is also called unexpected
        if error.validator == "unevaluatedProperties" and any(each[: len(place)] == place for each in known):
            continue
        yield _place(plain, place), f"not ODCS: {error.message[:200]}"


def _place(stated: Any, steps: list[str | int]) -> str:
    """A place in the file, with the names of columns and rules instead of their numbers."""
    shown = ""
    for step in steps:
        stated = stated[step]
        name = stated.get("name") or stated.get("property") if isinstance(stated, dict) else None
        shown += f".{step}" if isinstance(step, str) else f"[{name or step}]"
    inside = re.sub(r"^\.schema\[[^]]*\]", "", shown)
    return re.sub(r"^\.properties\[([^]]*)\]\.?", r"column \1 ", inside).strip(" .")


def _identity(found: OpenDataContractStandard, table: SchemaObject) -> Told:
    if not VERSION.fullmatch(found.version or ""):
        yield "version", f"{found.version!r} is no version. Give three numbers: 1.0.0."
    for what, value in (
        ("description", table.description),
        ("dataGranularityDescription", table.dataGranularityDescription),
        ("physicalName", table.physicalName),
    ):
        if not value:
            yield "", f"the table has no {what}."
    custom = odcs.custom_properties(table)
    for name in sorted(set(custom) - OF_TABLE):
        yield f"customProperties.{name}", f"is not known and has no effect.{hint(name, OF_TABLE)}"
    if "eventTime" in custom:
        columns = {column.name: column for column in table.properties or []}
        time = columns.get(custom["eventTime"])
        if time is None:
            known = hint(str(custom["eventTime"]), [name for name in columns if name])
            yield "customProperties.eventTime", f"there is no column {custom['eventTime']!r}.{known}"
        elif time.physicalType != "TIMESTAMPTZ" or not time.required:
            yield f"column {time.name}", "gives rows their day: it must be a required TIMESTAMPTZ."


def _columns(table: SchemaObject) -> Told:
    names = Counter((column.name or "").lower() for column in table.properties or [])
    positions = Counter(column.primaryKeyPosition for column in table.properties or [] if column.primaryKey)
    for column in table.properties or []:
        where = f"column {column.name}"
        try:
            odcs.column(column)
        except ContractError as error:
            yield where, str(error).removeprefix(f"column {column.name!r} ").removeprefix(f"column {column.name!r}: ")
        if names[(column.name or "").lower()] > 1:
            yield where, "stands more than once: DuckDB does not tell names apart by case. Rename one."
        custom = odcs.custom_properties(column)
        for name in sorted(set(custom) - OF_COLUMN):
            yield where, f"customProperties: {name!r} is not known and has no effect.{hint(name, OF_COLUMN)}"
        if column.primaryKey and not column.required:
            yield where, "is part of the key and may be empty. Say required: true."
        if column.primaryKey and positions[column.primaryKeyPosition] > 1:
            yield where, "shares its place in the key. Number primaryKeyPosition from 1."
        wanted = LOGICAL.get(column.physicalType or "")
        if wanted and not column.logicalType:
            yield where, f"has no logicalType, so that the standard takes it for anything. Say {wanted}."
        elif wanted and column.logicalType != wanted:
            yield where, f"logicalType {column.logicalType} is not what {column.physicalType} holds. Say {wanted}."
        words = Counter(str(word.value) for word in column.enum or [])
        for word in (word for word, times in words.items() if times > 1):
            yield where, f"allows {word!r} more than once."
        if column.enum and column.physicalType not in {None, "VARCHAR"}:
            yield where, f"lists words, but is {column.physicalType}. Only VARCHAR can."


def _rules(found: OpenDataContractStandard, table: SchemaObject) -> Told:
    for where, stated, column in quality.stated_rules(table):
        if stated.type == "text":
            if not stated.description:
                yield where, "a rule in prose has no description."
            continue
        try:
            quality.rule(stated, column)
        except ContractError as error:
            yield where, str(error)
        if not stated.description:
            yield f"rule {stated.name}", "has no description: it is what whoever broke it reads."
    for sla in found.slaProperties or []:
        try:
            quality.freshness(sla, table, odcs.custom_properties(table).get("eventTime"))
        except ContractError as error:
            yield "slaProperties", str(error).removeprefix("slaProperties: ")


# --- in DuckDB --------------------------------------------------------------------------------------------------------


def _in_duckdb(contract: Contract) -> Told:
    """What only shows against an empty table of the contract, beside the product's other tables."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        try:
            _create(con, contract)
        except duckdb.Error as error:
            yield "", f"DuckDB cannot make the table {contract.table}: {_first_line(error)}"
            return
        for column in contract.columns:
            yield from _ranges(column)
            yield from _example(con, column)
        for rule in (*contract.custom_rules, *contract.share_rules):
            yield from _row_rule(con, contract, rule)
        yield from _queries(con, contract)


def _create(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    for each in [contract, *(other for other in _others() if other.table != contract.table)]:
        schema = each.table.rpartition(".")[0]
        if schema:
            con.execute(f"create schema if not exists {schema}")
        con.execute(each.ddl())


@cache
def _others() -> tuple[Contract, ...]:
    """The product's contracts, as far as they can be read: each is linted in its own right."""
    found = []
    for path in sorted(folder().glob("*.yaml")):
        with suppress(ContractError):
            found.append(odcs.read(path))
    return tuple(found)


def _ranges(column: Column) -> Told:
    low = column.above if column.minimum is None else column.minimum
    high = column.below if column.maximum is None else column.maximum
    if isinstance(low, float) and isinstance(high, float) and low > high:
        yield f"column {column.name}", f"its minimum {low:g} is above its maximum {high:g}: no value fits."
    if column.min_length is not None and column.max_length is not None and column.min_length > column.max_length:
        yield f"column {column.name}", "its minLength is above its maxLength: no value fits."


def _example(con: duckdb.DuckDBPyConnection, column: Column) -> Told:
    where, name = f"column {column.name}", quoted(column.name)
    value = column.example.isoformat() if isinstance(column.example, date) else column.example
    con.execute(f"create or replace temp table example ({name} {column.type})")
    try:
        con.execute("insert into example values ($value)", {"value": value})
    except duckdb.Error as error:
        yield where, f"its example {value!r} is no {column.type}: {_first_line(error)}"
        return
    for rule in column.rules():
        try:
            holds = con.execute(f"select {rule.holds} from example").fetchall() == [(True,)]
        except duckdb.Error as error:
            what = f"pattern {column.pattern!r} is no RE2" if rule.name.endswith(".pattern") else rule.description
            yield where, f"{what}: {_first_line(error)}"
            continue
        if not holds:
            yield where, f"its example {value!r} breaks its own rule: {rule.description}."


def _row_rule(con: duckdb.DuckDBPyConnection, contract: Contract, rule: Rule) -> Told:
    where = f"rule {rule.name}"
    try:
        kind = con.execute(f"describe select ({rule.holds}) as holds from {contract.table}").fetchall()[0][1]
    except duckdb.Error as error:
        yield where, f"is no SQL expression of the table's columns: {_first_line(error)}"
        return
    if kind != "BOOLEAN":
        yield where, f"is {kind}, not true or false. Write a comparison."


def _queries(con: duckdb.DuckDBPyConnection, contract: Contract) -> Told:
    con.execute("set variable day = $day", {"day": date(2000, 1, 1)})
    for rule in contract.table_rules:
        unknown = set(PLACEHOLDER.findall(rule.query)) - {"table"}
        for name in sorted(unknown):
            words = f"${{{name}}} is not known. Known: ${{table}}, and ${{column}} in a column's own rules."
            yield f"rule {rule.name}", words
        if rule.figure == "query" and not unknown:
            try:
                con.execute(figures.number(rule.query, contract.table)).fetchall()
            except duckdb.Error as error:
                yield f"rule {rule.name}", f"its query does not give one number: {_first_line(error)}"


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0]

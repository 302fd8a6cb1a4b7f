"""Everything that is wrong with a contract file is told at once, each with its place and what to do."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from pipeline.contracts.contract import folder, read
from pipeline.contracts.lint import lint
from tests.contracts.files import described, write

FILES = sorted(folder().glob("*.yaml"))
TOOLED = Path(__file__).parent / "as_a_tool_writes.yaml"


def told(path: Path) -> list[str]:
    return [f"{each.where}: {each.problem}" for each in lint(path)]


@pytest.mark.parametrize("path", [*FILES, TOOLED], ids=lambda path: path.stem)
def test_the_product_s_contracts_are_sound_and_keep_the_standard_s_own_schema(path: Path):
    assert told(path) == []
    schema = (files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8")
    errors = Draft201909Validator(json.loads(schema)).iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert [error.message for error in errors] == []


def test_a_contract_as_a_tool_writes_it_is_read():
    found = read(TOOLED)
    assert [(column.name, column.type) for column in found.columns] == [
        ("return_id", "VARCHAR"),
        ("order_id", "VARCHAR"),
        ("returned_at", "TIMESTAMPTZ"),
        ("items", "BIGINT"),
        ("refund", "DOUBLE"),
        ("reason", "VARCHAR"),
    ]
    assert found.key == ("return_id",)
    assert {rule.name: (rule.figure, str(rule.limit), rule.severity) for rule in found.table_rules} == {
        "return_id.unique": ("duplicates", "0", "error"),
        "at_least_one": ("rows", "> 0", "error"),
        "known_orders": ("query", "< 1", "warning"),
        "freshness": ("age_hours", "<= 48", "error"),
    }
    assert [(rule.name, rule.limit_share) for rule in found.share_rules] == [("reason.nullValues", 0.2)]
    assert found.notes == ("Refunds are gross of shipping.",)


TIME = described("at", "TIMESTAMPTZ", required=True, examples=["2026-01-15T10:00:00Z"])


def rule(implementation: str, **more: Any) -> dict[str, Any]:
    stated = {"name": "r", "description": "d", "type": "custom", "engine": "row", "implementation": implementation}
    return stated | more


def query(text: str) -> dict[str, Any]:
    return {"name": "q", "description": "d", "type": "sql", "query": text, "mustBe": 0}


def unit(**more: Any) -> dict[str, Any]:
    return {"customProperties": [{"property": name, "value": value} for name, value in more.items()]}


@pytest.mark.parametrize(
    ("columns", "table", "problem"),
    [
        pytest.param(
            [described(physicalTyp="x")],
            {},
            "column id: not ODCS: Unevaluated properties are not allowed",
            id="unknown key",
        ),
        pytest.param(
            [described(kind="VARCHER")], {}, "column id: has physicalType 'VARCHER'. Did you mean 'VARCHAR'?", id="type"
        ),
        pytest.param([described(customProperties=[])], {}, "column id: has no a unit (or none).", id="no unit"),
        pytest.param(
            [described("a"), described("A")],
            {},
            "column A: stands more than once: DuckDB does not",
            id="one name twice",
        ),
        pytest.param(
            [described(**unit(unit="none", derives=True))],
            {},
            "column id: customProperties: 'derives' is not known and has no effect. Did you mean 'derived'?",
            id="unknown property of a column",
        ),
        pytest.param(
            [described()],
            unit(eventtime="at"),
            "customProperties.eventtime: is not known and has no effect. Did you mean 'eventTime'?",
            id="unknown property of the table",
        ),
        pytest.param(
            [TIME],
            unit(eventTime="att"),
            "customProperties.eventTime: there is no column 'att'. Did you mean 'at'?",
            id="event time that is not there",
        ),
        pytest.param(
            [described("at")],
            unit(eventTime="at"),
            "column at: gives rows their day: it must be a required TIMESTAMPTZ.",
            id="event time that is none",
        ),
        pytest.param(
            [described()],
            unit(quarantineLimitShare=3),
            ": quarantineLimitShare is 3; it is a share of the rows",
            id="share",
        ),
        pytest.param(
            [described(primaryKey=True)], {}, "column id: is part of the key and may be empty.", id="optional key"
        ),
        pytest.param(
            [described(name, primaryKey=True, required=True, primaryKeyPosition=1) for name in "ab"],
            {},
            "column b: shares its place in the key.",
            id="place in the key",
        ),
        pytest.param(
            [described(logicalType="integer")],
            {},
            "column id: logicalType integer is not what VARCHAR holds. Say string.",
            id="logical type",
        ),
        pytest.param(
            [described(enum=[{"value": "x"}, {"value": "x"}])],
            {},
            "column id: allows 'x' more than once.",
            id="word twice",
        ),
        pytest.param(
            [described(kind="BIGINT", examples=[1], enum=[{"value": 1}])],
            {},
            "column id: lists words, but is BIGINT.",
            id="words of a number",
        ),
        pytest.param(
            [described(logicalTypeOptions={"pattern": "a(?=b)"})],
            {},
            "column id: pattern 'a(?=b)' is no RE2",
            id="pattern",
        ),
        pytest.param(
            [described(kind="BIGINT", examples=["many"])],
            {},
            "column id: its example 'many' is no BIGINT",
            id="example of no such type",
        ),
        pytest.param(
            [described(logicalTypeOptions={"maxLength": 0})],
            {},
            "column id: its example 'x' breaks its own rule: id has at most 0 characters.",
            id="example that is too long",
        ),
        pytest.param(
            [described(enum=[{"value": "y"}])],
            {},
            "column id: its example 'x' breaks its own rule: id is one of y.",
            id="example that is no word",
        ),
        pytest.param(
            [described(kind="DOUBLE", examples=[3], logicalTypeOptions={"minimum": 5, "maximum": 1})],
            {},
            "column id: its minimum 5 is above its maximum 1: no value fits.",
            id="empty range",
        ),
        pytest.param(
            [described(logicalTypeOptions={"minLength": 5, "maxLength": 1})],
            {},
            "column id: its minLength is above its maxLength",
            id="empty range of lengths",
        ),
        pytest.param(
            [described()],
            {"quality": [rule("moon > 1")]},
            "rule r: is no SQL expression of the table's columns: Binder Error",
            id="rule of no column",
        ),
        pytest.param(
            [described()],
            {"quality": [rule("id = ")]},
            "rule r: is no SQL expression of the table's columns: Parser Error",
            id="rule that is no SQL",
        ),
        pytest.param(
            [described()],
            {"quality": [rule("length(id)")]},
            "rule r: is BIGINT, not true or false. Write a comparison.",
            id="rule that is a number",
        ),
        pytest.param(
            [described()],
            {"quality": [rule("true", description="")]},
            "rule r: has no description",
            id="rule without words",
        ),
        pytest.param(
            [described()],
            {"quality": [rule("true"), rule("false")]},
            ": 2 rules are called 'r'.",
            id="rules of one name",
        ),
        pytest.param(
            [described()],
            {"quality": [rule("true", severity="eror")]},
            "quality[0]: rule r: severity 'eror'. Did you mean 'error'?",
            id="severity",
        ),
        pytest.param(
            [described()],
            {"quality": [query("select 1 from moon")]},
            "rule q: its query does not give one number: Catalog Error",
            id="query of no table",
        ),
        pytest.param(
            [described()],
            {"quality": [query("select 1, 2")]},
            "rule q: its query does not give one number",
            id="two columns",
        ),
        pytest.param(
            [described()],
            {"quality": [query("select 'x'")]},
            "rule q: its query does not give one number: Conversion Error",
            id="no number",
        ),
        pytest.param(
            [described()],
            {"quality": [query("select count(*) from ${tabel}")]},
            "rule q: ${tabel} is not known. Known: ${table}",
            id="placeholder",
        ),
        pytest.param(
            [described(quality=[{"metric": "nullValue", "mustBe": 0}])],
            {},
            "column 'id', quality[0]: rule id.nullValue: metric nullValue cannot be checked.",
            id="metric",
        ),
        pytest.param(
            [described()],
            {"quality": [{"type": "text"}]},
            "quality[0]: a rule in prose has no description.",
            id="prose without prose",
        ),
        pytest.param(
            [described()],
            {"dataGranularityDescription": ""},
            ": the table has no dataGranularityDescription.",
            id="no grain",
        ),
    ],
)
def test_a_problem_is_told_with_its_place(tmp_path, columns, table, problem):
    found = told(write(tmp_path, *columns, **table))
    assert any(each.startswith(problem) for each in found), found


def test_all_problems_are_told_at_once_and_each_once(tmp_path):
    columns = [described("a", kind="VARCHER"), described("b", primaryKey=True), described("B", customProperties=[])]
    path = write(tmp_path, *columns, quality=[rule("true", engine="soda")], top={"version": "one", "stauts": "x"})
    found = told(path)
    assert len(found) == len(set(found))
    for words in (
        "'stauts' was unexpected",
        "version: 'one' is no version",
        "column a:",
        "column b: is part",
        "column B: stands",
        "column B: has no a unit",
        "engine soda cannot be checked",
    ):
        assert any(words in each for each in found), (words, found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "cannot be read as an ODCS v3 contract"),
        ("kind: DataContract\n", "describes exactly one table, found 0"),
        (None, "cannot be read as an ODCS v3 contract"),
    ],
)
def test_a_file_that_is_no_contract_is_one_problem(tmp_path, text, words):
    path = tmp_path / "x.yaml"
    if text is not None:
        path.write_text(text)
    (problem,) = lint(path)
    assert (problem.file, problem.where) == (str(path), "")
    assert words in problem.problem


def test_a_word_of_the_standard_that_is_wrong_is_one_problem_and_no_unexpected_key(tmp_path):
    found = told(write(tmp_path, described(), quality=[rule("true", dimension="freshness")]))
    (only,) = found
    assert only.startswith("quality[r].dimension: not ODCS: 'freshness' is not one of")


def test_a_day_that_yaml_reads_as_a_day_is_an_example_like_any_other(tmp_path):
    path = write(tmp_path, described("d", "DATE", examples=["2026-01-15"]))
    path.write_text(path.read_text().replace("'2026-01-15'", "2026-01-15"))
    assert told(path) == []

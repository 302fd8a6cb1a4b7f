"""Rules as the standard states them, read into rules that can be checked; what cannot be is refused."""

from typing import Any

import duckdb
import pytest

from pipeline.contracts.contract import Contract, Limit, Rule, TableRule
from pipeline.errors import ContractError
from tests.contracts.files import described, read

TIME = described("at", "TIMESTAMPTZ", required=True)
EVENTS = [{"property": "eventTime", "value": "at"}]


def of_table(tmp_path: Any, **stated: Any) -> TableRule:
    (found,) = read(tmp_path, described("a"), quality=[{"name": "n"} | stated]).table_rules
    return found


def of_column(tmp_path: Any, **stated: Any) -> Contract:
    return read(tmp_path, described("a", quality=[{"name": "n"} | stated]))


# --- rules of tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "figure", "unit"),
    [
        pytest.param({"metric": "rowCount"}, "rows", "rows", id="rows"),
        pytest.param({"type": "library", "metric": "rowCount", "unit": "rows"}, "rows", "rows", id="in full"),
        pytest.param(
            {"metric": "rowCount", "unit": "percent", "arguments": {"of": "usual_day"}}, "usual_rows", "percent",
            id="rows against a usual day",
        ),
        pytest.param({"type": "sql", "query": "select 1"}, "query", "", id="a query"),
    ],
)  # fmt: skip
def test_a_rule_of_a_table_is_a_figure_with_a_limit(tmp_path, stated, figure, unit):
    found = of_table(tmp_path, mustBeLessThan=5, **stated)
    assert (found.figure, found.unit, found.limit) == (figure, unit, Limit("mustBeLessThan", (5.0,)))
    assert (found.name, found.severity) == ("n", "error")


@pytest.mark.parametrize(
    ("operator", "value", "keeps", "breaks", "words"),
    [
        ("mustBe", 5, [5], [4, 6], "5"),
        ("mustNotBe", 5, [4, 6], [5], "not 5"),
        ("mustBeGreaterThan", 5, [5.1], [5], "> 5"),
        ("mustBeGreaterOrEqualTo", 5, [5], [4.9], ">= 5"),
        ("mustBeLessThan", 5, [4.9], [5], "< 5"),
        ("mustBeLessOrEqualTo", 0.5, [0.5], [0.6], "<= 0.5"),
        ("mustBeBetween", [1, 5], [1, 5], [0.9, 5.1], "between 1 and 5"),
        ("mustNotBeBetween", [1, 5], [0.9, 5.1], [1, 5], "not between 1 and 5"),
    ],
)
def test_a_limit_is_any_of_the_standard_s(tmp_path, operator, value, keeps, breaks, words):
    limit = of_table(tmp_path, metric="rowCount", **{operator: value}).limit
    assert str(limit) == words
    assert [limit.holds(figure) for figure in keeps] == [True] * len(keeps)
    assert [limit.holds(figure) for figure in breaks] == [False] * len(breaks)


def test_repeated_values_are_of_columns(tmp_path):
    of_two = {"name": "two", "metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["a", "b"]}}
    of_one = {"metric": "duplicateValues", "mustBeLessThan": 1, "unit": "percent", "severity": "warning"}
    columns = [described("a", quality=[of_one]), described("b", unique=True)]
    found = read(tmp_path, *columns, quality=[of_two]).table_rules
    assert [(rule.name, rule.columns, rule.unit, rule.severity) for rule in found] == [
        ("b.unique", ("b",), "repeated rows", "error"),
        ("two", ("a", "b"), "rows", "error"),
        ("a.duplicateValues", ("a",), "percent", "warning"),
    ]


def test_a_key_stands_once(tmp_path):
    one = read(tmp_path, described("a", primaryKey=True, unique=True), described("b"))
    assert [(rule.name, rule.columns) for rule in one.table_rules] == [("a.unique", ("a",))]
    two = read(tmp_path, described("a", primaryKey=True), described("b", primaryKey=True))
    assert [(rule.name, rule.columns) for rule in two.table_rules] == [("a+b.unique", ("a", "b"))]


def test_freshness_is_an_agreement_on_the_event_time(tmp_path):
    sla = {"property": "freshness", "value": 2, "unit": "d", "element": "x.at", "description": "new"}
    warned = sla | {"customProperties": [{"property": "severity", "value": "warning"}]}
    other = {"property": "retention", "value": 3, "unit": "y"}
    contract = read(tmp_path, TIME, top={"slaProperties": [warned, other]}, customProperties=EVENTS)
    limit = Limit("mustBeLessOrEqualTo", (48.0,))
    assert contract.table_rules == (TableRule("freshness", "age_hours", limit, "new", "warning", "hours"),)


# --- rules of rows that a share may break -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "good", "bad"),
    [
        pytest.param({"metric": "nullValues"}, ["x", ""], [None], id="null"),
        pytest.param(
            {"metric": "missingValues", "arguments": {"missingValues": [None, "", "N/A"]}}, ["x"], [None, "", "N/A"],
            id="missing",
        ),
        pytest.param(
            {"metric": "invalidValues", "arguments": {"validValues": ["x", "o'y"]}}, ["x", "o'y", None], ["z", ""],
            id="not among the valid",
        ),
        pytest.param(
            {"metric": "invalidValues", "arguments": {"pattern": "[a-z]+"}}, ["x", None], ["X", "x1"], id="of no form"
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("limit", "share", "is_strict"),
    [
        ({"mustBe": 0}, 0.0, False),
        ({"unit": "percent", "mustBeLessOrEqualTo": 5}, 0.05, False),
        ({"unit": "percent", "mustBeLessThan": 5}, 0.05, True),
    ],
)
def test_a_share_of_the_rows_may_break_a_rule_of_a_column(tmp_path, stated, good, bad, limit, share, is_strict):
    found = of_column(tmp_path, **stated, **limit)
    rules, others = (found.share_rules, found.rules()) if share else (found.rules(), found.share_rules)
    assert others == ()
    assert [(rule.name, rule.limit_share, rule.is_strict) for rule in rules] == [("n", share, is_strict)]
    with duckdb.connect() as con:
        con.execute("create table t (a varchar)")

        def verdict(value: object) -> object:
            con.execute("delete from t")
            con.execute("insert into t values ($value)", {"value": value})
            return con.execute(f"select {rules[0].holds} from t").fetchall()[0][0]

        assert [verdict(value) for value in good] == [True] * len(good)
        assert [verdict(value) for value in bad] == [False] * len(bad)


def test_a_row_rule_of_one_s_own_may_be_broken_by_a_share(tmp_path):
    stated = {"name": "n", "type": "custom", "engine": "row", "implementation": "a > 'b'", "description": "later"}
    limited = stated | {"name": "m", "customProperties": [{"property": "limitShare", "value": 0.1}]}
    found = read(tmp_path, described("a"), quality=[stated, limited])
    assert found.rules() == (Rule("n", "a > 'b'", "later"),)
    assert found.share_rules == (Rule("m", "a > 'b'", "later", limit_share=0.1),)


# --- what columns say -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "rule", "good", "bad"),
    [
        ("DOUBLE", {"exclusiveMinimum": 0}, "a.above", [0.1, None], [0.0]),
        ("BIGINT", {"exclusiveMaximum": 5}, "a.below", [4, None], [5]),
        ("VARCHAR", {"minLength": 2}, "a.short", ["ab", None], ["a", ""]),
        ("DATE", {"minimum": "2020-01-01"}, "a.minimum", ["2020-01-01", None], ["2019-12-31"]),
        (
            "TIMESTAMPTZ",
            {"maximum": "2100-01-01T00:00:00Z"},
            "a.maximum",
            ["2100-01-01T01:00:00+01:00"],
            ["2100-01-02"],
        ),
    ],
)
def test_bounds_are_exclusive_or_days_where_they_are_said_to_be(tmp_path, kind, options, rule, good, bad):
    found = read(tmp_path, described("a", kind, logicalTypeOptions=options))
    holds = {each.name: each.holds for each in found.rules()}[rule]
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        for values, expected in ((good, True), (bad, False)):
            for value in values:
                told = con.execute(f"select {holds} from (select $value::{kind} as a)", {"value": value}).fetchall()
                assert told == [(expected,)], value


@pytest.mark.parametrize(
    ("logical", "kind"),
    [
        ("string", "VARCHAR"), ("integer", "BIGINT"), ("number", "DOUBLE"), ("boolean", "BOOLEAN"), ("date", "DATE"),
        ("timestamp", "TIMESTAMPTZ"), ("array", "VARCHAR[]"), ("object", "JSON"),
    ],
)  # fmt: skip
def test_a_column_without_a_physical_type_has_that_of_its_logical_one(tmp_path, logical, kind):
    column = described("a", logicalType=logical)
    column.pop("physicalType")
    assert read(tmp_path, column).columns[0].type == kind
    assert read(tmp_path, described("a", kind.lower())).columns[0].type == kind


# --- what is refused --------------------------------------------------------------------------------------------------

ROW = {"type": "custom", "engine": "row", "implementation": "true"}


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"metric": "freshRows", "mustBe": 0}, "metric freshRows cannot be checked"),
        ({"metric": "nullValues", "mustBe": 0}, "metric nullValues cannot be checked of a table"),
        ({"type": "custom", "engine": "soda", "implementation": "x"}, "engine soda cannot be checked"),
        ({"type": "sql", "mustBe": 0}, "type sql cannot be checked"),
        ({"description": "?"}, "type None cannot be checked"),
        ({"metric": "rowCount"}, "give one limit, found none"),
        ({"metric": "rowCount", "mustBe": 1, "mustNotBe": 2}, "give one limit, found mustBe, mustNotBe"),
        ({"metric": "rowCount", "mustBe": "many"}, "mustBe 'many' is no number"),
        ({"metric": "rowCount", "mustBe": True}, "mustBe True is no number"),
        ({"metric": "rowCount", "unit": "percent", "mustBe": 1}, "rowCount counts rows, or with unit percent"),
        ({"metric": "rowCount", "arguments": {"of": "usual_day"}, "mustBe": 1}, "rowCount counts rows, or with unit"),
        ({"metric": "duplicateValues", "mustBe": 0}, "duplicateValues needs a column, or arguments"),
        ({"metric": "rowCount", "mustBe": 1, "severity": "eror"}, "severity 'eror'. Did you mean 'error'?"),
        ({"rule": "rowCount", "mustBe": 1}, "`rule` is of an older standard. Write metric: rowCount."),
        (ROW | {"implementation": {"a": 1}}, "implementation is an SQL expression"),
        (ROW | {"customProperties": [{"property": "limitShare", "value": 5}]}, "limitShare 5 is no share"),
    ],
)
def test_a_rule_that_cannot_be_checked_is_refused_and_never_ignored(tmp_path, stated, words):
    with pytest.raises(ContractError) as raised:
        read(tmp_path, described("a"), quality=[{"name": "n"} | stated])
    assert str(raised.value).startswith(f"{tmp_path / 'x.yaml'}: rule n: ")
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"metric": "nullValues", "mustBe": 3}, "nullValues 3 rows cannot be checked. Give mustBe: 0"),
        ({"metric": "nullValues", "mustBeLessThan": 3}, "nullValues < 3 rows cannot be checked"),
        ({"metric": "nullValues", "unit": "percent", "mustBeGreaterThan": 3}, "nullValues > 3 percent cannot"),
        ({"metric": "nullValues", "unit": "percent", "mustBeLessThan": 300}, "nullValues < 300 percent cannot"),
        ({"metric": "invalidValues", "mustBe": 0}, "invalidValues needs arguments validValues or pattern"),
        (
            {"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "x", "flags": "i"}},
            "invalidValues needs arguments validValues or pattern, and no others",
        ),
    ],
)
def test_a_rule_of_a_column_that_cannot_be_checked_is_refused(tmp_path, stated, words):
    with pytest.raises(ContractError) as raised:
        of_column(tmp_path, **stated)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("sla", "words"),
    [
        ({"property": "freshnes"}, "'freshnes'. Did you mean 'freshness'?"),
        ({"property": "freshness", "value": 1, "unit": "y"}, "freshness of 1 y; give hours (unit h) or days (d)"),
        ({"property": "freshness", "value": "soon", "unit": "h"}, "freshness of 'soon' h"),
        ({"property": "freshness", "value": 1, "unit": "h", "element": "x.b"}, "only that of the event time"),
        (
            {
                "property": "freshness",
                "value": 1,
                "unit": "h",
                "customProperties": [{"property": "severity", "value": "x"}],
            },
            "severity 'x'",
        ),
    ],
)
def test_an_agreement_that_cannot_be_kept_or_broken_is_refused(tmp_path, sla, words):
    with pytest.raises(ContractError) as raised:
        read(tmp_path, TIME, described("b"), top={"slaProperties": [sla]}, customProperties=EVENTS)
    assert words in str(raised.value)


def test_freshness_needs_an_event_time(tmp_path):
    sla = {"property": "freshness", "value": 1, "unit": "h"}
    with pytest.raises(ContractError, match="which is not given"):
        read(tmp_path, TIME, top={"slaProperties": [sla]})


def test_two_rules_of_one_name_and_a_rule_without_one_are_refused(tmp_path):
    with pytest.raises(ContractError, match="2 rules are called 'n'"):
        read(tmp_path, described("a"), quality=[ROW | {"name": "n"}] * 2)
    with pytest.raises(ContractError, match=r"2 rules are called 'a\.required'"):
        read(tmp_path, described("a", required=True), quality=[ROW | {"name": "a.required"}])
    with pytest.raises(ContractError, match="a rule has no name"):
        read(tmp_path, described("a"), quality=[ROW])


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("BIGINT", {"multipleOf": 5}, "column 'a': multipleOf cannot be checked"),
        ("VARCHAR", {"minimum": 5}, "column 'a': minimum 5 does not fit VARCHAR"),
        ("DOUBLE", {"maximum": "much"}, "column 'a': maximum 'much' does not fit DOUBLE"),
    ],
)
def test_an_option_of_a_column_that_cannot_be_checked_is_refused(tmp_path, kind, options, words):
    with pytest.raises(ContractError, match=words):
        read(tmp_path, described("a", kind, logicalTypeOptions=options))


def test_prose_is_kept_and_judges_nothing(tmp_path):
    found = read(tmp_path, described("a"), quality=[{"type": "text", "description": "Ask Ayşe before you change it."}])
    assert found.notes == ("Ask Ayşe before you change it.",)
    assert found.rules() + found.share_rules + found.table_rules == ()


def test_a_share_of_rows_for_the_quarantine_is_a_share(tmp_path):
    with pytest.raises(ContractError, match="quarantineLimitShare is 5; it is a share"):
        read(tmp_path, described("a"), customProperties=[{"property": "quarantineLimitShare", "value": 5}])

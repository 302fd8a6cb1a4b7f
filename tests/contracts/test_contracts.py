"""The contracts of the product, and what a contract file must say."""

from typing import Any

import duckdb
import pytest
from open_data_contract_standard.model import OpenDataContractStandard

from pipeline.contracts import contract as contracts
from pipeline.contracts.contract import SUPPORTED_TYPES, load_all
from pipeline.errors import ContractError
from pipeline.warehouse.tables import SCHEMAS, create_all
from tests.contracts.files import described, read

ALL = load_all()
INPUTS = ("clickstream", "wait_time", "order_error", "orders", "feedback", "customers")


def test_all_inputs_and_results_have_a_contract():
    assert set(INPUTS) <= set(ALL)
    assert {"flags", "points", "stage_scores", "person_scores", "loads", "quarantine", "runs"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_contract_is_odcs_and_describes_every_column(name):
    path = contracts.folder() / f"{name}.yaml"
    odcs = OpenDataContractStandard.from_file(str(path))
    assert odcs.apiVersion
    assert odcs.apiVersion.startswith("v3.")
    assert odcs.kind == "DataContract"
    found = ALL[name]
    assert found.name == name
    assert found.table.partition(".")[0] in SCHEMAS
    assert found.description
    assert found.grain.startswith("one row per")
    assert found.key or name == "quarantine", "without a key rows have no order"
    for column in found.columns:
        assert column.description, column.name
        assert column.unit, column.name
        assert column.example is not None, column.name
        assert column.type in SUPPORTED_TYPES


@pytest.mark.parametrize("name", ALL)
def test_an_example_keeps_its_own_column_s_rules(name):
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        for column in ALL[name].inputs:
            shape = f'"{column.name}" {column.type}'
            con.execute(f"create or replace table example ({shape})")
            con.execute("insert into example values ($value)", {"value": column.example})
            for rule in column.rules():
                told = con.execute(f"select {rule.holds} from example").fetchall()
                assert told == [(True,)], f"{rule.name} does not hold for {column.example!r}"


def test_tables_are_made_with_the_contract_s_columns_and_comments():
    with duckdb.connect() as con:
        create_all(con)
        create_all(con)  # what exists stays
        columns = con.execute(
            "select schema_name || '.' || table_name, column_name, data_type, comment from duckdb_columns() "
            "where schema_name in ('events', 'journeys', 'friction', 'ops') order by column_index"
        ).fetchall()
        comments = dict(
            con.execute("select schema_name || '.' || table_name, comment from duckdb_tables()").fetchall()
            + con.execute(
                "select schema_name || '.' || view_name, comment from duckdb_views() where schema_name = 'marts'"
            ).fetchall()
        )
    assert columns
    for found in ALL.values():
        made = [(name, kind) for table, name, kind, _ in columns if table == found.table]
        spelled = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
        assert made == [(column.name, spelled.get(column.type, column.type)) for column in found.columns]
        assert comments[found.table].startswith(found.description)
    assert all(comment for *_, comment in columns)
    assert all(comments.values())
    assert sum(name.startswith("marts.") for name in comments) > 3


@pytest.mark.parametrize("name", ALL)
def test_polars_holds_a_table_as_the_contract_says(name):
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        create_all(con)
        assert con.sql(f"from {ALL[name].table}").pl().schema == ALL[name].schema()


# --- rules ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "rule", "good", "bad"),
    [
        pytest.param(described("a", required=True), "a.required", ["x", ""], [None], id="required"),
        pytest.param(
            described("a", enum=[{"value": "ok"}, {"value": "o'k"}]),
            "a.known",
            ["ok", "o'k", None],
            ["OK", ""],
            id="known",
        ),
        pytest.param(
            described("a", "DOUBLE", logicalTypeOptions={"minimum": 0}),
            "a.minimum",
            [0.0, 7.0, None],
            [-0.1],
            id="minimum",
        ),
        pytest.param(
            described("a", "BIGINT", logicalTypeOptions={"maximum": 5}), "a.maximum", [5, -9, None], [6], id="maximum"
        ),
        pytest.param(
            described("a", "DOUBLE"),
            "a.finite",
            [0.0, 1e300, None],
            [float("nan"), float("inf"), -float("inf")],
            id="finite",
        ),
        pytest.param(
            described("a", logicalTypeOptions={"maxLength": 3}), "a.length", ["abc", "ığü", None], ["abcd"], id="length"
        ),
        pytest.param(
            described("a", logicalTypeOptions={"pattern": "[A-Z]{3}"}),
            "a.pattern",
            ["TRY", None],
            ["try", "TRYX", ""],
            id="pattern",
        ),
    ],
)
def test_a_rule_follows_from_the_column(tmp_path, made, rule, good, bad):
    found = read(tmp_path, made)
    holds = {each.name: each.holds for each in found.rules()}[rule]
    with duckdb.connect() as con:
        con.execute(f'create table t ("a" {made["physicalType"]})')

        def verdict(value: object) -> object:
            con.execute("delete from t")
            con.execute("insert into t values ($value)", {"value": value})
            return con.execute(f"select {holds} from t").fetchall()[0][0]

        assert [verdict(value) for value in good] == [True] * len(good)
        assert [verdict(value) for value in bad] == [False] * len(bad)


def test_a_column_without_anything_special_has_no_rules_and_a_derived_one_never_has(tmp_path):
    derived = described("b", required=True)
    derived["customProperties"] = [*derived["customProperties"], {"property": "derived", "value": True}]
    found = read(tmp_path, described("a"), derived)
    assert found.rules() == ()
    assert [each.name for each in found.inputs] == ["a"]
    assert found.names == ("a", "b")


def test_the_contract_s_own_rules_come_last_with_their_severity(tmp_path):
    own = [{"name": "later", "type": "custom", "engine": "row", "severity": "warning", "implementation": "a < b"}]
    found = read(tmp_path, described("a", required=True), described("b"), quality=own)
    assert [(rule.name, rule.severity) for rule in found.rules()] == [("a.required", "error"), ("later", "warning")]


# --- what is refused ------------------------------------------------------------------------------------------------


def without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in described().items() if key not in names}


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (without("description"), "column 'id' has no description"),
        (without("examples"), "column 'id' has no an example"),
        (without("customProperties"), r"column 'id' has no a unit \(or none\)"),
        (described(kind="VARCHER"), "physicalType 'VARCHER'. Did you mean 'VARCHAR'?"),
        (without("physicalType", "logicalType"), "physicalType None"),
    ],
)
def test_a_column_without_its_documentation_is_refused(tmp_path, made, words):
    with pytest.raises(ContractError, match=words):
        read(tmp_path, made)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "cannot be read as an ODCS v3 contract"),
        ("hello", "cannot be read as an ODCS v3 contract"),
        ("", "cannot be read as an ODCS v3 contract"),
        ("kind: DataContract\nschema: 7\n", "cannot be read as an ODCS v3 contract"),
        ("kind: DataContract\n", "describes exactly one table, found 0"),
        ("schema: [{name: a}, {name: b}]\n", "describes exactly one table, found 2"),
        ("schema: [{name: a}]\n", "no columns"),
    ],
)
def test_a_file_that_is_no_contract_of_one_table_is_refused(tmp_path, text, words):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ContractError, match=words):
        contracts.load(str(path))


def test_a_name_that_no_contract_has_gets_a_hint():
    with pytest.raises(ContractError, match=r"no contract 'wait_times'\. Did you mean 'wait_time'\?"):
        contracts.load("wait_times")


def test_a_contract_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ContractError, match="cannot be read"):
        contracts.load(str(tmp_path / "none.yaml"))

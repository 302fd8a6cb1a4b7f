"""The contracts as Great Expectations suites, run inside DuckDB: on rows that keep them, and on planted breakage."""

import gc
import logging
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipeline.calendar import day_in
from pipeline.contracts.contract import Limit, Rule, TableRule, load
from tests.contracts.files import described, read
from tests.sql.worlds import warehouse

# One worker: importing Great Expectations takes seconds. Its warnings, and those of what it imports, are its own.
pytestmark = [pytest.mark.xdist_group("expectations"), pytest.mark.filterwarnings("default")]

ROOT = Path(__file__).resolve().parents[2]
INPUTS = ("clickstream", "wait_time", "order_error", "orders", "feedback", "customers")

GOOD = {
    "clickstream": """
        event_id | occurred_at         | event_name | customer_id | value | outcome | currency
        e1       | 2026-01-15 10:00:00 | click      | c1          | 1.5   | ok      | TRY
        e2       | 2026-01-15 10:00:01 | click      | c1          |       |         |
    """,
    "wait_time": """
        wait_id | customer_id | wait_type | channel | started_at          | ended_at            | outcome
        w1      | c1          | queue     | phone   | 2026-01-15 10:00:00 | 2026-01-15 10:01:00 | served
        w2      | c1          | queue     | phone   | 2026-01-15 10:00:00 |                     | open
    """,
    "order_error": """
        error_id | customer_id | order_id | occurred_at         | error_type
        x1       | c1          | o1       | 2026-01-15 10:00:00 | wrong_item
    """,
    "orders": """
        order_id | customer_id | placed_at           | value
        o1       | c1          | 2026-01-15 10:00:00 | 10
    """,
    "feedback": """
        feedback_id | customer_id | given_at            | metric | score | scale_min | scale_max
        f1          | c1          | 2026-01-15 10:00:00 | nps    | 9     | 0         | 10
    """,
    "customers": """
        customer_id | segment
        c1          | gold
    """,
}

# What each statement plants, and the expectation that must find it.
BREAKAGE = {
    "clickstream": {
        "event_name = null": "event_name.required",
        "outcome = 'maybe'": "outcome.known",
        "value = -1": "value.between",
        "x = 'nan'": "x.finite",
        "currency = 'try'": "currency.pattern",
        "session_id = repeat('s', 201)": "session_id.length",
        "event_id = 'e1'": "event_id.unique",
        "customer_id = null": "has_a_person",
        "occurred_at = '1969-01-01'": "plausible_time",
    },
    "wait_time": {
        "wait_type = 'nap'": "wait_type.known",
        "ended_at = started_at - interval 1 second": "ends_after_start",
        "outcome = 'open', ended_at = started_at": "ended_or_open",
    },
    "order_error": {"order_id = null": "order_id.required", "error_type = 'sad'": "error_type.known"},
    "orders": {"customer_id = null": "customer_id.required", "value = -5": "value.between"},
    "feedback": {"score = 11": "score_within_scale", "metric = 'mood'": "metric.known"},
    "customers": {"customer_id = null": "customer_id.required"},
}


def test_each_contract_s_suite_holds_on_good_rows_and_finds_each_planted_breakage():
    from pipeline.contracts import expectations

    con = warehouse(**GOOD)
    assert set(BREAKAGE) == set(INPUTS)
    for name, planted in BREAKAGE.items():
        contract = load(name)
        table = contract.table
        found = expectations.run(con, contract, f"select * from {table}")
        assert found, name
        assert [each for each in found if not each.success] == [], name
        con.execute(f"create or replace temp table good as from {table}")
        for change, rule in planted.items():
            con.execute("create or replace temp table broken as from good")
            con.execute("insert into broken from good limit 1")  # a key twice, unless it is changed
            key = contract.key[0]
            con.execute(f"update broken set {key} = 'other' where rowid = (select max(rowid) from broken)")
            con.execute(f"update broken set {change} where rowid = (select max(rowid) from broken)")
            results = {each.expectation: each for each in expectations.run(con, contract, "select * from broken")}
            assert not results[rule].success, f"{name}: {change} was not found"
            assert results[rule].error is None
            assert results[rule].rows_unexpected == 1 or results[rule].found == "1 repeated rows; it must be 0"
            gc.collect()  # an engine that is thrown away must not take our connection with it
    assert con.execute("select 1").fetchall() == [(1,)]


def test_a_check_that_cannot_be_made_is_an_error_and_no_broken_rule():
    from dataclasses import replace

    from pipeline.contracts import expectations

    con = warehouse(**GOOD)
    wrong = Rule("needs_moon", "moon_phase > 0", "no such column")
    contract = replace(load("orders"), custom_rules=(wrong,))
    results = {each.expectation: each for each in expectations.run(con, contract, "select * from events.orders")}
    assert not results["needs_moon"].success
    assert "moon_phase" in (results["needs_moon"].error or "")
    assert all(each.success and each.error is None for name, each in results.items() if name != "needs_moon")


def test_no_rows_break_only_the_rule_that_there_are_some_and_as_badly_as_the_contract_says():
    from pipeline.contracts import expectations

    con = warehouse()
    for name, severity in {"clickstream": "error", "wait_time": "warning"}.items():
        contract = load(name)
        broken = [
            each for each in expectations.run(con, contract, f"select * from {contract.table}") if not each.success
        ]
        assert [(each.expectation, each.severity) for each in broken] == [("some_rows", severity)]


def test_a_rule_that_is_neither_true_nor_false_is_broken():
    from dataclasses import replace

    from pipeline.contracts import expectations

    con = warehouse(**GOOD)
    contract = replace(load("orders"), custom_rules=(Rule("paid", "shipping_cost >= 0", "null is no cost"),))
    results = {each.expectation: each for each in expectations.run(con, contract, "select * from events.orders")}
    assert not results["paid"].success


@pytest.mark.parametrize(
    ("limit", "nulls", "holds"),
    [
        ({"mustBeLessOrEqualTo": 5}, 5, True),
        ({"mustBeLessOrEqualTo": 5}, 6, False),
        ({"mustBeLessThan": 5}, 4, True),
        ({"mustBeLessThan": 5}, 5, False),
        ({"mustBeLessOrEqualTo": 5}, 0, True),
        ({"mustBeLessOrEqualTo": 58}, 58, True),
        ({"mustBeLessThan": 58}, 58, False),
    ],
)
def test_a_share_of_the_rows_may_break_a_rule_and_is_told(tmp_path, limit, nulls, holds):
    from pipeline.contracts import expectations

    stated = {"name": "n", "metric": "nullValues", "unit": "percent", "severity": "warning"}
    contract = read(tmp_path, described("a", quality=[stated | limit]))
    rows = f"select case when i >= {nulls} then 'x' end as a from range(100) r(i)"
    with duckdb.connect() as con:
        (found,) = expectations.run(con, contract, rows)
    assert (found.expectation, found.severity, found.success) == ("n", "warning", holds)
    assert (found.rows_checked, found.rows_unexpected) == (100, nulls)
    (most,) = limit.values()
    assert found.found == f"{nulls}.00% of rows, the limit is {most}.00%"


@pytest.mark.parametrize(
    ("limit", "rows", "holds"),
    [
        ({"mustBe": 3}, 3, True),
        ({"mustBe": 3}, 2, False),
        ({"mustNotBe": 3}, 2, True),
        ({"mustNotBe": 3}, 3, False),
        ({"mustBeGreaterThan": 3}, 4, True),
        ({"mustBeGreaterThan": 3}, 3, False),
        ({"mustBeGreaterOrEqualTo": 3}, 3, True),
        ({"mustBeGreaterOrEqualTo": 3}, 2, False),
        ({"mustBeLessThan": 3}, 2, True),
        ({"mustBeLessThan": 3}, 3, False),
        ({"mustBeLessOrEqualTo": 3}, 3, True),
        ({"mustBeLessOrEqualTo": 3}, 4, False),
        ({"mustBeBetween": [2, 3]}, 3, True),
        ({"mustBeBetween": [2, 3]}, 4, False),
        ({"mustNotBeBetween": [2, 3]}, 4, True),
        ({"mustNotBeBetween": [2, 3]}, 2, False),
    ],
)
def test_a_figure_keeps_or_breaks_each_limit_of_the_standard(tmp_path, limit, rows, holds):
    from pipeline.contracts import expectations

    contract = read(tmp_path, described("a"), quality=[{"name": "{n}", "metric": "rowCount"} | limit])
    with duckdb.connect() as con:
        (found,) = expectations.run(con, contract, f"select 'x' as a from range({rows})")
    assert (found.expectation, found.success, found.error) == ("{n}", holds, None)
    assert found.found is None if holds else (found.found or "").startswith(f"{rows} rows; it must be ")


def test_days_are_judged_each_and_told_by_name():
    from pipeline.contracts import expectations

    con = warehouse(orders="order_id | day | placed_at\n---+---+---\no | 2026-01-10 | 2026-01-10 12:00:00")
    asked = [day_in(ZoneInfo("UTC"), date(2026, 1, number)) for number in (12, 13, 14)]
    results = {each.expectation: each for each in expectations.run(con, load("orders"), None, asked)}
    assert results.keys() == {"usual_rows", "freshness"}, "nothing was loaded, so rows are not looked at"
    assert results["usual_rows"].success
    found = results["freshness"]
    assert (found.success, found.severity, found.rows_checked) == (False, "warning", None)
    assert found.found == "2026-01-13: 84 hours, 2026-01-14: 108 hours; it must be <= 72"


def test_a_figure_that_cannot_be_computed_is_an_error_and_no_broken_rule():
    from dataclasses import replace

    from pipeline.contracts import expectations

    wrong = TableRule("moon", "query", Limit("mustBe", (0,)), "no such table", "warning", query="select 1 from moon")
    contract = replace(load("orders"), table_rules=(wrong,))
    asked = [day_in(ZoneInfo("UTC"), date(2026, 1, 12))]
    (found,) = expectations.run(warehouse(), contract, None, asked)
    assert (found.success, found.severity, found.found) == (False, "warning", None)
    assert "moon does not exist" in (found.error or "")


@pytest.mark.parametrize("rules", [1, 20])
def test_the_rows_are_scanned_once_for_all_of_their_rules(tmp_path, rules):
    from pipeline.contracts import expectations

    column = described("a", "DOUBLE", required=True, logicalTypeOptions={"minimum": 0, "maximum": 9})
    own = [
        {"name": f"own {n}", "type": "custom", "engine": "row", "implementation": f"a > -{n + 1}"} for n in range(rules)
    ]
    contract = read(tmp_path, column, quality=own)
    with duckdb.connect() as con:
        computed = Counter[str]()

        def counting(value: float) -> float:
            computed["a"] += 1
            return value

        con.create_function("counting", counting, side_effects=True)
        results = expectations.run(con, contract, "select counting(i::double % 9) as a from range(50) r(i)")
    assert len(results) == 3 + rules  # required, finite, between
    assert [each for each in results if not each.success] == []
    assert computed["a"] == 2 * 50, "once for the rules, however many; once to count the rows"


def test_it_is_silent_at_info_and_leaves_nothing_in_the_temporary_folder(tmp_path):
    code = """
import logging
logging.basicConfig(level=logging.INFO)
before = logging.getLogger().level
from pipeline.contracts import expectations
from pipeline.contracts.contract import load
from pipeline.warehouse.tables import create_all
import duckdb
con = duckdb.connect()
create_all(con)
assert expectations.run(con, load("orders"), "select * from events.orders")
assert logging.getLogger().level == before
"""
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith(("INFO", "WARNING", "ERROR"))]
    assert told == []
    assert list(tmp_path.iterdir()) == []


def test_other_loggers_keep_their_levels():
    before = {name: logging.getLogger(name).level for name in ("", "pipeline", "sqlalchemy", "duckdb")}
    from pipeline.contracts import expectations

    expectations.run(warehouse(**GOOD), load("customers"), "select * from events.customers")
    assert {name: logging.getLogger(name).level for name in before} == before

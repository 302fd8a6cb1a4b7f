"""The figures of table rules: of a load, and of days, against drawn warehouses."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from pipeline.calendar import Day
from pipeline.contracts import figures
from pipeline.contracts.contract import Limit, TableRule, load
from tests.contracts.files import described, read
from tests.sql.worlds import warehouse

FRIDAY, SATURDAY = date(2026, 1, 16), date(2026, 1, 17)


def day(of: date) -> Day:
    start = datetime(of.year, of.month, of.day, tzinfo=UTC)
    return Day(of, start, start + timedelta(days=1))


def found(con: duckdb.DuckDBPyConnection, contract: str, rule: str, *days: date) -> list[float | None]:
    """The figure of a rule on each day."""
    computed = figures.compute(con, load(contract), None, [day(each) for each in days])
    assert computed.errors == {}
    rows = con.execute(f'select "{rule}" from contract_figures where day is not null order by day').fetchall()
    return [value if value is None else round(value, 2) for (value,) in rows]


# --- rows against a usual day -----------------------------------------------------------------------------------------


def received(con: duckdb.DuckDBPyConnection, source: str, last: date, counts: list[int]) -> None:
    """Clickstream rows of one source on the days up to the last one, as many each day as `counts` says."""
    con.execute(
        "insert into ops.loads by name select $id as load_id, $source as source, 'r' as run_id, 'clickstream' as "
        "contract, 'f' as file, 0 as rows_read, 0 as rows_kept, 0 as rows_quarantined, 0 as rows_duplicate, [] as "
        "missing_columns, [] as unknown_columns, '' as sha256, "
        "'parquet' as format, [] as columns, [] as column_types, timestamptz '2026-01-18' as loaded_at",
        {"id": f"load of {source}", "source": source},
    )
    for back, count in enumerate(reversed(counts)):
        con.execute(
            "insert into events.clickstream (event_id, occurred_at, event_name, customer_id, day, load_id) "
            "select $source || $day || i, $day::date + interval 12 hour, 'click', 'c', $day, $id "
            "from range($count) t(i)",
            {"source": source, "day": last - timedelta(days=back), "count": count, "id": f"load of {source}"},
        )


@pytest.mark.parametrize(
    ("counts", "share"),
    [
        pytest.param([20, *[100] * 6, 20], 100.0, id="a Saturday that is as quiet as the last"),
        pytest.param([20, *[100] * 6, 3], 15.0, id="a Saturday that is quieter than that"),
        pytest.param([100, *[100] * 6, 19], 19.0, id="a day below a fifth of a week before"),
        pytest.param([0, *[100] * 6, 0], 0.0, id="a first Saturday is compared with the median of the week"),
        pytest.param([100, 0, *[100] * 6, 0], None, id="closed on Saturdays: none is usual"),
        pytest.param([100, 100, 0, *[0] * 5, 100, 0], None, id="closed at weekends"),
        pytest.param([100, *[0] * 6, 0], 0.0, id="dried up a week ago"),
        pytest.param([100, 110, 120, 11], 10.0, id="three days are enough for a median"),
        pytest.param([100, 110, 10], None, id="two days are not"),
        pytest.param([9, 9, 9, 9, 0], None, id="so few rows that chance empties a day"),
        pytest.param([10, 10, 10, 10, 0], 0.0, id="just enough rows"),
        pytest.param([100, *[100] * 6, 400], 400.0, id="more than usual"),
        pytest.param([50], None, id="the first day"),
    ],
)
def test_rows_are_compared_with_those_of_a_usual_day(counts, share):
    con = warehouse()
    received(con, "web", SATURDAY, counts)
    assert found(con, "clickstream", "usual_rows", SATURDAY) == [share]


def test_a_source_that_dries_up_shows_though_another_is_as_ever():
    con = warehouse()
    received(con, "web", SATURDAY, [1000] * 8)
    received(con, "app", SATURDAY, [50] * 7 + [5])
    assert found(con, "clickstream", "usual_rows", FRIDAY, SATURDAY) == [100.0, 10.0]


def test_rows_that_are_set_aside_hide_no_input_that_dried_up():
    con = warehouse()
    received(con, "web", SATURDAY, [100] * 8)
    con.execute(
        "update events.clickstream set set_aside = 'bot' where event_id in "
        "(select event_id from events.clickstream where day = $day order by event_id limit 90)",
        {"day": SATURDAY},
    )
    assert found(con, "clickstream", "usual_rows", SATURDAY) == [10.0]


def test_several_days_are_judged_each_by_its_own_past():
    con = warehouse()
    received(con, "web", SATURDAY, [100, 100, 100, 30, 100])
    days = [SATURDAY - timedelta(days=back) for back in (4, 3, 2, 1, 0)]
    assert found(con, "clickstream", "usual_rows", *days) == [None, None, None, 30.0, 100.0]


# --- age of the newest event ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "hours"),
    [
        pytest.param(["2026-01-17 23:59:59"], 0.0, id="just now"),
        pytest.param(["2026-01-17 12:00:00", "2026-01-17 06:00:00"], 12.0, id="half a day"),
        pytest.param(["2026-01-17 11:00:00", "2026-01-18 01:00:00"], 13.0, id="what comes later is of a later day"),
        pytest.param(["2026-01-16 23:00:00"], 25.0, id="yesterday"),
        pytest.param(["2026-01-10 23:00:00"], 72.0, id="older than all that is looked at: at least that old"),
        pytest.param(["2026-01-18 01:00:00"], None, id="nothing yet"),
        pytest.param([], None, id="no input"),
    ],
)
def test_the_newest_event_has_an_age_at_the_end_of_the_day(times, hours):
    drawn = "event_id | occurred_at\n---+---\n" + "".join(f"e{n} | {time}\n" for n, time in enumerate(times))
    con = warehouse(clickstream=drawn)
    assert found(con, "clickstream", "freshness", SATURDAY) == [hours]


def test_the_end_of_a_day_is_that_of_the_project_s_time_zone():
    con = warehouse(clickstream="event_id | day | occurred_at\n---+---+---\ne | 2026-01-17 | 2026-01-17 20:00:00")
    midnight = datetime(2026, 1, 17, 21, tzinfo=UTC)
    istanbul = Day(SATURDAY, midnight - timedelta(days=1), midnight)
    assert figures.compute(con, load("clickstream"), None, [istanbul]).errors == {}
    assert con.execute("select freshness from contract_figures where day is not null").fetchall() == [(1.0,)]


# --- orders and customers that nobody knows ---------------------------------------------------------------------------

ERRORS = """
    error_id | order_id | day
    bought   | o1       | 2026-01-17
    ordered  | o2       | 2026-01-17
    clicked  | o3       | 2026-01-17
    unknown  | o4       | 2026-01-17
    earlier  | o5       | 2026-01-16
"""
ORDERS = "order_id | day\no1 | 2026-01-17\no2 | 2025-01-01\n"
CLICKS = """
    event_id | event_name | order_id | day
    e1       | purchase   | o3       | 2025-11-01
    e2       | purchase   |          | 2026-01-17
    e3       | click      | o4       | 2026-01-17
    e4       | purchase   | o5       | 2025-10-01
"""


def test_errors_of_unknown_orders_are_a_share_of_the_day_s_errors():
    con = warehouse(order_error=ERRORS, orders=ORDERS, clickstream=CLICKS)
    assert found(con, "order_error", "order_is_known", FRIDAY, SATURDAY) == [100.0, 25.0]


def test_where_no_orders_are_known_none_is_missed():
    con = warehouse(order_error=ERRORS, clickstream=CLICKS)
    assert found(con, "order_error", "order_is_known", SATURDAY) == [None]


WAITS = "wait_id | customer_id | day\nw1 | known | 2026-01-17\nw2 | orders | 2026-01-17\nw3 | nobody | 2026-01-17\n"


def test_waits_of_people_whom_nobody_knows_are_a_share_where_customers_are_known():
    told = {"wait_time": WAITS, "orders": "order_id | customer_id | day\no | orders | 2026-01-01"}
    assert found(warehouse(**told), "wait_time", "customer_is_known", SATURDAY) == [None]
    con = warehouse(customers="customer_id\nknown", **told)
    assert found(con, "wait_time", "customer_is_known", SATURDAY) == [33.33]
    assert found(con, "wait_time", "customer_is_known", FRIDAY) == [None]


# --- of a load, and of one's own --------------------------------------------------------------------------------------


def rules(tmp_path: Any, *stated: dict[str, Any]) -> Any:
    return read(tmp_path, described("a"), described("b"), physicalName="t", quality=list(stated))


ROWS = "select * from (values ('x', 'y'), ('x', 'y'), ('x', 'z'), ('x', null), (null, 'y'), (null, 'y')) v(a, b)"


@pytest.mark.parametrize(
    ("stated", "figure"),
    [
        pytest.param({"metric": "rowCount"}, 6, id="rows"),
        pytest.param({"metric": "duplicateValues", "arguments": {"properties": ["a"]}}, 3, id="of one column"),
        pytest.param({"metric": "duplicateValues", "arguments": {"properties": ["a", "b"]}}, 1, id="of two"),
        pytest.param(
            {"metric": "duplicateValues", "unit": "percent", "arguments": {"properties": ["a"]}}, 50, id="a share"
        ),
    ],
)
def test_a_load_has_figures_and_nulls_repeat_nothing(tmp_path, stated, figure):
    contract = rules(tmp_path, {"name": "n", "mustBe": 0} | stated)
    with duckdb.connect() as con:
        assert figures.compute(con, contract, ROWS, []).errors == {}
        assert con.execute("select day, n from contract_figures").fetchall() == [(None, figure)]


def test_no_rows_have_no_share_of_repeated_ones(tmp_path):
    share = {"metric": "duplicateValues", "unit": "percent", "arguments": {"properties": ["a"]}}
    contract = rules(tmp_path, {"name": "n", "mustBe": 0} | share)
    with duckdb.connect() as con:
        figures.compute(con, contract, f"{ROWS} limit 0", [])
        assert con.execute("select n from contract_figures").fetchall() == [(None,)]


def test_a_query_of_the_day_is_asked_of_each_and_any_other_once(tmp_path):
    stated = [
        {"name": "of_day", "query": "select count(*) from ${table} where b = GetVariable( 'day' );"},
        {"name": "of_all", "query": "select count(*) from ${table}"},
    ]
    contract = rules(tmp_path, *({"type": "sql", "mustBe": 1} | each for each in stated))
    with duckdb.connect() as con:
        con.execute("create table t as select 'x' as a, unnest([date '2026-01-16', '2026-01-17', '2026-01-17']) as b")
        figures.compute(con, contract, None, [day(FRIDAY), day(SATURDAY)])
        rows = con.execute("select of_day, of_all from contract_figures where day is not null order by day").fetchall()
        assert con.execute("select getvariable('day')").fetchall() == [(None,)], "it is no one's after that"
    assert rows == [(1, None), (2, 3)]


def test_a_query_of_the_day_runs_as_it_stands_where_the_day_is_a_variable():
    con = warehouse(order_error=ERRORS, orders=ORDERS, clickstream=CLICKS)
    con.execute("set variable day = date '2026-01-17'")
    (rule,) = [rule for rule in load("order_error").table_rules if rule.name == "order_is_known"]
    assert con.execute(rule.query.replace("${table}", "events.order_error")).fetchall() == [(25.0,)]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select moon from t", "moon"),
        ("select unnest([1, 2])", "More than one row"),
        ("select 'many'", "Could not convert string 'many'"),
        ("select 1, 2", "1"),
    ],
)
def test_a_figure_that_cannot_be_computed_is_told_and_harms_no_other(query, words):
    rule = TableRule("bad", "query", Limit("mustBe", (0,)), "", query=query)
    good = TableRule("good", "query", Limit("mustBe", (0,)), "", query="select 7")
    contract = replace(load("orders"), table_rules=(rule, good))
    with duckdb.connect() as con:
        con.execute("create table t (a varchar)")
        computed = figures.compute(con, contract, None, [day(SATURDAY)])
        assert [each.name for each in computed.rules] == ["good"]
        assert words in computed.errors["bad"]
        assert con.execute("select good from contract_figures where day is not null").fetchall() == [(7,)]

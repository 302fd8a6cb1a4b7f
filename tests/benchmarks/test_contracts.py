"""What Great Expectations adds to a load, beside the load itself: five million clickstream events, one night."""

import dataclasses
import warnings
from datetime import date
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipeline.calendar import day_in
from pipeline.contracts.contract import load
from pipeline.sources.files import open_file
from pipeline.warehouse import loading, tables
from pipeline.warehouse.connection import writing

pytestmark = pytest.mark.benchmark

ROWS = 5_000_000
DAY = date(2026, 1, 15)
MOST = 0.2  # of the seconds of the load

EVENTS = """
select
    'e' || lpad(i::varchar, 9, '0') as event_id,
    timestamptz '2026-01-15 00:00:00Z' + to_microseconds(i * 17279) as occurred_at,
    ['page_view', 'click', 'view_item', 'add_to_cart', 'begin_checkout', 'purchase', 'search'][1 + i % 7] as event_name,
    case when i % 3 < 2 then 'c' || (i // 12 * 7919 % 80000) end as customer_id,
    'a' || (i // 12 * 104729 % 120000) as anonymous_id,
    's' || (i // 12) as session_id,
    '/' || ['item', 'cart', 'checkout', 'thanks'][1 + i % 4] as page_path,
    case when i % 4 = 0 then '#' || ['pay', 'next', 'menu'][1 + i % 3] end as element,
    (i * 31 % 1000)::double as x,
    (i * 37 % 1000)::double as y,
    'p' || (i * 41 % 5000) as product_id,
    case when i % 7 = 5 then 'o' || i end as order_id,
    case when i % 4 = 1 then (i * 43 % 20000) / 100.0 end as value,
    case when i % 4 = 1 then 'TRY' end as currency,
    case when i % 9 = 1 then 'error' when i % 9 = 2 then 'ok' end as outcome,
    ['mobile', 'desktop', 'tablet'][1 + i // 12 % 3] as device,
    'web' as channel
from range($rows) t(i)
"""


def test_checking_five_million_rows_adds_little_to_loading_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.parquet"
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"copy ({EVENTS.replace('$rows', str(ROWS))}) to '{path}' (format parquet)")
    contract = load("clickstream")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Great Expectations imports
        began = perf_counter()
        from pipeline.contracts import expectations

        importing = perf_counter() - began

        with writing(tmp_path / "w.duckdb") as con:
            tables.create_all(con)
            began = perf_counter()
            con.begin()
            loaded = loading.load(con, "web", contract, open_file(path, path.name, None), None, "UTC")
            con.commit()
            load_seconds = perf_counter() - began
            row = dataclasses.asdict(loaded) | {"run_id": "r", "loaded_at": "2026-01-16 03:00:00Z"}
            row.pop("days")
            names = ", ".join(row)
            con.execute(f"insert into ops.loads ({names}) values ({', '.join('$' + name for name in row)})", row)

            began = perf_counter()
            rows = f"select * from {contract.table} where load_id in (select load_id from ops.loads)"
            results = expectations.run(con, contract, rows, [day_in(ZoneInfo("UTC"), DAY)])
            check_seconds = perf_counter() - began

    assert loaded.rows_kept == ROWS
    assert [each for each in results if not each.success] == []
    with capsys.disabled():
        print(f"\n{ROWS:,} rows, {len(results)} expectations")  # noqa: T201
        for name, seconds in (("load", load_seconds), ("check", check_seconds), ("(import, once)", importing)):
            print(f"{name:<20} {seconds:7.1f} s {seconds / load_seconds:6.2f} x the load")  # noqa: T201
    assert check_seconds <= MOST * load_seconds

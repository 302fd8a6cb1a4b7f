"""All clickstream signals, sessions and visits included, beside a scan and a sort of the same events, and plain SQL.

One simulated day, each event with its person. People are worked through in buckets, as a night does it; the reference
scans the same columns and sorts them by person, time and id. Each signal's share of the whole is printed, too.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest

from pipeline import night
from pipeline.calendar import day_in
from pipeline.contracts.contract import load as load_contract
from pipeline.detectors import all_signals
from pipeline.detectors._signal import Inputs, Signal, detected
from pipeline.flagging import BUCKET_EVENTS, in_parallel
from pipeline.journeys.journey import load as load_journey
from pipeline.simulate import simulate
from pipeline.warehouse import history
from pipeline.warehouse.history import CLICKSTREAM
from tests.detectors.nights import nothing, schema

pytestmark = pytest.mark.benchmark

CUSTOMERS = int(os.environ.get("FRICTION_BENCH_CUSTOMERS", "400000"))  # 2.2 million events
DAY = day_in(ZoneInfo("Europe/Istanbul"), date(2026, 1, 1))
SHOWN = 10
SIGNALS: dict[str, Signal] = {
    name: each
    for name, each in all_signals().items()
    if all(set(alternative) == {"events"} for alternative in each.needs) and not each.needs_setting
}
# What an analyst would write: sessions, clicks in rage and loops of pages, one row in all.
PLAINLY = """
    with seen as (
        select customer_id, occurred_at, event_name, element, page_path,
            lag(occurred_at) over person as before, lag(occurred_at, 3) over person as third_before,
            lag(element) over person as element_1, lag(element, 2) over person as element_2,
            lag(element, 3) over person as element_3, lag(page_path) over person as page_1,
            lag(page_path, 2) over person as page_2, lag(page_path, 3) over person as page_3
        from read_parquet($path) window person as (partition by customer_id order by occurred_at, event_id)
    ),
    numbered as (
        select *, count(*) filter (before is null or occurred_at - before >= interval 30 minute)
            over (partition by customer_id order by occurred_at rows unbounded preceding) as session
        from seen
    ),
    sessions as (
        select customer_id, session, count(*) as events,
            count(*) filter (event_name = 'click' and element = element_1 and element = element_2
                and element = element_3 and occurred_at - third_before <= interval 1 second) as rages,
            count(*) filter (page_path = page_2 and page_1 = page_3 and page_path <> page_1) as loops,
            max(occurred_at) - min(occurred_at) as lasted, bool_or(event_name = 'purchase') as bought
        from numbered group by all
    )
    select count(*), sum(events), sum(rages), sum(loops), median(lasted), sum(bought::int) from sessions
"""
NEVER = pl.DataFrame(schema=load_contract("usual").schema() | {"since": pl.Datetime("us", "UTC")}).drop(
    "day"
)  # nothing is known of the days before


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("signals")
    simulate(1, CUSTOMERS, 7, made / "world")
    rows = pl.scan_parquet(made / "world" / "clickstream" / "*.parquet").unique("event_id")
    known = {name: kind for name, kind in schema("clickstream").items() if name in CLICKSTREAM}
    person = pl.coalesce("customer_id", "anonymous_id")
    given = [name for name in known if name in rows.collect_schema().names()]
    rows.with_columns(customer_id=person).select(pl.col(name).cast(known[name]) for name in given).sink_parquet(
        made / "events.parquet"
    )
    return made / "events.parquet"


@contextmanager
def buckets_of(path: Path, folder: Path, buckets: int) -> Iterator[Callable[[int], night.Bucket]]:
    """The events by bucket of people, as a night reads them."""
    with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder / "spilled")}) as con:
        con.execute("set timezone = 'UTC'; set enable_progress_bar = false; create schema events")
        columns = con.execute(f"describe from read_parquet('{path}')").fetchall()
        others = [f"null as {name}" for name in CLICKSTREAM if name not in {name for name, *_ in columns}]
        listed = ", ".join(["*", *others, f"date '{DAY.date}' as day", "null as set_aside"])
        con.execute(f"create view events.clickstream as select {listed} from read_parquet('{path}')")
        history.remember(con, [])
        known = schema("clickstream")
        types = [pl.col(name).cast(known[name]) for name in CLICKSTREAM]
        with history.clickstream(con, DAY.start, DAY.end, buckets, folder / "buckets.arrow") as of:
            yield lambda number: night.Bucket(
                events=of(number).select(types),
                purchases=nothing("clickstream"),
                waits=nothing("wait_time"),
                errors=nothing("order_error"),
                orders=nothing("orders"),
            )


def work(path: Path, buckets: int) -> list[night.Found]:
    """All sessions, visits and flags of the day."""
    journey = load_journey("ecommerce", Path())
    with buckets_of(path, path.parent, buckets) as read:
        return in_parallel(read, lambda each: night.judge(each, journey, SIGNALS, DAY, NEVER), buckets)


def peak_of_work(path: Path, buckets: int) -> float:
    """GiB that this process needed at most for the work.

    As the kernel counts them for what runs in it now: `ru_maxrss` of a process begins with what its parent held.
    """
    work(path, buckets)
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.partition("VmHWM:")[2].split()[0]) / 2**20


def least(times: int, work: Callable[[], object]) -> float:
    """Wall seconds."""

    def once() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return min(once() for _ in range(times))


def test_all_clickstream_signals_beside_a_scan_and_a_sort(
    events: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    rows = pl.scan_parquet(events).select(pl.len()).collect().item()
    buckets, journey = 1 + rows // BUCKET_EVENTS, load_journey("ecommerce", Path())
    found: list[night.Found] = []

    def reference() -> None:
        pl.scan_parquet(events).sort("customer_id", "occurred_at", "event_id").collect(engine="streaming")

    def ours() -> None:
        found[:] = work(events, buckets)

    def plainly_in_sql() -> None:
        with duckdb.connect() as con:
            con.execute("set enable_progress_bar = false")
            con.execute(PLAINLY, {"path": str(events)}).fetchall()

    sorting, asking, judging = least(3, reference), least(3, plainly_in_sql), least(3, ours)
    with ProcessPoolExecutor(1, get_context("spawn")) as apart:
        peak = apart.submit(peak_of_work, events, buckets).result()

    seen: list[Inputs] = []
    plainly = night.flagged

    def watched(inputs: Inputs, *given: Any) -> pl.DataFrame:
        seen.append(inputs)
        return plainly(inputs, *given)

    def one(each: Signal) -> Callable[[], object]:
        return lambda: detected(each, seen[0], pl.lit(value=True)).collect()

    with monkeypatch.context() as patched, buckets_of(events, events.parent, buckets) as read:
        first = read(0)
        patched.setattr(night, "flagged", watched)
        part = least(3, lambda: night.judge(first, journey, SIGNALS, DAY, NEVER))
    alone = {name: least(3, one(each)) / part for name, each in SIGNALS.items()}

    with capsys.disabled():
        print(f"\n{rows:,} clickstream events, {buckets} buckets, {len(SIGNALS)} signals")  # noqa: T201
        print(f"scan and sort {sorting:.1f} s, all signals {judging:.1f} s: {judging / sorting:.2f} x, asked 2.0 x")  # noqa: T201
        print(f"sessions, rage and loops alone in SQL {asking:.1f} s: {judging / asking:.2f} x, asked 1.25 x")  # noqa: T201
        print(f"at most {peak:.2f} GiB, asked 2 GiB")  # noqa: T201
        for name, share in sorted(alone.items(), key=lambda each: -each[1])[:SHOWN]:
            print(f"  {name:<24} {share:6.1%} of the whole (asked at most 10 %)")  # noqa: T201
    assert sum(each.flags.height for each in found)

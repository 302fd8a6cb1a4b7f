"""All clickstream signals, sessions and visits included, beside what polars needs to scan and sort the same events.

One simulated day, each event with its person. People are worked through in buckets, as a night does; the reference
scans the same columns and sorts them by person, time and id. Each signal's share of the whole is printed, too.
"""

import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from pipeline import night
from pipeline.calendar import day_in
from pipeline.contracts.contract import load as load_contract
from pipeline.detectors import all_signals
from pipeline.detectors._signal import Inputs, Signal, detected
from pipeline.journeys.journey import load as load_journey
from pipeline.simulate import simulate
from pipeline.warehouse.history import CLICKSTREAM
from tests.detectors.nights import nothing, schema

pytestmark = pytest.mark.benchmark

CUSTOMERS = int(os.environ.get("FRICTION_BENCH_CUSTOMERS", "400000"))  # 2.2 million events
DAY = day_in(ZoneInfo("Europe/Istanbul"), date(2026, 1, 1))
BUCKET_EVENTS = 500_000
SHOWN = 10
SIGNALS: dict[str, Signal] = {
    name: each
    for name, each in all_signals().items()
    if all(set(alternative) == {"events"} for alternative in each.needs)
}
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


def bucket(path: Path, number: int, buckets: int) -> night.Bucket:
    rows = pl.scan_parquet(path).filter(pl.col("customer_id").hash(0) % buckets == number).collect(engine="streaming")
    known = schema("clickstream")
    missing = {name: pl.lit(None, known[name]) for name in CLICKSTREAM if name not in rows.columns}
    return night.Bucket(
        events=rows.with_columns(**missing).select(CLICKSTREAM),
        purchases=nothing("clickstream"),
        waits=nothing("wait_time"),
        errors=nothing("order_error"),
        orders=nothing("orders"),
    )


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
        found[:] = [night.judge(bucket(events, each, buckets), journey, SIGNALS, DAY, NEVER) for each in range(buckets)]

    sorting, judging = least(3, reference), least(2, ours)

    seen: list[Inputs] = []
    plainly = night.flagged

    def watched(inputs: Inputs, *given: Any) -> pl.DataFrame:
        seen.append(inputs)
        return plainly(inputs, *given)

    def one(each: Signal) -> Callable[[], object]:
        return lambda: detected(each, seen[0], pl.lit(value=True)).collect()

    with monkeypatch.context() as patched:
        patched.setattr(night, "flagged", watched)
        part = least(2, lambda: night.judge(bucket(events, 0, buckets), journey, SIGNALS, DAY, NEVER))
    alone = {name: least(3, one(each)) / part for name, each in SIGNALS.items()}

    with capsys.disabled():
        print(f"\n{rows:,} clickstream events, {buckets} buckets, {len(SIGNALS)} signals")  # noqa: T201
        print(f"scan and sort {sorting:.1f} s, all signals {judging:.1f} s: {judging / sorting:.2f} x, asked 2.0 x")  # noqa: T201
        for name, share in sorted(alone.items(), key=lambda each: -each[1])[:SHOWN]:
            print(f"  {name:<24} {share:6.1%} of the whole (asked at most 10 %)")  # noqa: T201
    assert sum(each.flags.height for each in found)

"""What a load costs beside plain DuckDB reading the same file into a table, contract rules included.

Both read the same five million events of the simulator (a thousandth broken, two thousandths doubled), in turns; the
least time of each counts: what a machine does besides makes a run slower, never faster.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipeline.contracts.contract import load as load_contract
from pipeline.simulate import simulate
from pipeline.sources.files import open_file
from pipeline.warehouse import loading
from pipeline.warehouse.connection import STORAGE
from pipeline.warehouse.days import transaction
from pipeline.warehouse.tables import create_all

pytestmark = pytest.mark.benchmark

CUSTOMERS, DAYS = int(os.environ.get("FRICTION_BENCH_CUSTOMERS", "88000")), 10  # 4.9 million events
TURNS = 3
PLAIN = {
    "parquet": "read_parquet('{path}')",
    "csv": "read_csv('{path}')",
    "ndjson.gz": "read_json('{path}')",
}


@dataclass(frozen=True)
class Cost:
    """Wall and processor seconds."""

    wall: float
    processor: float


def cost(work: Callable[[], None]) -> Cost:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - processor)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("load")
    simulate(DAYS, CUSTOMERS, 7, made / "world")
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"create table events as from read_parquet('{made}/world/clickstream/*.parquet')")
        con.execute(f"copy events to '{made}/events.parquet'")
        con.execute(f"copy events to '{made}/events.csv' (header)")
        con.execute(f"copy events to '{made}/events.ndjson.gz' (format json, compression gzip)")
    return made


@pytest.mark.parametrize(("ending", "target"), [("parquet", 2.5), ("csv", 2.0), ("ndjson.gz", 2.0)])
def test_a_load_beside_plain_duckdb(folder: Path, ending: str, target: float, capsys: pytest.CaptureFixture[str]):
    path, database = folder / f"events.{ending}", folder / "bench.duckdb"
    rows = 0

    def plain() -> None:
        with duckdb.connect(str(database), config={"storage_compatibility_version": STORAGE}) as con:
            con.execute(f"create table events as from {PLAIN[ending].format(path=path)}")

    def ours() -> None:
        nonlocal rows
        with duckdb.connect(str(database), config={"storage_compatibility_version": STORAGE}) as con:
            con.execute("set timezone = 'UTC'")
            create_all(con)
            file = open_file(path, path.name, None)
            with loading.read(con, "web", load_contract("clickstream"), file, None) as staged, transaction(con):
                rows = loading.add(con, staged, "UTC").rows_read

    costs: dict[str, list[Cost]] = {"plain": [], "ours": []}
    for _ in range(TURNS):
        for name, work in (("plain", plain), ("ours", ours)):
            costs[name].append(cost(work))
            database.unlink()
    least = {name: Cost(min(c.wall for c in each), min(c.processor for c in each)) for name, each in costs.items()}
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{ending:<10} {rows:,} rows: plain DuckDB {least['plain'].wall:.1f} s, ours {least['ours'].wall:.1f} s: "
            f"{least['ours'].wall / least['plain'].wall:.2f} x (processor "
            f"{least['ours'].processor / least['plain'].processor:.2f} x), asked {target} x"
        )
    assert rows > 0

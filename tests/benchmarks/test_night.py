"""What a night costs: wall time and memory of whole processes, beside a floor that is measured in the same run.

The floor is what polars needs merely to scan the same events and sort them by person and time.
"""

import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.simulate import simulate

pytestmark = pytest.mark.benchmark

FIRST = date(2026, 1, 1)
CUSTOMERS, DAYS = 85_000, 2  # a million clickstream events, half a million a night

FLOOR = """
import polars as pl, sys
columns = ["event_id", "occurred_at", "event_name", "customer_id", "anonymous_id", "page_path", "element", "value"]
scan = pl.scan_parquet(sys.argv[1] + "/clickstream/*.parquet").select(columns)
scan.sort("customer_id", "anonymous_id", "occurred_at", "event_id").collect()
"""


@dataclass(frozen=True)
class Cost:
    """Of one process: wall seconds and peak memory in MiB."""

    seconds: float
    mebibytes: float


def measured(*command: str) -> Cost:
    """The cost of a command, as the operating system accounts for it."""
    watch = (
        "import resource, subprocess, sys, time\n"
        "began = time.perf_counter()\n"
        "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(time.perf_counter() - began, used.ru_maxrss / 1024)\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", watch, *command], check=False, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, f"{command} failed"
    seconds, mebibytes = done.stdout.split()
    return Cost(float(seconds), float(mebibytes))


def test_a_night_of_a_million_events_beside_scanning_and_sorting_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = tmp_path / "world"
    written = simulate(DAYS, CUSTOMERS, 3, world)
    last = FIRST + timedelta(days=DAYS - 1)
    friction = [sys.executable, "-m", "pipeline.cli", "--config", str(world / "friction.toml")]

    floor = measured(sys.executable, "-c", FLOOR, str(world))
    night = measured(*friction, "backfill", "--from", str(FIRST), "--to", str(last))
    again = measured(*friction, "run", "--day", str(last))

    with capsys.disabled():
        print(f"\n{written.events:,} clickstream events, {written.waits:,} waits, {written.errors:,} order errors")  # noqa: T201
        for name, cost in (("scan and sort", floor), ("backfill, two days", night), ("last day again", again)):
            times = cost.seconds / floor.seconds
            print(f"{name:<20} {cost.seconds:7.1f} s {cost.mebibytes:7.0f} MiB {times:6.1f} x the floor")  # noqa: T201
    assert night.mebibytes < 2048, "a run of a million events stays under 2 GB"

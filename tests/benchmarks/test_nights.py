"""What nights and backfills cost as history grows: late nights beside early ones, quiet ones, two jobs beside one.

All are whole processes, as the operator runs them; days that are compared are the same weekday, and all days hold about
as many events.
"""

import shutil
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.simulate import simulate
from tests.benchmarks.test_night import FIRST, Cost, measured

pytestmark = pytest.mark.benchmark

CUSTOMERS = 10_000  # about 55,000 clickstream events a day
DAYS = 61


def day(number: int) -> date:
    """The day of a night, counted from 1."""
    return FIRST + timedelta(days=number - 1)


def friction(world: Path, *arguments: object) -> Sequence[str]:
    return [sys.executable, "-m", "pipeline.cli", "--config", str(world / "friction.toml"), *map(str, arguments)]


def test_a_night_costs_the_same_however_long_history_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "world"
    written = simulate(DAYS, CUSTOMERS, 3, world)
    for number in range(1, 5):
        measured(*friction(world, "run", "--day", day(number)))
    early = measured(*friction(world, "run", "--day", day(5)))
    measured(*friction(world, "backfill", "--from", day(6), "--to", day(32)))
    filled = measured(*friction(world, "run", "--day", day(33)))
    measured(*friction(world, "backfill", "--from", day(34), "--to", day(DAYS - 1)))
    late = measured(*friction(world, "run", "--day", day(DAYS)))
    quiet = measured(*friction(world, "run", "--day", day(DAYS)))
    with capsys.disabled():
        print(f"\n{written.events:,} clickstream events on {DAYS} days")  # noqa: T201
        for name, cost in (("night 5", early), ("night 33", filled), (f"night {DAYS}", late), ("nothing new", quiet)):
            times = cost.seconds / early.seconds
            print(f"{name:<12} {cost.seconds:7.2f} s {cost.mebibytes:7.0f} MiB {times:6.2f} x night 5")  # noqa: T201


def test_two_jobs_beside_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "world"
    written = simulate(30, CUSTOMERS, 3, world)
    costs = dict[int, Cost]()
    for jobs in (1, 2, 1, 2):  # in turns: the machine may be slower at one time than at another
        for made in ("warehouse", "reports"):
            shutil.rmtree(world / made, ignore_errors=True)
        cost = measured(*friction(world, "backfill", "--from", day(1), "--to", day(30), "--jobs", jobs))
        costs[jobs] = min(costs.get(jobs, cost), cost, key=lambda each: each.seconds)
    with capsys.disabled():
        print(f"\n30 days, {written.events:,} clickstream events")  # noqa: T201
        for jobs, cost in costs.items():
            times = cost.seconds / costs[1].seconds
            print(f"{jobs} jobs {cost.seconds:7.1f} s {cost.mebibytes:7.0f} MiB {times:6.2f} x one job")  # noqa: T201

"""However rows arrive and whatever is run in which order and how often, the tables are those of one backfill."""

import copy
import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipeline import backfilling, parted
from pipeline.calendar import days_between
from pipeline.settings import Settings
from tests.steps import world as w

FOUR = w.DAYS[:4]
MONTH = days_between(w.FIRST, w.FIRST + timedelta(days=29))


def arrivals(rows: w.World, seed: int, late: float, doubled: float, last: date) -> list[tuple[date, str, w.Row]]:
    """By the day in whose folder it arrives, each row, some of them days late and some a second time with that."""
    dice = random.Random(seed)
    found = []
    for contract, its_rows in rows.items():
        for row in its_rows:
            day = w.local_day(contract, row)
            if day > last:  # nobody is asked to compute it
                continue
            delay = dice.choice([1, 2, 3]) if dice.random() < late else 0
            found.append((min(day + timedelta(days=delay), last), contract, row))
            if dice.random() < doubled:
                found.append((min(day + timedelta(days=delay + dice.choice([0, 1])), last), contract, copy.copy(row)))
    return found


def write(folder: Path, arriving: Sequence[tuple[date, str, w.Row]], seed: int, parts: int) -> Settings:
    """A project into whose folders the rows arrive, in an order of their own."""
    rows: w.World = {name: [] for name in w.TIMES}
    of: dict[int, date] = {}
    for day, contract, row in arriving:
        rows[contract].append(row)
        of[id(row)] = day
    return w.write(folder, rows, parts=parts, shuffled=seed, file_of=lambda _, row: of[id(row)])


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> dict[str, str]:
    """Tables of four days, computed at once from rows that came in time."""
    project = w.write(tmp_path_factory.mktemp("four"), w.world(FOUR))
    w.run(project, FOUR)
    return w.fingerprints(project)


runs = st.lists(st.lists(st.sampled_from(FOUR), min_size=1, max_size=3, unique=True), max_size=5)


@settings(max_examples=6, deadline=None, derandomize=True, phases=[Phase.generate])  # to shrink takes minutes
@given(
    seed=st.integers(0, 2**16),
    late=st.sampled_from([0.0, 0.05, 0.5]),
    doubled=st.sampled_from([0.0, 0.2]),
    parts=st.integers(1, 3),
    nights=runs,
)
def test_any_nights_in_any_order_and_what_is_left_at_the_end(expected, seed, late, doubled, parts, nights):
    with TemporaryDirectory() as folder:
        project = write(Path(folder), arrivals(w.world(FOUR), seed, late, doubled, FOUR[-1]), seed, parts)
        for days in nights:
            w.run(project, sorted(days))
        done = {day for days in nights for day in days}
        for day in sorted(set(FOUR) - done):
            w.run(project, [day])
        assert w.tell(w.fingerprints(project), expected) == []


def once(project: Settings) -> None:
    w.run(project, MONTH)


def each_night(project: Settings) -> None:
    for day in MONTH:
        w.run(project, [day])


def weeks_backwards(project: Settings) -> None:
    for start in range(28, -1, -7):
        w.run(project, MONTH[start : start + 7])


def dealt_anew(project: Settings) -> None:
    days = random.Random(6).sample(MONTH, len(MONTH))
    for day in [*days, *days[::5]]:
        w.run(project, [day])


def backfilled(project: Settings, jobs: int) -> None:
    parted.run(project, backfilling.plan(project, MONTH), jobs)


def one_job(project: Settings) -> None:
    backfilled(project, 1)


def two_jobs(project: Settings) -> None:
    backfilled(project, 2)


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> dict[str, str]:
    """Tables of thirty days, computed at once from rows that came in time."""
    project = w.write(tmp_path_factory.mktemp("month"), w.world(MONTH))
    once(project)
    return w.fingerprints(project)


@pytest.mark.hostile
@pytest.mark.parametrize("way", [each_night, weeks_backwards, dealt_anew, one_job, two_jobs])
def test_a_month_is_the_same_however_it_is_computed(tmp_path, month, way):
    project = w.write(tmp_path, w.world(MONTH), parts=2, shuffled=6)
    way(project)
    assert w.tell(w.fingerprints(project), month) == []


@pytest.mark.hostile
def test_a_month_of_late_and_doubled_rows_is_the_month_of_rows_in_time(tmp_path, month):
    project = write(tmp_path, arrivals(w.world(MONTH), 6, 0.1, 0.1, MONTH[-1]), 6, 2)
    each_night(project)
    assert w.tell(w.fingerprints(project), month) == []

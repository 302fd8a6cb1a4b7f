"""What scoring costs: 5,000 points over 28 days of a million visits and a million flags, beside a sort of its visits.

In a process of its own, so that its memory can be told; what the machine is doing besides shows in the sort.
"""

from time import perf_counter

import pytest

from tests.scoring import big
from tests.scoring.test_scale import scored

pytestmark = pytest.mark.benchmark

VISITS, POINTS, FLAGS = 1_000_000, 5_040, 1_000_000
SECONDS, MEBIBYTES = 10, 1_500  # on two cores that have nothing else to do


def test_a_million_visits_and_five_thousand_points_are_scored_in_ten_seconds_and_little_memory(
    capsys: pytest.CaptureFixture[str],
) -> None:
    visits = big.period(VISITS, POINTS, 1).decided
    began = perf_counter()
    visits.sort("person_id", "decided_at", "visit_id")
    floor = perf_counter() - began

    found = scored(VISITS, POINTS, FLAGS)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nscores of {VISITS:,} visits, {found['points']:,} points, {FLAGS:,} flags: {found['seconds']:.1f} s "
            f"({found['cpu_seconds']:.1f} s of processors), {found['peak_mb']:.0f} MiB with the period itself, "
            f"{found['seconds'] / floor:.1f} x a sort of the visits ({floor:.1f} s)"
        )
    assert found["points"] >= 5_000
    assert found["peak_mb"] < MEBIBYTES
    # two cores at most: the processors' time tells what a busy machine hides
    assert min(found["seconds"], found["cpu_seconds"] / 2) < SECONDS

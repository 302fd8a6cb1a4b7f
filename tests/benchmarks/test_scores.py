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


def test_a_million_visits_and_five_thousand_points(capsys: pytest.CaptureFixture[str]) -> None:
    visits = big.period(VISITS, POINTS, 1).decided
    began = perf_counter()
    visits.sort("person_id", "decided_at", "visit_id")
    floor = perf_counter() - began

    found = scored(VISITS, POINTS, FLAGS)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nscores of {VISITS:,} visits, {found['points']:,} points, {FLAGS:,} flags: {found['seconds']:.1f} s, "
            f"asked {SECONDS} s ({found['cpu_seconds']:.1f} s of processors; {found['seconds'] / floor:.1f} x a sort "
            f"of the visits), {found['peak_mb']:.0f} MiB with the period itself, asked {MEBIBYTES:,} MiB"
        )
    assert found["points"] >= 5_000

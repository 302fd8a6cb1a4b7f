import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def scored(visits: int, points: int, flags: int, **environment: str) -> dict[str, Any]:
    """Scores a large period in a process of its own, and tells how that went."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.scoring.big", str(visits), str(points), str(flags)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(done.stdout))


def test_the_number_of_threads_is_irrelevant_to_the_last_digit():
    tables = {scored(60_000, 160, 60_000, POLARS_MAX_THREADS=threads)["sha256"] for threads in ("1", "2", "5")}
    assert len(tables) == 1

"""Who reads never waits, never fails and never sees half a night, however many nights are published meanwhile."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.calendar import days_between
from pipeline.settings import Settings, load
from pipeline.warehouse import versions
from tests.steps import world as w

ROOT = Path(__file__).resolve().parents[2]

# An answer: what several marts say within one opening of the file that all readers open.
ANSWER = """
import duckdb, hashlib
MARTS = ("friction_points", "stage_health", "journey_funnel", "signal_trend", "contact_centre")
def answer(path):
    with duckdb.connect(path, read_only=True, config={"enable_external_access": False}) as con:
        rows = [con.sql(f"from marts.{name}").fetchall() for name in MARTS]
        rows.append(con.sql("select day, count(*) from friction.flags group by day order by day").fetchall())
    assert any(rows), "empty marts prove nothing"
    return hashlib.sha256(repr(rows).encode()).hexdigest()
"""
READER = (
    ANSWER
    + """
import json, pathlib, sys, time
warehouse, stop = sys.argv[1], pathlib.Path(sys.argv[2])
answers = []
while True:
    is_last = stop.exists()
    answers.append(answer(warehouse))
    if is_last:
        break
print(json.dumps(answers))
"""
)


def reader(project: Settings, stop: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", READER, str(project.warehouse), str(stop)]
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    ("readers", "nights"), [(2, 3), pytest.param(8, 10, marks=pytest.mark.hostile)], ids=["two", "eight"]
)
def test_every_answer_is_of_one_published_version_and_no_reader_fails(tmp_path, readers, nights):
    days = days_between(w.FIRST, w.FIRST.replace(day=w.FIRST.day + nights))
    w.write(tmp_path, w.world(days), more="keep_versions = 100\n")
    project = load(tmp_path / "friction.toml")
    w.run(project, days[:1])
    stop = tmp_path / "stop"
    children = [reader(project, stop) for _ in range(readers)]
    try:
        for day in days[1:]:
            w.run(project, [day])
    finally:
        stop.touch()
        told = [child.communicate(timeout=120) for child in children]
    assert [child.returncode for child in children] == [0] * readers, [errors for _, errors in told if errors]
    space: dict[str, object] = {}
    exec(ANSWER, space)  # the readers' own code
    answer = space["answer"]
    assert callable(answer)
    published = {answer(str(path)) for path in versions.kept(project.warehouse)}
    assert len(published) == nights + 1, "each night tells something else"
    for answers in (json.loads(output) for output, _ in told):
        assert set(answers) <= published
        assert len(answers) > 1
    assert len({each for output, _ in told for each in json.loads(output)}) > 1, "nobody saw a version go by"

"""What is published opens in the DuckDB of analysts, which is older than ours: each in an environment of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.resources import root
from pipeline.warehouse import compacting
from pipeline.warehouse.connection import reading
from tests.steps import world as w

ASK = """
import json, sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
con.execute("set timezone = 'UTC'")
marts = [name for (name,) in con.execute(
    "select view_name from duckdb_views() where schema_name = 'marts' order by all").fetchall()]
rows = {name: len(con.execute(f"select * from marts.{name}").fetchall()) for name in marts}
print(json.dumps([duckdb.__version__, rows]))
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    settings = w.write(tmp_path_factory.mktemp("older"))
    w.run(settings, w.DAYS[:2])
    return settings.warehouse.resolve()


@pytest.mark.hostile  # it fetches two environments
@pytest.mark.parametrize("is_compact", [False, True], ids=["as written", "written anew"])
@pytest.mark.parametrize("release", ["1.4", "1.5"])
def test_an_older_client_reads_every_mart(published, tmp_path_factory, tmp_path, release, is_compact):
    python = _environment(tmp_path_factory.getbasetemp() / f"duckdb-{release}", release)
    path = tmp_path / "copy.duckdb"
    path.write_bytes(published.read_bytes())
    if is_compact:
        compacting.compact(path)
    done = subprocess.run([python, "-c", ASK, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    version, rows = json.loads(done.stdout)
    assert version.startswith(f"{release}.")
    assert set(rows) == {each.stem for each in (root() / "sql" / "marts").glob("*.sql")}
    with reading(path) as con:
        ours = {name: con.execute(f"select count(*) from marts.{name}").fetchall()[0][0] for name in rows}
    assert rows == ours
    assert sum(count > 0 for count in rows.values()) >= 8, "empty marts prove nothing"


def _environment(folder: Path, release: str) -> Path:
    """The Python of an environment with that DuckDB; skips where none can be made."""
    python = folder / "bin" / "python"
    if python.exists():
        return python
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "-q", f"duckdb~={release}.0", "pytz"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            python.unlink(missing_ok=True)
            pytest.skip(f"no environment with DuckDB {release}: {done.stderr.strip().splitlines()[-1:]}")
    return python

"""A bad file among good sources: a night that ends with words and changes nothing, or counts it and is published."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.hostile.bad import BadFile, bad, named, rows
from tests.hostile.corpus import CORPUS
from tests.hostile.held import held_error
from tests.hostile.keeper import Keeper
from tests.hostile.texts import many
from tests.steps import world as w

pytestmark = pytest.mark.hostile

DAY = w.DAYS[1]
SOURCE = """
[[sources]]
name = "bad"
contract = "{contract}"
path = "landing/bad/{{day}}/*"
"""
SECONDS = 120  # a whole night, and the first one of a worker imports Great Expectations
STOPPED = [
    "gz cut in the middle",
    "csv named .parquet",
    "parquet whose footer is encrypted",
    "a web page named .csv",
    "a column twice",
    "time: 2200",
    "gz with a wrong CRC",
    "an array that is cut",
    "a fifo named .csv",
    "a device that never ends",
    "csv with bytes that are no UTF-8 in its name",
]
TAKEN = ["text: terminal escapes", "text: SQL", "gz of two members", "the same row 10,000 times"]
ONE_OF_500 = bad(
    "one row of 500 is bad", "a.csv", many(500, e300="e300,never,click,c1,text\n"), rows(500, 499, 1, lines=(302,))
)


@pytest.fixture(scope="module")
def nights() -> Iterator[Keeper]:
    """A worker that may hold what a night imports."""
    made = Keeper(tired=2500)
    yield made
    made.end()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose first day is published."""
    settings = w.write(tmp_path_factory.mktemp("published"))
    w.run(settings, w.DAYS[:1])
    return settings.folder


def project(published: Path, folder: Path, file: BadFile) -> Path:
    """A copy of the published project with one source more, of a bad file."""
    shutil.copytree(published, folder / "project", symlinks=True)
    with (folder / "project" / "friction.toml").open("a", encoding="utf-8") as config:
        config.write(SOURCE.format(contract=file.contract))
    (folder / "project" / "landing" / "bad" / DAY.isoformat()).mkdir(parents=True)
    file.put(folder / "project" / "landing" / "bad" / DAY.isoformat())
    return folder / "project"


def contents(warehouse: Path) -> dict[str, str]:
    """Hash of each file of the warehouse, and where its links lead. The lock, which holds nothing, is left out."""
    return {
        str(each.relative_to(warehouse)): str(each.readlink())
        if each.is_symlink()
        else hashlib.sha256(each.read_bytes()).hexdigest()
        for each in warehouse.rglob("*")
        if not each.is_dir() and each.suffix != ".lock"
    }


@pytest.mark.parametrize("file", named(CORPUS[name] for name in STOPPED))
def test_a_night_with_a_file_that_is_refused_changes_nothing(nights, published, folder, file):
    home = project(published, folder, file)
    before = contents(home / "warehouse")
    answer = nights.command(home, "--config", home / "friction.toml", "run", "--day", DAY, seconds=SECONDS // 4)
    assert not answer.end, answer.end
    assert not answer.crash, answer.crash
    assert answer.code in (3, 10), answer.err
    held_error(answer.err, Path(file.path).name)
    assert contents(home / "warehouse") == before
    assert answer.stray == []


@pytest.mark.parametrize("file", named([ONE_OF_500, *(CORPUS[name] for name in TAKEN)]))
def test_a_night_with_a_file_that_is_taken_counts_it_and_is_published(nights, published, folder, file):
    home = project(published, folder, file)
    before = contents(home / "warehouse")
    answer = nights.command(home, "--config", home / "friction.toml", "run", "--day", DAY, seconds=SECONDS)
    assert not answer.end, answer.end
    assert not answer.crash, answer.crash
    assert answer.code == 0, answer.err
    link = "friction.duckdb"
    after = contents(home / "warehouse")
    assert after[link] != before[link]
    assert {name: each for name, each in after.items() if name in before and name != link} == {
        name: each for name, each in before.items() if name != link
    }
    with duckdb.connect(str((home / "warehouse" / link).resolve()), read_only=True) as con:
        found = con.execute(
            "select rows_read, rows_kept, rows_quarantined, rows_duplicate from ops.loads where source = 'bad'"
        ).fetchall()
    assert found == [file.expected.counts]
    others = [name for name in answer.stray if not name.startswith(("reports", "warehouse/friction-versions"))]
    assert others == []

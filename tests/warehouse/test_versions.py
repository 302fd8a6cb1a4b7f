"""Runs write their own file and publish it by a swap; readers keep what they see, and may only read."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import WarehouseError
from pipeline.warehouse import versions
from pipeline.warehouse.connection import reading, writing

ROOT = Path(__file__).resolve().parents[2]


def publish(published: Path, number: int, keep: int = 3) -> Path:
    work = versions.begin(published)
    with writing(work) as con:
        con.execute("create schema if not exists friction")
        con.execute("create or replace table friction.t as select $n as n", {"n": number})
    return versions.publish(published, keep)


def seen(published: Path) -> int:
    with reading(published) as con:
        return int(con.execute("select n from friction.t").fetchall()[0][0])


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / "friction.duckdb"


def test_the_newest_versions_stay_and_the_link_names_the_last(published):
    made = [publish(published, number, keep=2) for number in range(4)]
    assert [path.name for path in made] == [f"friction-{number:06}.duckdb" for number in (1, 2, 3, 4)]
    assert sorted(versions.version_folder(published).iterdir()) == made[-2:]
    assert published.is_symlink()
    assert not published.readlink().is_absolute(), "the folder could not be moved"
    assert published.resolve() == made[-1]
    assert seen(published) == 3


def test_a_reader_keeps_what_it_sees_and_the_next_one_sees_the_new(published):
    publish(published, 1, keep=1)
    with reading(published) as con:
        publish(published, 2, keep=1)  # also throws the reader's file away
        assert con.execute("select n from friction.t").fetchall() == [(1,)]
    assert seen(published) == 2


def test_a_run_begins_with_what_is_published(published):
    publish(published, 1)
    with writing(versions.begin(published)) as con:
        assert con.execute("select n from friction.t").fetchall() == [(1,)]


def test_what_a_dead_run_left_is_thrown_away(published):
    published.parent.mkdir(parents=True)
    work = versions.work_file(published)
    for leftover in (work, work.with_name(work.name + ".wal")):
        leftover.write_bytes(b"half")
    publish(published, 1)
    assert seen(published) == 1


def test_nobody_s_own_copies_are_counted_or_deleted(published):
    publish(published, 1, keep=1)
    copy = versions.version_folder(published) / "friction-before-the-change.duckdb"
    copy.write_bytes(published.read_bytes())
    publish(published, 2, keep=1)
    assert copy.exists()
    assert seen(published) == 2


def test_nothing_is_published_without_a_finished_run(published):
    publish(published, 1)
    with pytest.raises(WarehouseError, match="no finished run to publish"):
        versions.publish(published, 3)
    assert seen(published) == 1


def test_a_link_to_a_version_that_is_gone_does_not_begin_an_empty_warehouse(published):
    publish(published, 1).unlink()
    with pytest.raises(WarehouseError, match=r"friction-000001\.duckdb, which is missing\. Name a version"):
        versions.begin(published)


def test_the_second_of_two_runs_is_told_who_holds_the_warehouse(published):
    with versions.exclusive(published):
        code = f"""
from pathlib import Path
from pipeline.errors import WarehouseError
from pipeline.warehouse import versions
try:
    with versions.exclusive(Path({str(published)!r})):
        pass
except WarehouseError as error:
    import sys
    sys.exit(str(error))
"""
        told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        assert told.returncode == 1
        assert f"another run is writing to {published} (process {os.getpid()}, since 20" in told.stderr
    with versions.exclusive(published):
        pass


def test_a_published_file_opens_in_older_clients_and_under_its_link_s_name(published):
    publish(published, 1)
    with reading(published) as con:
        (tags,) = con.execute(
            "select tags from duckdb_databases() where database_name = current_database()"
        ).fetchall()[0]
        assert tags["storage_version"].startswith("v1.4")
    with duckdb.connect(str(published.resolve()), read_only=True) as con:
        assert con.execute("select n from friction.t").fetchall() == [(1,)]


# --- what a reader may not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from glob('/*')",
        "copy friction.t to 'stolen.csv'",
        "export database 'stolen'",
        "attach 'another.duckdb'",
        "set enable_external_access = true",
        "install httpfs",
        "load 'evil.duckdb_extension'",
        "insert into friction.t values (2)",
        "delete from friction.t",
        "drop table friction.t",
        "create table friction.u as select 1",
        "create or replace view friction.t as select 2",
    ],
)
def test_a_reader_may_neither_write_nor_reach_files(published, query, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    publish(published, 1)
    with reading(published) as con, pytest.raises(duckdb.Error):
        con.execute(query).fetchall()
    assert seen(published) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["warehouse"]


def test_a_reader_does_not_see_the_variables_of_our_code(published):
    publish(published, 1)
    secret = {"key": [1]}
    with reading(published) as con, pytest.raises(duckdb.Error, match="secret"):
        con.execute("from secret").fetchall()
    assert secret


def test_no_warehouse_is_an_error_that_says_what_to_do(published):
    with (
        pytest.raises(WarehouseError, match=r"there is no warehouse at .* Run a day first: friction run"),
        reading(published),
    ):
        pass


def test_a_file_that_is_no_database_is_an_error_that_names_it(published):
    published.parent.mkdir(parents=True)
    published.write_bytes(b"hello" * 1000)
    with pytest.raises(WarehouseError, match=r"friction\.duckdb cannot be opened"), reading(published):
        pass

"""Versions that are kept can be listed and gone back to; worn files are written anew, and older clients open them."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import NotFoundError, WarehouseError
from pipeline.warehouse import compacting, kept, versions
from pipeline.warehouse.connection import reading, writing
from pipeline.warehouse.days import fingerprint

DAY_ROWS = 10_000


def publish(published: Path, number: int, keep: int = 7, instead_of: str | None = None) -> str:
    """A version that holds the days up to a number."""
    with writing(versions.begin(published)) as con:
        con.execute("create schema if not exists ops; create table if not exists ops.signals (day date)")
        con.execute("create table if not exists ops.runs (run_id varchar)")
        con.execute("insert into ops.signals values ($day)", {"day": date(2026, 1, number)})
    return versions.publish(published, keep, instead_of).stem


def days(published: Path) -> int:
    with reading(published) as con:
        return int(con.execute("select count(*) from ops.signals").fetchall()[0][0])


@pytest.fixture
def published(tmp_path: Path) -> Path:
    found = tmp_path / "warehouse" / "friction.duckdb"
    for number in (1, 2, 3):
        publish(found, number)
    return found


def test_versions_are_listed_newest_first_with_what_they_hold(published):
    found = kept.listed(published)
    assert [(each.version, each.days, each.is_current) for each in found] == [
        ("friction-000003", 3, True),
        ("friction-000002", 2, False),
        ("friction-000001", 1, False),
    ]
    assert (found[0].first_day, found[0].last_day) == (date(2026, 1, 1), date(2026, 1, 3))
    assert found[0].bytes == published.stat().st_size
    assert found[0].finished_at >= found[1].finished_at


def test_a_version_that_cannot_be_read_is_listed_all_the_same_and_not_gone_back_to(published):
    (versions.version_folder(published) / "friction-000002.duckdb").write_bytes(b"broken" * 1000)
    assert [(each.version, each.days) for each in kept.listed(published)][1] == ("friction-000002", None)
    with pytest.raises(WarehouseError, match=r"friction-000002\.duckdb cannot be opened"):
        kept.roll_back(published)
    assert days(published) == 3


@pytest.mark.parametrize(("name", "holds"), [(None, 2), ("friction-000001", 1), ("1", 1), ("000002", 2), ("3", 3)])
def test_going_back_shows_readers_that_version(published, name, holds):
    with reading(published) as con:
        kept.roll_back(published, name)
        assert con.execute("select count(*) from ops.signals").fetchall() == [(3,)], "who reads keeps what it sees"
    assert days(published) == holds
    assert not published.readlink().is_absolute()
    assert len(kept.listed(published)) == 3


def test_a_run_goes_on_from_the_version_that_is_current_and_overwrites_none(published):
    kept.roll_back(published, "friction-000001")
    assert publish(published, 9) == "friction-000004"
    assert [(each.version[-1], each.days) for each in kept.listed(published)] == [
        ("4", 2),
        ("3", 3),
        ("2", 2),
        ("1", 1),
    ]


def test_going_back_further_than_there_are_versions_says_so(published, tmp_path):
    with pytest.raises(NotFoundError, match=r"no version 'friction-000009' in .*Did you mean"):
        kept.roll_back(published, "friction-000009")
    kept.roll_back(published, "1")
    with pytest.raises(NotFoundError, match=r"friction-000001 is the oldest version that is kept.*keep_versions"):
        kept.roll_back(published)
    with pytest.raises(WarehouseError, match=r"no version at .* to go back from"):
        kept.roll_back(tmp_path / "none.duckdb")


def test_nobody_goes_back_while_a_run_is_writing_and_is_told_since_when(published):
    with versions.exclusive(published):
        code = (
            f"from pathlib import Path; from pipeline.warehouse import kept; kept.roll_back(Path({str(published)!r}))"
        )
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path.cwd())
    assert f"(process {os.getpid()}, since 20" in told.stderr
    assert " UTC). Wait for it" in told.stderr
    assert days(published) == 3


def test_a_version_takes_the_place_of_an_earlier_part_of_its_backfill(published):
    first = publish(published, 4, keep=3)
    second = publish(published, 5, keep=3, instead_of=first)
    assert [path.stem for path in versions.kept(published)] == ["friction-000002", "friction-000003", second]


def test_all_that_a_dead_run_left_is_thrown_away(published):
    folder = published.parent
    before = sorted(folder.iterdir())
    for name in ("friction-working.duckdb", "friction-working.duckdb.wal", "friction-working.compact"):
        (folder / name).write_bytes(b"half")
    for name in ("friction-working.buckets", "friction-working.duckdb.tmp"):
        (folder / name).mkdir()
        (folder / name / "part").write_bytes(b"half")
    (folder / "friction.duckdb.new").symlink_to("friction-versions/friction-000009.duckdb")
    versions.discard(published)
    assert sorted(folder.iterdir()) == before


# --- space ------------------------------------------------------------------------------------------------------------


def _night(published: Path, day: int) -> None:
    """A day is replaced by other rows, as a run does it: published, and written anew where it is worn."""
    with writing(work := versions.begin(published)) as con:
        con.execute("create table if not exists t (day integer, key varchar); comment on table t is 'Rows.'")
        con.begin()
        con.execute("delete from t where day = $day", {"day": day})
        con.execute("insert into t select $day, md5(random()::varchar) from range($n)", {"day": day, "n": DAY_ROWS})
        con.commit()
        con.execute("checkpoint")
        is_worn = compacting.worn_share(con) > compacting.WORN_SHARE
    if is_worn:
        compacting.compact(work)
    versions.publish(published, 1)


@pytest.mark.parametrize("nights", [5, pytest.param(60, marks=pytest.mark.hostile)])
def test_nights_of_re_runs_do_not_grow_the_file_beyond_1_3_times_a_fresh_one(tmp_path, nights):
    fresh, again = tmp_path / "fresh" / "f.duckdb", tmp_path / "again" / "f.duckdb"
    for published in (fresh, again):
        for day in range(10):
            _night(published, day)
    most = 0.0
    for night in range(nights):
        _night(again, (night * 7) % 10)
        most = max(most, again.stat().st_size / fresh.stat().st_size)
    assert most <= 1.3
    with reading(again) as con:
        assert con.execute("select count(*), count(distinct day) from t").fetchall() == [(10 * DAY_ROWS, 10)]


def test_a_file_that_is_written_anew_holds_the_same_and_keeps_its_comments_and_order(tmp_path):
    path = tmp_path / "x.duckdb"
    with writing(path) as con:
        con.execute("create schema a; create table a.t (n integer not null); comment on column a.t.n is 'Number.'")
        con.execute("insert into a.t select 7 * range % 1000 from range(1000)")
        con.execute("create schema marts; create view marts.v as select n from a.t; comment on view marts.v is 'View.'")
        before = fingerprint(con, "a.t"), con.execute("from marts.v").fetchall()
    compacting.compact(path)
    assert [each.name for each in tmp_path.iterdir()] == ["x.duckdb"]
    with reading(path) as con:
        assert (fingerprint(con, "a.t"), con.execute("from marts.v").fetchall()) == before
        assert con.execute("select comment from duckdb_views() where not internal").fetchall() == [("View.",)]
        assert con.execute("select comment, is_nullable from duckdb_columns() where table_name = 't'").fetchall() == [
            ("Number.", False)
        ]
        ((tags,),) = con.execute("select tags from duckdb_databases() where database_name = 'x'").fetchall()
        assert tags["storage_version"].startswith("v1.4")


def test_a_file_that_cannot_be_written_anew_stays_as_it_was(tmp_path):
    path = tmp_path / "x.duckdb"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(WarehouseError, match=r"x\.duckdb could not be written anew to free its space"):
        compacting.compact(path)
    assert path.read_bytes() == b"no database" * 1000
    assert [each.name for each in tmp_path.iterdir()] == ["x.duckdb"]

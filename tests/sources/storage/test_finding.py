"""Which objects a pattern means: what it would mean for files of this machine; what it does not name is not listed."""

from datetime import date

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import Storage
from pipeline.sources import files, storage
from tests.sources.storage.conftest import Fill

DAY = date(2026, 1, 15)
KEYS = [
    "web/2026-01-15/a.csv",
    "web/2026-01-15/b.csv.gz",
    "web/2026-01-15/.hidden.csv",
    "web/2026-01-15/deep/er/a.csv",
    "web/2026-01-16/a.csv",
    "web/a.csv",
    "app/2026-01-15/a.csv",
    "app/2026-01-15/A.csv",
    "a.csv",
]
PATTERNS = [
    "web/2026-01-15/*.csv",
    "web/2026-01-15/*",
    "web/2026-01-15/a.csv",
    "web/2026-01-15/none.csv",
    "nothing/*.csv",
    "*/2026-01-15/a.csv",
    "*/2026-01-1[56]/?.csv",
    "web/2026-01-1[!5]/*.csv",
    "*",
    "*.csv",
    "**/a.csv",
    "**/*.csv",
    "web/**/a.csv",
    "web/**/er/*",
    "**/2026-01-15/**/*.csv",
    "[aw]*/2026-01-15/[aA].csv",
]


@pytest.fixture(scope="module")
def landing(server) -> str:
    server.bucket("landing", dict.fromkeys(KEYS, b"x"))
    return "s3://landing/"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_means_the_objects_that_it_would_mean_as_files(store, landing, tmp_path, pattern):
    for key in KEYS:
        path = tmp_path / "landing" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    local = [shown for _, shown in files.find(tmp_path / "landing", pattern, DAY)]
    found = storage.find(store, landing + pattern)
    assert found == [landing + shown for shown in sorted(local)]
    assert bool(found) == (pattern not in {"web/2026-01-15/none.csv", "nothing/*.csv"})


@pytest.mark.parametrize(
    ("pattern", "listed"),
    [
        ("web/2026-01-15/*.csv", ["landing/web/2026-01-15"]),
        ("web/2026-01-15/a.csv", ["landing/web/2026-01-15"]),
        ("web/*/a.csv", ["landing/web", "landing/web/2026-01-15", "landing/web/2026-01-16"]),
        ("app/**/a.csv", ["landing/app"]),
    ],
)
def test_only_the_folders_that_a_pattern_names_are_listed(store, landing, monkeypatch, pattern, listed):
    asked, told = list[str](), storage._listed

    def listing(store, folder, **more):
        asked.append(folder)
        return told(store, folder, **more)

    monkeypatch.setattr(storage, "_listed", listing)
    assert storage.find(store, landing + pattern)
    assert sorted(asked) == listed


def test_a_thousand_objects_and_more_are_all_found_in_order(store, fill: Fill):
    names = [f"d/{number:04}.csv" for number in range(1200)]
    bucket = fill(dict.fromkeys(reversed(names), b"x"))
    assert storage.find(store, f"s3://{bucket}/d/*.csv") == [f"s3://{bucket}/{name}" for name in names]
    assert storage.find(store, f"s3://{bucket}/**/1[01]*.csv") == [f"s3://{bucket}/{name}" for name in names[1000:1200]]


@pytest.mark.parametrize(
    "key", ["d/a b.csv", "d/ığüşöç.csv", "d/a#b.csv", "d/a%20b.csv", "d/a+b&c=d.csv", "d/~'\".csv"]
)
def test_a_key_is_taken_as_it_is(store, fill: Fill, key):
    bucket = fill({key: b"its content", "d/ab.csv": b"another's"})
    assert storage.find(store, f"s3://{bucket}/{key}") == [f"s3://{bucket}/{key}"]
    with storage.fetched(store, f"s3://{bucket}/{key}") as (path, _, _):
        assert path.read_bytes() == b"its content"
        assert path.suffix == ".csv"


def test_a_wildcard_in_a_key_is_written_in_brackets_or_read_by_its_name(store, fill: Fill):
    bucket = fill({"d/a?[1]*.csv": b"?", "d/ab1.csv": b"b"})
    assert storage.find(store, f"s3://{bucket}/d/a[?][[]1][*].csv") == [f"s3://{bucket}/d/a?[1]*.csv"]
    with storage.fetched(store, f"s3://{bucket}/d/a?[1]*.csv") as (path, _, _):
        assert path.read_bytes() == b"?"


def test_the_mark_of_an_empty_folder_is_no_object(store, fill: Fill):
    bucket = fill({"d/": b"", "d/x.csv/": b"", "d/a.csv": b"x"})
    assert storage.find(store, f"s3://{bucket}/d/*") == [f"s3://{bucket}/d/a.csv"]
    assert storage.find(store, f"s3://{bucket}/**/*.csv") == [f"s3://{bucket}/d/a.csv"]


def test_an_object_of_a_folders_name_is_still_an_object(store, fill: Fill):
    bucket = fill({"d/a.csv": b"x", "d/a.csv/b.csv": b"y", "d//c.csv": b"z"})
    assert storage.find(store, f"s3://{bucket}/d/*") == [f"s3://{bucket}/d/a.csv"]
    assert storage.find(store, f"s3://{bucket}/d/*/*.csv") == [f"s3://{bucket}/d/a.csv/b.csv"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s3://", "is no address of objects. Write s3://BUCKET/FOLDER/"),
        ("s3://landing", "is no address of objects"),
        ("s3://landing/", "is no address of objects"),
        ("s3://landing//a.csv", "no // in it"),
        ("s3:///a.csv", "is no address of objects"),
        ("s3://land*/a.csv", "the bucket is named without wildcards"),
        ("s3://landing/web/**", "** stands for folders, between two /. Write **/*"),
        ("s3://landing/web/a**.csv", "** stands for folders, between two /"),
    ],
)
def test_an_address_that_is_none_is_an_error_that_shows_one(store, address, words):
    with pytest.raises(SettingsError) as raised:
        storage.find(store, address)
    assert words in str(raised.value)
    assert address in str(raised.value)


@pytest.mark.parametrize("address", ["http://host/a.csv", "s4://b/a.csv", "hdfs://b/a.csv", "file:///a.csv"])
def test_another_scheme_is_an_error_that_names_the_known_ones(address):
    assert storage.is_remote(address)
    with pytest.raises(SettingsError, match=r"cannot be read\. Known: s3://, gs://, and paths of this machine"):
        storage.connect(address, Storage())


@pytest.mark.parametrize("path", ["a.csv", "/a/b.csv", "landing/{day}/*.csv", "C:/a.csv", "a:b.csv"])
def test_a_path_of_this_machine_is_not_taken_for_an_address(path):
    assert not storage.is_remote(path)

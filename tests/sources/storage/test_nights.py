"""Nights over object storage are nights over files: the same tables, nothing twice, and nothing fetched in vain."""

import gzip
import uuid
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipeline import ingestion, replaying, steps
from pipeline.errors import InputError, StorageError
from pipeline.settings import Settings, load
from pipeline.sources import storage
from pipeline.warehouse import versions
from pipeline.warehouse.connection import reading, writing
from tests.sources.rows import HEADER, TIME, event, line
from tests.sources.storage.conftest import Fill
from tests.steps import world as w

DAY = date(2026, 1, 15)
SOURCE = '[[sources]]\nname = "web"\ncontract = "clickstream"\npath = "{path}"\n'


@pytest.fixture
def project(tmp_path, server):
    """Writes a `friction.toml` whose one source reads a path; gives the settings."""

    def written(path: str, more: str = "") -> Settings:
        config = tmp_path / "friction.toml"
        config.write_text(f'[storage]\nendpoint = "{server.endpoint}"\n{SOURCE.format(path=path)}{more}')
        return load(config)

    return written


@pytest.fixture
def copied(monkeypatch) -> list[str]:
    """Addresses that are fetched, in order; of each, how much lies on the disk is held to one object."""
    found, told = [], storage._copied

    def copying(store, address, path):
        found.append(address.rpartition("/")[2])
        assert [each for each in path.parent.parent.iterdir() if each != path.parent] == []
        return told(store, address, path)

    monkeypatch.setattr(storage, "_copied", copying)
    return found


def ingest(settings: Settings, *days: date) -> int:
    """The rows that a night reads; it is published without being flagged, so that the next one finds it."""
    listed = list(days or [DAY])
    steps.prepare(settings, listed, uuid.uuid4().hex, w.STARTED)
    read = steps.ingest(settings, listed)
    steps.publish(settings, listed)
    return read


def events(settings: Settings) -> list[str]:
    with reading(settings.warehouse) as con:
        return [name for (name,) in con.execute("select event_id from events.clickstream order by all").fetchall()]


def loads(settings: Settings, columns: str) -> list[tuple[object, ...]]:
    with reading(settings.warehouse) as con:
        return con.execute(f"select {columns} from ops.loads order by file").fetchall()


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Settings:
    """A project whose two nights were made from files."""
    settings = w.write(tmp_path_factory.mktemp("local"), parts=2)
    w.run(settings, w.DAYS[:2])
    return settings


@pytest.mark.parametrize("day", ["{day}", "{day:%Y/%m/%d}"])
def test_nights_over_objects_give_the_tables_of_nights_over_files(server, fill: Fill, local, tmp_path, day):
    bucket = fill({})
    for path in (local.folder / "landing").rglob("*.ndjson"):
        contract, its_day = path.parts[-3:-1]
        folder = its_day if day == "{day}" else its_day.replace("-", "/")
        server.put(f"{bucket}/{contract}/{folder}/{path.name}.gz", gzip.compress(path.read_bytes()))
    config = (local.folder / "friction.toml").read_text()
    for contract in w.TIMES:
        before = f'"landing/{contract}/{{day}}/*.ndjson"'
        assert before in config
        config = config.replace(before, f'"s3://{bucket}/{contract}/{day}/*.ndjson.gz"')
    (tmp_path / "friction.toml").write_text(f'{config}\n[storage]\nendpoint = "{server.endpoint}"\n')
    remote = load(tmp_path / "friction.toml")
    for each in w.DAYS[:2]:
        w.run(remote, [each])
    assert w.tell(w.fingerprints(remote), w.fingerprints(local)) == []
    assert w.counts(remote)["events.clickstream"] > 0
    assert {day for (day,) in loads(remote, "day")} == set(w.DAYS[:2])


def test_objects_of_all_formats_are_read_one_after_the_other_under_their_addresses(
    project, fill: Fill, tmp_path, copied
):
    row = {"event_id": "p1", "occurred_at": TIME, "event_name": "click", "customer_id": "c1"}
    pl.DataFrame([row]).write_parquet(tmp_path / "p.parquet")
    bucket = fill({
        "2026-01-15/a.csv": (HEADER + event("c1")).encode(),
        "2026-01-15/b c#?%41.csv.gz": gzip.compress((HEADER + event("g1")).encode()),
        "2026-01-15/ığü.ndjson": line("n1").encode(),
        "2026-01-15/p.parquet": (tmp_path / "p.parquet").read_bytes(),
        "2026-01-16/a.csv": (HEADER + event("tomorrow")).encode(),
    })  # fmt: skip
    settings = project(f"s3://{bucket}/{{day}}/*")
    assert ingest(settings) == 4
    assert events(settings) == ["c1", "g1", "n1", "p1"]
    assert copied == ["a.csv", "b c#?%41.csv.gz", "p.parquet", "ığü.ndjson"]
    assert [file for (file,) in loads(settings, "file")] == [f"s3://{bucket}/2026-01-15/{name}" for name in copied]


def test_what_is_loaded_is_not_fetched_again(project, fill: Fill, copied):
    bucket = fill({name: (HEADER + event(name)).encode() for name in ("a.csv", "b.csv")})
    settings = project(f"s3://{bucket}/*.csv")
    assert (ingest(settings), ingest(settings)) == (2, 0)
    assert copied == ["a.csv", "b.csv"]
    assert all(tag for (tag,) in loads(settings, "etag"))


def test_an_object_that_was_replaced_is_loaded_instead_of_what_it_was(server, project, fill: Fill, copied):
    bucket = fill({"a.csv": (HEADER + event("e1") + event("e2")).encode(), "b.csv": (HEADER + event("b")).encode()})
    settings = project(f"s3://{bucket}/*.csv")
    ingest(settings)
    server.put(f"{bucket}/a.csv", (HEADER + event("e2") + event("e3")).encode())
    assert ingest(settings) == 2
    assert events(settings) == ["b", "e2", "e3"]
    assert copied == ["a.csv", "b.csv", "a.csv"]
    assert loads(settings, "rows_read, rows_kept, rows_duplicate") == [(2, 2, 0), (1, 1, 0)]


def test_the_same_content_under_another_tag_is_fetched_once_and_not_loaded_again(
    project, fill: Fill, copied, monkeypatch
):
    bucket = fill({"a.csv": (HEADER + event("e1")).encode()})
    settings = project(f"s3://{bucket}/a.csv")
    ingest(settings)
    opened = storage._opened
    monkeypatch.setattr(storage, "_opened", lambda store, address: _retagged(opened(store, address)))
    assert ingest(settings) == 0
    assert ingest(settings) == 0
    assert copied == ["a.csv", "a.csv"]
    assert loads(settings, "etag") == [("another",)]


class _retagged:  # noqa: N801  # it stands where a function stands
    """What an upload in parts makes of a tag: another, though the content is the same."""

    def __init__(self, opened) -> None:
        self._opened = opened

    def __enter__(self):
        content, found = self._opened.__enter__()
        return content, storage.Version(found.size, "another")

    def __exit__(self, *raised: object):
        return self._opened.__exit__(*raised)


def test_another_way_of_reading_reads_the_same_object_again(project, fill: Fill, copied):
    bucket = fill({"a.csv": (HEADER + event("e1")).encode()})
    ingest(project(f"s3://{bucket}/a.csv"))
    assert ingest(project(f"s3://{bucket}/a.csv", 'encoding = "utf-8"\n')) == 1
    assert copied == ["a.csv", "a.csv"]


SHOP = """\
name: shop
description: An export of a shop
beside: {people: people.csv}
contracts:
  clickstream:
    from: rows left join people using (person)
    columns: {event_id: id, occurred_at: stamp, event_name: "'click'", customer_id: customer}
"""


def test_files_that_a_mapping_joins_are_fetched_beside_the_object(project, fill: Fill, tmp_path):
    (tmp_path / "shop.yaml").write_text(SHOP)
    export = f"id,stamp,person\n1,{TIME},a\n".encode()
    bucket = fill({"d/x.csv": export, "d/people.csv": b"person,customer\na,Oya\n", "other/x.csv": export})
    settings = project(f"s3://{bucket}/d/x.csv", 'adapter = "shop.yaml"\n')
    assert ingest(settings) == 1
    with reading(settings.warehouse) as con:
        assert con.execute("select customer_id from events.clickstream").fetchall() == [("Oya",)]
    with pytest.raises(
        InputError, match=r"s3://.*/other/x\.csv: its mapping joins people\.csv, which is not beside it"
    ):
        ingest(project(f"s3://{bucket}/other/x.csv", 'adapter = "shop.yaml"\n'))


def test_quarantined_rows_of_an_object_are_replayed_with_what_their_mapping_joins(project, fill: Fill, tmp_path):
    (tmp_path / "shop.yaml").write_text(SHOP)
    export = f"id,stamp,person\n1,{TIME},a\n2,15.01.2026 10:00,b\n".encode()
    bucket = fill({"d/x.csv": export, "d/people.csv": b"person,customer\na,Oya\nb,Can\n"})
    more = 'adapter = "shop.yaml"\nquarantine_limit_share = 1\n'
    assert ingest(project(f"s3://{bucket}/d/x.csv", more)) == 2
    settings = project(f"s3://{bucket}/d/x.csv", more + 'times = ["%d.%m.%Y %H:%M"]\n')
    (rehearsed,) = replaying.rehearse(settings, replaying.Which())
    assert (rehearsed.rows, rehearsed.kept, rehearsed.quarantined) == (1, 1, 0)
    with reading(settings.warehouse) as con:
        (found,) = replaying.find(con, settings, replaying.Which())
    steps.prepare(settings, [DAY], uuid.uuid4().hex, w.STARTED)
    with writing(versions.work_file(settings.warehouse)) as con:
        replayed = replaying.replay(con, settings, found)
        kept = con.execute("select event_id, customer_id from events.clickstream order by all").fetchall()
    assert replayed.kept == 1
    assert kept == [("1", "Oya"), ("2", "Can")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", r"s3://.*/a\.csv: has no header"),
        ("a.csv.gz", b"no gzip", r"s3://.*/a\.csv\.gz: "),
        ("a.parquet", b"no parquet", r"s3://.*/a\.parquet: is not Parquet"),
        ("a.pdf", b"", r"s3://.*/a\.pdf: the name's ending tells no format"),
    ],
)
def test_an_object_that_cannot_be_read_is_an_error_that_names_its_address(project, fill: Fill, name, content, words):
    settings = project(f"s3://{fill({name: content})}/*")
    with pytest.raises(InputError, match=words) as raised:
        ingest(settings)
    assert "temporary" not in str(raised.value), "nobody knows the copy"


def test_an_object_that_vanishes_between_listing_and_loading_fails_the_night(server, project, fill: Fill, monkeypatch):
    bucket = fill({"a.csv": (HEADER + event("e1")).encode(), "b.csv": (HEADER + event("e2")).encode()})
    settings, told = project(f"s3://{bucket}/*.csv"), ingestion.find

    def found(*args, **more):
        listed = told(*args, **more)
        server.delete(f"{bucket}/b.csv")
        return listed

    monkeypatch.setattr(ingestion, "find", found)
    with pytest.raises(StorageError, match=r"/b\.csv: is not there, or no longer"):
        ingest(settings)
    assert not settings.warehouse.exists()
    assert versions.work_file(settings.warehouse).exists()


def test_a_pattern_that_means_no_object_is_an_error_that_shows_it(project, fill: Fill, caplog):
    bucket = fill({"a.csv": b"x"})
    with pytest.raises(InputError, match="there is no file for 2026-01-15: looked for s3://"):
        ingest(project(f"s3://{bucket}/{{day:%Y/%m/%d}}/*.csv"))
    assert f"source web: no file matches s3://{bucket}/2026/01/15/*.csv on 2026-01-15" in caplog.text


def test_a_path_of_a_month_is_loaded_once_and_is_of_no_day(project, fill: Fill, copied):
    bucket = fill({"2026-01/a.csv": (HEADER + event("e1")).encode()})
    settings = project(f"s3://{bucket}/{{day:%Y-%m}}/*.csv")
    assert ingest(settings, DAY, date(2026, 1, 16)) == 1
    assert copied == ["a.csv"]
    assert loads(settings, "day") == [(None,)]


def test_the_password_of_nobody_is_in_no_file(project, fill: Fill, tmp_path: Path):
    from tests.sources.storage.conftest import OURS

    settings = project(f"s3://{fill({'a.csv': (HEADER + event('e1')).encode()})}/*.csv")
    ingest(settings)
    read = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(read) >= 3
    assert not [path for path in read if OURS["AWS_SECRET_ACCESS_KEY"].encode() in path.read_bytes()]

"""An object on this disk while it is read: whole, of one version, in bounded memory, and gone afterwards."""

import hashlib

import pytest

from pipeline.errors import InputError, SettingsError, StorageError
from pipeline.sources import storage
from tests.sources.storage.conftest import Fill

CONTENT = bytes(range(256)) * 8


@pytest.fixture
def meanwhile(monkeypatch):
    """Lets something happen after the first piece of each reading; pieces are of a hundred bytes."""
    monkeypatch.setattr(storage, "CHUNK", 100)

    def happen(what, times=1):
        told, left, read = storage._read, [times], []

        def reading(store, address, content):
            piece = told(store, address, content)
            read.append(len(piece))
            if content.tell() <= 100 and left[0]:
                left[0] -= 1
                what()
            return piece

        monkeypatch.setattr(storage, "_read", reading)
        return read

    return happen


def test_an_object_is_copied_in_pieces_with_its_hash(store, fill: Fill, meanwhile):
    address = f"s3://{fill({'d/a.csv.gz': CONTENT})}/d/a.csv.gz"
    read = meanwhile(lambda: None)
    with storage.fetched(store, address) as (path, digest, version):
        assert path.read_bytes() == CONTENT  # as it is: nothing is unpacked on the way
        assert path.name.endswith(".csv.gz")
        assert digest == hashlib.sha256(CONTENT).hexdigest()
        assert (version.size, version.tag) == (len(CONTENT), hashlib.md5(CONTENT).hexdigest())  # so S3 makes the tag
    assert not path.exists()
    assert max(read) == 100
    assert sum(read) == len(CONTENT)


def test_an_empty_object_is_an_empty_file(store, fill: Fill):
    address = f"s3://{fill({'a.csv': b''})}/a.csv"
    with storage.fetched(store, address) as (path, digest, _):
        assert path.read_bytes() == b""
        assert digest == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    "later", [b"y" * len(CONTENT), b"y" * (len(CONTENT) + 500), b"y" * 150], ids=["as long", "longer", "shorter"]
)
def test_an_object_that_is_replaced_while_it_is_read_is_read_again(server, store, fill: Fill, meanwhile, later):
    bucket = fill({"a.csv": CONTENT})
    meanwhile(lambda: server.put(f"{bucket}/a.csv", later))
    with storage.fetched(store, f"s3://{bucket}/a.csv") as (path, digest, version):
        assert path.read_bytes() == later
        assert digest == hashlib.sha256(later).hexdigest()
        assert version.tag == hashlib.md5(later).hexdigest()


def test_an_object_that_never_stands_still_is_given_up(server, store, fill: Fill, meanwhile):
    bucket = fill({"a.csv": CONTENT})
    written = []

    def replace():
        written.append(1)
        server.put(f"{bucket}/a.csv", CONTENT + bytes(len(written)))

    meanwhile(replace, times=99)
    with (
        pytest.raises(StorageError, match=r"a\.csv: has changed 3 times while it was read\. Run again when"),
        storage.fetched(store, f"s3://{bucket}/a.csv"),
    ):
        pass
    assert len(written) == 3


def test_an_object_that_goes_while_it_is_read_is_an_error_that_another_attempt_may_mend(
    server, store, fill: Fill, meanwhile
):
    bucket = fill({"a.csv": CONTENT})
    meanwhile(lambda: server.delete(f"{bucket}/a.csv"))
    with (
        pytest.raises(StorageError, match=r"a\.csv: is not there, or no longer"),
        storage.fetched(store, f"s3://{bucket}/a.csv"),
    ):
        pass


def test_an_object_that_goes_between_listing_and_reading_is_an_error_too(server, store, fill: Fill):
    bucket = fill({"a.csv": CONTENT})
    (address,) = storage.find(store, f"s3://{bucket}/*")
    server.delete(f"{bucket}/a.csv")
    with pytest.raises(StorageError, match=r"a\.csv: is not there, or no longer"), storage.fetched(store, address):
        pass


def test_nothing_is_left_where_reading_fails(store, fill: Fill):
    address = f"s3://{fill({'a.csv': CONTENT})}/a.csv"
    with pytest.raises(KeyboardInterrupt), storage.fetched(store, address) as (path, _, _):
        raise KeyboardInterrupt
    assert not path.parent.exists()


@pytest.mark.parametrize("key", ["x" * 900 + ".ndjson.gz", "..csv", "-rf .csv", "d/..\\..\\x.csv"])
def test_a_copy_stays_in_its_folder_whatever_the_key(store, fill: Fill, temporary, key):
    address = f"s3://{fill({key: b'x'})}/{key}"
    with storage.fetched(store, address) as (path, _, _):
        assert path.parent.parent == temporary
        assert path.name.endswith(key[-4:])


def test_files_beside_an_object_are_put_beside_its_copy(store, fill: Fill, tmp_path):
    bucket = fill({"d/a.csv": b"x", "d/people[1].csv": b"people", "people.csv": b"of another folder"})
    beside = tmp_path / "beside"
    beside.mkdir()
    storage.fetch_beside(store, f"s3://{bucket}/d/a.csv", ["people[1].csv", "people.csv"], beside)
    assert {path.name: path.read_bytes() for path in beside.iterdir()} == {"people[1].csv": b"people"}


@pytest.mark.parametrize("name", ["../people.csv", "/etc/passwd", "sub/people.csv", "..", ""])
def test_a_file_beside_is_of_the_same_folder(store, fill: Fill, tmp_path, name):
    bucket = fill({"d/a.csv": b"x"})
    with pytest.raises(SettingsError, match="In object storage, name a file of the same folder"):
        storage.fetch_beside(store, f"s3://{bucket}/d/a.csv", [name], tmp_path)


def test_a_name_that_cannot_be_said_is_an_error_about_the_object(store, fill: Fill):
    bucket = fill({"d//a.csv": b"x"})
    (address,) = storage.find(store, f"s3://{bucket}/**/*.csv")
    with pytest.raises((InputError, SettingsError), match=r"d//a\.csv"), storage.fetched(store, address):
        pass

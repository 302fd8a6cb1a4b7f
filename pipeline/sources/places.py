"""Where the files of a source are, here or in object storage, and each of them at hand while it is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.calendar import dated, is_daily
from pipeline.settings import Source, Storage
from pipeline.sources import files, storage
from pipeline.sources.mapping import Mapping


@dataclass(frozen=True)
class Place:
    """A file that a source has: at `path`, or in a `store` under the address that is `shown`; one of the two is None.

    `day` is the file's, where the source's path names one.
    """

    shown: str
    day: date | None
    path: Path | None
    store: storage.Store | None


def find(folder: Path, source: Source, day: date, options: Storage) -> list[Place]:
    """The files that a source has for a day, in order of name."""
    own = day if is_daily(source.path) else None
    if storage.is_remote(source.path):
        store = storage.connect(source.path, options)
        return [Place(address, own, None, store) for address in storage.find(store, dated(source.path, day))]
    return [Place(shown, own, path, None) for path, shown in files.find(folder, source.path, day)]


def at(name: str, options: Storage, folder: Path = Path()) -> Place:
    """The file of that path, below a folder, or address; it is no pattern."""
    if storage.is_remote(name):
        return Place(name, None, None, storage.connect(name, options))
    return Place(name, None, folder / name, None)


def etag(place: Place) -> str | None:
    """What object storage calls the content that is there now; None where nobody can tell without reading it."""
    return (storage.version(place.store, place.shown).tag or None) if place.store else None


@contextmanager
def at_hand(place: Place) -> Iterator[files.SourceFile]:
    """The file on this machine's disk; a copy of an object is gone when it is left."""
    if place.path is not None:
        yield files.open_file(place.path, place.shown, place.day)
    elif place.store is not None:
        with storage.fetched(place.store, place.shown) as (path, digest, version):
            yield files.open_file(path, place.shown, place.day, digest, version.tag or None)


def fetch_beside(place: Place, file: files.SourceFile, mapping: Mapping | None) -> None:
    """Put beside a fetched file what its mapping joins; a file of this machine has it beside it already."""
    if place.store is not None and mapping is not None:
        storage.fetch_beside(place.store, place.shown, mapping.beside.values(), file.path.parent)


@contextmanager
def folder_beside(place: Place, mapping: Mapping | None) -> Iterator[Path]:
    """A folder with what a mapping joins to a file that is not at hand itself; one of fetched copies is gone after."""
    if place.path is not None:
        yield place.path.parent
    elif place.store is not None:
        with TemporaryDirectory(prefix="friction-") as made:
            names = mapping.beside.values() if mapping is not None else ()
            storage.fetch_beside(place.store, place.shown, names, Path(made))
            yield Path(made)

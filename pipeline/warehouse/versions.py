"""A run writes its own file; a finished run is published by an atomic swap that keeps older versions.

`warehouse/friction.duckdb` is a link to the newest file in `warehouse/friction-versions/`: a reader that has it open
keeps what it sees, the next one sees the new version, and nobody ever sees half a day. DuckDB names a database after
its file, and one called `friction` could not hold a schema `friction`: so no file but the link has that name.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from pipeline.errors import WarehouseError

_HELD: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


def work_file(published: Path) -> Path:
    """The file that a run writes before it is published."""
    return published.with_name(f"{published.stem}-working.duckdb")


def bucket_folder(published: Path) -> Path:
    """Where a run keeps the events of a night by bucket of people, while it works on them."""
    return published.with_name(f"{published.stem}-working.buckets")


def version_folder(published: Path) -> Path:
    """Where the published versions are."""
    return published.with_name(f"{published.stem}-versions")


@contextmanager
def exclusive(published: Path) -> Iterator[None]:
    """Hold the right to write; within it, it may be asked for again.

    Raises WarehouseError at once where another process holds it, with its number and since when: the lock's file is
    written when it is taken, and stays, because taking away a file that others may lock lets two of them in.
    """
    if published in _HELD.get():
        yield
        return
    published.parent.mkdir(parents=True, exist_ok=True)
    with published.with_name(f"{published.stem}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            since = datetime.fromtimestamp(os.fstat(lock.fileno()).st_mtime, UTC)
            raise WarehouseError(
                f"another run is writing to {published} (process {holder}, since {since:%Y-%m-%d %H:%M:%S} UTC). "
                "Wait for it, or end that process."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        token = _HELD.set(_HELD.get() | {published})
        try:
            yield
        finally:
            _HELD.reset(token)


def begin(published: Path) -> Path:
    """Copy the published version, if any, to the work file; what a run that died has left is thrown away."""
    if published.is_symlink() and not published.exists():
        raise WarehouseError(
            f"{published} names {published.readlink()}, which is missing. Name a version that is in "
            f"{version_folder(published)}: friction rollback VERSION"
        )
    discard(published)
    work = work_file(published)
    if published.exists():
        shutil.copyfile(published, work)
    return work


def discard(published: Path) -> None:
    """Throw away what a run has written and not published, if anything: all that is named after the work file."""
    for leftover in published.parent.glob(f"{escape(work_file(published).stem)}.*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()
    _next_link(published).unlink(missing_ok=True)


def publish(published: Path, keep: int, instead_of: str | None = None) -> Path:
    """Make the work file the published version; only the newest `keep` versions stay.

    `instead_of`: a version that this one takes the place of, such as that of an earlier part of the same backfill.
    """
    work, folder = work_file(published), version_folder(published)
    if not work.exists():
        raise WarehouseError(f"there is no finished run to publish: {work} is missing.")
    folder.mkdir(parents=True, exist_ok=True)
    versions = kept(published)
    number = int(versions[-1].stem.rpartition("-")[2]) + 1 if versions else 1
    target = folder / f"{published.stem}-{number:06d}.duckdb"
    work.replace(target)
    point(published, target)
    gone = [path for path in versions if path.stem == instead_of]
    stay = [path for path in [*versions, target] if path not in gone]
    for old in gone + stay[:-keep]:
        old.unlink()
    return target


def kept(published: Path) -> list[Path]:
    """The files of the versions that are there, oldest first; nobody's own copies beside them."""
    return sorted(version_folder(published).glob(f"{escape(published.stem)}-{'[0-9]' * 6}.duckdb"))


def point(published: Path, version: Path) -> None:
    """Let what readers open be that version, at one stroke."""
    link = _next_link(published)
    link.unlink(missing_ok=True)
    link.symlink_to(version.relative_to(published.parent))
    link.replace(published)


def _next_link(published: Path) -> Path:
    return published.with_name(f"{published.name}.new")

"""The versions that are kept beside the published one: what each holds, and going back to one."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from pipeline.errors import NotFoundError, WarehouseError, hint
from pipeline.warehouse import versions
from pipeline.warehouse.connection import reading


@dataclass(frozen=True)
class Version:
    """A published file: when it was finished, the days that are computed in it, and whether readers open it now.

    `days` and what follows are None where the file cannot be read.
    """

    version: str
    finished_at: datetime
    days: int | None
    first_day: date | None
    last_day: date | None
    bytes: int
    is_current: bool


def listed(published: Path) -> list[Version]:
    """The versions that are there, newest first."""
    current = current_file(published)
    return [_version(path, is_current=path == current) for path in reversed(versions.kept(published))]


def current_file(published: Path) -> Path | None:
    """The version that the published link names, whether it is there or not."""
    return published.parent / published.readlink() if published.is_symlink() else None


def roll_back(published: Path, name: str | None = None) -> str:
    """Let readers open an older version, by default the one before the current; gives its name.

    A later run goes on from it, under a number that no version has had since. Raises NotFoundError where there is no
    such version, WarehouseError where it cannot be read or a run is writing.
    """
    with versions.exclusive(published):
        target = _named(published, name) if name else _before(published)
        with reading(target) as con:  # who goes back wants tables that can be read
            con.execute("select count(*) from ops.runs").fetchall()
        if target != current_file(published):
            versions.point(published, target)
    return target.stem


def _named(published: Path, name: str) -> Path:
    known = {path.stem: path for path in versions.kept(published)}
    short = {stem.rpartition("-")[2].lstrip("0"): stem for stem in known}  # 12 for friction-000012
    if (stem := short.get(name.lstrip("0"), name)) not in known:
        raise NotFoundError(f"there is no version {name!r} in {versions.version_folder(published)}.{hint(name, known)}")
    return known[stem]


def _before(published: Path) -> Path:
    current = current_file(published)
    if current is None:
        raise WarehouseError(f"there is no version at {published} to go back from. Run a day first: friction run")
    older = [path for path in versions.kept(published) if path.name < current.name]
    if not older:
        raise NotFoundError(
            f"{current.stem} is the oldest version that is kept: there is none to go back to. "
            "More are kept with keep_versions in [project]."
        )
    return older[-1]


def _version(path: Path, *, is_current: bool) -> Version:
    about = path.stat()
    finished = datetime.fromtimestamp(about.st_mtime, UTC)
    days: tuple[int | None, date | None, date | None] = (None, None, None)
    try:
        with reading(path) as con:
            days = con.execute("select count(distinct day), min(day), max(day) from ops.signals").fetchall()[0]
    except (WarehouseError, duckdb.Error):  # it is listed all the same: somebody has to see that it is broken
        pass
    return Version(path.stem, finished, *days, about.st_size, is_current)

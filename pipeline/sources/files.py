"""Which files a source has for a day, and how DuckDB is to read one of them."""

import hashlib
import logging
import os
import stat
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipeline.calendar import dated
from pipeline.errors import InputError, SettingsError

log = logging.getLogger(__name__)

FORMATS = {
    ".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "json",
    ".xlsx": "xlsx", ".xes": "xes", ".jsonocel": "ocel",
}  # fmt: skip
LONGEST_LINE = 16 * 1024 * 1024  # bytes; a longer line is no event but a broken file


@dataclass(frozen=True)
class SourceFile:
    """One file: `shown` is its path as the settings put it, `sha256` the hash of its content, `etag` the storage's tag.

    `format` is what the name's ending tells; where it tells none, only a mapping that names a format can read the file.
    """

    path: Path
    shown: str
    day: date | None
    format: str | None
    sha256: str
    stamp: tuple[int, int, int] = (0, 0, 0)  # device's number of the file, size, time of the last change
    etag: str | None = None

    def check_unchanged(self) -> None:
        """Raise InputError where the file is not what it was when it was opened."""
        if _stamp(self.path) != self.stamp:
            raise InputError(f"{self.shown}: has changed while it was read. Run again when it is complete.")


def find(folder: Path, pattern: str, day: date) -> list[tuple[Path, str]]:
    """Files that a path of the settings means on a day, in order of name: (path, path as shown); folders are left out.

    Raises SettingsError where it is no path, InputError where a file's name is no text.
    """
    try:
        shown = dated(pattern, day)
        path = Path(shown)
        base = Path(path.anchor) if path.is_absolute() else folder
        relative = str(path.relative_to(path.anchor)) if path.is_absolute() else shown
        if path.name in {"", "**"}:  # of the latter Python's versions do not agree whether it means files
            raise ValueError(f"which files of it? Write {shown.rstrip('/')}/* or {shown.rstrip('/')}/*.csv")
        found = sorted(base.glob(relative))
    except (ValueError, NotImplementedError, RecursionError, OSError) as error:  # the last two: far too long
        raise SettingsError(f"sources: {pattern[:200]!r} is not a path: {str(error)[:200]}") from error
    named = [(each, str(each) if path.is_absolute() else str(each.relative_to(folder))) for each in found]
    for each, name in named:
        _refuse_unreadable(name)
        if each.is_dir():
            log.warning("%s is a folder and is left out: to read the files in it, write %s/*", name, name)
    return [(each, name) for each, name in named if not each.is_dir()]


def open_file(
    path: Path, shown: str, day: date | None, sha256: str | None = None, etag: str | None = None
) -> SourceFile:
    """Recognise a file by its name and hash its content, unless its hash is known.

    Raises InputError where it cannot be read, or is no file: a pipe would be waited for, and a device never ends.
    """
    _refuse_unreadable(shown)
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    if endings and endings[-1] in {".gz", ".zst"}:
        endings.pop()
    form = FORMATS.get(endings[-1] if endings else "")
    try:
        stamp = _stamp(path)
        if not stat.S_ISREG(kind := path.stat().st_mode) and not stat.S_ISDIR(kind):
            raise InputError(f"{shown}: is no file but a pipe, a socket or a device. Write its content to a file.")
        if sha256 is None:
            with path.open("rb") as content:
                sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{shown}: cannot be read: {error.strerror or error}. Correct the path, or let this user read it."
        ) from error
    return SourceFile(path, shown, day, form, sha256, stamp, etag)


def _refuse_unreadable(name: str) -> None:
    """Raise InputError where a name's bytes are no text: nothing could note it, and nobody ask for it."""
    as_text = os.fsencode(name).decode(errors="backslashreplace")
    if as_text != name:
        raise InputError(f"{as_text}: the bytes of its name are not UTF-8. Rename it.")


def in_format(file: SourceFile, named: str | None) -> SourceFile:
    """The file in the format that its mapping names, else in that of its ending. Raises InputError without one."""
    form = named or file.format
    if form is None:
        known = ", ".join(FORMATS)
        raise InputError(
            f"{file.shown}: the name's ending tells no format that can be read. Known: {known}, also with .gz or .zst. "
            "Name it so, or the format in a mapping file (format: csv)."
        )
    return replace(file, format=form)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns)

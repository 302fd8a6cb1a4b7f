"""What a bad file is, and what must become of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import pytest

Values = Mapping[str, frozenset[str | None]]
SECONDS = 30  # a file that takes longer than this holds up a night
MEGABYTES = 1500  # of memory; a file that takes more than this ends other programs of its machine


@dataclass(frozen=True)
class Expected:
    """What must become of a file; whatever it is, the law of counts holds and nothing is half-written.

    `is_refused`: an error for the user (True), rows (False), either is right (None). Where there are rows: `counts` are
    those read, kept, quarantined and duplicate; `reads` are the numbers of rows that may be called read; `lines` are
    where the quarantined rows stand; `rules` each have to be broken by some row, and one that ends in a dot stands for
    all that begin so; `values` are the only ones that kept rows may have, as text. `words` have to be in the error.
    """

    is_refused: bool | None
    counts: tuple[int, int, int, int] | None = None
    reads: frozenset[int] = frozenset()
    lines: tuple[int, ...] | None = None
    rules: tuple[str, ...] = ()
    values: Values = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True)
class BadFile:
    """One file of the corpus. `write` puts it into a folder; `name` is what the story is called.

    `path` is the file's name, or a path below the folder. `zone` is of times that name none. A file that `is_heavy`
    unpacks to gigabytes, or takes seconds.
    """

    name: str
    path: str
    write: Callable[[Path], None]
    expected: Expected
    contract: str = "clickstream"
    adapter: str = "canonical"
    zone: str = "UTC"
    seconds: int = SECONDS
    megabytes: int = MEGABYTES
    as_nobody: bool = False
    is_heavy: bool = False

    def put(self, folder: Path) -> Path:
        """The file, written into a folder."""
        path = folder / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.write(path)
        return path


def bad(
    name: str,
    path: str,
    content: bytes | str | Callable[[], bytes],
    expected: Expected,
    contract: str = "clickstream",
    *,
    adapter: str = "canonical",
    zone: str = "UTC",
) -> BadFile:
    """A bad file of that content; content that is large is made when it is asked for."""

    def write(to: Path) -> None:
        told = content() if callable(content) else content
        to.write_bytes(told.encode() if isinstance(told, str) else told)

    return BadFile(name, path, write, expected, contract, adapter, zone)


def heavy(*files: BadFile) -> list[BadFile]:
    """The same files, which take their time."""
    return [replace(each, is_heavy=True) for each in files]


class Named(Protocol):
    """Whatever is called something."""

    @property
    def name(self) -> str: ...


def named(them: Iterable[Named]) -> list[object]:
    """Files or readers as parameters of a test, by their names; heavy ones are tried in `make hostile` only."""
    return [
        pytest.param(each, id=each.name, marks=[pytest.mark.hostile] * getattr(each, "is_heavy", False))
        for each in them
    ]


def refused(words: str = "") -> Expected:
    """An error for the user."""
    return Expected(is_refused=True, words=words)


def rows(
    read: int,
    kept: int,
    quarantined: int,
    duplicate: int = 0,
    *,
    lines: tuple[int, ...] | None = None,
    rules: tuple[str, ...] = (),
    values: Values | None = None,
) -> Expected:
    """Exactly these counts."""
    return Expected(False, (read, kept, quarantined, duplicate), frozenset(), lines, rules, values or {})


def told(*, reads: tuple[int, ...] = (), values: Values | None = None, words: str = "") -> Expected:
    """An error for the user or counted rows, whichever the reader finds better; but never other rows or values."""
    return Expected(None, None, frozenset(reads), None, (), values or {}, words)


def only(**values: str | tuple[str | None, ...] | None) -> Values:
    """Column → the values that kept rows may have."""
    return {name: frozenset(each if isinstance(each, tuple) else (each,)) for name, each in values.items()}

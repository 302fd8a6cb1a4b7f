"""Files that are no files, may not be read, or have names that mean something to somebody."""

import os
from collections.abc import Callable
from pathlib import Path

from tests.hostile.bad import BadFile, Expected, bad, only, refused, rows, told
from tests.hostile.columnar import parquet, table
from tests.sources.rows import HEADER, event, line

GOOD = {"csv": (HEADER + event("e1")).encode(), "ndjson": line("e1").encode(), "parquet": parquet(table(1))}
OTHER = {"csv": (HEADER + event("o1") + event("o2")).encode(), "ndjson": (line("o1") + line("o2")).encode(),
         "parquet": GOOD["parquet"]}  # fmt: skip
MINE = rows(1, 1, 0, values=only(event_id="e1"))


def place(name: str, path: str, make: Callable[[Path], object], expected: Expected, *, as_nobody: bool = False) -> (
    BadFile
):  # fmt: skip
    def write(to: Path) -> None:
        make(to)

    return BadFile(name, path, write, expected, seconds=10, as_nobody=as_nobody)


def named(what: str, name: str, forms: tuple[str, ...] = ("csv",), expected: Expected = MINE) -> list[BadFile]:
    """A good file of that name beside files that the name might mean."""

    def write(form: str) -> Callable[[Path], None]:
        def writing(path: Path) -> None:
            for other in ("a1", "ab", "a", "b"):
                (path.parent / f"{other}.{form}").write_bytes(OTHER[form])
            path.write_bytes(GOOD[form])

        return writing

    return [place(f"{form} with {what} in its name", f"{name}.{form}", write(form), expected) for form in forms]


def closed(path: Path) -> None:
    path.write_bytes(GOOD["csv"])
    path.chmod(0)


def in_closed_folder(path: Path) -> None:
    path.write_bytes(GOOD["csv"])
    path.parent.chmod(0)


def loop(path: Path) -> None:
    (path.parent / "b.csv").symlink_to(path)
    path.symlink_to(path.parent / "b.csv")


ALL = ("csv", "ndjson", "parquet")
NAMES = [
    *named("a star", "a*", ALL),
    *named("a question mark", "a?", ALL),
    *named("brackets", "a[1]", ALL),
    *named("braces", "{a,b}"),
    *named("two stars", "**"),
    *named("a quote", "a'b", ALL),
    *named("a double quote", 'a"b'),
    *named("SQL", "a'); drop table ops.loads; --", ALL),
    *named("a line end", "a\nb", ALL),
    *named("terminal escapes", "a\x1b[2J\x07"),
    *named("writing from right to left", "a\u202evsc"),
    *named("a backslash", "a\\b"),
    *named("spaces", " a b "),
    *named("Turkish letters", "İı ğ"),
    *named("markup", "[red]a[/red]"),
    *named("a percent sign", "%41%00{}%s"),
    *named("250 letters", "a" * 250),
    *named("bytes that are no UTF-8", os.fsdecode(b"caf\xe9"), ALL, refused("Rename it")),
    bad("a name in capitals with three endings", "A.B.CSV", HEADER + event("e1"), MINE),
    bad("a name of an ending only", ".csv", HEADER + event("e1"), told(reads=(1,))),
    bad("an unknown ending", "a.dat", HEADER + event("e1"), refused("ending")),
    bad("no ending", "events", HEADER + event("e1"), refused("ending")),
    bad("an ending of packing only", "a.gz", HEADER + event("e1"), refused("ending")),
]
KINDS = [
    place("a folder named .csv", "a.csv", Path.mkdir, refused("a.csv")),
    place("a folder named .parquet", "a.parquet", Path.mkdir, refused("a.parquet")),
    place("a fifo named .csv", "a.csv", os.mkfifo, refused("a.csv")),
    place("a fifo named .parquet", "a.parquet", os.mkfifo, refused("a.parquet")),
    place("a device that never ends", "a.csv", lambda path: path.symlink_to("/dev/zero"), refused("a.csv")),
    place("a device that is empty", "a.csv", lambda path: path.symlink_to("/dev/null"), refused("a.csv")),
    place("a link to itself", "a.csv", lambda path: path.symlink_to(path), refused("a.csv")),
    place("links in a circle", "a.csv", loop, refused("a.csv")),
    place("a link to nothing", "a.csv", lambda path: path.symlink_to("gone.csv"), refused("a.csv")),
    place("no such file", "a.csv", lambda path: None, refused("a.csv")),
    place("a file that may not be read", "a.csv", closed, refused("a.csv"), as_nobody=True),
    place("a folder that may not be entered", "closed/a.csv", in_closed_folder, refused("a.csv"), as_nobody=True),
]

FILES: list[BadFile] = [*NAMES, *KINDS]

"""XES event logs that are broken, deep or bombs."""

import gzip
from collections.abc import Callable

from tests.hostile import bombs
from tests.hostile.bad import BadFile, Expected, bad, heavy, refused, rows, told

ENDED = "</trace></log>"


def event(number: int, at: str = "2026-01-15T10:00:00Z") -> str:
    return (
        f'<event><string key="concept:name" value="step {number}"/><date key="time:timestamp" value="{at}"/>'
        f'<string key="identity:id" value="i{number}"/></event>'
    )


def log(*events: str, ended: str = ENDED) -> str:
    """A log of one case."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849-2016">'
        '<trace><string key="concept:name" value="case 1"/><string key="customer" value="c1"/>'
        f"{''.join(events)}{ended}\n"
    )


TWO = log(event(1), event(2))
LAUGHS = "<!DOCTYPE log [<!ENTITY l0 'xxxxxxxxxx'>" + "".join(
    f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10)
) + "]>"  # fmt: skip
HEAD = TWO.split("<log")[0]

Content = bytes | str | Callable[[], bytes]
ALL: list[tuple[str, bool, Content, Expected]] = [
    ("a log as it should be", False, TWO, rows(2, 2, 0)),
    ("a packed log", True, gzip.compress(TWO.encode(), mtime=0), rows(2, 2, 0)),
    ("a log with a time that is none", False, log(event(1), event(2, "never")), rows(2, 1, 1)),
    ("a log without events", False, log(), told(reads=(0,))),
    ("an empty log", False, "", refused()),
    ("a log that is no XML", False, "event_id\n", refused()),
    ("a log that is cut", False, TWO[:-30], refused()),
    ("a log with a tag that is never closed", False, log(event(1), ended="</log>"), refused()),
    ("a log in another encoding than it says", False, TWO.encode().replace(b"step", b"\xff\xfe"), refused()),
    ("XML that is no log", False, "<html><event/></html>", told(reads=(0,))),
    ("a log 100,000 levels deep", False, log("<list>" * 100_000 + "</list>" * 100_000, event(1)), told()),
    ("a log of entities", False, TWO.replace(HEAD, HEAD + LAUGHS).replace("step 1", "&l9;"), refused()),
    ("a log with a foreign entity", False, TWO.replace(HEAD, HEAD + '<!DOCTYPE log [<!ENTITY x SYSTEM '
        '"file:///etc/hostname">]>').replace("step 1", "&x;"), refused()),
]  # fmt: skip
BOMBS: list[tuple[str, bool, Content, Expected]] = [
    ("gz bomb: a log of white space", True, lambda: bombs.gz(TWO[:-len(ENDED) - 1].encode(), b" " * (
        16 * bombs.MEGABYTE), 256, ENDED.encode()), told()),
    ("gz bomb: a log of one text", True, lambda: bombs.gz(log(ended='<string key="x" value="').encode(), b"x" * (
        16 * bombs.MEGABYTE), 256, f'"/>{ENDED}'.encode()), told()),
]  # fmt: skip


def xes(name: str, packed: bool, content: Content, expected: Expected) -> BadFile:
    return bad(name, "a.xes.gz" if packed else "a.xes", content, expected, adapter="xes")


FILES: list[BadFile] = [*(xes(*each) for each in ALL), *heavy(*(xes(*each) for each in BOMBS))]

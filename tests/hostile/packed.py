"""Packed files that are cut, damaged, mislabelled or unpack to gigabytes; and lines of 50 MB and more."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa

from tests.hostile import bombs
from tests.hostile.bad import BadFile, bad, heavy, refused, rows, told
from tests.sources.rows import HEADER, TIME, event, line

TEXT = (HEADER + "".join(event(f"e{n}", f"text {n}") for n in range(100))).encode()
JSON = "".join(line(f"e{n}") for n in range(100)).encode()
LARGE = (HEADER + "".join(event(f"e{n}", f"{n * 7919 % 10007}") for n in range(50_000))).encode()
LARGE_JSON = "".join(line(f"e{n}", x=n * 7919 % 10007) for n in range(20_000)).encode()
MORE = "".join(event(f"f{n}") for n in range(10)).encode()
FRONT = f"{HEADER}e0,{TIME},click,c1,\ne1,{TIME},click,c1,".encode()  # a good row, and a row whose text comes


def gz(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def zst(content: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(content, asbytes=True)
    return packed


def changed(packed: bytes, at: int) -> bytes:
    """The same with one byte changed."""
    found = bytearray(packed)
    found[at] ^= 0xFF
    return bytes(found)


def cut(packed: bytes) -> bytes:
    return packed[: len(packed) // 2]


def stored() -> bytes:
    """A gz file that is not packed, so that a letter in it can be changed."""
    return gzip.compress(TEXT, compresslevel=0, mtime=0)


def archived() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        about = tarfile.TarInfo("a.csv")
        about.size = len(TEXT)
        archive.addfile(about, io.BytesIO(TEXT))
    return made.getvalue()


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.csv"), TEXT)
    return made.getvalue()


DAMAGED = [
    bad("gz cut in the middle", "a.csv.gz", gz(TEXT)[:200], refused()),
    bad("gz cut in its header", "a.csv.gz", gz(TEXT)[:6], refused()),
    bad("gz without its trailer", "a.csv.gz", gz(TEXT)[:-8], refused()),
    bad("gz without half of its trailer", "a.csv.gz", gz(TEXT)[:-4], refused()),
    bad("gz with a wrong CRC", "a.csv.gz", changed(gz(TEXT), -8), refused()),
    bad("gz with a wrong length", "a.csv.gz", changed(gz(TEXT), -1), refused()),
    bad("gz of ndjson with a wrong CRC", "a.ndjson.gz", changed(gz(JSON), -8), refused()),
    bad("gz of ndjson cut in the middle", "a.ndjson.gz", gz(JSON)[:200], refused()),
    bad("gz damaged in the middle", "a.csv.gz", changed(gz(TEXT), 150), refused()),
    bad("gz of two members", "a.csv.gz", gz(TEXT) + gz(MORE), rows(110, 110, 0)),
    bad("gz of two members, the second cut", "a.csv.gz", gz(TEXT) + gz(MORE)[:-9], refused()),
    bad("gz of 2,000 members of a row each", "a.csv.gz", lambda: gz(HEADER.encode()) + b"".join(
        gz(event(f"e{n}").encode()) for n in range(2_000)), rows(2000, 2000, 0)),
    bad("gz with garbage behind it", "a.csv.gz", gz(TEXT) + b"garbage", told(reads=(100,))),
    bad("gz padded with NUL bytes", "a.csv.gz", gz(TEXT) + b"\0" * 512, told(reads=(100,))),
    bad("empty gz", "a.csv.gz", b"", refused()),
    bad("gz of nothing", "a.csv.gz", gz(b""), refused()),
    bad("gz that is plain", "a.csv.gz", TEXT, refused()),
    bad("gz that is zst", "a.csv.gz", zst(TEXT), refused()),
    bad("gz of a gz", "a.csv.gz", gz(gz(TEXT)), refused()),
    bad("gz of a tar", "a.csv.gz", lambda: gz(archived()), told()),
    bad("zip named .csv", "a.csv", zipped, refused()),
    bad("zip named .gz", "a.csv.gz", zipped, refused()),
    bad("gz named .csv", "a.csv", gz(TEXT), refused()),
    bad("gz named .ndjson", "a.ndjson", gz(JSON), told()),
    bad("zst cut in the middle", "a.csv.zst", zst(TEXT)[:200], refused()),
    bad("zst without its last byte", "a.csv.zst", zst(TEXT)[:-1], refused()),
    bad("zst damaged in the middle", "a.csv.zst", changed(zst(TEXT), 5), refused()),
    bad("zst of two frames", "a.csv.zst", zst(TEXT) + zst(MORE), rows(110, 110, 0)),
    bad("zst of two frames, the second cut", "a.csv.zst", zst(TEXT) + zst(MORE)[:-3], refused()),
    bad("zst with a frame to be skipped", "a.csv.zst", b"\x50\x2a\x4d\x18\4\0\0\0skip" + zst(TEXT),
        rows(100, 100, 0)),
    bad("zst with garbage behind it", "a.csv.zst", zst(TEXT) + b"garbage", told(reads=(100,))),
    bad("large zst cut in the middle", "a.csv.zst", lambda: cut(zst(LARGE)), refused()),
    bad("large zst of ndjson cut in the middle", "a.ndjson.zst", lambda: cut(zst(LARGE_JSON)), refused()),
    bad("large gz cut in the middle", "a.csv.gz", lambda: cut(gz(LARGE)), refused()),
    bad("small zst of ndjson cut in the middle", "a.ndjson.zst", cut(zst(JSON)), refused()),
    bad("gz with one letter changed", "a.csv.gz", lambda: stored().replace(b"text 37", b"text 73"), refused()),
    bad("empty zst", "a.csv.zst", b"", refused()),
    bad("zst that is plain", "a.ndjson.zst", JSON, refused()),
    bad("zst that is gz", "a.csv.zst", gz(TEXT), refused()),
]  # fmt: skip


def long(front: bytes, megabytes: int, behind: bytes = b"") -> Callable[[], bytes]:
    return lambda: front + b"x" * (megabytes * 1_000_000) + behind


LONG = [
    bad("csv with a line of 50 MB", "a.csv", long(FRONT, 50, f"\ne2,{TIME},click,c1,\n".encode()),
        rows(3, 2, 1, lines=(3,))),
    bad("csv with a line of 50 MB and no end", "a.csv", long(FRONT, 50), rows(2, 1, 1, lines=(3,))),
    bad("csv with a quoted text of 50 MB", "a.csv", long(FRONT + b'"', 50, f'"\ne2,{TIME},click,c1,\n'.encode()),
        rows(3, 2, 1, lines=(3,))),
    bad("csv whose header is 50 MB", "a.csv", long(b"", 50), refused()),
    bad("ndjson with a line of 50 MB", "a.ndjson", long(line("e1").encode() + b'{"event_id": "', 50,
        f'"}}\n{line("e2")}'.encode()), rows(3, 2, 1, lines=(2,))),
    bad("ndjson with a line of 50 MB and no end", "a.ndjson", long(line("e1").encode(), 50),
        rows(2, 1, 1, lines=(2,))),
    bad("csv.gz with a line of 50 MB", "a.csv.gz", lambda: bombs.gz(FRONT, b"x" * 1_000_000, 50,
        f"\ne2,{TIME},click,c1,\n".encode()), rows(3, 2, 1, lines=(3,))),
    # all of its 300 MB are bad, and on their way to a quarantine in memory they are held five times over
    replace(bad("csv with 20 bad lines of 15 MB", "a.csv", lambda: (HEADER + "".join(
        f"e{n},never,click,c1,{'x' * 15_000_000}\n" for n in range(20))).encode(), told(reads=(20,))), megabytes=2000),
    bad("csv with 300,000 bad rows", "a.csv", lambda: (HEADER + "x\n" * 300_000).encode(), told(reads=(300_000,))),
    bad("ndjson with 1,000,000 bad rows", "a.ndjson", b"x\n" * 1_000_000, told(reads=(1_000_000,))),
]  # fmt: skip
GIGABYTES = 4  # that a bomb unpacks to
TIMES = GIGABYTES * 1024 // 16
BOMBS = [
    bad("gz bomb: one line", "a.csv.gz", lambda: bombs.gz(FRONT, b"x" * (16 * bombs.MEGABYTE), TIMES,
        b"\n" + event("e2").encode()), told(reads=(3,))),
    bad("gz bomb: rows", "a.csv.gz", lambda: bombs.gz(HEADER.encode(), event("e1").encode() * 400_000, TIMES), told()),
    bad("gz bomb: bad rows", "a.csv.gz", lambda: bombs.gz(HEADER.encode(), b"x\n" * (8 * bombs.MEGABYTE), TIMES),
        told()),
    bad("gz bomb: line ends", "a.csv.gz", lambda: bombs.gz(FRONT, b"\n" * (16 * bombs.MEGABYTE), TIMES),
        told(reads=(2,))),
    bad("gz bomb: the header", "a.csv.gz", lambda: bombs.gz(b"", b"x" * (16 * bombs.MEGABYTE), TIMES), refused()),
    bad("gz bomb: one line of ndjson", "a.ndjson.gz", lambda: bombs.gz(line("e1").encode(), b"x" * (
        16 * bombs.MEGABYTE), TIMES), told(reads=(2,))),
    bad("gz bomb: line ends of ndjson", "a.ndjson.gz", lambda: bombs.gz(line("e1").encode(), b"\n" * (
        16 * bombs.MEGABYTE), TIMES), told(reads=(1,))),
    bad("gz bomb: an array", "a.json.gz", lambda: bombs.gz(b"[", b'{"event_id":"e1"},' * 800_000, TIMES, b"{}]"),
        told()),
    bad("zst bomb: one line of 600 MB", "a.csv.zst", lambda: bombs.zst(FRONT, 120, 600, b"\n" + event("e2").encode()),
        told(reads=(3,))),
    bad("zst bomb: one line without an end", "a.ndjson.zst", lambda: bombs.zst(line("e1").encode(), 120, 4096),
        told(reads=(2,))),
    bad("zst bomb: line ends", "a.ndjson.zst", lambda: bombs.zst(line("e1").encode(), 10, 16384), told(reads=(1,))),
]  # fmt: skip

FILES: list[BadFile] = [*DAMAGED, *heavy(*LONG, *BOMBS)]

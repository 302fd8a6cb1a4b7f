"""Small good files of every format, and what becomes of them where bytes are flipped, cut, doubled and put in."""

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from tests.hostile import logs, sheets
from tests.hostile.columnar import parquet, table
from tests.sources.rows import HEADER, event, line

# Pieces that mean something to some reader, so that not all damage is noise.
PIECES = [
    b'"', b'""', b"'", b",", b";", b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\x1a", b"\x1b", b"\\", b"{", b"}", b"[", b"]",
    b":", b"null", b"NaN", b"1e999", b"-0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf",
    b"\\u0000", b"\\ud800", b"<", b">", b"&", b"</", b"<!--", b"]]>", b"<![CDATA[", b"&#0;", b"PAR1", b"PK\x03\x04",
    b"PK\x01\x02", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x7f" * 4, b"\xff" * 8, b"\x80" * 5, b" " * 100, b"9" * 100,
    b"2026-02-30",
]  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """A format: a file's name, its content before it is packed, and how it is packed and unpacked."""

    name: str
    content: bytes
    pack: Callable[[bytes], bytes] | None = None
    unpack: Callable[[bytes], bytes] | None = None
    adapter: str = "canonical"

    @property
    def good(self) -> bytes:
        """The file as it should be: three rows."""
        return self.pack(self.content) if self.pack else self.content

    def damaged(self, seed: int) -> bytes:
        """The file with something wrong: in its bytes, or where it is packed as often in what it unpacks to."""
        rng = random.Random(f"{self.name} {seed}")
        if self.pack is None:
            return mutated(self.content, rng)
        return mutated(self.good, rng) if seed % 2 else self.pack(mutated(self.content, rng))


def mutated(content: bytes, rng: random.Random) -> bytes:
    """The same content after one to four small accidents."""
    made = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(made) + 1)
        until = min(len(made), at + rng.choice([1, 1, 2, 8, 64]))
        match rng.randrange(7):
            case 0 if at < len(made):
                made[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(made):
                made[at] = rng.randrange(256)
            case 2:
                del made[at:until]
            case 3:
                made[at:at] = made[at:until] * rng.choice([1, 1, 3, 50])
            case 4:
                made[at:at] = rng.choice(PIECES)
            case 5:
                made[at : at + 4] = rng.choice(PIECES)
            case _ if rng.random() < 0.3:
                del made[at:]
            case _:
                to = rng.randrange(len(made) + 1)
                made[to:to] = made[at:until]
    return bytes(made)


def _gz(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _zst(content: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(content, asbytes=True)
    return packed


def _unzst(packed: bytes) -> bytes:
    content: bytes = pa.input_stream(pa.py_buffer(packed), compression="zstd").read()
    return content


CSV = (HEADER + event("e1", '"a, ""b"""') + event("e2", "ığüş") + event("e3")).encode()
LINES = (line("e1", element="a\nb") + line("e2", value=1.5, attributes={"a": [1, {"b": None}]}) + line("e3")).encode()
ARRAY = b"[" + LINES.strip().replace(b"}\n", b"},\n") + b"]"
BOOK = sheets.book(sheets.HEADER, sheets.GOOD, sheets.MORE, ("e3", sheets.dated(sheets.SOON), "click", "c1", None))
LOG = logs.log(logs.event(1), logs.event(2), logs.event(3)).encode()

READERS = [
    Reader("a.csv", CSV),
    Reader("a.csv.gz", CSV, _gz, gzip.decompress),
    Reader("a.csv.zst", CSV, _zst, _unzst),
    Reader("a.tsv", CSV.replace(b'"a, ""b"""', b"a").replace(b",", b"\t")),
    Reader("a.ndjson", LINES),
    Reader("a.ndjson.gz", LINES, _gz, gzip.decompress),
    Reader("a.ndjson.zst", LINES, _zst, _unzst),
    Reader("a.json", ARRAY),
    Reader("a.json.gz", ARRAY, _gz, gzip.decompress),
    Reader("a.parquet", parquet(table(), compression="none")),
    Reader("b.parquet", parquet(table(), compression="zstd", use_dictionary=False, data_page_version="2.0")),
    Reader("a.xlsx", BOOK),
    Reader("a.xes", LOG, adapter="xes"),
    Reader("a.xes.gz", LOG, _gz, gzip.decompress, adapter="xes"),
]
assert json.loads(ARRAY)

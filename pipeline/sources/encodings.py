"""Text in other encodings than UTF-8: recognised where that is certain, declared otherwise, rewritten as UTF-8."""

import codecs
import re
from typing import BinaryIO

from pipeline.errors import InputError

CHUNK = 1 << 20  # bytes
BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What a single byte beyond ASCII is in text of western Europe and Turkey: letters, quotes, dashes, €. Windows-1254
# holds all that ISO-8859-9 and, but for six letters, Windows-1252 hold.
WESTERN = "windows-1254"
_LETTERS = re.compile(
    rb"[\x00-\x7f\x80\x82\x84\x85\x8a\x91-\x97\x9a\x9f\xa0\xa3\xa7\xa9\xab\xae\xb0\xb4\xb7\xbb\xc0-\xff]*"
)
_UNDECODED = re.compile("[\udc80-\udcff]")
_DECODED = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")


def by_first_bytes(head: bytes) -> str | None:
    """The encoding that a text's first bytes give away: of a byte order mark, or of UTF-16 without one."""
    for mark, name in BOMS.items():
        if head.startswith(mark):
            return name
    # nearly every other byte of Latin text in UTF-16 is zero, and no text in UTF-8 has zeros
    even, odd = head[0:512:2], head[1:512:2]
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if len(odd) >= 8 and zeros.count(0) > 0.7 * len(zeros) and others.count(0) < 0.05 * len(others):
            return name
    return None


def of_single_bytes(content: BinaryIO) -> str | None:
    """Windows-1254, where that is what a text that is not UTF-8 must be; None where the bytes do not say.

    A text in UTF-8 with a few damaged bytes still has characters of several bytes; a text in a code page has none, and
    its bytes are letters.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    undecoded = decoded = 0
    while chunk := content.read(CHUNK):
        if not _LETTERS.fullmatch(chunk):
            return None
        text = decoder.decode(chunk)
        if not text.isascii():
            undecoded += len(_UNDECODED.findall(text))
            decoded += len(_DECODED.findall(text))
    return WESTERN if undecoded and decoded * 50 <= undecoded else None  # by chance two letters are UTF-8, too


def rewrite(content: BinaryIO, encoding: str, out: BinaryIO, shown: str) -> None:
    """Write a text as UTF-8. Raises InputError where it is not in the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done = 0
    try:
        while chunk := content.read(CHUNK):
            out.write(decoder.decode(chunk).encode("utf-8"))
            done += len(chunk)
        out.write(decoder.decode(b"", final=True).encode("utf-8"))
    except UnicodeError as error:
        where = f"between bytes {done:,} and {done + CHUNK:,}"
        raise InputError(
            f"{shown}: is not text in {encoding}: {error.__class__.__name__} {where}. Name the right one: "
            'encoding = "…" of the source.'
        ) from error

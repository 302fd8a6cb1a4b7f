"""What DuckDB's readers of text do not look for: halves of characters, and lines without an end."""

import re
from typing import BinaryIO

CHUNK = 1 << 24  # bytes
# Eight times what a row may have. A row that is too long is put aside as one; a line that goes on for longer is no row
# of anything, and would take the whole memory to be looked at.
NO_LINE = 128 * 1024 * 1024
# UTF-8 has no surrogates; DuckDB takes them for text, which nobody can read from it afterwards.
_SURROGATE = re.compile(rb"\xed(?=[\xa0-\xbf])")
_NO_LETTER = b"\x81"  # neither in UTF-8 nor in Windows-1254, so that their row is put aside


def has_surrogates(content: BinaryIO) -> bool:
    """Whether a text that should be UTF-8 holds surrogates."""
    left = b""
    while chunk := content.read(CHUNK):
        if (left or b"\xed" in chunk) and _SURROGATE.search(left + chunk):
            return True
        left = b"\xed" if chunk.endswith(b"\xed") else b""
    return False


def without_surrogates(content: BinaryIO, out: BinaryIO) -> None:
    """Write a text of as many bytes, in which surrogates are what they are: no text."""
    left = b""
    while chunk := content.read(CHUNK):
        block = left + chunk
        left = b"\xed" if block.endswith(b"\xed") else b""
        out.write(_SURROGATE.sub(_NO_LETTER, block[: len(block) - len(left)]))
    out.write(left)


def longest_line_is_bounded(content: BinaryIO) -> bool:
    """Whether lines end, one way or another, before they are too long to be looked at."""
    since = 0
    while chunk := content.read(CHUNK):
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        since = since + len(chunk) if last < 0 else len(chunk) - last - 1
        if since > NO_LINE:
            return False
    return True

"""What the converters of log formats share: they read a stream piece by piece and write JSON lines, within bounds."""

import json
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from pipeline.errors import InputError
from pipeline.sources.files import LONGEST_LINE

PIECE = 1024 * 1024  # bytes that are read at once
DEEPEST = 50  # elements or brackets in one another; logs have about ten
# What is written may be so many times what was read, past a first part: a few bytes that each repeat a long attribute
# would otherwise fill the disk.
GROWTH = 64
FIRST_PART = 64 * 1024 * 1024  # bytes


class Conversion:
    """One file on its way to JSON lines. `shown` is its name in messages."""

    def __init__(self, content: BinaryIO, out: BinaryIO, shown: str) -> None:
        self._content, self._out, self.shown = content, out, shown
        self.read = self.written = 0

    def pieces(self) -> Iterator[bytes]:
        """The content from its beginning to its end. Raises InputError where it cannot be read or unpacked."""
        while True:
            try:
                piece = self._content.read(PIECE)
            except (OSError, EOFError, zlib.error) as error:
                raise self.error(f"cannot be read: {error}. Export or copy it again.") from error
            if not piece:
                return
            self.read += len(piece)
            yield piece

    def write(self, row: dict[str, Any]) -> None:
        """One line. Raises InputError where it, or all of them together, are beyond any log."""
        text = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        try:
            line = text.encode()
        except UnicodeEncodeError:  # half of a pair of surrogates: as an escape it is at least text
            line = json.dumps(row, allow_nan=False, separators=(",", ":")).encode()
        self.check_length(len(line))
        self.written += len(line) + 1
        if self.written > FIRST_PART + GROWTH * self.read:
            raise self.error(
                f"{self.read:,} bytes of it would become more than {self.written:,}: attributes of its traces or "
                "objects are repeated too often. Leave them out of the export."
            )
        self._out.write(line + b"\n")

    def check_length(self, length: int) -> None:
        """Raises InputError for one event or object that is longer than a line may be."""
        if length > LONGEST_LINE:
            raise self.error(
                f"one event or object is longer than {LONGEST_LINE:,} bytes: this is no event log. "
                "Check what was exported."
            )

    def error(self, what: str, line: int | None = None) -> InputError:
        """An error that begins with the file, and with the line where it is known."""
        return InputError(f"{self.shown}: {f'line {line}: ' if line else ''}{what}")

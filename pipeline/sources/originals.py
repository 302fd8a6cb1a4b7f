"""The original text of rows of a CSV file, and the lines on which they begin.

DuckDB gives the values of a row and not its text. Whether a row was read or rejected it does say; so the file is cut
into rows a second time here, and only where some of them are wanted.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.sources.files import LONGEST_LINE, SourceFile
from pipeline.sources.packing import unpacked

CHUNK = 1 << 24  # bytes
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34


@dataclass(frozen=True)
class Original:
    """A row: its place among the rows that were read (None: it was rejected), its first line, its text."""

    place: int | None
    line: int
    text: str


@dataclass(frozen=True)
class Cut:
    """The rows that were looked for, and how many rows the file has by this reading; -1: it cannot be cut."""

    found: list[Original]
    rows: int


def of_rows(
    file: SourceFile, *, is_quoted: bool, delimiter: str, wanted: set[int], rejected: list[tuple[int, str]]
) -> Cut:
    """The wanted rows by their place among those that were read, and the rejected ones: (byte where it begins, text).

    `is_quoted`: the file has a header, and quotes that may hold line ends.
    """
    try:
        cut = _by_bytes(file, is_quoted, wanted, {at for at, _ in rejected})
        if cut is not None and sum(each.place is None for each in cut.found) == len(rejected):
            return cut
        return _by_reader(file, is_quoted, delimiter, wanted, {row for _, row in rejected})
    except (csv.Error, OSError, EOFError):  # Python and DuckDB do not agree about what this file is
        return Cut([], -1)


def line_at(file: SourceFile, at: int) -> str:
    """The line that begins at a byte (from 1, or at the line feed before it), with � for what is not UTF-8."""
    with unpacked(file.path) as content:
        content.seek(at - 1)
        found = content.readline(LONGEST_LINE).strip(b"\r\n")
        return (found or content.readline(LONGEST_LINE).strip(b"\r\n")).decode(errors="replace")


def lines_of(file: SourceFile, places: list[int]) -> dict[int, int]:
    """The line of each byte (from 1, or at the line end before it); lines end in LF, CR LF or CR."""
    found: dict[int, int] = {}
    wanted, offset, line, is_cr_open = sorted(set(places)), 0, 1, False
    with unpacked(file.path) as content:
        while wanted and (chunk := content.read(CHUNK)):
            data = np.frombuffer(chunk, np.uint8)
            is_end = (data == _NEWLINE) | (data == _RETURN)
            follows = np.concatenate(([is_cr_open], data[:-1] == _RETURN)) & (data == _NEWLINE)
            ends = np.flatnonzero(is_end & ~follows)  # the LF of a CR LF ends no line of its own
            while wanted and wanted[0] - 1 < offset + data.size:
                at = wanted.pop(0)
                here = at - 1 - offset
                found[at] = line + int(np.searchsorted(ends, here, side="right"))
            line, offset, is_cr_open = line + ends.size, offset + data.size, bool(data[-1] == _RETURN)
    return found | dict.fromkeys(wanted, line)


def text_between(file: SourceFile, at: int, until: int | None) -> str:
    """The text from a byte (from 1) up to another one, or to the end; no more of it than a row may have."""
    with unpacked(file.path) as content:
        content.seek(at - 1)
        found = content.read(LONGEST_LINE if until is None else min(until - at, LONGEST_LINE))
    return found.strip(b"\r\n").decode(errors="replace")


def _by_bytes(file: SourceFile, is_quoted: bool, wanted: set[int], rejected: set[int]) -> Cut | None:
    """Cut at line ends outside quotes: an even number of quotes is before them. None where lines end otherwise."""
    places = np.array(sorted(wanted), np.int64)
    # DuckDB counts bytes from 1, and after a carriage return it begins a row with the line feed
    refused = np.array(sorted({at - 1 for at in rejected} | rejected), np.int64)
    found: list[Original] = []
    rows = read = lines = offset = 0
    is_header, left = is_quoted, b""
    with unpacked(file.path) as content:
        while True:
            chunk = content.read(CHUNK)
            block = left + chunk if chunk else left + b"\n" * (not left.endswith(b"\n") and bool(left))
            if not block:
                break
            data = np.frombuffer(block, np.uint8)
            returns = np.flatnonzero(data == _RETURN)
            if chunk and block.endswith(b"\r"):
                returns = returns[:-1]  # its line feed comes with the next block
            if returns.size and (returns[-1] + 1 == data.size or (data[returns + 1] != _NEWLINE).any()):
                return None
            ends = np.flatnonzero(data == _NEWLINE)
            if is_quoted:
                marks = np.flatnonzero(data == _QUOTE)
                outside = np.searchsorted(marks, ends) % 2 == 0  # a block begins outside of quotes
                cuts = ends[outside]
            else:
                cuts = ends
            if not cuts.size:
                if not chunk:
                    return None  # quotes that nobody closed
                left = block
                continue
            begins = np.concatenate(([0], cuts[:-1] + 1))
            line = lines + 1 + np.searchsorted(ends, begins)
            is_blank = (cuts == begins) | ((cuts == begins + 1) & (data[begins] == _RETURN))
            if is_header:
                is_blank[0], is_header = True, False
            kept = np.flatnonzero(~is_blank)
            is_refused = np.isin(begins[kept] + offset, refused)
            place = read + np.cumsum(~is_refused)
            for at in np.flatnonzero(is_refused | np.isin(place, places)):
                begin, end = begins[kept[at]], cuts[kept[at]]
                row = block[begin:end].removesuffix(b"\r").decode(errors="replace")
                found.append(Original(None if is_refused[at] else int(place[at]), int(line[kept[at]]), row))
            rows, read = rows + kept.size, int(place[-1]) if kept.size else read
            used = int(cuts[-1]) + 1
            lines += int(np.searchsorted(ends, used))
            offset, left = offset + used, block[used:]
            if not chunk:
                break
    return Cut(found, rows)


def _by_reader(file: SourceFile, is_quoted: bool, delimiter: str, wanted: set[int], rejected: set[str]) -> Cut:
    """Cut by Python's CSV reader, for quotes and line ends out of the ordinary; rejected rows are known by text."""
    found: list[Original] = []
    rows = place = 0
    for line, row in _records(file, is_quoted, delimiter):
        rows += 1
        if not row.isascii() and any("\udc80" <= sign <= "\udcff" for sign in row):  # bytes that are not UTF-8
            found.append(Original(None, line, row.encode(errors="surrogateescape").decode(errors="replace")))
        elif row in rejected:
            found.append(Original(None, line, row))
        else:
            place += 1
            if place in wanted:
                found.append(Original(place, line, row))
    return Cut(found, rows)


def _records(file: SourceFile, is_quoted: bool, delimiter: str) -> Iterator[tuple[int, str]]:
    with (
        unpacked(file.path) as content,
        io.TextIOWrapper(content, encoding="utf-8-sig", errors="surrogateescape", newline="") as lines,
    ):
        if not is_quoted:
            yield from ((n, row.rstrip("\r\n")) for n, row in enumerate(lines, start=1) if row.strip("\r\n"))
            return
        taken: list[str] = []

        def noting() -> Iterator[str]:
            for each in lines:
                taken.append(each)
                yield each

        csv.field_size_limit(LONGEST_LINE)
        reader = csv.reader(noting(), delimiter=delimiter)
        first_line = 1
        for number, record in enumerate(reader):
            if number > 0 and record:
                yield first_line, "".join(taken).rstrip("\r\n")
            taken.clear()
            first_line = reader.line_num + 1

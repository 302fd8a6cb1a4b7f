"""A log that grows without end is refused before memory or disk is full, and a long one is read piece by piece."""

import io
import tracemalloc

import pytest

from pipeline.errors import InputError
from pipeline.sources.xes import convert


class Endless:
    """A beginning, and then the same text again and again: what a bomb unpacks to."""

    def __init__(self, beginning, text, stop_after=None):
        self.beginning, self.text, self.stop_after, self.read_bytes = beginning, text, stop_after, 0

    def read(self, size):
        if self.stop_after and self.read_bytes >= self.stop_after:
            return b""
        piece, self.beginning = (self.beginning or self.text * (size // len(self.text)))[:size], b""
        self.read_bytes += len(piece)
        return piece


@pytest.mark.parametrize(
    ("beginning", "text", "told"),
    [
        pytest.param(
            b'<log><trace><event><string key="a" value="', b"x", "longer than 16,777,216 bytes", id="one value"
        ),
        pytest.param(b"<log><!--", b"x", "longer than 16,777,216 bytes", id="one remark"),
        pytest.param(
            b"<log><trace><event>", b"<string key='a' value='x'/>", "longer than 16,777,216 bytes", id="one event"
        ),
        pytest.param(
            b"<log><trace><string key='a' value='" + b"x" * 9000 + b"'/>",
            b"<event/>",
            "are repeated",
            id="much from little",
        ),
    ],
)
def test_memory_and_what_is_written_are_bounded(beginning, text, told):
    class Counting(io.RawIOBase):
        written = 0

        def write(self, data):
            self.written += len(data)
            return len(data)

    out = Counting()
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=told):
            convert(Endless(beginning, text), out, "log")  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000_000
    assert out.written < 200_000_000


def test_a_long_log_is_read_piece_by_piece():
    text = "<event><string key='concept:name' value='Open'/></event>"

    class Out(io.RawIOBase):
        lines = 0

        def write(self, data):
            self.lines += 1
            return len(data)

    out, content = Out(), Endless(b"<log><trace>", text.encode(), stop_after=3_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="ends before the log does"):
            convert(content, out, "log")  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert out.lines > 40_000
    assert peak < 8_000_000

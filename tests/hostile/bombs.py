"""Small files that unpack to gigabytes, made without unpacking them."""

import io
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

MEGABYTE = 1 << 20
ZST_BLOCK = 1 << 17  # bytes; the largest block of the format


def deflated(head: bytes, chunk: bytes, times: int, tail: bytes = b"") -> tuple[bytes, int, int]:
    """A raw deflate stream of `head`, `chunk` so many times, and `tail`; CRC and length of what it unpacks to.

    After a full flush no block looks back, so that the packed chunk may stand many times.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    packed += (packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)) * times
    packed += packer.compress(tail) + packer.flush(zlib.Z_FINISH)
    crc = zlib.crc32(head)
    for _ in range(times):
        crc = zlib.crc32(chunk, crc)
    return packed, zlib.crc32(tail, crc), len(head) + len(chunk) * times + len(tail)


def gz(head: bytes, chunk: bytes, times: int, tail: bytes = b"") -> bytes:
    """A gz file, right in every way."""
    packed, crc, length = deflated(head, chunk, times, tail)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + packed + struct.pack("<II", crc, length & 0xFFFFFFFF)


def zst(head: bytes, byte: int, megabytes: int, tail: bytes = b"") -> bytes:
    """A Zstandard frame (RFC 8878) whose middle is one byte, repeated: blocks of four bytes for each 128 KiB."""

    def block(kind: int, size: int, content: bytes, *, is_last: bool = False) -> bytes:
        return ((size << 3) | (kind << 1) | is_last).to_bytes(3, "little") + content

    frame = struct.pack("<I", 0xFD2FB528) + b"\x00\x38" + block(0, len(head), head)  # a window of 128 KiB, no checksum
    frame += block(1, ZST_BLOCK, bytes([byte])) * (megabytes * MEGABYTE // ZST_BLOCK)
    return frame + block(0, len(tail), tail, is_last=True)


def parquet(columns: dict[str, str | None], rows: int, groups: int) -> bytes:
    """A file of `rows` × `groups` rows that are all the same: every row group's place is that of the first."""
    table = pa.table({name: _repeated(value, rows) for name, value in columns.items()})
    made = io.BytesIO()
    pq.write_table(table, made)
    data = made.getvalue()
    footer = struct.unpack("<I", data[-8:-4])[0]
    metadata, first = pq.read_metadata(io.BytesIO(data)), pq.read_metadata(io.BytesIO(data))
    for _ in range(groups - 1):
        metadata.append_row_groups(first)
    written = io.BytesIO()
    metadata.write_metadata_file(written)
    return data[: -8 - footer] + written.getvalue()[len(b"PAR1") :]


def _repeated(value: str | None, rows: int) -> pa.Array:
    if value is None:
        return pa.nulls(rows, pa.string())
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int8()), rows), pa.array([value]))


def zipped(members: dict[str, tuple[bytes, bytes, int, bytes]]) -> bytes:
    """A zip archive: name → head, chunk, how often, tail of what the member unpacks to."""
    body, directory = b"", b""
    for name, (head, chunk, times, tail) in members.items():
        packed, crc, length = deflated(head, chunk, times, tail)
        about = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, crc, len(packed), length, len(name), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + about
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name.encode()
        body += b"PK\x03\x04" + about + name.encode() + packed
    ended = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + ended

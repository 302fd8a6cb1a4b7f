"""Packed files, unpacked as a stream: whole, with the right checksum, and no larger than an export may be."""

import io
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
from isal import igzip, igzip_lib

from pipeline.errors import InputError

CHUNK = 1 << 20  # bytes
ENDINGS = {".gz", ".zst"}
# A file that grows more than two-hundredfold beyond a gigabyte holds one thing over and over: exports grow tenfold.
BOMB_FACTOR = 200
BOMB_BYTES = 1 << 30

DAMAGED: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, cast(type[Exception], igzip_lib.IsalError))


def unpacked(path: Path) -> BinaryIO:
    """The content of a file, unpacked where its name ends in .gz or .zst."""
    packing = path.suffix.lower()
    if packing == ".zst":
        return cast(BinaryIO, io.BufferedReader(pa.input_stream(str(path), compression="zstd")))
    if packing == ".gz":
        return cast(BinaryIO, igzip.IGzipFile(str(path), "rb"))  # type: ignore[no-untyped-call]
    return path.open("rb")


def unpack(path: Path, out: BinaryIO, shown: str) -> None:
    """Write the content of a packed file: it is whole, its checksum is right, and it is no bomb. Raises InputError."""
    limit = max(BOMB_BYTES, BOMB_FACTOR * path.stat().st_size)
    size = 0
    try:
        with unpacked(path) as content:
            while chunk := content.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise InputError(_is_bomb(shown, limit))
                out.write(chunk)
    except DAMAGED as error:
        raise InputError(f"{shown}: is damaged or was cut off: {error}. Export or copy it again.") from error


def verify_workbook(path: Path, shown: str) -> None:
    """A workbook is a zip file with parts of a bounded size. Raises InputError."""
    try:
        with zipfile.ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
        raise InputError(f"{shown}: is no workbook (XLSX), or is damaged: {error}. Save it again.") from error
    refuse_bomb(path, size, shown)


def refuse_bomb(path: Path, size: int, shown: str) -> None:
    """Raise InputError where a file unpacks to so many bytes that it is no export."""
    limit = max(BOMB_BYTES, BOMB_FACTOR * path.stat().st_size)
    if size > limit:
        raise InputError(_is_bomb(shown, limit))


def _is_bomb(shown: str, limit: int) -> str:
    return (
        f"{shown}: unpacks to more than {limit / 2**30:,.1f} GiB, which is no export. Nothing was read. "
        "Export it again, in parts."
    )

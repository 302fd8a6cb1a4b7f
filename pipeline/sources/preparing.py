"""A file as DuckDB can read it: Parquet, or text in UTF-8 with a row a line. Most files are that already."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath
from typing import BinaryIO, TypeVar

from pipeline.errors import InputError
from pipeline.settings import Dialect
from pipeline.sources import encodings, packing, scanning
from pipeline.sources.files import SourceFile, in_format
from pipeline.sources.mapping import Mapping

HEAD = 1 << 16  # bytes that tell what a file is
Found = TypeVar("Found")
PACKED = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst"}


@contextmanager
def prepared(file: SourceFile, mapping: Mapping | None, dialect: Dialect) -> Iterator[SourceFile]:
    """The file, or for as long as the block lasts a rewritten one in its place.

    `format` is csv, ndjson, json (one document: an array or an object with the rows) or parquet. Raises InputError
    where the file is damaged, a bomb, or of no format that is known.
    """
    file = in_format(file, mapping.format if mapping else None)
    if file.path.is_symlink() and not file.path.exists():
        raise InputError(f"{file.shown}: is a link to nothing. Point it to a file, or remove it.")
    with tempfile.TemporaryDirectory(prefix="friction-") as made_folder:
        folder = Path(made_folder)
        # unpacked once, by the fastest means, DuckDB reads it on all cores, and nothing can change it meanwhile
        made = _rewritten(_unpacked(file, folder), folder, dialect, mapping)
        if made.path == file.path:
            # under a plain name: to DuckDB * and [1] in a path are patterns, and folders like device=mobile are columns
            link = folder / "rows"
            link.symlink_to(file.path.resolve())
            made = replace(made, path=link)
        yield replace(made, format=_shape(made, mapping))


def _unpacked(file: SourceFile, folder: Path) -> SourceFile:
    if file.path.suffix.lower() not in packing.ENDINGS:
        return file
    target = folder / "unpacked"
    with target.open("wb") as out:
        packing.unpack(file.path, out, file.shown)
    return replace(file, path=target)


def _rewritten(file: SourceFile, folder: Path, dialect: Dialect, mapping: Mapping | None) -> SourceFile:
    if file.format in {"csv", "ndjson"} and not (mapping and mapping.records):
        _refuse_endless_line(file)
    rewriting = _rewriting(file, dialect)
    if rewriting is None:
        return file
    form, rewrite = rewriting
    target = folder / "rewritten"
    rewrite(target)
    return replace(file, path=target, format=form)


def _rewriting(file: SourceFile, dialect: Dialect) -> tuple[str, Callable[[Path], None]] | None:
    """The format that a file is to be rewritten in, and how; None where it can be read as it is."""
    if file.format == "xlsx":
        from pipeline.sources import spreadsheets

        return "parquet", lambda target: spreadsheets.to_parquet(file.path, file.shown, dialect.sheet, target)
    if file.format == "xes":
        from pipeline.sources import xes

        return "ndjson", lambda target: _through(file, target, xes.convert)
    if file.format == "ocel":
        from pipeline.sources import ocel

        return "ndjson", lambda target: _through(file, target, ocel.convert)
    if file.format == "parquet":
        return None
    encoding = dialect.encoding or encodings.by_first_bytes(head(file))
    if encoding in {None, "utf-8", "ascii", "utf-8-sig"}:
        if not _looked_through(file, scanning.has_surrogates):
            return None
        return str(file.format), lambda target: _through(
            file, target, lambda content, out, _: scanning.without_surrogates(content, out)
        )

    def as_utf8(content: BinaryIO, out: BinaryIO, shown: str) -> None:
        encodings.rewrite(content, str(encoding), out, shown)

    return str(file.format), lambda target: _through(file, target, as_utf8)


def _refuse_endless_line(file: SourceFile) -> None:
    """An array of JSON may well stand on one line, and is read as a whole; anything else has rows."""
    if file.format == "ndjson" and head(file).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        return
    if not _looked_through(file, scanning.longest_line_is_bounded):
        most = f"{scanning.NO_LINE >> 20} MiB"
        raise InputError(f"{file.shown}: one of its lines is longer than {most}, which is no row. Export it again.")


def head(file: SourceFile) -> bytes:
    """The first bytes of a file's content. Raises InputError where it cannot be read."""
    return _looked_through(file, lambda content: content.read(HEAD))


def _looked_through(file: SourceFile, look: Callable[[BinaryIO], Found]) -> Found:
    try:
        with packing.unpacked(file.path) as content:
            return look(content)
    except packing.DAMAGED as error:
        raise InputError(f"{file.shown}: cannot be read: {error}. Export or copy it again.") from error


def _through(file: SourceFile, target: Path, convert: Callable[[BinaryIO, BinaryIO, str], None]) -> None:
    with packing.unpacked(file.path) as content, target.open("wb") as out:
        convert(content, out, file.shown)


def _shape(file: SourceFile, mapping: Mapping | None) -> str:
    """What the content is: JSON is one document only where it begins like one, its lines often end in .json, too."""
    form = str(file.format)
    first = head(file).removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, ending in PACKED.items():
        if first.startswith(magic):
            raise InputError(f"{file.shown}: its content is packed, and its name does not say so. Name it …{ending}.")
    if form != "parquet" and first.startswith(b"PAR1"):
        raise InputError(f"{file.shown}: its content is Parquet, its name says {form}. Name it ….parquet.")
    if form == "parquet" and not first.startswith(b"PAR1"):
        what = "is empty" if not first else "is not Parquet"
        raise InputError(
            f"{file.shown}: {what}. Where it is text, its name must end in .csv or .ndjson. "
            "Rename it, or export it again."
        )
    if form == "ndjson" and first.startswith(b"[") and b"\n" in first and first[1:].lstrip().startswith(b"{"):
        return "json"
    if form != "json":
        return form
    # a mapping may read any file as JSON; only one that is called so is held to it as a whole
    if not first.startswith((b"[", b"{")) and ".json" in PurePath(file.shown).suffixes:
        what = (
            "is no JSON: it begins neither with [ nor with {"
            if first
            else "is empty; an export without rows is at least []"
        )
        raise InputError(f"{file.shown}: {what}. Export it again.")
    if first.startswith(b"["):
        return "json"
    return "json" if mapping is not None and mapping.records and _is_page(first, mapping.records) else "ndjson"


def _is_page(first: bytes, records: str) -> bool:
    """A document, or the first of them, that holds an array of that key, and is not itself a record on a line."""
    line = first.partition(b"\n")[0]
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # it goes on on the next line, or is nested deeply
        return first.startswith(b"{") and re.search(rb'"%s"\s*:\s*\[' % re.escape(records.encode()), first) is not None
    return isinstance(found, dict) and isinstance(found.get(records), list)

"""XES event logs (IEEE 1849) → JSON lines, one event per line, whatever the log's size.

An event becomes `{"trace": {…}, "event": {…}, "place": 3, "line": 41}`: attributes of its trace and its own by key, its
place among the trace's events, and the line on which it begins. An event outside of traces has no trace and no place.

* Values keep their types; dates stay as they are written. A number or truth value that cannot be read stays text.
* `<list>` becomes an array of objects with one key each, `<container>` an object.
* Attributes of an attribute stand beside it, as `key/their key`; a key's second and later values as `key/again`.
* Attributes of the log, classifiers, extensions and `<global>` are passed over. A global's value is a placeholder with
  which new events begin ("__INVALID__", 1970): an event that lacks its name must be found, not named so.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from xml.parsers import expat

from pipeline.errors import InputError
from pipeline.sources.converting import DEEPEST, Conversion

KINDS = {"string", "date", "int", "float", "boolean", "id", "list", "container"}
TRUTH = {"true": True, "1": True, "false": False, "0": False}
EACH = 64  # bytes that an attribute takes in memory beside its text, at least
INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)  # longer ones are not of 64 bits, and identifiers rather than numbers


def convert(content: BinaryIO, out: BinaryIO, shown: str) -> None:
    """Write one JSON line per event. `shown` is the file's name in messages.

    Raises InputError where the file is not XES, is cut off, has a document type (which may hide other files or a bomb),
    or holds an event beyond all measure; what has been written by then is to be thrown away.
    """
    conversion = Conversion(content, out, shown)
    # the separator parts a namespace from a name, neither of which has a blank
    parser = expat.ParserCreate(namespace_separator=" ")
    log = _Log(parser, conversion)
    parser.StartElementHandler = log.start
    parser.EndElementHandler = log.end
    parser.StartDoctypeDeclHandler = log.refuse_document_type
    try:
        for piece in conversion.pieces():
            parser.Parse(piece, False)
            conversion.check_length(conversion.read - parser.CurrentByteIndex)  # what the parser holds back
    except expat.ExpatError as error:
        told = expat.ErrorString(error.code)
        raise conversion.error(f"is not XML and so no XES: {told}. Export it again.", error.lineno) from error
    except (LookupError, ValueError) as error:  # of an encoding that Python lacks, or that expat cannot use
        raise conversion.error(f"is in an encoding that cannot be read: {error}. Export it in UTF-8.") from error
    try:
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        if not conversion.read:
            raise conversion.error(
                "is empty. A log without events is at least <log></log>. Export it again."
            ) from error
        raise conversion.error("ends before the log does: it was cut off. Export it again.", error.lineno) from error


@dataclass
class _Attribute:
    """An attribute whose end has not been seen. `items`: what a list's <values> holds; `inner`: its own attributes."""

    key: str
    kind: str
    value: str | None
    inner: dict[str, Any] = field(default_factory=dict)
    items: list[dict[str, Any]] = field(default_factory=list)


class _Log:
    """What is open at a place in the file."""

    def __init__(self, parser: expat.XMLParserType, conversion: Conversion) -> None:
        self._parser, self._conversion = parser, conversion
        self._path: list[str] = []
        self._passed_over = 0  # depth of the element that is passed over with all that is in it; 0: none
        self._attributes: list[_Attribute] = []
        self._trace: dict[str, Any] = {}
        self._event: dict[str, Any] = {}
        self._place = 0
        self._line = 0
        self._size_of_trace = self._size = 0

    def start(self, name: str, given: dict[str, str]) -> None:
        tag, parent = name.rpartition(" ")[2], self._path[-1] if self._path else None
        self._path.append(tag)
        if len(self._path) > DEEPEST:
            raise self._error(
                f"elements lie more than {DEEPEST} deep in one another: this is no event log. Check what was exported."
            )
        if self._passed_over:
            return
        if parent is None:
            if tag != "log":
                raise self._error(f"is no XES: its first element is <{tag}>, not <log>. Export the log as XES.")
        elif parent == "log" and tag == "trace":
            self._trace, self._place, self._size_of_trace, self._size = {}, 0, 0, 0
        elif tag == "event" and parent in {"log", "trace"}:
            self._place += 1
            self._event, self._size, self._line = {}, self._size_of_trace, self._parser.CurrentLineNumber
        elif parent == "log":
            self._passed_over = len(self._path)
        elif tag in KINDS:
            self._begin(tag, parent, given)
        elif tag != "values" or parent != "list":
            raise self._error(f"<{tag}> is no attribute of XES. Known: {', '.join(sorted(KINDS))}. Export it again.")

    def end(self, name: str) -> None:
        tag, depth = self._path.pop(), len(self._path)
        if self._passed_over:
            self._passed_over = self._passed_over if depth >= self._passed_over else 0
        elif tag in KINDS:
            self._finish(self._attributes.pop())
        elif tag == "event":
            row: dict[str, Any] = {"trace": {}, "event": self._event, "place": None, "line": self._line}
            if self._path[-1] == "trace":
                row |= {"trace": self._trace, "place": self._place}
            self._conversion.write(row)
        elif tag == "trace":
            self._trace, self._size_of_trace = {}, 0

    def refuse_document_type(self, *_: object) -> None:
        raise self._error(
            "has a document type (<!DOCTYPE …>), with which a file can name other files or grow without end. "
            "XES has none: Export the log without it."
        )

    def _begin(self, kind: str, parent: str, given: dict[str, str]) -> None:
        key = given.get("key")
        if key is None:
            raise self._error(f"<{kind}> has no key. Export it again.")
        if parent == "trace" and self._place:
            raise self._error(
                f"the attribute {key!r} of the trace comes after its first event. XES puts a trace's attributes first, "
                "and the events before it have been read without it: export the log anew."
            )
        self._size += EACH + len(key) + len(given.get("value", ""))
        if "event" not in self._path:
            self._size_of_trace = self._size
        self._conversion.check_length(self._size)
        self._attributes.append(_Attribute(key, kind, given.get("value")))

    def _finish(self, attribute: _Attribute) -> None:
        if attribute.kind == "list":
            value: Any = attribute.items
        elif attribute.kind == "container":
            value, attribute.inner = attribute.inner, {}
        else:
            value = _typed(attribute.kind, attribute.value)
        holder: dict[str, Any] = {}
        if self._path[-1] == "values":
            self._attributes[-1].items.append(holder)
        elif self._path[-1] in KINDS:
            holder = self._attributes[-1].inner
        else:
            holder = self._event if self._path[-1] == "event" else self._trace
        _put(holder, attribute.key, value)
        for key, inner in attribute.inner.items():
            _put(holder, f"{attribute.key}/{key}", inner)

    def _error(self, what: str) -> InputError:
        return self._conversion.error(what, self._parser.CurrentLineNumber)


def _put(holder: dict[str, Any], key: str, value: Any) -> None:
    if key in holder:
        holder.setdefault(f"{key}/again", []).append(value)
    else:
        holder[key] = value


def _typed(kind: str, value: str | None) -> Any:
    text = (value or "").strip()
    if kind == "int" and INTEGER.fullmatch(text):
        return int(text)
    if kind == "boolean":
        return TRUTH.get(text.lower(), value)
    if kind == "float":
        try:
            number = float(text)
        except ValueError:
            return value
        return number if math.isfinite(number) else value
    return value

"""OCEL 2.0 event logs in JSON → JSON lines, one event per line.

An event becomes `{"event": {"id", "type", "time"}, "attributes": {name: value}, "objects": {type: [ids]},
"roles": {qualifier: [ids]}, "place": 3}`: the objects that it is related to, by their type and by the qualifier of the
relation, each in the order of the log. An object that the log does not hold stands in `unresolved`. What is not shaped
like an event is `{"event": whatever it is, "place": 3}`.

Objects may stand after the events, so events wait in a temporary file until all types are known. In memory are the
objects' ids and types only: objects' own attributes and relations are passed over.
"""

import itertools
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from pipeline.sources.converting import Conversion
from pipeline.sources.jsonstream import sections

NEEDED = ("events", "objects")


def convert(content: BinaryIO, out: BinaryIO, shown: str) -> None:
    """Write one JSON line per event. `shown` is the file's name in messages.

    Raises InputError where the file is not OCEL 2.0 in JSON, is cut off, or holds an event beyond all measure; what has
    been written by then is to be thrown away.
    """
    conversion = Conversion(content, out, shown)
    try:
        _convert(conversion)
    except RecursionError as error:
        raise conversion.error("lies too deep in itself to be an event log.") from error


def _convert(conversion: Conversion) -> None:
    found = set()
    types: dict[str, str] = {}
    with tempfile.TemporaryFile() as waiting:
        for key, is_list, items in sections(conversion, _recognised(conversion)):
            found.add(key)
            if key.startswith("ocel:"):
                raise conversion.error("is OCEL 1.0. Export it as OCEL 2.0 in JSON.")
            if key in NEEDED and not is_list:
                raise conversion.error(f"has {key} that are no list: it is no OCEL 2.0.")
            if key == "events":
                for item in items:
                    waiting.write(json.dumps(item).encode() + b"\n")
            elif key == "objects":
                _note(types, items, conversion)
            else:
                for _ in items:
                    pass
        missing = [key for key in NEEDED if key not in found]
        if missing:
            raise conversion.error(f"is no OCEL 2.0: it has no {' and no '.join(missing)}. Export it as OCEL 2.0 JSON.")
        waiting.seek(0)
        for place, line in enumerate(waiting, start=1):
            conversion.write(_resolved(json.loads(line), types) | {"place": place})


def _recognised(conversion: Conversion) -> Iterator[bytes]:
    """The content, where its first bytes are not those of OCEL's other forms."""
    pieces = conversion.pieces()
    first = next(pieces, b"")
    if first.startswith(b"SQLite format 3"):
        raise conversion.error("is OCEL in SQLite, which is not read. Export the log as OCEL 2.0 in JSON.")
    if first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise conversion.error("is OCEL in XML, which is not read. Export the log as OCEL 2.0 in JSON.")
    if not first:
        raise conversion.error(
            "is empty. A log without events is at least an object with empty events and objects. Export it again."
        )
    return itertools.chain([first], pieces)


def _note(types: dict[str, str], objects: Iterable[Any], conversion: Conversion) -> None:
    """Remember the objects' types. Raises InputError where one id is of two types: nobody could say which is meant."""
    for each in objects:
        if isinstance(each, dict) and isinstance(each.get("id"), str) and isinstance(each.get("type"), str):
            kind = types.setdefault(each["id"], sys.intern(each["type"]))
            if kind != each["type"]:
                raise conversion.error(f"has the object {each['id']!r} twice: as {kind!r} and as {each['type']!r}.")


def _resolved(event: Any, types: dict[str, str]) -> dict[str, Any]:
    if not isinstance(event, dict):
        return {"event": event}
    attributes, relations = event.get("attributes") or [], event.get("relationships") or []
    if not _are_objects_with(attributes, "name") or not _are_objects_with(relations, "objectId"):
        return {"event": event}
    objects: dict[str, dict[str, None]] = {}  # the inner ones are sets in order: an object may be related in many ways
    roles: dict[str, dict[str, None]] = {}
    unresolved: dict[str, None] = {}
    for relation in relations:
        known, kind = relation["objectId"], types.get(relation["objectId"])
        (unresolved if kind is None else objects.setdefault(kind, {}))[known] = None
        if isinstance(relation.get("qualifier"), str):
            roles.setdefault(relation["qualifier"], {})[known] = None
    own = {key: value for key, value in event.items() if key not in {"attributes", "relationships"}}
    row = {
        "event": own,
        "attributes": {each["name"]: each.get("value") for each in attributes},
        "objects": {kind: list(ids) for kind, ids in objects.items()},
        "roles": {qualifier: list(ids) for qualifier, ids in roles.items()},
    }
    return row | ({"unresolved": list(unresolved)} if unresolved else {})


def _are_objects_with(given: Any, key: str) -> bool:
    return isinstance(given, list) and all(isinstance(each, dict) and isinstance(each.get(key), str) for each in given)

"""NDJSON files and JSON arrays that are broken, deep, huge or say one thing twice."""

import codecs
import json
from collections.abc import Callable

from tests.hostile.bad import BadFile, bad, only, refused, rows, told
from tests.sources.rows import TIME, line

GOOD = line("e1")
INVALID = ("row.",)  # the reason is that the line is no JSON, not that it lacks an id


def written(name: str, more: str) -> str:
    """A line whose last keys are written by hand."""
    return line(name).removesuffix("}\n") + more + "}\n"


def one(name: str, more: str, *, of: str = "json", **values: str | tuple[str | None, ...] | None) -> BadFile:
    """A good row and one with keys of its own, which is quarantined, or kept with one of the `values`."""
    found = {column: (*(each if isinstance(each, tuple) else (each,)), None) for column, each in values.items()}
    return bad(f"{of} with {name}", "a.ndjson", GOOD + written("e2", more), told(reads=(2,), values=only(**found)))


def deep(levels: int, key: str, *, is_object: bool = False) -> Callable[[], bytes]:
    nested = '{"a":' * levels + "1" + "}" * levels if is_object else "[" * levels + "]" * levels
    return lambda: (GOOD + written("e2", f', "{key}": {nested}') + line("e3")).encode()


LINES = [
    bad("empty ndjson", "a.ndjson", "", told(reads=(0,))),
    bad("ndjson of white space", "a.ndjson", "   \n\t\n", told(reads=(0, 2))),
    bad("ndjson of NUL bytes", "a.ndjson", GOOD.encode() + b"\0" * 4096, rows(2, 1, 1, lines=(2,), rules=INVALID)),
    bad("scalars and arrays as lines", "a.ndjson", GOOD + '[1, 2]\n3\n"x"\nnull\ntrue\n',
        rows(6, 1, 5, lines=(2, 3, 4, 5, 6), rules=INVALID)),
    bad("lines that are no JSON", "a.ndjson", GOOD + "{\nevent\n{'event_id': 'e2'}\n" + GOOD.strip() + GOOD
        + line("e3"), rows(6, 2, 4, lines=(2, 3, 4, 5), rules=INVALID)),
    bad("the last line is cut", "a.ndjson", GOOD + line("e2")[:-30], rows(2, 1, 1, lines=(2,), rules=INVALID)),
    bad("one object over many lines", "a.ndjson", json.dumps(json.loads(GOOD), indent=2), told(reads=(1, 6))),
    bad("an array named .ndjson", "a.ndjson", f"[{GOOD.strip()},\n{line('e2').strip()}]\n", told(reads=(2,))),
    bad("two objects in one line", "a.ndjson", GOOD.strip() + " " + line("e2"), told(reads=(1, 2))),
    bad("ndjson whose line ends are CR", "a.ndjson", (GOOD + line("e2")).replace("\n", "\r"), told(reads=(2,))),
    bad("a byte order mark in the middle", "a.ndjson", GOOD + "\ufeff" + line("e2"), told(reads=(2,))),
    bad("the loader's own delimiter in a line", "a.ndjson", GOOD + written("e2", ', "element": "\x01\x02\x03\x04"'),
        rows(2, 1, 1, lines=(2,))),
    bad("a surrogate escape without its half", "a.ndjson", GOOD + written("e2", r', "element": "\ud800"'),
        rows(2, 1, 1, lines=(2,), rules=INVALID)),
    bad("a NUL escape", "a.ndjson", written("e1", r', "element": "a\u0000b"'), rows(1, 1, 0, values=only(
        element="a\0b"))),
    bad("raw surrogates in a line", "a.ndjson", (GOOD + line("e2", element="X")).encode().replace(
        b"X", b"\xed\xa0\x80"), rows(2, 1, 1, lines=(2,), rules=("row.invalid_encoding",))),
    bad("ndjson in UTF-16 LE with its mark", "a.ndjson", codecs.BOM_UTF16_LE + (GOOD + line("e2")).encode("utf-16-le"),
        rows(2, 2, 0)),
    bad("ndjson in Windows-1254", "a.ndjson", (GOOD + line("e2", element="X").replace("X", "ığüş")).encode("cp1254"),
        told(reads=(2,), values=only(element=("ığüş", None)))),
    bad("2,000 keys", "a.ndjson", GOOD + line("e2", **{f"k{n}": n for n in range(2_000)}), rows(2, 2, 0)),
    bad("50,000 keys in a bad row", "a.ndjson", lambda: (GOOD + line("e2", occurred_at="never", **{
        f"k{n}": n for n in range(50_000)})).encode(), rows(2, 1, 1, lines=(2,))),
    bad("a key of its own in each of 3,000 rows", "a.ndjson", lambda: "".join(
        line(f"e{n}", **{f"key {n}": 1}) for n in range(3_000)).encode(), rows(3000, 3000, 0)),
    bad("csv named .ndjson", "a.ndjson", "event_id,occurred_at\n" + f"e1,{TIME}\n" * 3, told(reads=(4,))),
]  # fmt: skip
DEEP = [
    bad("1,000 levels of attributes", "a.ndjson", deep(1_000, "attributes", is_object=True), told(reads=(3,))),
    bad("100,000 levels of attributes", "a.ndjson", deep(100_000, "attributes", is_object=True), told(reads=(3,))),
    bad("100,000 levels in a key that nobody knows", "a.ndjson", deep(100_000, "more"), told(reads=(3,))),
    bad("1,000,000 levels in an id", "a.ndjson", deep(1_000_000, "event_name"), told(reads=(3,))),
    bad("a line of 100,000 open brackets", "a.ndjson", GOOD + "[" * 100_000 + "\n" + line("e2"), rows(3, 2, 1)),
]  # fmt: skip
KEYS = [
    # RFC 8259 leaves open which of two keys is meant, and DuckDB takes the first; never is it something else
    one("a key twice", ', "customer_id": "c2"', customer_id=("c2", "c1")),
    bad("json with a key twice in its only row", "a.ndjson", written("e1", ', "customer_id": "c2"'),
        told(reads=(1,), values=only(customer_id=("c1", "c2")))),
    one("a key twice but for its case", ', "Customer_Id": "c2"', customer_id="c1"),
    one("NaN", ', "value": NaN', value=None),
    one("Infinity", ', "value": -Infinity', value=None),
    one("1e400", ', "value": 1e400', value=None),
    one("a number of 1,000 digits", f', "value": {"9" * 1000}', value=None),
    one("an id of 30 digits", ', "product_id": 123456789012345678901234567890',
        product_id="123456789012345678901234567890"),
    # a number is a number: to JSON 1.10 is 1.1, whoever means a text has to write one
    one("a number as version", ', "app_version": 1.10', app_version=("1.10", "1.1")),
    one("a number with an exponent as id", ', "product_id": 1e5', product_id=("1e5", "100000.0")),
    one("an integer beyond 64 bits", ', "result_count": 9223372036854775808', result_count=None),
    one("an integer beyond the floats", ', "result_count": 9007199254740993', result_count="9007199254740993"),
    one("a leading zero", ', "value": 007', value=None),
    one("a list as id", ', "product_id": ["p1", "p2"]', product_id='["p1","p2"]'),
    # nothing that was written is lost, whatever it is
    one("attributes that are no object", ', "attributes": [1, 2]', attributes="[1,2]"),
    one("attributes that are a number", ', "attributes": 3', attributes="3"),
]  # fmt: skip


def array(*objects: str) -> str:
    return "[" + ",\n".join(each.strip() for each in objects) + "]"


ARRAYS = [
    bad("empty json", "a.json", "", refused()),
    bad("json of white space", "a.json", " \n ", refused()),
    bad("an empty array", "a.json", "[]", rows(0, 0, 0)),
    bad("an array that is cut", "a.json", array(GOOD, line("e2"))[:-20], refused()),
    bad("an array without its end", "a.json", array(GOOD, line("e2"))[:-1], refused()),
    bad("an array with a comma at its end", "a.json", array(GOOD, line("e2"))[:-1] + ",]", told(reads=(2,))),
    bad("text behind an array", "a.json", array(GOOD, line("e2")) + " and more", told(reads=(2,))),
    bad("two arrays", "a.json", array(GOOD) + "\n" + array(line("e2")), told(reads=(2,))),
    bad("scalars in an array", "a.json", array(GOOD, "1", '"x"', "null", "[]"), rows(5, 1, 4)),
    bad("an array of arrays", "a.json", array(array(GOOD), array(line("e2"))), told(reads=(2,))),
    bad("one object named .json", "a.json", GOOD, told(reads=(1,))),
    bad("ndjson named .json", "a.json", GOOD + line("e2"), told(reads=(2,))),
    bad("a scalar named .json", "a.json", "17", refused()),
    bad("a web page named .json", "a.json", "<html></html>", refused()),
    bad("an array with NaN", "a.json", array(GOOD, written("e2", ', "value": NaN')), told(
        reads=(2,), values=only(value=None))),
    bad("an array with a byte order mark", "a.json", "\ufeff" + array(GOOD, line("e2")), rows(2, 2, 0)),
    bad("an array in UTF-16", "a.json", array(GOOD, line("e2")).encode("utf-16"), told(reads=(2,))),
    bad("an array with bytes that are no UTF-8", "a.json", array(GOOD, line("e2", element="X")).encode().replace(
        b"X", b"\xff"), told(reads=(2,), values=only(element=None))),
    bad("an array with surrogate escapes", "a.json", array(GOOD, written("e2", r', "element": "\ud800"')), told(
        reads=(2,), values=only(element=None))),
    bad("an array 100,000 levels deep", "a.json", lambda: b"[" * 100_000 + b"]" * 100_000, told()),
    bad("an array whose element is 100,000 levels deep", "a.json", lambda: array(
        GOOD, deep(100_000, "attributes")().decode().splitlines()[1]).encode(), told(reads=(2,))),
    bad("an array with an element of 40 MB", "a.json", lambda: array(
        GOOD, line("e2", element_text="x" * 40_000_000)).encode(), told(reads=(2,))),
    bad("an array with a key twice", "a.json", array(written("e1", ', "customer_id": "c2"')), told(
        reads=(1,), values=only(customer_id=("c1", "c2")))),
]  # fmt: skip

FILES: list[BadFile] = [*LINES, *DEEP, *KEYS, *ARRAYS]

"""Drawn tables of any shape and any value: no row is lost, and no value becomes another."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.errors import FrictionError
from tests.hostile.columnar import parquet, table
from tests.sources.rows import HEADER, TIME
from tests.warehouse.loads import balance, new_warehouse, take, undone

QUIETLY = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with new_warehouse() as made:
        yield made


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def column(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """Values of a column by event."""
    found = con.execute(f"select event_id, {name} from events.clickstream order by all").fetchall()
    return dict(found)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=6) | st.sampled_from(
    ["", " ", TIME, "click", "c1", '"', "null", "1e400", "x" * 300]
)


@QUIETLY
@given(st.lists(st.lists(cells, min_size=1, max_size=9), max_size=12), st.permutations(range(5)))
def test_ragged_rows_are_all_counted(con, tmp_path, lines, order):
    names = HEADER.strip().split(",")
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([[names[place] for place in order], *lines])
    with undone(con):
        loaded = take(con, put(tmp_path / "a.csv", text.getvalue()))
        balance(con)
        assert loaded.rows_read == len(lines)


objects = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abİ_", max_size=3), inner, max_size=3),
    max_leaves=6,
)
contract_keys = st.sampled_from(
    ["occurred_at", "received_at", "event_name", "customer_id", "element", "x", "value", "attributes", "is_test", "new"]
)


@QUIETLY
@given(st.lists(st.dictionaries(contract_keys, objects, max_size=4), max_size=6))
def test_any_value_of_any_key_is_kept_to_the_letter_or_counted(con, tmp_path, drawn):
    usual = {"occurred_at": TIME, "event_name": "click", "customer_id": "c1"}
    told = {f"e{number}": usual | each for number, each in enumerate(drawn)}
    lines = [json.dumps({"event_id": name} | row, ensure_ascii=False) + "\n" for name, row in told.items()]
    with undone(con):
        loaded = take(con, put(tmp_path / "a.ndjson", "".join(lines)))
        balance(con)
        assert loaded.rows_read == len(lines)
        for name in ("event_name", "customer_id", "element"):
            for event, found in column(con, name).items():
                meant = told[event].get(name)
                if meant is None or isinstance(meant, str):
                    assert found == (meant or None)
        for event, found in column(con, "value").items():
            meant = told[event].get("value")
            if isinstance(meant, int | float) and not isinstance(meant, bool):
                assert found == float(meant)


digits = st.text("0123456789", max_size=20)
numbers = st.tuples(
    st.sampled_from(["", "", "-", "+", " ", "−"]),
    digits,
    st.sampled_from(["", ".", ",", ".,", "'", " ", "..", "\u00a0", "٫"]),
    digits,
    st.sampled_from(["", "", "e5", "e-5", "E+400", "e", "%", " TL", "x", ".5", ",5", "-"]),
).map("".join)
PLAIN = re.compile(r" *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *", re.ASCII)


@QUIETLY
@given(st.lists(numbers, min_size=1, max_size=20))
def test_a_number_is_what_it_says_or_put_aside(con, tmp_path, drawn):
    rows = [{"event_id": f"e{place}", "occurred_at": TIME, "event_name": "click", "customer_id": "c1", "value": each}
            for place, each in enumerate(drawn)]  # fmt: skip
    content = parquet(pa.Table.from_pylist(rows))
    with undone(con):
        assert take(con, put(tmp_path / "a.parquet", content)).rows_read == len(drawn)
        balance(con)
        for event, found in column(con, "value").items():
            text = drawn[int(event[1:])]
            if found is None:
                assert text == ""
            else:
                assert PLAIN.fullmatch(text), f"{text!r} became {found}"
                assert math.isclose(found, float(text), rel_tol=1e-15)


times = st.tuples(
    st.sampled_from(["2026", "2025", "2000", "1999", "2100", "0026", "26", "+2026", "12026", "-2026"]),
    st.sampled_from(["-01-15", "-1-5", "-12-31", "-02-29", "-02-30", "-00-10", "-13-01", "/01/15", ".01.15", "0115"]),
    st.sampled_from(["T", " ", "  ", "t", "_", ""]),
    st.sampled_from(["10:00:00", "23:59:59.999999", "24:00:00", "10:60:00", "10:00:60", "10:00", "1:2:3", "-1:00:00"]),
    st.sampled_from(["Z", "z", "+00:00", "+03:00", "-11:30", "+0300", "+03", "", " +03:00", "Zz", "+3"]),
).map("".join)


@QUIETLY
@given(st.lists(times, min_size=1, max_size=20))
def test_a_time_is_what_it_says_or_put_aside(con, tmp_path, drawn):
    rows = [{"event_id": f"e{place}", "occurred_at": each, "event_name": "click", "customer_id": "c1"}
            for place, each in enumerate(drawn)]  # fmt: skip
    with undone(con):
        assert take(con, put(tmp_path / "a.parquet", parquet(pa.Table.from_pylist(rows)))).rows_read == len(drawn)
        balance(con)
        for event, found in column(con, "occurred_at").items():
            text = drawn[int(event[1:])]
            assert found == plainly(text), f"{text!r} became {found}"


def plainly(text: str) -> datetime | None:
    """The instant that a text names, read slowly: fields in order, each in its range."""
    found = re.fullmatch(
        r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[Tt ] *(\d{1,2}):(\d{1,2})(?::(\d{1,2})(\.\d+)?)?"
        r" *([Zz]|[+-]\d{1,2}(?::?\d{2})?)?",
        text, re.ASCII,
    )  # fmt: skip
    if found is None:
        return None
    year, month, day, hour, minute = (int(each) for each in found.groups()[:5])
    micros = int(Decimal(found[7] or 0) * 1_000_000)
    zone = found[8] or "Z"
    offset = timedelta(0)
    if zone not in {"Z", "z"}:
        figures = zone[1:].replace(":", "")
        hours, minutes = (int(figures), 0) if len(figures) <= 2 else (int(figures[:-2]), int(figures[-2:]))
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    midnight = (hour, minute, int(found[6] or 0), micros) == (24, 0, 0, 0)
    try:
        told = datetime(year, month, day, 0 if midnight else hour, minute, int(found[6] or 0), micros,
                        timezone(offset))  # fmt: skip
    except ValueError:
        return None
    return (told + timedelta(days=midnight)).astimezone(UTC)


arrays = st.sampled_from(
    [
        pa.string(), pa.large_string(), pa.binary(), pa.int8(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(),
        pa.float64(), pa.bool_(), pa.date32(), pa.date64(), pa.time32("s"), pa.time64("us"), pa.timestamp("s"),
        pa.timestamp("ns"), pa.timestamp("us", "UTC"), pa.timestamp("ms", "Europe/Istanbul"), pa.duration("us"),
        pa.decimal128(20, 3), pa.decimal256(60, 3), pa.list_(pa.int64()), pa.large_list(pa.string()),
        pa.list_(pa.float32(), 2), pa.struct([("a", pa.int64())]), pa.map_(pa.string(), pa.int64()), pa.null(),
        pa.dictionary(pa.int8(), pa.string()), pa.binary(3),
    ]
)  # fmt: skip


@QUIETLY
@given(st.dictionaries(contract_keys, arrays, min_size=1, max_size=4), st.booleans(), st.integers(0, 3))
def test_a_column_of_any_type_is_counted_or_refused(con, tmp_path, types, has_nulls, rows):
    columns = {name: some(kind, rows, has_nulls=has_nulls) for name, kind in types.items()}
    path = put(tmp_path / "a.parquet", parquet(table(rows, **columns)))
    with undone(con):
        try:
            loaded = take(con, path)
        except FrictionError as error:
            assert str(error).startswith("a.parquet: ")  # noqa: PT017 - both ends are right
            return
        balance(con)
        assert loaded.rows_read == rows


def some(kind: pa.DataType, rows: int, *, has_nulls: bool) -> pa.Array:
    """Values of a type: zeros, or nothing but the type's own null."""
    if has_nulls or pa.types.is_null(kind) or pa.types.is_nested(kind) or pa.types.is_dictionary(kind):
        return pa.nulls(rows, kind)
    if pa.types.is_fixed_size_binary(kind):
        return pa.array([b"\xff\0a"] * rows, kind)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        return pa.array([b"a\0b"] * rows, pa.binary()).cast(kind)
    if pa.types.is_float16(kind):
        return pa.array([0.0] * rows, pa.float32()).cast(kind)
    if pa.types.is_decimal(kind):
        return pa.array([Decimal(0)] * rows, kind)
    return (
        pa.array([0] * rows, pa.int64())
        .cast(pa.int32() if kind in (pa.date32(), pa.time32("s")) else pa.int64())
        .cast(kind)
    )

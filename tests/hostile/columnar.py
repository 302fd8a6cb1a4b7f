"""Parquet files that are cut, of other types, of too many rows, or no Parquet at all."""

import io
import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from tests.hostile import bombs
from tests.hostile.bad import BadFile, Expected, bad, heavy, only, refused, rows, told
from tests.sources.rows import HEADER, TIME, event

AT = datetime(2026, 1, 15, 10, tzinfo=UTC)


def table(number: int = 3, **columns: pa.Array | None) -> pa.Table:
    """Events; `columns` replaces columns, or leaves them out."""
    usual = {
        "event_id": pa.array([f"e{n}" for n in range(1, number + 1)]),
        "occurred_at": pa.array([AT] * number, pa.timestamp("us", "UTC")),
        "event_name": pa.array(["click"] * number),
        "customer_id": pa.array(["c1"] * number),
    }
    return pa.table({name: each for name, each in (usual | columns).items() if each is not None})


def parquet(told: pa.Table, **options: Any) -> bytes:
    written = io.BytesIO()
    pq.write_table(told, written, **options)
    return written.getvalue()


GOOD = parquet(table())


def typed(name: str, column: str, values: pa.Array, expected: Expected) -> BadFile:
    """Three events of which one column has another type than the contract's."""
    return bad(f"parquet: {name}", "a.parquet", lambda: parquet(table(**{column: values})), expected)


ALL_ASIDE = rows(3, 0, 3, lines=(1, 2, 3))
# A changed type stops the source, or its rows are put aside; it is never read as something else.
NEVER = told(reads=(3,), values=only(event_id=()))


def stay(column: str, *values: str) -> Expected:
    return told(reads=(3,), values=only(**{column: values}))


def cut(packed: bytes, share: float) -> bytes:
    return packed[: int(len(packed) * share)]


def footless() -> bytes:
    """A footer that says it is longer than the file."""
    return GOOD[:-8] + struct.pack("<I", 0x7FFFFFFF) + GOOD[-4:]


class _NoKeys(pe.KmsClient):  # type: ignore[misc]
    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
        return key_bytes

    def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
        return wrapped_key


def encrypted() -> bytes:
    """A file whose footer is encrypted, with a key that nobody has."""
    config = pe.EncryptionConfiguration(footer_key="f", column_keys={"c": ["event_id"]}, double_wrapping=False)
    factory = pe.CryptoFactory(lambda _: _NoKeys())
    return parquet(table(), encryption_properties=factory.file_encryption_properties(pe.KmsConnectionConfig(), config))


def nested(levels: int) -> pa.Array:
    made = pa.array([1, 2, 3])
    for _ in range(levels):
        made = pa.StructArray.from_arrays([made], ["a"])
    return made


def not_utf8() -> pa.Array:
    texts = pa.array([b"ok", b"\xff\xfe", b"\xed\xa0\x80"])
    return pa.Array.from_buffers(pa.string(), 3, texts.buffers())


BROKEN = [
    bad("empty parquet", "a.parquet", b"", refused()),
    bad("parquet of four letters", "a.parquet", b"PAR1", refused()),
    bad("parquet of its frame only", "a.parquet", b"PAR1" + b"\0" * 4 + b"PAR1", refused()),
    bad("parquet cut in the middle", "a.parquet", cut(GOOD, 0.5), refused()),
    bad("parquet without its last byte", "a.parquet", GOOD[:-1], refused()),
    bad("parquet with garbage behind it", "a.parquet", GOOD + b"garbage", refused()),
    bad("parquet whose footer is longer than the file", "a.parquet", footless, refused()),
    bad("parquet whose footer is noise", "a.parquet", GOOD[:-200] + bytes(range(192)) + GOOD[-8:], refused()),
    bad("parquet whose footer is encrypted", "a.parquet", encrypted, refused()),
    bad("csv named .parquet", "a.parquet", HEADER + event("e1"), refused()),
    bad("parquet named .csv", "a.csv", GOOD, refused()),
    bad("parquet named .ndjson", "a.ndjson", GOOD, told()),
    bad("parquet named .parquet.gz", "a.parquet.gz", GOOD, told()),
    bad("texts that are no UTF-8", "a.parquet", lambda: parquet(table(element=not_utf8())), told(reads=(3,))),
]
SHAPES = [
    bad("parquet of no columns", "a.parquet", lambda: parquet(pa.table({})), refused()),
    bad("parquet of no rows", "a.parquet", lambda: parquet(table(0)), rows(0, 0, 0)),
    bad("parquet with a column twice", "a.parquet", lambda: parquet(pa.Table.from_arrays(
        [*table().columns, pa.array(["c2"] * 3)], [*table().column_names, "customer_id"])),
        told(reads=(3,), values=only(customer_id="c1"))),
    bad("parquet with a column twice but for its case", "a.parquet", lambda: parquet(pa.Table.from_arrays(
        [*table().columns, pa.array(["c2"] * 3)], [*table().column_names, "Customer_ID"])),
        told(reads=(3,), values=only(customer_id="c1"))),
    bad("parquet with a column of no name", "a.parquet", lambda: parquet(table().append_column("", [[1, 2, 3]])),
        told(reads=(3,))),
    bad("parquet with a column named like SQL", "a.parquet", lambda: parquet(table().append_column(
        '"); drop table events.clickstream; --', [[1, 2, 3]])), rows(3, 3, 0)),
    bad("parquet with a column named like the reader's own", "a.parquet", lambda: parquet(table(
        filename=pa.array(["x"] * 3), file_row_number=pa.array([7] * 3), ordinal=pa.array([7] * 3))), rows(3, 3, 0)),
    bad("parquet of 2,000 columns", "a.parquet", lambda: parquet(table(
        **{f"extra_{n}": pa.array([n] * 3) for n in range(2_000)})), rows(3, 3, 0)),
    bad("parquet of 10,000 columns, a row of which is bad", "a.parquet", lambda: parquet(table(
        event_name=pa.array(["click", None, "click"]), **{f"extra_{n}": pa.array([n] * 3) for n in range(10_000)})),
        rows(3, 2, 1, lines=(2,))),
    bad("parquet of 3,000 row groups", "a.parquet", lambda: parquet(table(3_000), row_group_size=1),
        rows(3000, 3000, 0)),
    bad("parquet with a struct 500 levels deep", "a.parquet", lambda: parquet(table(extra=nested(500))), told()),
]  # fmt: skip
BOMBS = [
    bad("parquet bomb: billions of nulls", "a.parquet", lambda: bombs.parquet(
        dict.fromkeys(("event_id", "occurred_at", "event_name")), bombs.MEGABYTE, 2_000), told()),
    bad("parquet bomb: a billion times one row", "a.parquet", lambda: bombs.parquet(
        {"event_id": "e1", "occurred_at": TIME, "event_name": "click", "customer_id": "c1"}, bombs.MEGABYTE, 1_000),
        told()),
]  # fmt: skip
NOON = [1768471200_123456789, 1768471200_000000000, 1768521599_999999999]  # ns; the last before midnight
TYPES: list[tuple[str, str, pa.Array, Expected]] = [
    ("a struct as id", "event_id", pa.array([{"a": n} for n in range(3)]), NEVER),
    ("a list as id", "event_id", pa.array([["e1"], ["e2"], []]), NEVER),
    ("a map as id", "event_id", pa.array([[("a", n)] for n in range(3)], pa.map_(pa.string(), pa.int64())), NEVER),
    ("NaN as id", "event_id", pa.array([float("nan")] * 3), NEVER),
    ("binary as id", "event_id", pa.array([b"e1", "ğ".encode(), b"\xff"]), stay("event_id", "e1", "ğ")),
    ("integers as id", "event_id", pa.array([1, 2, 2**63 - 1]), stay("event_id", "1", "2", str(2**63 - 1))),
    ("uint64 as id", "event_id", pa.array([1, 2, 2**64 - 1], pa.uint64()), stay("event_id", "1", "2", str(2**64 - 1))),
    ("decimals of 50 digits as id", "event_id", pa.array([Decimal("1" * 49 + str(n)) for n in range(3)],
        pa.decimal256(60, 0)), stay("event_id", *("1" * 49 + str(n) for n in range(3)))),
    ("a dictionary as id", "event_id", pa.array(["e1", "e2", "e3"]).dictionary_encode(), rows(3, 3, 0)),
    ("a column of type null as id", "event_id", pa.nulls(3), ALL_ASIDE),
    ("integers as time", "occurred_at", pa.array([1768471200] * 3), told(reads=(3,), values=only(
        occurred_at="2026-01-15 10:00:00+00"))),
    ("a time of day as time", "occurred_at", pa.array([time(10)] * 3), refused("has changed its type")),
    ("a duration as time", "occurred_at", pa.array([timedelta(1)] * 3), refused("has changed its type")),
    ("a date as time", "occurred_at", pa.array([date(2026, 1, 15)] * 3), told(reads=(3,), values=only(
        occurred_at="2026-01-15 00:00:00+00"))),
    # CSV and NDJSON cut what is finer than a microsecond; who rounds it makes another day of it
    ("nanoseconds as time", "occurred_at", pa.array(NOON, pa.timestamp("ns", "UTC")), told(reads=(3,), values=only(
        occurred_at=("2026-01-15 10:00:00.123456+00", "2026-01-15 10:00:00+00", "2026-01-15 23:59:59.999999+00")))),
    ("seconds as time", "occurred_at", pa.array([1768471200, -(9 * 10**15), 9 * 10**15], pa.timestamp("s", "UTC")),
        told(values=only(occurred_at="2026-01-15 10:00:00+00"))),
    ("a boolean as number", "value", pa.array([True, False, True]), told(reads=(3,), values=only(value=()))),
    ("a duration as number", "value", pa.array([timedelta(1)] * 3), refused("has changed its type")),
    ("numbers that are none", "value", pa.array([float("nan"), float("inf"), 1e300]), ALL_ASIDE),
    ("numbers as text", "value", pa.array(["1.5", "1,5", "x"]), rows(3, 1, 2, lines=(2, 3))),
    ("decimals as number", "value", pa.array([Decimal("0.10"), Decimal("12.34"), None]), told(
        reads=(3,), values=only(value=("0.1", "12.34", None)))),
    ("uint64 as count", "result_count", pa.array([1, 2, 2**64 - 1], pa.uint64()), rows(3, 2, 1, lines=(3,))),
    ("halves as count", "result_count", pa.array([1.0, 2.5, float("nan")]), rows(3, 1, 2, lines=(2, 3))),
    ("decimals beyond the floats as count", "result_count", pa.array([Decimal("12345678901234567.89")] * 3),
        ALL_ASIDE),
    ("NaN as a boolean", "is_test", pa.array([float("nan")] * 3), told(reads=(3,), values=only(is_test=()))),
    ("2 as a boolean", "is_test", pa.array([0, 1, 2]), told(reads=(3,), values=only(is_test=("false", "true")))),
    ("texts that are no JSON as attributes", "attributes", pa.array(["{}", "{", "x"]), rows(3, 1, 2, lines=(2, 3))),
]  # fmt: skip
OLD = [
    bad("parquet: int96 as time", "a.parquet", lambda: parquet(table(), use_deprecated_int96_timestamps=True),
        rows(3, 3, 0, values=only(occurred_at="2026-01-15 10:00:00+00"))),
    bad("parquet: 2 as a boolean, nowhere else", "a.parquet", lambda: parquet(table(is_test=pa.array([2] * 3))),
        ALL_ASIDE),
]  # fmt: skip


def named(folder: str, form: str, content: Mapping[str, bytes | str]) -> BadFile:
    """A file in a folder named KEY=VALUE: what stands in the path is no content of the file."""
    return bad(f"{form} in a folder named {folder}", f"{folder}/a.{form}", content[form], rows(1, 1, 0, values=only(
        event_id="e1", customer_id="c1", device=None)))  # fmt: skip


ONE: dict[str, bytes | str] = {
    "parquet": parquet(table(1)),
    "csv": HEADER + event("e1"),
    "ndjson": f'{{"event_id": "e1", "occurred_at": "{TIME}", "event_name": "click", "customer_id": "c1"}}\n',
}
FOLDERS = [named(folder, form, ONE) for folder in ("customer_id=c9", "device=mobile", "raw=x") for form in ONE]

FILES: list[BadFile] = [*BROKEN, *SHAPES, *heavy(*BOMBS), *(typed(*each) for each in TYPES), *OLD, *FOLDERS]

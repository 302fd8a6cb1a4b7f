"""The same rows in any format are the same events, and no row is lost whatever a file looks like."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pipeline.errors import FrictionError
from tests.drawn import INSTANT
from tests.warehouse.loads import (
    as_csv,
    as_ndjson,
    as_parquet,
    balance,
    kept,
    new_warehouse,
    put,
    take,
    undone,
)

SCHEMA = {
    "event_id": pl.String,
    "occurred_at": INSTANT,
    "event_name": pl.String,
    "customer_id": pl.String,
    "element_text": pl.String,
    "value": pl.Float64,
    "result_count": pl.Int64,
    "attributes": pl.String,
}
QUIETLY = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

words = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["", " ", '"', '""', "a,b", "a\nb", "\r\n", "\r", "İstanbul ığüşöç", "null", "NULL", "\\N", "'", "\x00", "#", "\t"]
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "occurred_at": st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1)),  # noqa: DTZ001
            "event_name": words,
            "customer_id": words,
            "element_text": words,
            "value": st.none() | st.floats() | st.sampled_from([1e300, 0.1, -0.0, 5e-324]),
            "result_count": st.none() | st.integers(-(2**63), 2**63 - 1),
            "attributes": st.none() | st.sampled_from(["{}", '{"a": "ğ"}', "{", ""]),
        }
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def con():
    with new_warehouse() as made:
        yield made


@settings(QUIETLY, max_examples=20)  # each is five files
@given(rows)
def test_parquet_csv_and_ndjson_plain_and_packed_give_the_same_events(con, tmp_path, generated):
    told: list[dict[str, Any]] = [
        {"event_id": f"e{number}"} | row | {"occurred_at": row["occurred_at"].replace(tzinfo=UTC)}
        for number, row in enumerate(generated)
    ]
    written = [row | {"occurred_at": row["occurred_at"].isoformat()} for row in told]
    files = {
        "a.parquet": as_parquet(told, SCHEMA),
        "a.csv": as_csv(written, list(SCHEMA)),
        "a.csv.gz": as_csv(written, list(SCHEMA)),
        "a.ndjson": as_ndjson(written),
        "a.jsonl.gz": as_ndjson(written),
    }
    found = {}
    for name, content in files.items():
        with undone(con):
            loaded = take(con, put(tmp_path, name, content))
            balance(con)
            found[name] = (kept(con), loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined)
    assert found["a.parquet"][1] == len(told)
    assert {name: each == found["a.parquet"] for name, each in found.items()} == dict.fromkeys(files, True), found


GOOD_CSV = "e{n},2026-01-15T10:00:00Z,click,c1,text"
csv_lines = st.lists(
    st.sampled_from(
        [
            GOOD_CSV,
            "e1,2026-01-15T10:00:00Z,click,c1,again",
            "e{n},yesterday,click,c1,bad time",
            "",
            "  ",
            "e{n}",
            ",,,,",
            GOOD_CSV + ",more",
            GOOD_CSV + ",,,",
            'e{n},2026-01-15T10:00:00Z,click,c1,"a\nb"',
            "\x00",
            "\x01",
            "#",
            'e{n},2026-01-15T10:00:00Z,click,c1,"never closed',
            'e{n},2026-01-15T10:00:00Z,click,c1,"closed"early',
            'e{n},2026-01-15T10:00:00Z,click,c1,mid"dle',
            'e{n},x,"a\r\nb",c1,"""',
            '"',
            "e{n},2026-01-15T10:00:00Z,click,c1,caf\udce9",
        ]
    ),
    max_size=8,
)


@QUIETLY
@given(csv_lines, st.sampled_from(["\n", "\r\n"]), st.booleans())
@example([GOOD_CSV, "e{n}", GOOD_CSV, "e{n},yesterday,click,c1,x"], "\r\n", True)
@example([GOOD_CSV, 'e{n},2026-01-15T10:00:00Z,click,c1,"never closed', GOOD_CSV], "\n", True)
def test_rows_of_any_csv_are_kept_quarantined_or_duplicates(con, tmp_path, lines, end, is_ended):
    header = "event_id,occurred_at,event_name,customer_id,element_text"
    text = end.join([header, *(line.replace("{n}", str(n)) for n, line in enumerate(lines))]) + (
        end if is_ended else ""
    )
    with undone(con):
        take(con, put(tmp_path, "a.csv", text.encode(errors="surrogateescape")))
        balance(con)


GOOD_JSON = '{"event_id": "e%d", "occurred_at": "2026-01-15T10:00:00Z", "event_name": "click", "customer_id": "c1"}'
json_lines = st.lists(
    st.sampled_from(
        [
            GOOD_JSON,
            GOOD_JSON % 1,
            "",
            "   ",
            "{",
            "[1]",
            "3",
            "null",
            '"x"',
            "{}",
            GOOD_JSON + GOOD_JSON,
            "\x01",
            "a\x00",
            '{"event_id": "\\ud800"}',
            '{"event_id": {"a": [1]}}',
            '{"event_id": "caf\udce9"}',
            GOOD_JSON[:-1] + ', "x": NaN}',
        ]
    ),
    max_size=8,
)


@QUIETLY
@given(json_lines, st.lists(st.sampled_from(["\n", "\r\n"]), min_size=8, max_size=8), st.booleans())
def test_rows_of_any_ndjson_are_kept_quarantined_or_duplicates(con, tmp_path, lines, ends, has_bom):
    lines = [GOOD_JSON % 99, *lines]  # else required columns are missing, which is another story
    text = "".join(line.replace("%d", str(n)) + ends[n - 1] for n, line in enumerate(lines))
    content = (b"\xef\xbb\xbf" if has_bom else b"") + text.encode(errors="surrogateescape")
    with undone(con):
        loaded = take(con, put(tmp_path, "a.ndjson", content))
        balance(con)
        assert loaded.rows_read == sum(line != "" for line in lines)


def told(con, path: Path) -> str:
    """The error that a user sees, or the name of a file that was read and whose counts add up."""
    try:
        take(con, path)
    except FrictionError as error:
        return str(error)
    balance(con)
    return path.name


@QUIETLY
@given(st.binary(max_size=80), st.sampled_from(["a.csv", "a.csv.gz", "a.ndjson", "a.tsv", "a.parquet", "b.ndjson.zst"]))
def test_any_bytes_are_rows_or_an_error_for_the_user(con, tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    with undone(con):
        assert told(con, path).startswith(name)


@QUIETLY
@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_gz_file_is_rows_or_an_error_for_the_user(con, tmp_path, at, byte):
    rows_ = [json.loads(GOOD_JSON % number) for number in range(30)]
    path = put(tmp_path, "a.csv.gz", as_csv(rows_, list(rows_[0])))
    damaged = bytearray(path.read_bytes())
    damaged[at % len(damaged)] = byte
    path.write_bytes(damaged)
    with undone(con):
        assert told(con, path).startswith("a.csv.gz")


def test_a_packed_zst_file_is_read_with_lines_and_texts(con, tmp_path):
    import pyarrow as pa

    path = tmp_path / "a.csv.zst"
    with pa.CompressedOutputStream(str(path), "zstd") as out:
        out.write(b"event_id,occurred_at,event_name,customer_id\ne1,2026-01-15T10:00:00Z,click,c1\ne2,never,click,c1\n")
    with undone(con):
        assert take(con, path).rows_kept == 1
        balance(con)
        line, _, original = con.execute("select line, broken_rules, original from ops.quarantine").fetchall()[0]
        assert (line, original) == (3, "e2,never,click,c1")

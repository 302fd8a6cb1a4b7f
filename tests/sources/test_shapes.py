"""Files as they really come: what is read, and what is put aside with its text."""

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sources.rows import HEADER, TIME, event, line
from tests.warehouse.loads import balance, kept, put, quarantined, take


def ids(con) -> list[str]:
    return [row[0] for row in kept(con)]


# --- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        pytest.param("a.csv", HEADER + event("e1") + event("e2"), ["e1", "e2"], id="plain csv"),
        pytest.param("a.csv", "\ufeff" + HEADER + event("e1"), ["e1"], id="csv with a byte order mark"),
        pytest.param("a.csv", (HEADER + event("e1")).replace("\n", "\r\n"), ["e1"], id="csv with CRLF"),
        pytest.param(
            "a.csv", HEADER + event("e1").replace("\n", "\r\n") + event("e2"), ["e1", "e2"], id="csv with both"
        ),
        pytest.param(
            "a.csv", HEADER + "\n" + event("e1") + "\n\n" + event("e2"), ["e1", "e2"], id="csv with blank lines"
        ),
        pytest.param("a.csv", HEADER + event("e1").rstrip(), ["e1"], id="csv without a last line end"),
        pytest.param("a.csv", HEADER, [], id="csv with a header only"),
        pytest.param("a.csv", HEADER + event("e1", "x" * 1_000_000), ["e1"], id="csv with a line of 1 MB"),
        pytest.param("a.csv", HEADER + event("e1", "a\0b"), ["e1"], id="csv with a NUL byte"),
        pytest.param("a.csv", "," + HEADER + "0," + event("e1"), ["e1"], id="csv with an unnamed column"),
        pytest.param("a.ndjson", line("e1") + line("e2"), ["e1", "e2"], id="plain ndjson"),
        pytest.param("a.ndjson", "\ufeff" + line("e1"), ["e1"], id="ndjson with a byte order mark"),
        pytest.param(
            "a.ndjson", line("e1").replace("\n", "\r\n") + line("e2"), ["e1", "e2"], id="ndjson with both ends"
        ),
        pytest.param("a.ndjson", "\n" + line("e1") + "\n\n" + line("e2"), ["e1", "e2"], id="ndjson with blank lines"),
        pytest.param("a.ndjson", "", [], id="empty ndjson"),
        pytest.param("a.ndjson", line("e1", element="x" * 1_000_000), ["e1"], id="ndjson with a line of 1 MB"),
        pytest.param("a.ndjson", line("e1", element="a\0b"), ["e1"], id="ndjson with a NUL in a text"),
        pytest.param("A.CSV", HEADER + event("e1"), ["e1"], id="a name in capitals"),
        pytest.param("a.b.csv", HEADER + event("e1"), ["e1"], id="a name with dots"),
    ],
)
def test_it_is_read_whole(con, tmp_path, name, content, found):
    loaded = take(con, put(tmp_path, name, content))
    assert ids(con) == found
    assert (loaded.rows_read, loaded.rows_quarantined) == (len(found), 0)
    balance(con)


def test_a_number_that_is_too_long_for_a_float_stays_what_it_is_in_an_id(con, tmp_path):
    take(con, put(tmp_path, "a.ndjson", line("e1").replace('"e1"', "12345678901234567890123456789")))
    assert ids(con) == ["12345678901234567890123456789"]


def test_an_object_is_the_same_attributes_as_its_text(con, tmp_path):
    take(con, put(tmp_path, "a.ndjson", line("e1", attributes={"a": 1}) + line("e2", attributes='{"a":1}')))
    assert con.execute("select attributes from events.clickstream order by event_id").fetchall() == [('{"a":1}',)] * 2


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_half_an_integer_is_no_integer_in_any_format(con, tmp_path, name):
    frame = pl.DataFrame(
        {
            "event_id": ["e1", "e2"],
            "occurred_at": [TIME] * 2,
            "event_name": ["search"] * 2,
            "customer_id": ["c1"] * 2,
            "result_count": [2.5, 3.0],
        }
    )
    frame.write_csv(tmp_path / name) if name.endswith("csv") else frame.write_parquet(tmp_path / name)
    take(con, tmp_path / name)
    assert con.execute("select event_id, result_count from events.clickstream").fetchall() == [("e2", 3)]
    assert quarantined(con)[0][1] == ["result_count.type"]


def test_times_without_a_zone_are_in_the_source_s_zone_and_days_in_the_project_s(con, tmp_path):
    con.execute("set timezone = 'Europe/Istanbul'")
    try:
        text = HEADER + "e1,2026-01-15 23:30:00,click,c1,\ne2,2026-01-15T23:30:00Z,click,c1,\n"
        take(con, put(tmp_path, "a.csv", text), timezone="Europe/Istanbul")
    finally:
        con.execute("set timezone = 'UTC'")
    found = con.execute(
        "select occurred_at::varchar, day::varchar from events.clickstream order by event_id"
    ).fetchall()
    assert found == [("2026-01-15 20:30:00+00", "2026-01-15"), ("2026-01-15 23:30:00+00", "2026-01-16")]


def test_nested_fields_of_parquet_are_no_columns(con, tmp_path):
    rows = {
        "event_id": ["e1"],
        "occurred_at": [TIME],
        "event_name": ["click"],
        "customer_id": ["c1"],
        "attributes": [{"device": "tv", "country": "TR"}],
    }
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    loaded = take(con, tmp_path / "a.parquet")
    assert "device" in loaded.missing_columns
    assert con.execute(
        "select device, json_extract_string(attributes, 'country') from events.clickstream"
    ).fetchall() == [(None, "TR")]


def test_unknown_and_missing_columns_are_told(con, tmp_path):
    loaded = take(con, put(tmp_path, "a.csv", "mood," + HEADER + "sad," + event("e1")))
    assert loaded.unknown_columns == ["mood"]
    assert "session_id" in loaded.missing_columns
    assert "event_id" not in loaded.missing_columns


# --- what is put aside ----------------------------------------------------------------------------------------------

TIME_BROKEN = ["occurred_at.type", "plausible_time"]
NO_OBJECT = ["row.no_object"]


@pytest.mark.parametrize(
    ("name", "content", "aside"),
    [
        pytest.param(
            "a.csv",
            HEADER + event("e1") + "e2,never,click,c1,\n",
            [(3, TIME_BROKEN, "e2,never,click,c1,")],
            id="a time that is none",
        ),
        pytest.param(
            "a.csv",
            HEADER + f"e1,{TIME},click\n" + event("e2"),
            [(2, ["row.missing_columns"], f"e1,{TIME},click")],
            id="too few columns",
        ),
        pytest.param(
            "a.csv",
            HEADER + event("e2") + event("e1", "a,b,c"),
            [(3, ["row.too_many_columns"], f"e1,{TIME},click,c1,a,b,c")],
            id="too many columns",
        ),
        pytest.param(
            "a.csv",
            HEADER + '\ne0,never,click,c1,"a\nb"\n' + f"e1,{TIME}\n" + "e2,never,click,c1,x\n",
            [
                (3, TIME_BROKEN, 'e0,never,click,c1,"a\nb"'),
                (5, ["row.missing_columns"], f"e1,{TIME}"),
                (6, TIME_BROKEN, "e2,never,click,c1,x"),
            ],
            id="lines are counted over blank lines and line ends in quotes",
        ),
        pytest.param(
            "a.csv",
            (HEADER + f"e1,{TIME}\n" + event("e2") + "e3,never,click,c1,x\n").replace("\n", "\r\n"),
            [(2, ["row.missing_columns"], f"e1,{TIME}"), (4, TIME_BROKEN, "e3,never,click,c1,x")],
            id="with CRLF too",
        ),
        pytest.param(
            "a.csv",
            HEADER + event("e1", '"closed"early'),
            [(2, ["row.unquoted_value"], f'e1,{TIME},click,c1,"closed"early')],
            id="text after a quote",
        ),
        pytest.param(
            "a.csv",
            (HEADER + event("e0", "ığdır") * 9 + event("e1", "caf\udce9")).encode(errors="surrogateescape"),
            [(11, ["row.invalid_encoding"], f"e1,{TIME},click,c1,caf\ufffd")],
            id="csv that is not UTF-8",
        ),
        pytest.param(
            "a.csv.gz", HEADER + "e2,never,click,c1,\n", [(2, TIME_BROKEN, "e2,never,click,c1,")], id="packed csv"
        ),
        pytest.param(
            "a.ndjson",
            line("e1") + '{"event_id":\n' + "[1]\n",
            [(2, NO_OBJECT, '{"event_id":'), (3, NO_OBJECT, "[1]")],
            id="malformed and other json",
        ),
        pytest.param(
            "a.ndjson",
            line("e1") + "   \n\n" + "{\r\n",
            [(2, NO_OBJECT, "   "), (4, NO_OBJECT, "{")],
            id="blanks are a row, nothing is none",
        ),
        pytest.param(
            "a.ndjson",
            line("e1") + "\x01\n" + '{"a\0": 1}\n',
            [(2, NO_OBJECT, "\x01"), (3, NO_OBJECT, '{"a\0": 1}')],
            id="control characters",
        ),
        pytest.param(
            "a.ndjson",
            (line("e1").replace("click", "ığdır") + '{"event_id": "caf\udce9"}\n').encode(errors="surrogateescape"),
            [(2, ["row.invalid_encoding"], '{"event_id": "caf\ufffd"}')],
            id="ndjson that is not UTF-8",
        ),
        pytest.param("a.ndjson.gz", line("e1") + "{\n", [(2, NO_OBJECT, "{")], id="packed ndjson"),
        pytest.param(
            "a.ndjson",
            line("e1", attributes="{") + line("e2", x="wide"),
            [
                (1, ["attributes.type"], line("e1", attributes="{").strip()),
                (2, ["x.type"], line("e2", x="wide").strip()),
            ],
            id="json and numbers that are none",
        ),
    ],
)
def test_a_row_is_put_aside_with_line_rules_and_original_text(con, tmp_path, name, content, aside):
    take(con, put(tmp_path, name, content))
    assert quarantined(con) == aside
    balance(con)


def test_a_quote_that_is_never_closed_takes_the_rest_of_the_file_aside_and_counts_it(con, tmp_path):
    take(con, put(tmp_path, "a.csv", HEADER + event("e1") + event("e2", '"open') + event("e3")))
    assert ids(con) == ["e1"]
    ((_, rules, original),) = quarantined(con)
    assert rules == ["row.unquoted_value"]
    assert original.startswith(f'e2,{TIME},click,c1,"open\ne3,')
    balance(con)


@pytest.mark.parametrize(
    "name", ["a*.csv", "a[1].csv", "a?.csv", "customer_id=c9/a.csv", "device=mobile/a.csv", "ğ ;'.csv"]
)
def test_a_name_is_no_pattern_and_no_column(con, tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    put(tmp_path, name, HEADER + event("e1"))
    for neighbour in ("a1.csv", "ab.csv"):
        put(tmp_path, neighbour, HEADER + event("e2"))
    take(con, path)
    assert con.execute("select event_id, customer_id, device from events.clickstream").fetchall() == [
        ("e1", "c1", None)
    ]


def test_a_parquet_row_is_put_aside_as_json_with_its_number(con, tmp_path):
    pl.DataFrame(
        {"event_id": ["e1", "e2"], "occurred_at": [TIME, "x"], "event_name": ["a", "b"], "customer_id": ["c"] * 2}
    ).write_parquet(tmp_path / "a.parquet")
    take(con, tmp_path / "a.parquet")
    assert quarantined(con) == [
        (2, TIME_BROKEN, '{"event_id":"e2","occurred_at":"x","event_name":"b","customer_id":"c"}')
    ]


def test_rows_far_down_a_large_file_are_found_again(con, tmp_path):
    wrong = {4_000, 60_001, 149_999}
    rows = [
        f"e{n},{'never' if n in wrong else TIME},click,c1,\n" if n % 50_000 else f"short{n}\n" for n in range(150_000)
    ]
    take(con, put(tmp_path, "a.csv", HEADER + "".join(rows)))
    told = [(number, text.split(",")[0]) for number, _, text in quarantined(con)]
    expected = sorted([(n + 2, f"e{n}") for n in wrong] + [(n + 2, f"short{n}") for n in (0, 50_000, 100_000)])
    assert told == expected

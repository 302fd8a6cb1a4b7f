"""Files that are refused, and with which words."""

import dataclasses
import gzip
from datetime import date

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.contracts.contract import load as load_contract
from pipeline.errors import ContractError, InputError, SettingsError
from pipeline.sources import files
from pipeline.sources.files import open_file
from pipeline.warehouse import loading
from pipeline.warehouse.days import transaction
from tests.sources.rows import HEADER, TIME, event, line
from tests.warehouse.loads import as_parquet, kept, new_warehouse, put, take

PARQUET = dict.fromkeys(["event_id", "occurred_at", "event_name", "customer_id"], pl.String)


def packed(content: str, cut: int) -> bytes:
    return gzip.compress(content.encode())[:-cut]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("a.csv", b"", "a.csv: has no header", id="empty csv"),
        pytest.param("a.csv", b"\n" + HEADER.encode(), "a.csv: has no header", id="blank first line"),
        pytest.param(
            "a.csv",
            (HEADER.strip() + ",event_id\n").encode(),
            "a.csv: the header names 'event_id' more than once",
            id="a column twice",
        ),
        pytest.param(
            "a.csv",
            (HEADER.strip() + ",Event_ID\n").encode(),
            "'Event_ID', 'event_id' more than once",
            id="a column twice to SQL",
        ),
        pytest.param(
            "a.csv",
            b"\xff\xfe" + HEADER.encode("utf-16-le")[:-1],
            "a.csv: is not text in utf-16: UnicodeDecodeError between bytes 115 and",
            id="UTF-16 that was cut off",
        ),
        pytest.param(
            "a.csv.gz",
            packed(HEADER + event("e1") * 9, 12),
            "a.csv.gz: is damaged or was cut off: .* Export or copy it again",
            id="truncated gz",
        ),
        pytest.param(
            "a.ndjson.gz",
            packed(line("e1") * 9, 12),
            "a.ndjson.gz: is damaged or was cut off",
            id="truncated ndjson",
        ),
        pytest.param(
            "a.csv.gz", HEADER.encode(), "a.csv.gz: is damaged or was cut off: Not a gzipped file", id="gz that is none"
        ),
        pytest.param(
            "a.parquet", HEADER.encode() * 3, "a.parquet: is not Parquet. Where it is text", id="csv named parquet"
        ),
        pytest.param("a.parquet", b"", "a.parquet: is empty", id="empty parquet"),
        pytest.param(
            "a.xls",
            b"",
            "a.xls: the name's ending tells no format that can be read. Known: .parquet, .csv",
            id="unknown ending",
        ),
        pytest.param("a.xlsx", b"", r"a.xlsx: is no workbook \(XLSX\), or is damaged", id="empty workbook"),
        pytest.param("events", b"", "events: the name's ending tells no format", id="no ending"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_that_names_it(con, tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        take(con, path)


def test_a_column_twice_in_parquet_is_not_taken_for_another(con, tmp_path):
    twice = pa.table(
        [["e1"], [TIME], ["click"], ["c1"], ["c2"]],
        names=["event_id", "occurred_at", "event_name", "customer_id", "customer_id"],
    )
    pq.write_table(twice, tmp_path / "a.parquet")
    loaded = take(con, tmp_path / "a.parquet")
    assert loaded.unknown_columns == ["customer_id_1"]


def test_missing_required_columns_are_named_beside_those_that_are_there(con, tmp_path):
    with pytest.raises(ContractError) as raised:
        take(con, put(tmp_path, "a.csv", f"id,occurred_at,event_name\n1,{TIME},click\n"))
    told = str(raised.value)
    for words in (
        "a.csv: required columns of clickstream are missing: event_id.",
        "Found: event_name, id, occurred_at.",
        "mapping file",
    ):
        assert words in told


def test_a_file_that_changes_between_judging_and_adding_brings_nothing_in(con, tmp_path):
    path = tmp_path / "a.parquet"

    def write(rows: int) -> None:
        names = [f"e{n}" for n in range(rows)]
        pq.write_table(
            pa.table(
                [names, [TIME] * rows, ["click"] * rows, ["c1"] * rows],
                names=["event_id", "occurred_at", "event_name", "customer_id"],
            ),
            path,
        )

    write(3)
    file = open_file(path, "a.parquet", None)
    with loading.read(con, "web", load_contract("clickstream"), file, None) as staged:
        write(5)
        with pytest.raises(InputError, match=r"a\.parquet: has changed while it was read\. Run again"):
            loading.add(con, staged, "UTC")


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"PAR1"), lambda path: path.unlink()])
def test_a_file_that_is_cut_or_gone_when_its_rows_are_added_has_changed(tmp_path, change):
    path = put(tmp_path, "a.parquet", as_parquet([dict.fromkeys(PARQUET, TIME)], PARQUET))
    file = open_file(path, "a.parquet", None)
    contract = dataclasses.replace(load_contract("clickstream"), quarantine_limit_share=1.0)

    def load() -> None:
        with new_warehouse() as con, loading.read(con, "web", contract, file, None) as staged, transaction(con):
            change(path)
            loading.add(con, staged, "UTC")

    with pytest.raises(InputError, match=r"a\.parquet: has changed while it was read"):
        load()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (".", r"which files of it\? Write \./\* or"),
        ("/", r"which files of it\? Write /\* or"),
        ("a/" * 400 + "*", ""),
        ("x" * 5000, "File name too long"),
    ],
)
def test_a_path_that_names_no_files_is_an_error_of_the_settings(tmp_path, path, words):
    with pytest.raises(SettingsError, match=f"is not a path: .*{words}"):
        files.find(tmp_path, path, date(2026, 1, 15))


def test_a_folder_that_looks_like_a_file_is_an_error_that_names_it(con, tmp_path):
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(InputError, match=r"a\.csv: cannot be read: Is a directory"):
        take(con, tmp_path / "a.csv")


def test_the_contract_of_a_result_cannot_be_loaded(con, tmp_path):
    with pytest.raises(ContractError, match=r"points is not an input but a result\. Inputs: clickstream, customers,"):
        take(con, put(tmp_path, "a.csv", HEADER), "points")


def test_a_file_over_its_limit_says_where_what_and_what_to_do(con, tmp_path):
    rows = [event(f"e{n}") for n in range(8)] + ["e8,never,click,c1,\n", "e9,never,click,,\n"]
    with pytest.raises(ContractError) as raised:
        take(con, put(tmp_path, "a.csv", HEADER + "".join(rows)), limit=None)
    told = str(raised.value)
    for words in (
        "a.csv: 2 of 10 rows break the contract clickstream, over its limit of 1.00%",
        "occurred_at.type 2, plausible_time 2, has_a_person 1. Nothing was changed.",
        "line 10: e8,never,click,c1,",
        "line 11: e9,never,click,,",
        'occurred_at: a time is ISO 8601, unless the source says how it writes it, e.g. times = ["%d.%m.%Y %H:%M"]',
        "friction check a.csv --contract clickstream",
    ):
        assert words in told
    assert kept(con) == []


def test_a_file_at_its_limit_is_taken(con, tmp_path):
    rows = [event(f"e{n}") for n in range(99)] + ["e99,never,click,c1,\n"]
    assert take(con, put(tmp_path, "a.csv", HEADER + "".join(rows)), limit=None).rows_kept == 99

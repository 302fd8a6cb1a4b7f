"""JSON documents and workbooks: arrays, pages of an API, sheets."""

import io
import json
import zipfile
from datetime import datetime

import polars as pl
import pytest

from pipeline.errors import InputError
from pipeline.settings import Dialect
from pipeline.sources.mapping import Mapping
from tests.sources.rows import TIME
from tests.warehouse.loads import balance, kept, put, quarantined, take

ROWS = [
    {"event_id": f"e{n}", "occurred_at": TIME, "event_name": "click", "customer_id": "c1", "value": n} for n in range(3)
]
PAGE = Mapping.model_validate(
    {
        "name": "page",
        "description": "The page of an API.",
        "records": "items",
        "contracts": {
            "clickstream": {
                "columns": {
                    "event_id": "json ->> 'id'",
                    "occurred_at": "json ->> 'at'",
                    "event_name": "json ->> 'what'",
                    "customer_id": "json ->> 'who'",
                }
            }
        },
    }
)
ITEMS = [{"id": f"e{n}", "at": TIME, "what": "click", "who": "c1"} for n in range(3)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(json.dumps(ROWS), id="one line"),
        pytest.param(json.dumps(ROWS, indent=2), id="many lines"),
        pytest.param("\ufeff \n" + json.dumps(ROWS), id="after a mark and blanks"),
        pytest.param("\n".join(map(json.dumps, ROWS)), id="JSON lines after all"),
    ],
)
def test_an_array_is_read_element_by_element(con, tmp_path, content):
    assert take(con, put(tmp_path, "a.json", content)).rows_kept == 3
    balance(con)


def test_an_array_without_elements_has_no_rows(con, tmp_path):
    assert take(con, put(tmp_path, "a.json", "[]")).rows_read == 0


def test_a_bad_element_is_quarantined_with_its_number_and_text(con, tmp_path):
    bad = {"event_id": "e9", "occurred_at": "never", "event_name": "click", "customer_id": "c1"}
    take(con, put(tmp_path, "a.json", json.dumps([ROWS[0], bad, ROWS[1]], indent=1)))
    (row,) = quarantined(con)
    assert (row[0], json.loads(row[2])) == (2, bad)
    balance(con)


def test_an_array_that_was_cut_off_is_an_error(con, tmp_path):
    with pytest.raises(InputError, match=r"a\.json: cannot be read as json"):
        take(con, put(tmp_path, "a.json", json.dumps(ROWS)[:-10]))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(json.dumps({"items": ITEMS, "next": None}), id="a page"),
        pytest.param(json.dumps({"next": None, "items": ITEMS}, indent=2), id="a page of many lines"),
        pytest.param(
            "\n".join(json.dumps({"items": [item]}) for item in ITEMS),
            id="a page a line",
        ),
        pytest.param(json.dumps(ITEMS), id="an array"),
        pytest.param("\n".join(map(json.dumps, ITEMS)), id="a record a line"),
    ],
)
def test_the_records_of_a_page_are_rows(con, tmp_path, content):
    assert take(con, put(tmp_path, "a.json", content), mapping=PAGE).rows_kept == 3
    balance(con)


def test_a_page_without_its_records_is_an_error(con, tmp_path):
    pages = json.dumps({"items": ITEMS}) + json.dumps({"error": "items: try again later"})
    with pytest.raises(InputError, match=r"a\.json: has no array 'items' of records"):
        take(con, put(tmp_path, "a.json", pages), mapping=PAGE)


def test_two_bad_rows_that_a_mapping_makes_of_one_document_are_two_rows_of_the_quarantine(con, tmp_path):
    mapping = PAGE.model_copy(
        update={
            "contracts": {
                "clickstream": PAGE.contracts["clickstream"].model_copy(
                    update={"relation": "(select *, unnest([1, 2]) as part from rows) as rows"}
                )
            }
        }
    )
    loaded = take(con, put(tmp_path, "a.ndjson", '{"id": null}\n' + json.dumps(ITEMS[0]) + "\n"), mapping=mapping)
    assert (loaded.rows_read, loaded.rows_quarantined, loaded.rows_duplicate, loaded.rows_kept) == (4, 2, 1, 1)
    assert [line for line, _, _ in quarantined(con)] == [1, 1]
    balance(con)


def test_keys_beyond_the_contract_are_kept_in_attributes_wherever_they_first_appear(con, tmp_path):
    def row(n, **more):
        return json.dumps(
            {"event_id": f"e{n}", "occurred_at": TIME, "event_name": "click", "customer_id": "c1", **more}
        )

    lines = [row(n, x=None) for n in range(20_000)]
    lines += [
        row(20_000, colour="red", attributes={"size": "L"}),
        row(20_001, page_path="/late"),
        row(20_002, colour=None),
    ]
    loaded = take(con, put(tmp_path, "a.ndjson", "\n".join(lines)))
    assert loaded.unknown_columns == ["colour"]
    assert "page_path" not in loaded.missing_columns
    found = con.execute(
        "select event_id, attributes::json::varchar, page_path from events.clickstream "
        "where attributes is not null or page_path is not null order by event_id"
    ).fetchall()
    assert [(one, json.loads(two) if two else None, three) for one, two, three in found] == [
        ("e20000", {"colour": "red", "size": "L"}, None),
        ("e20001", None, "/late"),
    ]


@pytest.mark.parametrize(
    ("given", "kept_as"),
    [
        pytest.param({"size": "L"}, {"colour": "red", "size": "L"}, id="an object"),
        pytest.param([1, 2], {"colour": "red", "attributes": [1, 2]}, id="a list"),
        pytest.param(5, {"colour": "red", "attributes": 5}, id="a number"),
        pytest.param(None, {"colour": "red"}, id="nothing"),
    ],
)
def test_no_key_is_lost_whatever_is_given_as_attributes(con, tmp_path, given, kept_as):
    take(con, put(tmp_path, "a.ndjson", json.dumps(ROWS[0] | {"colour": "red", "attributes": given}) + "\n"))
    found = con.execute("select attributes::varchar from events.clickstream").fetchall()
    assert [json.loads(each) for (each,) in found] == [kept_as]


def test_columns_beyond_the_contract_are_kept_in_attributes(con, tmp_path):
    rows = f"event_id,occurred_at,event_name,customer_id,colour,size\ne1,{TIME},click,c1,red,\ne2,{TIME},click,c1,,\n"
    loaded = take(con, put(tmp_path, "a.csv", rows))
    assert loaded.unknown_columns == ["colour", "size"]
    found = con.execute("select attributes::varchar from events.clickstream order by event_id").fetchall()
    assert found == [('{"colour":"red"}',), (None,)]


# --- workbooks -------------------------------------------------------------------------------------------------------

NAMES = ("event_id", "occurred_at", "event_name", "customer_id", "value")


def workbook(rows: str, sheets: tuple[str, ...] = ("Veri",)) -> bytes:
    """The least that is a workbook; every sheet has the same rows, dates are style 1."""
    content = io.BytesIO()
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    named = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, start=1))
    links = "".join(
        f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in enumerate(sheets, start=1)
    )
    links += f'<Relationship Id="s" Type="{office}/styles" Target="styles.xml"/>'
    xfs = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs>'
    with zipfile.ZipFile(content, "w") as parts:
        parts.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="w" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        parts.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{named}</sheets></workbook>'
        )
        parts.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{links}</Relationships>')
        parts.writestr("xl/styles.xml", f'<styleSheet xmlns="{main}">{xfs}</styleSheet>')
        for n, _ in enumerate(sheets, start=1):
            parts.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{cells(1, *NAMES)}{rows}</sheetData></worksheet>',
            )
    return content.getvalue()


def cells(row: int, *values: object) -> str:
    made = ""
    for letter, value in zip("ABCDE", values, strict=False):
        at = f'r="{letter}{row}"'
        if isinstance(value, datetime):
            days = (value - datetime(1899, 12, 30)).total_seconds() / 86400  # noqa: DTZ001 - a workbook has no zones
            made += f'<c {at} s="1"><v>{days!r}</v></c>'
        elif isinstance(value, int | float):
            made += f"<c {at}><v>{value!r}</v></c>"
        elif value is not None:
            made += f'<c {at} t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<row r="{row}">{made}</row>'


NOON = datetime(2026, 1, 15, 12)  # noqa: DTZ001 - a workbook has no zones


def test_a_workbook_s_first_sheet_is_rows_with_numbers_and_dates(con, tmp_path):
    rows = cells(2, "e1", NOON, "tıklama", "c1", 12.5) + cells(3, "e2", NOON, "İade", "c1", 1234567)
    loaded = take(con, put(tmp_path, "a.xlsx", workbook(rows, ("Ocak", "Not"))))
    assert (loaded.rows_kept, loaded.rows_read) == (2, 2)
    found = con.execute(
        "select event_name, occurred_at::varchar, value from events.clickstream order by all"
    ).fetchall()
    assert found == [("tıklama", "2026-01-15 12:00:00+00", 12.5), ("İade", "2026-01-15 12:00:00+00", 1234567.0)]


def test_a_bad_row_of_a_workbook_is_quarantined_with_its_number(con, tmp_path):
    rows = cells(2, "e1", NOON, "click", "c1", 1) + cells(3, "e2", NOON, "click", None, 1)
    take(con, put(tmp_path, "a.xlsx", workbook(rows)))
    assert [(line, rules) for line, rules, _ in quarantined(con)] == [(2, ["has_a_person"])]
    balance(con)


def test_text_far_below_numbers_does_not_vanish(con, tmp_path):
    rows = "".join(cells(n, f"e{n}", NOON, "click", "c1", n) for n in range(2, 2002))
    rows += cells(2002, "e2002", NOON, "click", "c1", "many")
    loaded = take(con, put(tmp_path, "a.xlsx", workbook(rows)))
    assert (loaded.rows_kept, loaded.rows_quarantined) == (2000, 1)


def test_a_sheet_is_named_by_the_source_and_an_unknown_one_is_an_error(con, tmp_path):
    path = put(tmp_path, "a.xlsx", workbook(cells(2, "e1", NOON, "click", "c1", 1), ("Ocak", "Şubat")))
    assert take(con, path, dialect=Dialect(sheet="Şubat")).rows_kept == 1
    with pytest.raises(InputError, match=r"a\.xlsx: has no sheet 'Mart'\. Found: Ocak, Şubat\."):
        take(con, path, dialect=Dialect(sheet="Mart"))


def test_a_workbook_that_unpacks_to_more_than_an_export_is_refused(con, tmp_path):
    content = io.BytesIO()
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as parts,
        parts.open("xl/sheet.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(1100):
            part.write(bytes(1 << 20))
    with pytest.raises(InputError, match=r"a\.xlsx: unpacks to more than 1\.0 GiB"):
        take(con, put(tmp_path, "a.xlsx", content.getvalue()))


def test_parquet_is_the_same_however_its_columns_are_ordered_and_typed(con, tmp_path):
    frame = pl.DataFrame(ROWS).with_columns(
        pl.col("occurred_at").str.to_datetime(time_zone="UTC"), value=pl.col("value").cast(pl.Int8)
    )
    for place, columns in enumerate((frame.columns, frame.columns[::-1])):
        frame.select(columns).write_parquet(tmp_path / f"{place}.parquet")
        take(con, tmp_path / f"{place}.parquet")
        assert len(kept(con)) == 3

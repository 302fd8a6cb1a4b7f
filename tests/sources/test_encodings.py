"""Text in any encoding gives the same rows: declared, recognised by its first bytes, or by its letters."""

import codecs
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.settings import Dialect
from pipeline.sources import encodings
from tests.sources.rows import HEADER, TIME, event
from tests.warehouse.loads import balance, put, quarantined, take

TURKISH = "ışığı İSTANBUL ğüşiöç ĞÜŞİÖÇ"


def texts(con):
    found = con.execute(
        "select event_id, event_name, element_text from events.clickstream order by event_id"
    ).fetchall()
    return [tuple(row) for row in found]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-8-sig", "utf-8"),
        ("utf-16", None),
        ("utf-16-le", None),
        ("utf-16-be", None),
        ("utf-16-le", "utf-16-le"),
        ("utf-32", None),
        ("windows-1254", None),
        ("windows-1254", "windows-1254"),
        ("iso-8859-9", None),
        ("iso-8859-9", "iso-8859-9"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.ndjson"])
def test_turkish_text_is_the_same_in_any_encoding(con, tmp_path, name, encoding, declared):
    if name == "a.ndjson":
        lines = f'{{"event_id": "e1", "occurred_at": "{TIME}", "event_name": "TIKLAMA ı İ", "customer_id": "c1", '
        content = lines + f'"element_text": "{TURKISH}"}}\n'
    else:
        content = HEADER + event("e1", TURKISH).replace("click", "TIKLAMA ı İ")
    dialect = Dialect(encoding=declared) if declared else None
    loaded = take(con, put(tmp_path, name, content.encode(encoding)), dialect=dialect)
    assert (loaded.rows_read, loaded.rows_kept) == (1, 1)
    assert texts(con) == [("e1", "TIKLAMA ı İ", TURKISH)]  # and no casing has touched the dotted and dotless i
    balance(con)


def test_a_declared_encoding_that_is_not_the_file_s_is_an_error_and_not_other_letters(con, tmp_path):
    path = put(tmp_path, "a.csv", (HEADER + event("e1", TURKISH)).encode())
    with pytest.raises(InputError, match=r"a\.csv: is not text in cp1254: .* encoding = "):
        take(con, path, dialect=Dialect(encoding="windows-1254"))


def test_a_few_damaged_bytes_of_utf_8_are_no_other_encoding(con, tmp_path):
    content = (HEADER + event("e1", TURKISH)).encode() + event("e2", "x").encode()[:-2] + b"\xe9\n"
    loaded = take(con, put(tmp_path, "a.csv", content))
    assert (loaded.rows_kept, loaded.rows_quarantined) == (1, 1)
    assert quarantined(con)[0][:2] == (3, ["row.invalid_encoding"])


def test_bytes_that_are_no_letters_are_quarantined_and_not_guessed(con, tmp_path):
    content = (HEADER + event("e1", "x")).encode() + event("e2", "x").encode()[:-2] + b"\x81\x8d\n"
    assert take(con, put(tmp_path, "a.csv", content)).rows_quarantined == 1


def test_an_unknown_encoding_is_refused_with_the_usual_ones():
    with pytest.raises(ValueError, match=r"unknown encoding 'win-turkish'\. Usual ones: utf-8"):
        Dialect(encoding="win-turkish")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("abc,;\n çğıöşüÇĞİÖŞÜâîû€“”–"), min_size=1, max_size=60))
def test_no_text_in_utf_8_is_taken_for_a_code_page(text):
    assert encodings.of_single_bytes(io.BytesIO(text.encode())) is None


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
def test_plain_text_has_no_other_encoding(mark):
    assert encodings.by_first_bytes(mark + b"event_id,occurred_at\n") is None

"""XLSX workbooks, written by hand as zipped XML: broken, odd and bombs."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from tests.hostile import bombs
from tests.hostile.bad import BadFile, bad, heavy, only, refused, rows, told
from tests.sources.rows import TIME

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
DATED = 1  # the cell style of STYLES that shows a date and a time
STYLES = (
    f'{XML}<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>'
)
HEADER = ("event_id", "occurred_at", "event_name", "customer_id", "value")
GOOD = ("e1", TIME, "click", "c1", 1.5)
MORE = ("e2", TIME, "click", "c1", 2.5)


class Cell(str):
    """XML of a cell, as it is: what stands within `<c r="A1" …`, from the attributes on."""


Value = str | float | None


def error(code: str) -> Cell:
    return Cell(f' t="e"><v>{code}</v></c>')


def dated(at: datetime) -> Cell:
    """A date as Excel keeps it: days since 1899-12-30, in a style that shows a date."""
    days = (at - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds() / 86400
    return Cell(f' s="{DATED}"><v>{days!r}</v></c>')


def _cell(row: int, column: int, value: Value) -> str:
    letters, rest = "", column
    while rest >= 0:
        letters, rest = chr(ord("A") + rest % 26) + letters, rest // 26 - 1
    start = f'<c r="{letters}{row}"'
    if isinstance(value, Cell):
        return start + value
    if isinstance(value, str):
        return f'{start} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"{start}><v>{value!r}</v></c>"


def sheet(cells: Sequence[Sequence[Value]], more: str = "") -> str:
    """The XML of a sheet; `more` stands behind its rows."""
    lines = "".join(
        f'<row r="{row}">'
        + "".join(_cell(row, column, value) for column, value in enumerate(each) if value is not None)
        + "</row>"
        for row, each in enumerate(cells, start=1)
    )
    return f'{XML}<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData>{more}</worksheet>'


def parts(sheets: Mapping[str, str]) -> dict[str, str]:
    """The members of a workbook's archive: name → XML."""
    places = [f"worksheets/sheet{number}.xml" for number, _ in enumerate(sheets, start=1)]
    types = "".join(
        f'<Override PartName="/xl/{place}" ContentType="{KIND}.{what}+xml"/>'
        for place, what in [("workbook.xml", "sheet.main"), *((place, "worksheet") for place in places),
                            ("styles.xml", "styles")]
    )  # fmt: skip
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(sheets, start=1)
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{what}" Target="{place}"/>'
        for number, (place, what) in enumerate([*((each, "worksheet") for each in places), ("styles.xml", "styles")],
                                               start=1)
    )  # fmt: skip
    rels = f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    return {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{types}</Types>',
        "_rels/.rels": f'{rels}<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"{rels}{links}</Relationships>",
        "xl/styles.xml": STYLES,
        **{f"xl/{place}": xml for place, xml in zip(places, sheets.values(), strict=True)},
    }


def zipped(members: Mapping[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def book(*cells: Sequence[Value], more: str = "") -> bytes:
    """A workbook of one sheet."""
    return zipped(parts({"Sheet1": sheet(cells, more)}))


def bomb(start: str, chunk: str, times: int, end: str, place: str = "xl/worksheets/sheet1.xml") -> bytes:
    members = {name: (xml.encode(), b"", 0, b"") for name, xml in parts({"Sheet1": sheet([HEADER, GOOD])}).items()}
    members[place] = (start.encode(), chunk.encode(), times, end.encode())
    return bombs.zipped(members)


START = f'{XML}<worksheet xmlns="{MAIN}"><sheetData>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
SOON = datetime(2026, 1, 15, 10, tzinfo=UTC)
MINE = only(event_id=("e1", "e2"), occurred_at="2026-01-15 10:00:00+00", value=("1.5", "2.5", None))


def changed(member: str, old: str, new: str) -> bytes:
    members = parts({"Sheet1": sheet([HEADER, GOOD, MORE])})
    assert old in members[member]
    return zipped(members | {member: members[member].replace(old, new)})


def without(member: str) -> bytes:
    return zipped({name: xml for name, xml in parts({"S": sheet([HEADER, GOOD])}).items() if name != member})


BOMBS = [
    bad("xlsx bomb: rows", "a.xlsx", lambda: bomb(START, '<row><c t="inlineStr"><is><t>event_id</t></is></c></row>'
        * 100_000, 500, "</sheetData></worksheet>"), told()),
    bad("xlsx bomb: one text", "a.xlsx", lambda: bomb(START + '<row r="1"><c r="A1" t="inlineStr"><is><t>',
        "x" * 16_000_000, 250, "</t></is></c></row></sheetData></worksheet>"), told()),
    bad("xlsx bomb: white space", "a.xlsx", lambda: bomb(START, " " * 16_000_000, 250, "</sheetData></worksheet>"),
        refused()),
    bad("xlsx bomb: shared texts", "a.xlsx", lambda: bomb(f'{XML}<sst xmlns="{MAIN}">', "<si><t>x</t></si>"
        * 1_000_000, 250, "</sst>", "xl/sharedStrings.xml"), told()),
]  # fmt: skip
FILES: list[BadFile] = [
    bad("a workbook as it should be", "a.xlsx", book(HEADER, GOOD, MORE), rows(2, 2, 0, values=MINE)),
    bad("a workbook with dates", "a.xlsx", book(HEADER, GOOD, ("e2", dated(SOON), *MORE[2:])),
        rows(2, 2, 0, values=MINE)),
    bad("a workbook with numbers for dates", "a.xlsx", book(HEADER, GOOD, ("e2", 46037.4166666667, *MORE[2:])),
        rows(2, 1, 1, values=MINE)),
    bad("an error in a number", "a.xlsx", book(HEADER, GOOD, (*MORE[:4], error("#REF!"))), rows(2, 1, 1)),
    bad("an error in an id", "a.xlsx", book(HEADER, GOOD, (error("#N/A"), *MORE[1:])), rows(2, 1, 1)),
    bad("numbers as ids", "a.xlsx", book(HEADER, (1, *GOOD[1:]), (12345678901, *MORE[1:])), told(
        reads=(2,), values=only(event_id=("1", "12345678901")))),
    bad("ids that look like numbers", "a.xlsx", book(HEADER, ("007", *GOOD[1:]), ("1e5", *MORE[1:])), rows(
        2, 2, 0, values=only(event_id=("007", "1e5")))),
    bad("numbers and texts in one column", "a.xlsx", book(HEADER, GOOD, ("e2", TIME, "click", "c1", "x")),
        rows(2, 1, 1)),
    bad("a formula that was never computed", "a.xlsx", book(HEADER, GOOD, (*MORE[:4], Cell("><f>1/0</f></c>"))),
        told(reads=(2,))),
    bad("an empty row in the middle", "a.xlsx", book(HEADER, GOOD, (), MORE), told(reads=(2, 3), values=MINE)),
    bad("empty rows in front of the header", "a.xlsx", book((), (), HEADER, GOOD, MORE), told(reads=(2,), values=MINE)),
    bad("a title in front of the header", "a.xlsx", book(("Events of January",), (), HEADER, GOOD), told(values=MINE)),
    bad("merged cells", "a.xlsx", book(HEADER, GOOD, ("e2", TIME, "click", None, 2.5),
        more='<mergeCells count="1"><mergeCell ref="D2:D3"/></mergeCells>'), told(reads=(2,))),
    bad("several sheets", "a.xlsx", zipped(parts({"One": sheet([HEADER, GOOD]), "Two": sheet([HEADER, MORE])})),
        told(values=MINE)),
    bad("an empty sheet in front", "a.xlsx", zipped(parts({"One": sheet([]), "Two": sheet([HEADER, MORE])})), told()),
    bad("an empty sheet", "a.xlsx", book(), refused()),
    bad("a sheet of a header", "a.xlsx", book(HEADER), rows(0, 0, 0)),
    bad("a workbook with a column twice", "a.xlsx", book((*HEADER, "event_id"), (*GOOD, "e9")), refused("event_id")),
    bad("a header with an empty cell", "a.xlsx", book((*HEADER[:3], None, *HEADER[3:]), (*GOOD[:3], "x", *GOOD[3:])),
        rows(1, 1, 0, values=MINE)),
    bad("a workbook of 2,000 columns", "a.xlsx", lambda: book((*HEADER, *(f"x{n}" for n in range(2_000))), (
        *GOOD, *([1] * 2_000))), rows(1, 1, 0)),
    bad("a cell in the last row of all", "a.xlsx", changed("xl/worksheets/sheet1.xml", "</sheetData>",
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'), told()),
    bad("letters that XML escapes", "a.xlsx", book(HEADER, ("<&>\"'", *GOOD[1:])), rows(1, 1, 0, values=only(
        event_id="<&>\"'"))),
    bad("empty xlsx", "a.xlsx", b"", refused()),
    bad("csv named .xlsx", "a.xlsx", "event_id\n", refused()),
    bad("an old workbook named .xlsx", "a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096, refused()),
    bad("workbook named .csv", "a.csv", book(HEADER, GOOD), refused()),
    bad("workbook cut in the middle", "a.xlsx", book(HEADER, GOOD)[:900], refused()),
    bad("workbook without its sheet", "a.xlsx", without("xl/worksheets/sheet1.xml"), refused()),
    bad("workbook without its list of sheets", "a.xlsx", without("xl/workbook.xml"), refused()),
    bad("a zip without a workbook", "a.xlsx", zipped({"a.txt": "x"}), refused()),
    bad("a sheet that is no XML", "a.xlsx", changed("xl/worksheets/sheet1.xml", "</row>", "</raw>"), refused()),
    bad("a sheet outside of the archive", "a.xlsx", changed("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml",
        "../../../../etc/hostname"), refused()),
    bad("a workbook with a loop of shared texts", "a.xlsx", book(HEADER, (Cell(' t="s"><v>4294967295</v></c>'),
        *GOOD[1:])), told(reads=(1,), values=only(event_id=()))),
    bad("xlsx bomb: entities", "a.xlsx", changed("xl/worksheets/sheet1.xml", XML,
        f'{XML}<!DOCTYPE worksheet [<!ENTITY l0 "{"x" * 1000}">{LAUGHS}]>'), told()),
    *heavy(*BOMBS),
]  # fmt: skip

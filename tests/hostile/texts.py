"""CSV and TSV files that are broken in their lines, quotes, columns or letters."""

import codecs

from tests.hostile.bad import BadFile, bad, only, refused, rows, told
from tests.sources.rows import HEADER, TIME, event

TURKISH = "İstanbul ığüşöç"
GOOD = event("e1")


def many(number: int, **replaced: str) -> str:
    """A header and numbered rows; `e7="…"` replaces the row of that name."""
    return HEADER + "".join(replaced.get(f"e{n}", event(f"e{n}", "text")) for n in range(number))


def wide(columns: int) -> str:
    """Two rows, the second of them bad, of a file with so many columns that no contract knows."""
    names = "".join(f",extra_{n}" for n in range(columns))
    return f"event_id,occurred_at,event_name,customer_id{names}\n" + "".join(
        f"{name},{time},click,c1{',1' * columns}\n" for name, time in (("e1", TIME), ("e2", "never"))
    )


EMPTY = [
    bad("empty csv", "a.csv", "", refused("header")),
    bad("csv of a byte order mark", "a.csv", codecs.BOM_UTF8, refused("header")),
    bad("csv of white space", "a.csv", "   \n\t\n  \n", refused()),
    bad("csv of line ends", "a.csv", "\n" * 1000, refused("header")),
    bad("csv of NUL bytes", "a.csv", b"\0" * 5000, refused()),
    bad("header only", "a.csv", HEADER, rows(0, 0, 0)),
    bad("header without a line end", "a.csv", HEADER.strip(), rows(0, 0, 0)),
]
LINES = [
    bad("CR is the only line end", "a.csv", (HEADER + GOOD + event("e2")).replace("\n", "\r"), rows(2, 2, 0)),
    bad("line ends of three kinds", "a.csv", HEADER + f"e1,{TIME},click,c1,\re2,{TIME},click,c1,\r\n"
        + event("e3"), told(reads=(2, 3))),
    bad("header ends in CR and rows in LF", "a.csv", HEADER.replace("\n", "\r") + GOOD, told(reads=(1,))),
    bad("no line end after the last row", "a.csv", (HEADER + GOOD + "e2,never,click,c1,x").strip(),
        rows(2, 1, 1, lines=(3,))),
    bad("cut in the middle of a row", "a.csv", (HEADER + GOOD + event("e2"))[:-20], rows(2, 1, 1, lines=(3,))),
    bad("header again in the middle", "a.csv", HEADER + GOOD + HEADER + event("e2"), rows(3, 2, 1, lines=(3,))),
    bad("rows are too short and too long", "a.csv", HEADER + GOOD + f"e2,{TIME},click\n" + f"e3,{TIME},click,c1,x,y\n",
        rows(3, 1, 2, lines=(3, 4), rules=("row.",))),
    bad("one column", "a.csv", "event_id\n" + "e1\n" * 3, refused("occurred_at")),
    bad("a total in the last line", "a.csv", HEADER + GOOD + "Total: 1 row\n", rows(2, 1, 1, lines=(3,))),
    bad("lines of commas", "a.csv", HEADER + GOOD + ",,,,\n" * 3, rows(4, 1, 3, lines=(3, 4, 5))),
    bad("lines of NUL bytes", "a.csv", HEADER + GOOD + "\0\0\0\n" * 2 + event("e2"), rows(4, 2, 2, lines=(3, 4))),
    bad("NUL bytes in a text", "a.csv", HEADER + event("e1", "a\0b"),
        rows(1, 1, 0, values=only(element_text="a\0b"))),
    bad("NUL bytes in an id", "a.csv", HEADER + event("e\0001") + event("e\0002"), told(
        values=only(event_id=("e\0001", "e\0002")))),
    bad("a vertical tab, a form feed and U+2028 in a text", "a.csv", HEADER + event("e1", "a\v\f\u2028\u0085b"),
        rows(1, 1, 0, values=only(element_text="a\v\f\u2028\u0085b"))),
    bad("first line is sep=", "a.csv", "sep=,\n" + HEADER + GOOD, told(reads=(1,))),
    bad("semicolons where commas are expected", "a.csv", (HEADER + GOOD).replace(",", ";"), told(reads=(1,))),
    bad("commas where tabs are expected", "a.tsv", HEADER + GOOD, told(reads=(1,))),
    bad("tsv with quotes inside", "a.tsv", (HEADER + event("e1", 'a "b" c')).replace(",", "\t"), told(
        values=only(element_text='a "b" c'))),
    bad("tsv with a row cut short", "a.tsv", (HEADER + GOOD + "e2,x\n").replace(",", "\t"), rows(2, 1, 1, lines=(3,))),
]  # fmt: skip
QUOTES = [
    # what follows a quote is one text up to the next one: here the rest of the file, put aside as the row that it is
    bad("a quote that is never closed", "a.csv", many(1000, e500=f'e500,{TIME},click,"c1,text\n'),
        rows(501, 500, 1, lines=(502,))),
    bad("a quote that is closed 300 rows later", "a.csv", many(1000, e500=f'e500,{TIME},"click,c1,text\n',
        e800=f'e800,{TIME},click",c1,text\n'), told(reads=(700, 1000))),
    bad("quotes inside of a field", "a.csv", HEADER + event("e1", 'mid"dle') + event("e2"), told(
        reads=(2,), values=only(element_text=('mid"dle', None)))),
    bad("text behind a closing quote", "a.csv", HEADER + event("e1", '"closed"early') + event("e2"), told(reads=(2,))),
    bad("quotes escaped with a backslash", "a.csv", HEADER + event("e1", r'"a \"b\" c"') + event("e2"),
        told(reads=(2,), values=only(element_text=(r'a "b" c', None)))),
    bad("a file of quotes", "a.csv", HEADER + '"' * 1001 + "\n", told(reads=(1,))),
    bad("a header with an open quote", "a.csv", HEADER.replace("event_id", '"event_id') + GOOD, refused()),
    bad("a line end in a quoted text", "a.csv", HEADER + event("e1", '"a\r\nb\nc\rd"') + "e2,never,click,c1,\n",
        rows(2, 1, 1, values=only(element_text="a\r\nb\nc\rd"))),
]  # fmt: skip
COLUMNS = [
    bad("a column twice", "a.csv", HEADER.strip() + ",event_id\n" + GOOD.strip() + ",e9\n", refused("event_id")),
    bad("a column twice but for its case", "a.csv", HEADER.strip() + ",Event_ID\n" + GOOD.strip() + ",e9\n",
        refused("Event_ID")),
    bad("columns without names", "a.csv", "," + HEADER.strip() + ",,\n0," + GOOD.strip() + ",1,2\n", rows(1, 1, 0)),
    bad("columns named in other cases", "a.csv", HEADER.upper() + GOOD, told(reads=(1,))),
    bad("columns named with spaces", "a.csv", HEADER.replace(",", " , ") + GOOD, told(reads=(1,))),
    bad("a column named like SQL", "a.csv", HEADER.strip() + ",\"x\"\" as x; drop table events.clickstream; --'\"\n"
        + GOOD.strip() + ",1\n", rows(1, 1, 0)),
    bad("columns named like the loader's own", "a.csv", HEADER.strip() + ",ordinal of the row,is_good,given event_id"
        ",day,load_id,raw,filename,json\n" + GOOD.strip() + ",,f,f,1999-01-01,x,x,x,x\n", rows(1, 1, 0)),
    bad("a header of one line of 5 MB", "a.csv", lambda: b"x" * 5_000_000, refused()),
    bad("2,000 columns", "a.csv", lambda: wide(2_000).encode(), rows(2, 1, 1, lines=(3,))),
    bad("10,000 columns", "a.csv", lambda: wide(10_000).encode(), told(reads=(2,))),
]  # fmt: skip
OTHER = [
    bad("a web page named .csv", "a.csv", "<!DOCTYPE html>\n<html><body>503, try again later</body></html>\n",
        refused("event_id")),
    bad("ndjson named .csv", "a.csv", '{"event_id": "e1"}\n', refused("event_id")),
    bad("a PDF named .csv", "a.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\n", refused()),
]  # fmt: skip


def encoded(letters: str, mark: bytes = b"") -> bytes:
    return mark + (HEADER + event("e1", TURKISH) + event("e2")).encode(letters, errors="replace")


RIGHT = only(element_text=(TURKISH, None))
LETTERS = [
    bad("csv with a byte order mark", "a.csv", encoded("utf-8", codecs.BOM_UTF8), rows(2, 2, 0, values=RIGHT)),
    bad("csv with two byte order marks", "a.csv", encoded("utf-8", codecs.BOM_UTF8 * 2), told(reads=(2,))),
    bad("csv in UTF-16 LE with its mark", "a.csv", encoded("utf-16-le", codecs.BOM_UTF16_LE),
        rows(2, 2, 0, values=RIGHT)),
    bad("csv in UTF-16 BE with its mark", "a.csv", encoded("utf-16-be", codecs.BOM_UTF16_BE),
        rows(2, 2, 0, values=RIGHT)),
    bad("csv in UTF-16 LE without a mark", "a.csv", encoded("utf-16-le"), told(reads=(2,), values=RIGHT)),
    bad("csv in UTF-16 BE without a mark", "a.csv", encoded("utf-16-be"), told(reads=(2,), values=RIGHT)),
    bad("csv in UTF-16 cut in half a letter", "a.csv", encoded("utf-16-le", codecs.BOM_UTF16_LE)[:-1],
        told(reads=(2,), values=RIGHT)),
    bad("csv in UTF-32", "a.csv", encoded("utf-32"), told(reads=(2,), values=RIGHT)),
    bad("csv in Windows-1254", "a.csv", encoded("cp1254"), told(reads=(2,), values=RIGHT)),
    bad("csv in ISO-8859-9", "a.csv", encoded("iso-8859-9"), told(reads=(2,), values=RIGHT)),
    bad("a header in Windows-1254", "a.csv", (HEADER.strip() + ",şehir\n" + GOOD.strip() + ",x\n").encode("cp1254"),
        told(reads=(1,))),
    bad("UTF-8 and Windows-1254 in one file", "a.csv", (HEADER + event("e1", TURKISH)).encode()
        + event("e2", TURKISH).encode("cp1254"), told(reads=(2,), values=only(element_text=TURKISH))),
    bad("overlong UTF-8", "a.csv", (HEADER + event("e1") + event("e2", "X")).encode().replace(b"X", b"\xc0\xaf"), told(
        reads=(2,), values=only(element_text=(None, "À¯")))),
    bad("surrogates in UTF-8", "a.csv", (HEADER + event("e1") + event("e2", "X")).encode().replace(
        b"X", b"\xed\xa0\x80"), told(reads=(2,), values=only(element_text=None))),
    bad("bytes that no encoding has", "a.csv", HEADER.encode() + bytes(range(256)) * 4, told()),
]  # fmt: skip

FILES: list[BadFile] = [*EMPTY, *LINES, *QUOTES, *COLUMNS, *OTHER, *LETTERS]

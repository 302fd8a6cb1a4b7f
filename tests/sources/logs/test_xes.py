"""XES event logs become JSON lines, one event each, and those become a clickstream."""

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.sources.xes import convert
from tests.sources.logs.converted import rows, taken
from tests.sources.vendors.exports import canonical
from tests.warehouse.loads import balance, quarantined

HERE = Path(__file__).parent
LOG = '<log xes.version="1849-2016" xmlns="http://www.xes-standard.org/">{}</log>'
TRACE = '<trace><string key="concept:name" value="k1"/>{}</trace>'


def log(inner):
    return LOG.format(inner)


def event(inner):
    """The one event of a log of one trace."""
    (row,) = rows(convert, log(TRACE.format(f"<event>{inner}</event>")))
    return row["event"]


def test_an_event_has_its_own_attributes_those_of_its_trace_its_place_and_its_line():
    text = log(
        """
        <trace>
            <string key="concept:name" value="k1"/>
            <string key="customer" value="çiğdem &amp; ışık"/>
            <event><string key="concept:name" value="Open"/></event>
            <event>
                <string key="concept:name" value="Close"/>
            </event>
        </trace>
        <trace><event/></trace>
        """
    )
    trace = {"concept:name": "k1", "customer": "çiğdem & ışık"}
    assert rows(convert, text) == [
        {"trace": trace, "event": {"concept:name": "Open"}, "place": 1, "line": 5},
        {"trace": trace, "event": {"concept:name": "Close"}, "place": 2, "line": 6},
        {"trace": {}, "event": {}, "place": 1, "line": 10},
    ]


@pytest.mark.parametrize(
    ("tag", "value", "read"),
    [
        ("string", "42", "42"),
        ("string", "", ""),
        ("id", "0f8f", "0f8f"),
        ("date", "2012-10-09T14:50:17.000+02:00", "2012-10-09T14:50:17.000+02:00"),
        ("int", "-42", -42),
        ("int", " 7 ", 7),
        ("int", "1" * 18, int("1" * 18)),
        ("int", "1" * 5000, "1" * 5000),
        ("int", "1.5", "1.5"),
        ("int", "٣", "٣"),
        ("float", "1.5", 1.5),
        ("float", "1e300", 1e300),
        ("float", "1e999", "1e999"),
        ("float", "NaN", "NaN"),
        ("float", "-INF", "-INF"),
        ("float", "1,5", "1,5"),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("boolean", "TRUE", True),
        ("boolean", "ja", "ja"),
    ],
)
def test_a_value_keeps_its_type_and_what_is_none_stays_text(tag, value, read):
    assert event(f'<{tag} key="a" value="{value}"/>') == {"a": read}
    assert type(event(f'<{tag} key="a" value="{value}"/>')["a"]) is type(read)


@pytest.mark.parametrize(
    ("inner", "read"),
    [
        pytest.param('<string key="a"/>', {"a": None}, id="no value"),
        pytest.param(
            '<string key="a" value="1"><int key="b" value="2"><int key="c" value="3"/></int></string>',
            {"a": "1", "a/b": 2, "a/b/c": 3},
            id="attributes of an attribute",
        ),
        pytest.param(
            '<list key="a"><string key="m" value="of the list"/>'
            '<values><int key="i" value="1"/><int key="i" value="2"><int key="j" value="3"/></int></values></list>',
            {"a": [{"i": 1}, {"i": 2, "i/j": 3}], "a/m": "of the list"},
            id="a list",
        ),
        pytest.param('<list key="a"/>', {"a": []}, id="an empty list"),
        pytest.param(
            '<container key="a"><int key="b" value="1"/><container key="c"/></container>',
            {"a": {"b": 1, "c": {}}},
            id="a container",
        ),
        pytest.param(
            '<int key="a" value="1"/><int key="a" value="2"/><int key="a" value="3"/>',
            {"a": 1, "a/again": [2, 3]},
            id="a key three times",
        ),
        pytest.param('text <!-- a note --><?do it?><int key="a" value="1"/>', {"a": 1}, id="what is no element"),
    ],
)
def test_nothing_of_an_event_is_lost(inner, read):
    assert event(inner) == read


def test_globals_classifiers_extensions_and_the_log_s_own_attributes_are_passed_over():
    """A global's value is a placeholder: an event that lacks its name must be found, not be called __INVALID__."""
    text = log(
        """
        <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
        <global scope="trace"><string key="concept:name" value="__INVALID__"/></global>
        <global scope="event">
            <string key="concept:name" value="__INVALID__"/><list key="l"><values><event/></values></list>
        </global>
        <classifier name="Activity" keys="concept:name lifecycle:transition"/>
        <string key="origin" value="csv"><string key="inner" value="x"/></string>
        <trace><event><int key="a" value="1"/></event></trace>
        """
    )
    assert [(row["trace"], row["event"]) for row in rows(convert, text)] == [({}, {"a": 1})]


def test_an_event_outside_of_traces_has_no_place():
    text = log('<event><int key="a" value="1"/></event>' + TRACE.format("<event/>") + "<event/>")
    assert [(row["trace"], row["place"]) for row in rows(convert, text)] == [
        ({}, None),
        ({"concept:name": "k1"}, 1),
        ({}, None),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-9", "windows-1254"])
def test_a_log_is_read_in_the_encoding_that_it_declares(encoding):
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>' + log(TRACE.format("<event/>"))
    (row,) = rows(convert, text.replace("k1", "ışık Öğe").encode(encoding))
    assert row["trace"] == {"concept:name": "ışık Öğe"}


@pytest.mark.parametrize("text", ["<log/>", "<x:log xmlns:x='http://www.xes-standard.org/'/>", "<log></log>\n"])
def test_a_log_without_events_is_no_error(text):
    assert rows(convert, text) == []


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE log [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><log><string key="a" value="&b;"/></log>'
)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "log: is empty. A log without events is at least <log></log>."),
        ("<html></html>", "log: line 1: is no XES: its first element is <html>, not <log>."),
        ("event_id,occurred_at\n1,2\n", "log: line 1: is not XML and so no XES: syntax error."),
        ('{"events": []}', "log: line 1: is not XML and so no XES: not well-formed (invalid token)."),
        (b"\x00\x01\x02", "is not XML and so no XES"),
        (log("\n<trace></event>"), "log: line 2: is not XML and so no XES: mismatched tag."),
        (log("&nbsp;"), "is not XML and so no XES: undefined entity."),
        (log("") + "<log/>", "is not XML and so no XES: junk after document element."),
        (log("\n\n<trace>").removesuffix("</log>"), "log: line 3: ends before the log does: it was cut off."),
        (log("<trace><event>").removesuffix("ent></log>"), "ends before the log does"),
        (BOMB, "log: line 1: has a document type (<!DOCTYPE …>)"),
        ('<!DOCTYPE log SYSTEM "file:///etc/passwd"><log/>', "has a document type"),
        (log("<trace><event><string value='x'/></event></trace>"), "log: line 1: <string> has no key."),
        (
            log("<trace><event><text key='x'/></event></trace>"),
            "<text> is no attribute of XES. Known: boolean, container",
        ),
        (log("<trace><trace/></trace>"), "<trace> is no attribute of XES."),
        (log("<trace><event><event/></event></trace>"), "<event> is no attribute of XES."),
        (
            log("<trace><event/>\n<int key='late' value='1'/></trace>"),
            "line 2: the attribute 'late' of the trace comes after",
        ),
        (log("<trace><event>" + "<int key='a'>" * 1000), "log: line 1: elements lie more than 50 deep in one another"),
        ('<?xml version="1.0" encoding="klingon"?><log/>', "log: is in an encoding that cannot be read: unknown"),
        ('<?xml version="1.0" encoding="big5"?><log/>', "log: is in an encoding that cannot be read: multi-byte"),
    ],
)
def test_what_is_no_xes_is_refused_with_file_line_and_reason(content, told):
    with pytest.raises(InputError) as caught:
        rows(convert, content)
    assert told in str(caught.value)
    assert str(caught.value).startswith("log: ")


def test_a_file_that_cannot_be_unpacked_is_refused():
    packed = gzip.compress(log(TRACE.format("<event/>" * 100_000)).encode())
    with pytest.raises(InputError, match=r"^log: cannot be read: "), gzip.open(io.BytesIO(packed[:-100])) as content:
        rows(convert, content)  # type: ignore[arg-type]


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=4), st.integers(0, 40))
def test_bytes_that_are_changed_lost_or_added_give_events_or_a_clear_error(at, put_in, taken_out):
    whole = (HERE / "helpdesk.xes").read_bytes()
    at %= len(whole)
    found, told = [], "log: "
    try:
        found = rows(convert, whole[:at] + put_in + whole[at + taken_out :])
    except InputError as error:
        told = str(error)
    assert told.startswith("log: ")
    assert all(set(row) == {"trace", "event", "place", "line"} for row in found)


# --- as a clickstream -------------------------------------------------------------------------------------------------


def test_a_log_gives_exactly_these_canonical_rows(con, tmp_path):
    loaded = taken(con, tmp_path, "xes", convert, (HERE / "helpdesk.xes").read_bytes())
    expected = (HERE / "expected" / "xes.ndjson").read_text(encoding="utf-8").splitlines()
    assert canonical(con) == [json.loads(line) for line in expected]
    assert (loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate) == (8, 6, 2, 0)
    balance(con)


def test_events_without_name_or_time_are_quarantined_and_not_given_a_placeholder(con, tmp_path):
    taken(con, tmp_path, "xes", convert, (HERE / "helpdesk.xes").read_bytes())
    assert [rules for _, rules, _ in quarantined(con)] == [
        ["event_name.required"],
        ["has_a_person", "occurred_at.required", "plausible_time"],
    ]


def test_events_that_are_alike_in_all_but_their_place_are_two(con, tmp_path):
    alike = '<string key="concept:name" value="Wait"/><date key="time:timestamp" value="2026-01-15T10:00:00Z"/>'
    alike = f"<event>{alike}</event>"
    text = log(TRACE.format(alike * 2) + TRACE.replace("k1", "k2").format(alike))
    loaded = taken(con, tmp_path, "xes", convert, text.encode())
    assert loaded.rows_kept == 3


@pytest.mark.parametrize(
    ("trace", "own", "customer"),
    [
        ("", "", None),
        ('<string key="customer" value="c1"/>', "", "c1"),
        ('<int key="customer_id" value="7"/>', "", "7"),
        ("", '<string key="customer" value="c1"/>', "c1"),
        ('<string key="Customer" value="c1"/>', '<string key="customer" value="c2"/>', "c1"),
        ('<string key="customer" value=""/>', '<string key="CustomerID" value="c2"/>', "c2"),
    ],
)
def test_the_customer_is_the_trace_s_else_the_event_s_else_the_case_is_the_person(con, tmp_path, trace, own, customer):
    named = '<string key="concept:name" value="Open"/><date key="time:timestamp" value="2026-01-15T10:00:00Z"/>'
    text = log(TRACE.format(f"{trace}<event>{named}{own}</event>"))
    taken(con, tmp_path, "xes", convert, text.encode())
    (row,) = canonical(con)
    assert (row.get("customer_id"), row["anonymous_id"]) == (customer, "k1")

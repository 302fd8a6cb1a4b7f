"""OCEL 2.0 event logs in JSON become JSON lines, one event each, and those become a clickstream."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.sources import converting
from pipeline.sources.ocel import convert
from tests.sources.logs.converted import rows, taken
from tests.sources.vendors.exports import canonical
from tests.warehouse.loads import balance, quarantined

HERE = Path(__file__).parent
LOG = HERE / "orders.jsonocel"
OBJECTS = [{"id": "c1", "type": "customers"}, {"id": "o1", "type": "orders"}, {"id": "o2", "type": "orders"}]


def log(*events, objects=OBJECTS):
    return json.dumps({"eventTypes": [], "objectTypes": [], "events": events, "objects": objects})


def event(*related, **more):
    relationships = [{"objectId": known, "qualifier": qualifier} for known, qualifier in related]
    return {"id": "e1", "type": "pay", "time": "2026-01-15T10:00:00Z", "relationships": relationships} | more


def test_an_event_knows_its_objects_by_type_and_by_role():
    related = event(("o1", "order"), ("c1", "payer"), ("o2", "order"), ("c1", "holder"), ("gone", "order"))
    attributes = [{"name": "total", "value": 12.5}, {"name": "channel", "value": "web"}]
    assert rows(convert, log(related | {"attributes": attributes})) == [
        {
            "event": {"id": "e1", "type": "pay", "time": "2026-01-15T10:00:00Z"},
            "attributes": {"total": 12.5, "channel": "web"},
            "objects": {"orders": ["o1", "o2"], "customers": ["c1"]},
            "roles": {"order": ["o1", "o2", "gone"], "payer": ["c1"], "holder": ["c1"]},
            "unresolved": ["gone"],
            "place": 1,
        }
    ]


@pytest.mark.parametrize(
    "order", [["events", "objects"], ["objects", "events"], ["objects", "events", "other", "events"]]
)
def test_objects_may_stand_before_or_after_the_events(order):
    parts = {"events": [event(("o1", ""))], "objects": OBJECTS, "other": {"events": [1], "a": [[]]}}
    text = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(parts[key])}" for key in order) + "}"
    found = rows(convert, text)
    assert [row["objects"] for row in found] == [{"orders": ["o1"]}] * order.count("events")
    assert [row["place"] for row in found] == list(range(1, order.count("events") + 1))


@pytest.mark.parametrize(
    "odd",
    [
        None,
        5,
        "text",
        [],
        {"relationships": 5},
        {"relationships": [5]},
        {"relationships": [{"objectId": 5}]},
        {"attributes": {}, "relationships": {"objectId": "o1"}},
        {"attributes": [{"value": 1}]},
    ],
)
def test_what_is_not_shaped_like_an_event_is_handed_on_as_it_is(odd):
    assert rows(convert, log(odd, event())) == [
        {"event": odd, "place": 1},
        {
            "event": {"id": "e1", "type": "pay", "time": "2026-01-15T10:00:00Z"},
            "attributes": {},
            "objects": {},
            "roles": {},
            "place": 2,
        },
    ]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("1.50", 1.5),
        ("-0", 0),
        ("-123456789012345678", -123456789012345678),
        ("123456789012345678", 123456789012345678),
        ("1234567890123456789", "1234567890123456789"),
        ("1" * 5000, "1" * 5000),
        ("1e999", "1e999"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\ud800"', "\ud800"),
        ('{"a": [1, null, true]}', {"a": [1, None, True]}),
    ],
)
def test_values_are_kept_and_numbers_beyond_json_s_are_text(value, read):
    text = log(event(attributes=[{"name": "a", "value": "@"}])).replace('"@"', value)
    assert rows(convert, text)[0]["attributes"] == {"a": read}


@pytest.mark.parametrize("piece", [1, 2, 3])
@pytest.mark.parametrize("number", ["12", "-1.25", "1.5e-3", "2E+10", "-0"])
def test_a_number_may_go_on_in_the_next_piece(number, piece, monkeypatch):
    monkeypatch.setattr(converting, "PIECE", piece)
    text = f'{{"version":{number},"objects":[{number}, {number}],"events":[{number} ,{number}]}}'
    assert [row["event"] for row in rows(convert, text)] == [float(number)] * 2


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64])
def test_where_a_piece_ends_makes_no_difference(piece, monkeypatch):
    whole = rows(convert, LOG.read_bytes())
    monkeypatch.setattr(converting, "PIECE", piece)
    assert rows(convert, LOG.read_bytes()) == whole
    assert rows(convert, b"\xef\xbb\xbf" + LOG.read_bytes()) == whole
    assert len(whole) == 9


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(derandomize=True, deadline=None)
@given(st.lists(JSON), st.lists(JSON), st.integers(0, 2**32))
def test_whatever_is_json_is_read_like_python_reads_it(events, objects, seed):
    own = [each for each in objects if not (isinstance(each, dict) and isinstance(each.get("id"), str))]
    blanks = random.Random(seed)
    text = json.dumps({"events": events, "objects": own, "other": events}, indent=blanks.choice([None, 0, 3]))
    found = rows(convert, text)
    assert [row["place"] for row in found] == list(range(1, len(events) + 1))
    for row, given_ in zip(found, events, strict=True):
        if not isinstance(given_, dict):
            assert row["event"] == given_
        else:
            own_keys = {key: value for key, value in given_.items() if key not in {"attributes", "relationships"}}
            assert row["event"] in (given_, own_keys)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "log: is empty."),
        ("SQLite format 3\x00 …", "log: is OCEL in SQLite, which is not read. Export the log as OCEL 2.0 in JSON."),
        ("<log/>", "log: is OCEL in XML, which is not read. Export the log as OCEL 2.0 in JSON."),
        ("\ufeff \n<?xml version='1.0'?><log/>", "log: is OCEL in XML"),
        ('{"ocel:global-log": {}, "ocel:events": {}}', "log: is OCEL 1.0. Export it as OCEL 2.0 in JSON."),
        ("[]", "log: is no JSON object, at character 1."),
        ("{}", "log: is no OCEL 2.0: it has no events and no objects."),
        ('{"events": []}', "log: is no OCEL 2.0: it has no objects."),
        ('{"events": {}, "objects": []}', "log: has events that are no list: it is no OCEL 2.0."),
        ('{"events": [], "objects": 5}', "log: has objects that are no list: it is no OCEL 2.0."),
        ('{"events": [], "objects": []} {}', "log: goes on after its end, at character 31."),
        ('{"events": [1 2]}', "log: lacks a , between two items, at character 15."),
        ('{"events": [1,]}', "log: has a , before a ], at character 15."),
        ('{"events": [] "objects": []}', "log: lacks a , between two keys, at character 15."),
        ('{"events": [],}', "log: has a , before a }, at character 15."),
        ("{5: []}", "log: has 5 where a key should be, at character 3."),
        ('{"events" []}', "log: lacks the : after a key, at character 11."),
        ('{"events": [{"a": nope}]}', "log: is cut off, or no JSON (Expecting value), at character 13."),
        ('{"events": [{"a": "b', "log: is cut off, or no JSON (Unterminated string starting at), at character 13."),
        ('{"events": [1, ', "log: ends before the log does: it was cut off. Export it again."),
        ('{"events": []', "log: ends before the log does: it was cut off. Export it again."),
        ("{", "log: ends before the log does: it was cut off. Export it again."),
        (b'{"events": ["\xff"]}', "log: is not text in UTF-8, which JSON is written in."),
        (log().encode("utf-16"), "log: is not text in UTF-8, which JSON is written in."),
        ('{"events": [' + "[" * 100_000, "log: lies too deep in itself to be an event log."),
        (
            log(objects=[*OBJECTS, {"id": "o1", "type": "items"}]),
            "log: has the object 'o1' twice: as 'orders' and as 'items'.",
        ),
    ],
)
def test_what_is_no_ocel_is_refused_with_file_place_and_reason(content, told):
    with pytest.raises(InputError) as caught:
        rows(convert, content)
    assert str(caught.value).startswith(told)


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 10_000), st.binary(max_size=4), st.integers(0, 40))
def test_bytes_that_are_changed_lost_or_added_give_events_or_a_clear_error(at, put_in, taken_out):
    whole = LOG.read_bytes()
    at %= len(whole)
    found, told = [], "log: "
    try:
        found = rows(convert, whole[:at] + put_in + whole[at + taken_out :])
    except InputError as error:
        told = str(error)
    assert told.startswith("log: ")
    assert all({"event", "place"} <= set(row) for row in found)


@pytest.mark.parametrize("length", [3_000, 10_000])
def test_an_item_that_is_too_long_is_refused(length, monkeypatch):
    monkeypatch.setattr(converting, "LONGEST_LINE", 4_000)
    monkeypatch.setattr(converting, "PIECE", 1_000)
    text = log(event(attributes=[{"name": "a", "value": "x" * length}]))
    if length < 4_000:
        assert len(rows(convert, text)) == 1
    else:
        with pytest.raises(InputError, match="longer than 4,000 bytes: this is no event log"):
            rows(convert, text)


def test_long_names_of_types_that_are_repeated_too_often_are_refused(monkeypatch):
    monkeypatch.setattr(converting, "FIRST_PART", 100_000)
    related = [event(("o1", ""))] * 1000
    assert len(rows(convert, log(*related))) == 1000
    with pytest.raises(InputError, match="are repeated too often"):
        rows(convert, log(*related, objects=[{"id": "o1", "type": "x" * 50_000}]))


# --- as a clickstream -------------------------------------------------------------------------------------------------


def test_a_log_gives_exactly_these_canonical_rows(con, tmp_path):
    loaded = taken(con, tmp_path, "ocel", convert, LOG.read_bytes())
    expected = (HERE / "expected" / "ocel.ndjson").read_text(encoding="utf-8").splitlines()
    assert canonical(con) == [json.loads(line) for line in expected]
    # the restocking is of no customer and no order
    assert (loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate) == (8, 4, 4, 0)
    balance(con)


def test_events_without_id_or_time_or_shape_are_quarantined(con, tmp_path):
    taken(con, tmp_path, "ocel", convert, LOG.read_bytes())
    assert [(line, rules) for line, rules, _ in quarantined(con)] == [
        (6, ["occurred_at.type", "plausible_time"]),
        (7, ["event_id.required"]),
        (8, ["has_a_person"]),
        (9, ["event_id.required", "event_name.required", "has_a_person", "occurred_at.required", "plausible_time"]),
    ]


@pytest.mark.parametrize(
    ("kinds", "customer", "order"),
    [
        (["customers", "orders"], "x1", "x2"),
        (["Customer", "Sales_Order"], "x1", "x2"),
        (["CLIENTS", "sales order"], "x1", "x2"),
        (["users", "customer orders"], "x1", "x2"),
        (["customers", "customers", "order"], None, "x3"),
        (["customers", "orders", "orders"], "x1", None),
        (["consumer", "purchase order"], "x1", None),
    ],
)
def test_customers_and_orders_are_known_by_their_type_s_name(con, tmp_path, kinds, customer, order):
    objects = [{"id": f"x{place}", "type": kind} for place, kind in enumerate(kinds, start=1)]
    text = log(event(*[(each["id"], "") for each in objects]), objects=objects)
    taken(con, tmp_path, "ocel", convert, text.encode())
    (row,) = canonical(con)
    assert (row.get("customer_id"), row.get("order_id"), row.get("anonymous_id")) == (customer, order, order)


def test_events_of_neither_customer_nor_order_are_left_out(con, tmp_path):
    objects = [{"id": "i1", "type": "items"}, {"id": "a1", "type": "disorders"}]
    text = log(event(("i1", ""), ("a1", "")), event(), objects=objects)
    assert taken(con, tmp_path, "ocel", convert, text.encode()).rows_read == 0

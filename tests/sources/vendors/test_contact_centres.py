"""Built-in mappings of contact centres: each reads a small export, with the format's traps in it.

One document gives several waits, so rows are counted by wait. Expected rows stand in `contact_centres/expected`.
"""

import json
from pathlib import Path

import pytest

from pipeline import terminal
from pipeline.contracts.contract import load as load_contract
from tests.sources.vendors.exports import canonical, expected, vendor
from tests.warehouse.loads import balance, put, quarantined, take

HERE = Path(__file__).parent / "contact_centres"
GIVES = [
    ("amazon_connect", "wait_time"),
    ("genesys", "wait_time"),
    ("genesys", "feedback"),
    ("zendesk_events", "wait_time"),
    ("zendesk_metrics", "wait_time"),
    ("zendesk_ratings", "feedback"),
]
WAITS = [name for name, contract in GIVES if contract == "wait_time"]
NOT_A_RECORD = ["null", "[]", "5", '"text"', "{}", "{", '{"id": null, "ContactId": "", "conversationId": null}']
ODD = {
    "amazon_connect": [
        '{"ContactId": "k", "Queue": 5}',
        '{"ContactId": "k", "Agent": [], "InitiationMethod": {}}',
        '{"Queue": {"EnqueueTimestamp": "2026-01-15T09:00:00Z"}, "SegmentAttributes": 5}',
        '{"ContactId": "k", "Queue": {"EnqueueTimestamp": {}, "Duration": "long"}, "CustomerEndpoint": []}',
    ],
    "genesys": [
        '{"conversationId": "v", "participants": 5}',
        '{"conversationId": "v", "participants": [null, 5]}',
        '{"conversationId": "v", "participants": [{"purpose": "acd", "sessions": 5}]}',
        '{"conversationId": "v", "participants": [{"purpose": "acd", "sessions": [null]}]}',
        '{"conversationId": "v", "participants": [{"purpose": "acd", "sessions": [{"segments": {}, "metrics": 1}]}]}',
    ],
    "zendesk_events": [
        '{"id": 1, "metric_events": 5}',
        '{"id": 1, "metric_events": []}',
        '{"id": 1, "metric_events": {"reply_time": 5}}',
        '{"id": 1, "metric_events": {"reply_time": [null, 5, {"instance_id": {}}]}}',
        '{"metric_events": {"reply_time": []}, "via": 5, "tags": {}}',
    ],
    "zendesk_metrics": [
        '{"id": 1, "metric_set": 5, "via": [], "tags": 1}',
        '{"id": {}, "metric_set": {"reply_time_in_minutes": 5, "solved_at": []}, "status": 5}',
        '{"id": 1, "requester_id": 2, "created_at": "never", "metric_set": {}}',
    ],
    "zendesk_ratings": ['{"score": {}}', '{"id": 1, "requester_id": 2, "score": [], "updated_at": 5}'],
}


def fixture(name):
    return HERE / f"{name}.ndjson"


def waits(con, *names):
    return con.execute(f"select wait_id, {', '.join(names)} from events.wait_time order by wait_id").fetchall()


def lines_of(name, *kept):
    """The fixture's lines of those numbers, from 1."""
    lines = fixture(name).read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(lines[number - 1] for number in kept)


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_an_export_gives_exactly_these_canonical_rows(con, name, contract):
    take(con, fixture(name), contract, mapping=vendor(name))
    assert canonical(con, contract) == expected(HERE / "expected" / f"{name}.{contract}.ndjson")


@pytest.mark.parametrize(
    ("name", "contract", "read", "kept", "bad", "duplicate"),
    [
        pytest.param("amazon_connect", "wait_time", 20, 12, 6, 2, id="connect: six contacts wait nowhere"),
        pytest.param("genesys", "wait_time", 21, 11, 6, 4, id="genesys: two conversations wait nowhere"),
        pytest.param("genesys", "feedback", 4, 1, 2, 1, id="genesys: conversations without an answer are left out"),
        pytest.param("zendesk_events", "wait_time", 21, 10, 8, 3, id="zendesk: doubled events are one"),
        pytest.param("zendesk_metrics", "wait_time", 24, 16, 6, 2, id="zendesk: a deleted ticket is left out"),
        pytest.param("zendesk_ratings", "feedback", 6, 2, 3, 1, id="zendesk: an offered rating is left out"),
    ],
)
def test_every_wait_of_an_export_is_counted(con, name, contract, read, kept, bad, duplicate):
    loaded = take(con, fixture(name), contract, mapping=vendor(name))
    counts = (loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate)
    assert counts == (read, kept, bad, duplicate)
    balance(con)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("amazon_connect", [(19, ["ends_after_start"]), (20, ["wait_id.required", "wait_type.required"])]),
        ("amazon_connect", [(21, ["channel.known"])]),
        ("genesys", [(12, ["ends_after_start"]), (14, ["channel.known"])]),
        ("zendesk_events", [(6, ["customer_id.required"]), (10, ["channel.known"])]),
        ("zendesk_metrics", [(7, ["customer_id.required"])]),
    ],
)
def test_a_bad_record_is_quarantined_with_its_line_and_rule(con, name, bad):
    take(con, fixture(name), "wait_time", mapping=vendor(name))
    found = [(line, rules) for line, rules, _ in quarantined(con)]
    assert [each for each in bad if each not in found] == []


@pytest.mark.parametrize("name", ["zendesk_metrics", "zendesk_events"])
def test_a_ticket_that_was_exported_without_its_measures_is_quarantined(con, name, tmp_path):
    ticket = '{"id": 9, "created_at": "2026-01-15T09:00:00Z", "requester_id": 7, "via": {"channel": "web"}}'
    loaded = take(con, put(tmp_path, "a.ndjson", ticket), "wait_time", mapping=vendor(name))
    assert (loaded.rows_read, loaded.rows_quarantined) == (1, 1)
    assert "started_at.required" in quarantined(con)[0][1]


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_an_empty_export_is_no_error(con, name, contract, tmp_path):
    assert take(con, put(tmp_path, "a.ndjson", ""), contract, mapping=vendor(name)).rows_read == 0


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_a_line_of_another_shape_is_quarantined_and_stops_nothing(con, name, contract, tmp_path):
    odd = NOT_A_RECORD + (ODD[name] if (name, contract) != ("genesys", "feedback") else [])
    loaded = take(con, put(tmp_path, "odd.ndjson", "\n".join(odd)), contract, mapping=vendor(name))
    assert [line for line, _, _ in quarantined(con)] == list(range(1, len(odd) + 1))
    assert (loaded.rows_read, loaded.rows_quarantined) == (len(odd), len(odd))
    balance(con)


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_times_do_not_depend_on_the_project_s_zone(con, name, contract):
    con.execute("set timezone = 'Europe/Istanbul'")
    try:
        take(con, fixture(name), contract, mapping=vendor(name))
        assert canonical(con, contract) == expected(HERE / "expected" / f"{name}.{contract}.ndjson")
    finally:
        con.execute("set timezone = 'UTC'")


@pytest.mark.parametrize(
    ("name", "first", "then", "before", "after"),
    [
        pytest.param(
            "zendesk_metrics",
            4,
            3,
            [("102:first_response", "open", None), ("102:resolution", "open", None)],
            [("102:first_response", "served", 3600), ("102:resolution", "served", 10200)],
            id="zendesk_metrics: a ticket is solved",
        ),
        pytest.param(
            "zendesk_events",
            3,
            4,
            [("202:first_response", "open", None), ("202:resolution", "open", None)],
            [("202:first_response", "served", 5400), ("202:resolution", "open", None)],
            id="zendesk_events: a ticket is answered",
        ),
        pytest.param(
            "genesys",
            4,
            3,
            [("v3:s1", "open", None)],
            [("v3:s1", "served", 415), ("v3:s2:hold:1", "abandoned", 600)],
            id="genesys: a chat is answered, and left while on hold",
        ),
        pytest.param(
            "amazon_connect",
            1,
            3,
            [("k1:hold", "served", 90), ("k1:queue", "served", 70)],
            [("k1:hold", "served", 90), ("k1:queue", "served", 70)],
            id="connect: an attribute is added",
        ),
    ],
)
def test_the_later_version_of_a_record_wins_whichever_comes_first(con, name, first, then, before, after, tmp_path):
    told = ("outcome", "date_diff('second', started_at, ended_at)")
    take(con, put(tmp_path, "1.ndjson", lines_of(name, first)), "wait_time", mapping=vendor(name))
    assert waits(con, *told) == before
    take(con, put(tmp_path, "2.ndjson", lines_of(name, then)), "wait_time", mapping=vendor(name))
    assert waits(con, *told) == after
    received = waits(con, "received_at")
    take(con, put(tmp_path, "3.ndjson", lines_of(name, first) + " "), "wait_time", mapping=vendor(name))
    assert waits(con, *told) == after
    assert waits(con, "received_at") == received
    balance(con)


@pytest.mark.parametrize("end", [None, ""])
def test_a_conversation_that_goes_on_has_waits_without_an_end_however_the_export_writes_that(con, end, tmp_path):
    def segment(kind, start, until):
        at = f"2026-01-15T09:{start}:00.000Z"
        return {"segmentType": kind, "segmentStart": at, "queueId": "q", "segmentEnd": until}

    def participant(purpose, *segments):
        session = {"sessionId": purpose, "mediaType": "voice", "direction": "inbound", "segments": segments}
        return {"purpose": purpose, "externalContactId": "x", "sessions": [session]}

    def conversation(name, *participants):
        start = {"conversationId": name, "conversationStart": "2026-01-15T09:00:00.000Z"}
        return json.dumps(
            start | {"participants": [participant("customer", segment("interact", "00", end)), *participants]}
        )

    ended = "2026-01-15T09:05:00.000Z"
    text = "\n".join([
        conversation("waits", participant("acd", segment("delay", "00", ended), segment("interact", "05", end))),
        conversation(
            "talks",
            participant("acd", segment("interact", "00", ended)),
            participant("agent", segment("interact", "05", ended), segment("interact", "06", end)),
        ),
    ])  # fmt: skip
    take(con, put(tmp_path, "a.ndjson", text), "wait_time", mapping=vendor("genesys"))
    assert waits(con, "outcome", "date_diff('second', started_at, ended_at)", "handled_seconds") == [
        ("talks:acd", "served", 300, None),
        ("waits:acd", "open", None, None),
    ]


def test_customers_wait_by_the_calendar_and_not_by_business_hours(con):
    take(con, fixture("zendesk_metrics"), "wait_time", mapping=vendor("zendesk_metrics"))
    minutes = dict(waits(con, "date_diff('minute', started_at, ended_at)"))
    assert minutes["101:first_response"] == 95  # 35 of them in business hours


def test_a_ticket_has_the_same_waits_in_both_of_zendesk_s_formats(con, tmp_path):
    ticket = json.loads(lines_of("zendesk_events", 5))
    measured = json.loads(lines_of("zendesk_metrics", 1))["metric_set"]
    path = put(tmp_path, "a.ndjson", json.dumps(ticket | {"metric_set": measured}))
    found = []
    for name in ("zendesk_metrics", "zendesk_events"):
        take(con, path, "wait_time", mapping=vendor(name))
        found.append({wait for (wait,) in con.execute("select wait_id from events.wait_time").fetchall()})
    assert found[0] == {"203:first_response", "203:resolution"}
    assert found[1] == found[0] | {"203:next_response:2"}


def test_a_caller_who_withholds_the_number_is_a_customer_of_that_contact_only(con):
    for name in ("amazon_connect", "genesys"):
        take(con, fixture(name), "wait_time", mapping=vendor(name))
    unknown = con.execute(
        "select distinct customer_id, contact_id from events.wait_time where customer_id like 'contact:%' order by 1"
    ).fetchall()
    assert unknown == [(f"contact:{each}", each) for each in ("k3", "k9", "v3", "v4")]


def test_the_legs_of_a_transferred_contact_and_its_callback_are_one_contact(con):
    take(con, fixture("amazon_connect"), "wait_time", mapping=vendor("amazon_connect"))
    found = con.execute(
        "select contact_id, list(wait_id order by started_at), list(outcome order by started_at) "
        "from events.wait_time group by contact_id having count(*) > 1 order by all"
    ).fetchall()
    assert found == [
        ("k1", ["k1:queue", "k1:hold"], ["served", "served"]),
        ("k4", ["k4:queue", "k5:queue"], ["served", "abandoned"]),
        ("k6", ["k6:queue", "k7:callback"], ["transferred", "served"]),
    ]


@pytest.mark.parametrize("name", WAITS)
def test_every_word_of_a_source_becomes_one_that_the_contract_knows(name):
    known = {column.name: set(column.allowed) for column in load_contract("wait_time").inputs if column.allowed}
    for column, words in vendor(name).contracts["wait_time"].words.items():
        assert set(words.values()) <= known[column]


def test_zendesk_s_channels_are_the_same_in_both_of_its_formats():
    first, second = (vendor(name).contracts["wait_time"].words for name in ("zendesk_metrics", "zendesk_events"))
    assert first == second


@pytest.mark.parametrize("name", [*WAITS, "zendesk_ratings"])
def test_the_list_of_formats_tells_a_format_in_one_short_sentence(name):
    assert len(vendor(name).description.partition(". ")[0]) <= 80


@pytest.mark.parametrize("name", [*WAITS, "zendesk_ratings"])
def test_a_mapping_is_shown_in_lines_that_a_terminal_can_break(capsys, name):
    terminal.mapping(vendor(name))
    shown = capsys.readouterr().out
    assert "not supplied: " in shown
    assert "\\x0a" not in shown

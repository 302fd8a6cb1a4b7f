"""Real-user monitoring: what Datadog and New Relic found frustrating is evidence; their formats have their traps."""

import json
from pathlib import Path

import pytest

from tests.sources.vendors.exports import canonical, expected, vendor
from tests.warehouse.loads import balance, put, quarantined, take

HERE = Path(__file__).parent / "rum"
VENDORS = ("datadog_rum", "newrelic_browser")


def one(con, tmp_path, name, event):
    """The canonical row of one event; None where the mapping leaves it out."""
    loaded = take(con, put(tmp_path, "one.ndjson", json.dumps(event) + "\n"), mapping=vendor(name))
    assert loaded.rows_read == loaded.rows_kept
    rows = canonical(con)
    return rows[0] if rows else None


@pytest.mark.parametrize("name", VENDORS)
def test_an_export_gives_exactly_these_canonical_rows(con, name):
    take(con, HERE / f"{name}.ndjson", mapping=vendor(name))
    assert canonical(con) == expected(HERE / "expected" / f"{name}.ndjson")


@pytest.mark.parametrize(
    ("name", "lines", "left_out", "kept", "bad", "duplicate"),
    [
        pytest.param("datadog_rum", 20, 2, 12, 4, 2, id="datadog_rum: a view in two versions, an action by two ways"),
        pytest.param("newrelic_browser", 20, 3, 14, 3, 0, id="newrelic_browser: one event in two orders of attributes"),
    ],
)
def test_every_row_of_an_export_is_counted(con, name, lines, left_out, kept, bad, duplicate):
    path = HERE / f"{name}.ndjson"
    loaded = take(con, path, mapping=vendor(name))
    counts = (loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate)
    assert len(path.read_text(encoding="utf-8").splitlines()) == lines
    assert counts == (lines - left_out, kept, bad, duplicate)
    balance(con)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "datadog_rum",
            [
                (18, ["occurred_at.required", "plausible_time"]),
                (19, ["has_a_person"]),
                (20, ["event_id.required"]),
                (None, ["event_id.superseded"]),
            ],
        ),
        (
            "newrelic_browser",
            [
                (19, ["has_a_person"]),
                (20, ["occurred_at.required", "plausible_time"]),
                (None, ["event_id.superseded"]),
            ],
        ),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_rule(con, name, expected):
    take(con, HERE / f"{name}.ndjson", mapping=vendor(name))
    assert [(line, rules) for line, rules, _ in quarantined(con)] == expected


@pytest.mark.parametrize("name", VENDORS)
def test_an_empty_export_is_no_error(con, name, tmp_path):
    assert take(con, put(tmp_path, "empty.ndjson", ""), mapping=vendor(name)).rows_read == 0


@pytest.mark.parametrize("name", VENDORS)
def test_a_line_of_another_shape_is_quarantined_and_stops_nothing(con, name, tmp_path):
    odd = ["null", "[]", "5", '"text"', "{}", "{", '{"attributes": 5}', '{"attributes": {"attributes": [1]}}']
    odd += ['{"type": "action", "action": 5}', '{"type": {"a": 1}}', '{"type": "view", "date": 1e300, "view": []}']
    odd += ['{"eventType": "PageViewTiming", "timingName": "largestContentfulPaint", "largestContentfulPaint": {}}']
    odd += ['{"action": "click", "action": "click", "timestamp": -1e300}', '{"webdriverDetected": "perhaps"}']
    loaded = take(con, put(tmp_path, "odd.ndjson", "\n".join(odd)), mapping=vendor(name))
    assert (loaded.rows_read, loaded.rows_quarantined) == (len(odd), len(odd))
    balance(con)


@pytest.mark.parametrize("name", VENDORS)
def test_times_do_not_depend_on_the_project_s_zone(con, name):
    con.execute("set timezone = 'Europe/Istanbul'")
    try:
        take(con, HERE / f"{name}.ndjson", mapping=vendor(name))
        given = expected(HERE / "expected" / f"{name}.ndjson")
        assert [row["occurred_at"] for row in canonical(con)] == [row["occurred_at"] for row in given]
    finally:
        con.execute("set timezone = 'UTC'")


@pytest.mark.parametrize(
    ("source", "frustrations", "name"),
    [
        ("browser", None, "click"),
        ("browser", [], "click"),
        ("browser", ["dead_click"], "dead_click"),
        ("browser", ["dead_click", "error_click"], "error_click"),
        ("browser", ["dead_click", "error_click", "rage_click"], "rage_click"),
        ("android", ["error_tap"], "error_click"),
        ("ios", ["rage_tap"], "rage_click"),
    ],
)
def test_an_action_of_datadog_is_named_by_its_worst_frustration(con, tmp_path, source, frustrations, name):
    found = {} if frustrations is None else {"frustration": {"type": frustrations}}
    action = {"id": "k1", "type": "click" if source == "browser" else "tap"} | found
    event = {"type": "action", "date": 1768471200000, "source": source, "usr": {"id": "c1"}, "action": action}
    row = one(con, tmp_path, "datadog_rum", event)
    assert row["event_name"] == name
    has_error = any(each.startswith("error_") for each in frustrations or [])
    assert row.get("outcome") == ("error" if has_error else None)


@pytest.mark.parametrize(
    ("session", "is_test"),
    [({"type": "user"}, False), ({"type": "synthetics"}, True), ({"type": "ci_test"}, True), ({}, None)],
)
def test_datadog_s_own_browser_tests_are_tests(con, tmp_path, session, is_test):
    event = {"type": "view", "date": 1768471200000, "view": {"id": "v1"}, "usr": {"id": "c1"}, "session": session}
    assert one(con, tmp_path, "datadog_rum", event).get("is_test") is is_test


@pytest.mark.parametrize(
    ("marks", "name"),
    [
        ({}, "click"),
        ({"deadClick": False}, "click"),
        ({"deadClick": True}, "dead_click"),
        ({"deadClick": True, "errorClick": True}, "error_click"),
        ({"deadClick": True, "rageClick": True}, "rage_click"),
    ],
)
def test_a_click_of_new_relic_is_named_by_its_worst_mark(con, tmp_path, marks, name):
    event = {"eventType": "UserAction", "action": "click", "timestamp": 1768471200000, "session": "s1"} | marks
    assert one(con, tmp_path, "newrelic_browser", event)["event_name"] == name


@pytest.mark.parametrize(
    ("timing", "seconds", "metric", "value"),
    [
        ("firstContentfulPaint", 1.8, "fcp", 1800.0),
        ("largestContentfulPaint", 2.5, "lcp", 2500.0),
        ("interactionToNextPaint", 0.2, "inp", 200.0),
        ("cumulativeLayoutShift", 0.1, "cls", 0.1),
    ],
)
def test_new_relic_s_web_vitals_are_in_milliseconds_but_a_shift_has_no_unit(
    con, tmp_path, timing, seconds, metric, value
):
    event = {"eventType": "PageViewTiming", "timingName": timing, timing: seconds, "timestamp": 1768471200000}
    row = one(con, tmp_path, "newrelic_browser", event | {"session": "s1"})
    assert (row["event_name"], row["metric"], row["value"]) == ("web_vital", metric, value)


@pytest.mark.parametrize("timing", ["firstPaint", "firstInteraction", "pageHide", "windowLoad", "longTask"])
def test_other_timings_of_new_relic_are_left_out(con, tmp_path, timing):
    event = {"eventType": "PageViewTiming", "timingName": timing, timing: 1.0, "timestamp": 1768471200000}
    assert one(con, tmp_path, "newrelic_browser", event | {"session": "s1"}) is None

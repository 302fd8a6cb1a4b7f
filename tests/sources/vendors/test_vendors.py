"""Built-in mappings of clickstream vendors: each reads a small export, with the format's traps in it."""

import json
from pathlib import Path

import pytest

from pipeline.contracts.contract import load as load_contract
from pipeline.sources import mapping
from pipeline.warehouse.unloading import unload
from tests.sources.vendors.exports import canonical, expected, vendor
from tests.warehouse.loads import balance, put, quarantined, take

HERE = Path(__file__).parent
VENDORS = ("amplitude", "ga4", "mixpanel", "posthog", "rudderstack", "segment", "snowplow")
GA4 = (
    "page_view screen_view session_start click scroll search view_search_results view_item view_item_list select_item "
    "add_to_cart remove_from_cart view_cart add_to_wishlist begin_checkout add_shipping_info add_payment_info purchase "
    "refund view_promotion select_promotion share login sign_up form_start form_submit file_download"
)
OURS = (
    "form_error form_change form_focus coupon_error payment_error page_error help_view web_vital page_leave rage_click "
    "dead_click dead_swipe error_click thrashed_cursor checkout_step_view checkout_step_complete order_update "
    "order_cancel coupon_enter coupon_apply coupon_remove remove_from_wishlist filter_list review"
)
FRICTION = {
    "posthog": {"$rageclick": "rage_click", "$dead_click": "dead_click", "$dead_swipe": "dead_swipe"},
    "amplitude": {
        "[Amplitude] Rage Click": "rage_click",
        "[Amplitude] Dead Click": "dead_click",
        "[Amplitude] Error Click": "error_click",
        "[Amplitude] Thrashed Cursor": "thrashed_cursor",
    },
    "mixpanel": {
        "[Auto] Rage Click": "rage_click",
        "$mp_rage_click": "rage_click",
        "[Auto] Dead Click": "dead_click",
        "$mp_dead_click": "dead_click",
    },
}


def fixture(name):
    return HERE / f"{name}.{'tsv' if name == 'snowplow' else 'ndjson'}"


@pytest.mark.parametrize("name", VENDORS)
def test_an_export_gives_exactly_these_canonical_rows(con, name):
    take(con, fixture(name), mapping=vendor(name))
    assert canonical(con) == expected(HERE / "expected" / f"{name}.ndjson")


@pytest.mark.parametrize(
    ("name", "read", "kept", "bad", "duplicate"),
    [
        pytest.param("amplitude", 12, 10, 1, 1, id="amplitude: a doubled $insert_id; identify is left out"),
        pytest.param("ga4", 12, 8, 2, 2, id="ga4: parameters in another order are the same event"),
        pytest.param("mixpanel", 9, 6, 2, 1, id="mixpanel: one $insert_id of two events is two events"),
        pytest.param("posthog", 12, 10, 1, 1, id="posthog: identify and the heatmap are left out"),
        pytest.param("rudderstack", 10, 6, 3, 1, id="rudderstack: a retry sends the same messageId"),
        pytest.param("segment", 10, 6, 3, 1, id="segment: a retry sends the same messageId"),
        pytest.param("snowplow", 12, 9, 2, 1, id="snowplow: a row of three fields"),
    ],
)
def test_every_row_of_an_export_is_counted(con, name, read, kept, bad, duplicate):
    loaded = take(con, fixture(name), mapping=vendor(name))
    counts = (loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate)
    assert counts == (read, kept, bad, duplicate)
    balance(con)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("segment", [(9, ["has_a_person"]), (10, ["value.type"])]),
        ("amplitude", [(9, ["occurred_at.type", "plausible_time"])]),
        ("posthog", [(11, ["event_id.required"])]),
        ("snowplow", [(8, ["has_a_person"]), (9, ["row.missing_columns"])]),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_rule(con, name, expected):
    take(con, fixture(name), mapping=vendor(name))
    assert [(line, rules) for line, rules, _ in quarantined(con)][: len(expected)] == expected


@pytest.mark.parametrize("name", VENDORS)
def test_an_empty_export_is_no_error(con, name, tmp_path):
    loaded = take(con, put(tmp_path, fixture(name).name, ""), mapping=vendor(name))
    assert loaded.rows_read == 0


@pytest.mark.parametrize("name", [name for name in VENDORS if name != "snowplow"])
def test_a_line_of_another_shape_is_quarantined_and_stops_nothing(con, name, tmp_path):
    odd = ["null", "[]", "5", '"text"', "{}", "{", '{"properties": 5, "event_properties": [], "items": 1}']
    odd += ['{"event_params": 5}', '{"event_params": [null, 5, {"key": {}}]}', '{"properties": "{}", "context": []}']
    loaded = take(con, put(tmp_path, "odd.ndjson", "\n".join(odd)), mapping=vendor(name))
    assert (loaded.rows_read, loaded.rows_quarantined) == (len(odd), len(odd))
    balance(con)


@pytest.mark.parametrize("name", VENDORS)
def test_times_do_not_depend_on_the_project_s_zone(con, name):
    con.execute("set timezone = 'Europe/Istanbul'")
    try:
        take(con, fixture(name), mapping=vendor(name))
        given = expected(HERE / "expected" / f"{name}.ndjson")
        assert [row["occurred_at"] for row in canonical(con)] == [row["occurred_at"] for row in given]
    finally:
        con.execute("set timezone = 'UTC'")


def test_a_rewritten_ga4_table_replaces_what_it_held_and_events_keep_their_ids(con, tmp_path):
    first = fixture("ga4").read_text(encoding="utf-8")
    rewritten = first.replace('"user_id": null, "user_pseudo_id": "', '"user_id": "c1", "user_pseudo_id": "')
    take(con, put(tmp_path, "ga4.ndjson", first), mapping=vendor("ga4"))
    before = canonical(con)
    unload(con, "web", "ga4.ndjson", "UTC")
    take(con, put(tmp_path, "ga4.ndjson", rewritten), mapping=vendor("ga4"))
    assert canonical(con) == [{**row, "customer_id": "c1"} for row in before]
    balance(con)


def test_an_older_mixpanel_project_is_read_as_its_mapping_s_description_says(con):
    found = vendor("mixpanel").model_dump(by_alias=True)
    local = "make_timestamp(try_cast(json ->> '$.properties.time' as bigint) * 1000000)"
    assert local in " ".join(found["description"].split())
    found["contracts"]["clickstream"]["columns"]["occurred_at"] = f"try({local})"
    con.execute("set timezone = 'Europe/Istanbul'")
    try:
        take(con, fixture("mixpanel"), mapping=mapping.Mapping.model_validate(found))
        assert canonical(con)[0]["occurred_at"] == "2026-01-15T07:00:00+00:00"
    finally:
        con.execute("set timezone = 'UTC'")


@pytest.mark.parametrize("name", sorted(mapping.built_in()))
def test_every_canonical_column_is_mapped_or_its_lack_explained(name):
    for contract, rows in vendor(name).contracts.items():
        columns = {column.name for column in load_contract(contract).inputs}
        assert set(rows.columns) | set(rows.lacks) == columns, contract
        assert not set(rows.columns) & set(rows.lacks), contract
        assert all(why.strip() for why in rows.lacks.values()), contract


@pytest.mark.parametrize("name", sorted(mapping.built_in()))
def test_the_words_of_a_mapping_are_of_columns_that_it_gives_and_events_that_are_known(name):
    for rows in vendor(name).contracts.values():
        assert set(rows.words) <= set(rows.columns)
        assert set(rows.words.get("event_name", {}).values()) <= set(f"{GA4} {OURS}".split())


@pytest.mark.parametrize("name", sorted(FRICTION))
def test_a_vendor_s_own_friction_events_are_evidence(name):
    words = vendor(name).contracts["clickstream"].words["event_name"]
    assert words.items() >= FRICTION[name].items()


def test_snowplow_has_131_fields_each_once():
    fields = vendor("snowplow").fields
    assert (len(fields), len(set(fields))) == (131, 131)


def test_snowplow_s_fields_stand_where_its_documentation_puts_them():
    """A field too many or too few would shift all others: some of them by their published place, from 0."""
    fields = vendor("snowplow").fields
    published = {0: "app_id", 12: "user_id", 29: "page_url", 52: "contexts", 58: "unstruct_event", 77: "useragent"}
    published |= {101: "dvce_type", 121: "refr_device_tstamp", 124: "derived_tstamp", 126: "event_name"}
    assert {place: fields[place] for place in published} == published
    assert fields[-1] == "true_tstamp"


@pytest.mark.parametrize("session", [-1, "-1", "", None])
def test_an_event_of_amplitude_that_is_of_no_session_has_none(con, tmp_path, session):
    event = {
        "event_type": "x",
        "event_time": "2026-01-15 10:00:00",
        "user_id": "c1",
        "uuid": "u",
        "session_id": session,
    }
    take(con, put(tmp_path, "one.ndjson", json.dumps(event) + "\n"), mapping=vendor("amplitude"))
    assert "session_id" not in canonical(con)[0]


@pytest.mark.parametrize(
    ("parameter", "value", "is_test"),
    [
        ("debug_mode", {"int_value": "1"}, True),
        ("debug_mode", {"string_value": "true"}, True),
        ("debug_mode", {"int_value": "0"}, None),
        ("traffic_type", {"string_value": "internal"}, True),
        ("traffic_type", {"string_value": "Developer"}, True),
        ("traffic_type", {"string_value": "paid"}, None),
    ],
)
def test_debugging_and_internal_traffic_of_ga4_is_a_test(con, tmp_path, parameter, value, is_test):
    known = {"event_name": "page_view", "event_timestamp": "1768471200000000", "user_pseudo_id": "1.2"}
    event = known | {"event_params": [{"key": parameter, "value": value}]}
    take(con, put(tmp_path, "one.ndjson", json.dumps(event) + "\n"), mapping=vendor("ga4"))
    assert canonical(con)[0].get("is_test") is is_test

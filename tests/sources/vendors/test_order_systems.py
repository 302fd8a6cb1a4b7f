"""Built-in mappings of order systems: each reads a small export, with the format's traps in it."""

import json
from pathlib import Path

import pytest

from pipeline.contracts.contract import load as load_contract
from pipeline.sources import mapping
from tests.sources.vendors.exports import canonical, expected, vendor
from tests.warehouse.loads import balance, put, quarantined, take

HERE = Path(__file__).parent / "order_systems"
GIVES = [
    ("shopify_orders", "orders"),
    ("shopify_orders", "order_error"),
    ("shopify_refunds", "order_error"),
    ("shopify_returns", "order_error"),
    ("shopify_returns", "wait_time"),
    ("shopify_fulfillment_events", "wait_time"),
    ("shopify_fulfillment_events", "order_error"),
    ("stripe_charges", "order_error"),
    ("stripe_events", "order_error"),
    ("stripe_refunds", "order_error"),
]
GUEST = "guest-ea382cb0c0cb865cda07f6bd58021cad"  # ayse@shop.example


def fixture(name):
    return HERE / f"{name}.ndjson"


def document(name, line=1, **changed):
    """One line of a fixture, with some of its keys changed."""
    return json.loads(fixture(name).read_text(encoding="utf-8").splitlines()[line - 1]) | changed


def rows_of(con, folder, name, contract, *documents):
    text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in documents)
    take(con, put(folder, f"{name}.ndjson", text), contract, mapping=vendor(name))
    return canonical(con, contract)


def test_every_mapping_of_an_order_system_is_under_test_with_all_that_it_gives():
    ours = {name: found for name, found in mapping.built_in().items() if name.startswith(("shopify_", "stripe_"))}
    assert sorted((name, contract) for name, found in ours.items() for contract in found.contracts) == sorted(GIVES)


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_an_export_gives_exactly_these_canonical_rows(con, name, contract):
    take(con, fixture(name), contract, mapping=vendor(name))
    assert canonical(con, contract) == expected(HERE / "expected" / f"{name}.{contract}.ndjson")


@pytest.mark.parametrize(
    ("name", "contract", "read", "kept", "bad", "duplicate"),
    [
        pytest.param("shopify_orders", "orders", 13, 8, 4, 1, id="orders: one version is outdated, one order twice"),
        pytest.param("shopify_orders", "order_error", 12, 9, 3, 0, id="orders: most have no error, some have two"),
        pytest.param(
            "shopify_refunds", "order_error", 11, 7, 3, 1, id="refunds: of money alone, and of what never left"
        ),
        pytest.param("shopify_returns", "order_error", 21, 15, 4, 2, id="returns: called off, declined, asked for"),
        pytest.param("shopify_returns", "wait_time", 10, 6, 3, 1, id="returns: no wait for money before the approval"),
        pytest.param("shopify_fulfillment_events", "wait_time", 9, 5, 3, 1, id="parcels: two without tracking"),
        pytest.param("shopify_fulfillment_events", "order_error", 9, 4, 3, 2, id="parcels: most have no error"),
        pytest.param("stripe_charges", "order_error", 12, 7, 4, 1, id="charges: paid and pending ones are left out"),
        pytest.param("stripe_events", "order_error", 12, 7, 4, 1, id="events: two of one charge, one delivered twice"),
        pytest.param("stripe_refunds", "order_error", 9, 6, 2, 1, id="refunds: asked for by the customer is no error"),
    ],
)
def test_every_row_of_an_export_is_counted(con, name, contract, read, kept, bad, duplicate):
    loaded = take(con, fixture(name), contract, mapping=vendor(name))
    counts = (loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate)
    assert counts == (read, kept, bad, duplicate)
    balance(con)


@pytest.mark.parametrize(
    ("name", "contract", "bad"),
    [
        ("shopify_orders", "orders", {9: "customer_id.required", 11: "value.type", 13: "row.no_object"}),
        ("shopify_orders", "order_error", {9: "customer_id.required", 13: "row.no_object"}),
        ("shopify_refunds", "order_error", {10: "customer_id.required", 11: "row.no_object"}),
        ("shopify_returns", "order_error", {11: "occurred_at.required", 13: "error_id.required"}),
        ("shopify_fulfillment_events", "wait_time", {10: "ends_after_start", 11: "row.no_object"}),
        ("shopify_fulfillment_events", "order_error", {10: "occurred_at.type", 11: "row.no_object"}),
        ("stripe_charges", "order_error", {11: "order_id.required", 12: "customer_id.required"}),
        ("stripe_events", "order_error", {12: "customer_id.required", 13: "error_id.required"}),
        ("stripe_refunds", "order_error", {10: "customer_id.required", 12: "error_id.required"}),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_rule(con, name, contract, bad):
    take(con, fixture(name), contract, mapping=vendor(name))
    rules = {line: found for line, found, _ in quarantined(con) if line is not None}
    assert {line: rule for line, rule in bad.items() if rule in rules.get(line, [])} == bad


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_an_empty_export_is_no_error(con, name, contract, tmp_path):
    loaded = take(con, put(tmp_path, "a.ndjson", ""), contract, mapping=vendor(name))
    assert loaded.rows_read == 0


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_a_line_of_another_shape_is_quarantined_and_stops_nothing(con, name, contract, tmp_path):
    odd = ["null", "[]", "5", '"text"', "{}", "{", '{"refunds": [null, 5], "events": {"nodes": 5}}']
    odd += ['{"id": 5, "refunds": 5, "data": []}', '{"id": "x", "events": [], "data": {"object": "ch_1"}}']
    odd += ['{"id": [], "returnLineItems": 5, "refundLineItems": [], "created": 1e300, "outcome": "x"}']
    loaded = take(con, put(tmp_path, "odd.ndjson", "\n".join(odd)), contract, mapping=vendor(name))
    assert (loaded.rows_read, loaded.rows_quarantined) == (len(odd), len(odd))
    balance(con)


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_times_do_not_depend_on_the_project_s_zone(con, name, contract):
    con.execute("set timezone = 'America/New_York'")
    try:
        take(con, fixture(name), contract, mapping=vendor(name))
        assert canonical(con, contract) == expected(HERE / "expected" / f"{name}.{contract}.ndjson")
    finally:
        con.execute("set timezone = 'UTC'")


# --- what the formats have in common ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_no_row_holds_a_mail_address_a_name_or_the_number_of_a_card(con, name, contract):
    take(con, fixture(name), contract, mapping=vendor(name))
    text = json.dumps(canonical(con, contract), ensure_ascii=False)
    assert not [word for word in ("@", "Ayşe Öz", "Gül Sok", "0002") if word in text]


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_a_guest_has_the_same_id_in_every_export(con, name, contract):
    take(con, fixture(name), contract, mapping=vendor(name))
    assert GUEST in {row["customer_id"] for row in canonical(con, contract)}


@pytest.mark.parametrize(("name", "contract"), GIVES)
def test_a_test_is_kept_and_says_so(con, name, contract):
    take(con, fixture(name), contract, mapping=vendor(name))
    assert {True, False} <= {row.get("is_test") for row in canonical(con, contract)}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_exports_of_an_order_the_later_one_counts_whichever_is_read_first(con, tmp_path, order):
    lines = fixture("shopify_orders").read_text(encoding="utf-8").splitlines()[:2]
    for place in order:
        path = put(tmp_path, f"{place}.ndjson", lines[place])
        take(con, path, "orders", mapping=vendor("shopify_orders"))
    assert [row["status"] for row in canonical(con, "orders")] == ["fulfilled"]
    balance(con)


def test_refunds_that_come_in_their_order_and_by_themselves_are_counted_once(con):
    for name in ("shopify_orders", "shopify_refunds"):
        take(con, fixture(name), "order_error", mapping=vendor(name))
    ids = [row["error_id"] for row in canonical(con, "order_error")]
    assert sorted(ids) == sorted(set(ids))
    assert {"refund-501-601", "refund-506-606", "adjustment-807", "transaction-709"} <= set(ids)


def test_a_failed_payment_that_two_exports_tell_of_is_counted_once(con):
    for name in ("stripe_charges", "stripe_events"):
        take(con, fixture(name), "order_error", mapping=vendor(name))
    ids = [row["error_id"] for row in canonical(con, "order_error")]
    assert ids.count("ch_1") == ids.count("ch_4") == 1


# --- Shopify ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("inventory", ["stock_out"]),
        ("INVENTORY", ["stock_out"]),
        ("fraud", ["fraud_hold"]),
        ("declined", ["payment_declined"]),
        ("staff", ["merchant_cancel"]),
        ("customer", []),
        ("other", []),
        (None, []),
    ],
)
def test_a_cancellation_is_an_error_if_the_shop_caused_it(con, tmp_path, reason, error):
    order = document("shopify_orders", line=3, cancel_reason=reason)
    assert [row["error_type"] for row in rows_of(con, tmp_path, "shopify_orders", "order_error", order)] == error
    assert "cancelled_at" in rows_of(con, tmp_path, "shopify_orders", "orders", order)[0]


def test_a_reason_without_a_cancellation_is_none(con, tmp_path):
    order = document("shopify_orders", line=3, cancelled_at=None)
    assert rows_of(con, tmp_path, "shopify_orders", "order_error", order) == []


def test_an_order_in_two_currencies_is_told_in_the_shop_s(con, tmp_path):
    order = document("shopify_orders")
    found = rows_of(con, tmp_path, "shopify_orders", "orders", order)[0]
    assert (found["value"], found["shipping_cost"], found["currency"]) == (199.9, 29.9, "TRY")
    [refund] = rows_of(con, tmp_path, "shopify_orders", "order_error", order)
    assert (refund["value"], refund["refund_amount"], refund["currency"]) == (99.9, 99.9, "TRY")  # paid: 3.00 EUR


@pytest.mark.parametrize(
    ("reason", "error"),
    [("DEFECTIVE", "damaged"), ("NOT_AS_DESCRIBED", "not_as_described"), ("WRONG_ITEM", "wrong_item")]
    + [(reason, "return") for reason in ("UNWANTED", "COLOR", "STYLE", "SIZE_TOO_LARGE", "SIZE_TOO_SMALL")]
    + [(reason, "return") for reason in ("OTHER", "UNKNOWN")],
)
def test_a_return_is_an_error_by_its_reason_and_keeps_it(con, tmp_path, reason, error):
    returned = document("shopify_returns", line=2)
    returned["returnLineItems"]["nodes"][0]["returnReason"] = reason
    first = rows_of(con, tmp_path, "shopify_returns", "order_error", returned)[0]
    assert (first["error_type"], first["error_code"]) == (error, reason)


@pytest.mark.parametrize("contract", ["wait_time", "order_error"])
def test_the_order_of_a_parcel_s_events_is_irrelevant(con, tmp_path, contract):
    parcel = document("shopify_fulfillment_events")
    before = rows_of(con, tmp_path, "shopify_fulfillment_events", contract, parcel)
    con.execute(f"delete from {load_contract(contract).table}")
    parcel["events"]["nodes"].reverse()
    assert rows_of(con, tmp_path, "shopify_fulfillment_events", contract, parcel) == before != []


# --- Stripe -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["stripe_charges", "stripe_events", "stripe_refunds"])
@pytest.mark.parametrize(
    ("currency", "amount", "value"),
    [
        ("try", 19990, 199.9),
        ("jpy", 1500, 1500.0),
        ("krw", 45000, 45000.0),
        ("kwd", 5120, 5.12),
        ("isk", 50000, 500.0),
        ("ugx", 500, 5.0),
        ("huf", 1045, 10.45),
    ],
)
def test_an_amount_is_in_the_smallest_unit_of_its_currency(con, tmp_path, name, currency, amount, value):
    money = {"currency": currency, "amount": amount}
    one = document(name, line=2, **money)
    if name == "stripe_events":
        one["data"]["object"] |= money
    [row] = rows_of(con, tmp_path, name, "order_error", one)
    assert (row["value"], row["currency"]) == (value, currency.upper())


@pytest.mark.parametrize("name", ["stripe_charges", "stripe_events"])
@pytest.mark.parametrize(
    ("code", "advice", "error_class"),
    [
        ("insufficient_funds", None, "soft"),
        ("try_again_later", None, "soft"),
        ("processing_error", None, "soft"),
        ("issuer_not_available", None, "soft"),
        ("authentication_required", None, "soft"),
        ("lost_card", None, "hard"),
        ("stolen_card", None, "hard"),
        ("fraudulent", None, "hard"),
        ("do_not_try_again", None, "hard"),
        ("expired_card", None, "hard"),
        ("incorrect_number", None, "hard"),
        ("generic_decline", None, None),
        ("a_code_of_tomorrow", None, None),
        ("do_not_honor", "do_not_try_again", "hard"),
        ("do_not_honor", "confirm_card_data", "hard"),
        ("do_not_honor", "try_again_later", "soft"),
    ],
)
def test_a_decline_is_hard_or_soft_by_its_code_or_else_by_the_bank_s_advice(
    con, tmp_path, name, code, advice, error_class
):
    one = document("stripe_charges", outcome={"type": "issuer_declined", "reason": code, "advice_code": advice})
    if name == "stripe_events":
        one = document(name, line=2, data={"object": one})
    [row] = rows_of(con, tmp_path, name, "order_error", one)
    assert (row["error_type"], row["error_code"], row.get("error_class")) == ("payment_declined", code, error_class)

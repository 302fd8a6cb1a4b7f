"""Which signals a column of the input is for, and what a signal says that it lacks."""

import pytest

from pipeline.contracts.contract import load
from pipeline.detectors import all_signals, configured
from pipeline.detectors._measurable import Seen, missing, needed, needing
from tests.detectors.nights import shop


@pytest.mark.parametrize(
    ("table", "column", "signals"),
    [
        ("clickstream", "y", ("rage_click",)),  # one of its alternatives
        ("clickstream", "field_id", ("form_error_repeat", "form_refill")),
        ("clickstream", "country", ()),
        ("orders", "promised_at", ("late_delivery", "order_error_to_contact")),  # a column of the same name elsewhere
        ("order_error", "promised_at", ()),
        ("customers", "segment", ()),  # no signal looks at the table
    ],
)
def test_a_column_is_needed_by_the_signals_that_name_it(table, column, signals):
    assert needing(all_signals(), table, column) == signals


def test_each_needed_column_is_one_of_its_contract_and_somebody_needs_it():
    found = {(table, column) for table, columns in needed(all_signals()).items() for column in columns}
    assert found
    for table, column in found:
        assert column in load(table).names
        assert needing(all_signals(), table, column)


EVERYTHING = {table: dict.fromkeys(["*", *columns], 1) for table, columns in needed(all_signals()).items()}


TYPES = {"queue", "hold", "first_response", "resolution", "callback"}
MEASURES = {"dwell_seconds", "scroll_turns", "contacts"}


def lacks(name, events=(), waits=TYPES, counts=EVERYTHING, usual=MEASURES, plan=None, **parameters):
    signal = configured({name: parameters})[name]
    return missing(signal, Seen(counts, events, waits, usual, has_milliseconds=True), plan or shop())


def test_what_only_a_vendor_can_tell_needs_the_vendors_event():
    assert lacks("dead_click", ["click"]) == "no events named dead_click"
    assert lacks("dead_click", ["click", "dead_click"]) is None


@pytest.mark.parametrize(
    ("name", "events", "why"),
    [
        ("login_failure", ["page_view"], "no events named login_error, login"),
        ("login_failure", ["login"], None),
        ("payment_failure", ["begin_checkout"], "no events named payment_error, add_payment_info, purchase"),
        ("payment_failure", ["purchase"], None),
    ],
)
def test_nobody_can_fail_at_what_nobody_is_seen_trying(name, events, why):
    assert lacks(name, events) == why


def test_a_type_of_waits_that_the_input_does_not_know_tells_nothing():
    assert lacks("queue_abandonment", waits={"resolution"}) == "no waits of type queue"
    assert lacks("queue_abandonment", waits={"resolution", "queue"}) is None
    assert {name: lacks(name, waits=()) for name in ("long_hold", "slow_resolution", "missed_callback")} == {
        "long_hold": "no waits of type hold",
        "slow_resolution": "no waits of type resolution",
        "missed_callback": "no waits of type callback",
    }


def stages(*, without):
    return shop().model_copy(update={"stages": tuple(each for each in shop().stages if each.name != without)})


def test_a_signal_of_a_stage_that_the_journey_does_not_have_says_so():
    assert lacks("repeat_contact", plan=stages(without="support")) == "no stage of the journey is made of contact"
    assert lacks("order_defect", plan=stages(without="fulfilment")) == "no stage of the journey is made of order"
    assert lacks("checkout_abandonment", plan=stages(without="checkout")) == (
        "no stage of the journey is named checkout (signals.checkout_abandonment.stage)"
    )
    assert lacks("checkout_abandonment", plan=stages(without="checkout"), stage="cart") is None


def test_what_no_column_can_tell_has_to_be_said_in_the_settings():
    assert lacks("dead_click_proxy") == "signals.dead_click_proxy.captures_everything is not set"
    assert lacks("dead_click_proxy", captures_everything=True) is None


def test_a_signal_without_its_columns_names_them():
    none = {table: dict.fromkeys(columns, 0) for table, columns in EVERYTHING.items()}
    assert lacks("form_refill", counts=none) == "no rows in clickstream"
    empty = EVERYTHING | {"clickstream": EVERYTHING["clickstream"] | {"field_id": 0}}
    assert lacks("form_refill", counts=empty) == "no values in clickstream.field_id"


def test_what_compares_needs_days_before_to_compare_with():
    assert lacks("hesitation", usual=()) == "nothing to compare with in the 28 days before: dwell_seconds"
    assert lacks("hesitation", usual={"dwell_seconds"}) is None

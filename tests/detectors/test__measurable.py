"""Which signals a column of the input is for."""

import pytest

from pipeline.contracts.contract import load
from pipeline.detectors import all_signals, configured
from pipeline.detectors._measurable import missing, needed, needing


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


def lacks(name, names=(), usual=(), **parameters):
    signal = configured({name: parameters})[name]
    return missing(signal, EVERYTHING, names, usual, has_milliseconds=True)


def test_what_only_a_vendor_can_tell_needs_the_vendors_event():
    assert lacks("dead_click", ["click"]) == "no events named dead_click"
    assert lacks("dead_click", ["click", "dead_click"]) is None


def test_what_no_column_can_tell_has_to_be_said_in_the_settings():
    assert lacks("dead_click_proxy") == "signals.dead_click_proxy.captures_everything is not set"
    assert lacks("dead_click_proxy", captures_everything=True) is None


def test_a_signal_without_its_columns_names_them():
    none = {table: dict.fromkeys(columns, 0) for table, columns in EVERYTHING.items()}
    assert missing(all_signals()["form_refill"], none, (), (), has_milliseconds=True) == "no rows in clickstream"
    empty = EVERYTHING | {"clickstream": EVERYTHING["clickstream"] | {"field_id": 0}}
    assert (
        missing(all_signals()["form_refill"], empty, (), (), has_milliseconds=True)
        == "no values in clickstream.field_id"
    )

"""Which signals a column of the input is for."""

import pytest

from pipeline.contracts.contract import load
from pipeline.detectors import all_signals
from pipeline.detectors._measurable import needed, needing


@pytest.mark.parametrize(
    ("table", "column", "signals"),
    [
        ("clickstream", "element", ("rage_click",)),
        ("clickstream", "x", ("rage_click",)),  # one of its alternatives
        ("clickstream", "coupon", ()),
        ("wait_time", "promised_at", ("late_delivery",)),
        ("orders", "promised_at", ("late_delivery",)),  # a column of the same name elsewhere
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

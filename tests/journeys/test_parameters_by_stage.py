"""Parameters of a stage: its flags are judged by them, and each flag carries the stamp of the rule that made it."""

import json

from pipeline.detectors import configured
from pipeline.detectors._measurable import report
from tests.detectors.nights import day_of, night, world

CLICKS = world(
    """
    customer_id | event_id | event_name       | element | occurred_at
    ------------+----------+------------------+---------+------------
    a           | a0       | view_item        |         | 10:00
    a           | a1       | click            | zoom    | 10:01:00.0
    a           | a2       | click            | zoom    | 10:01:00.1
    a           | a3       | click            | zoom    | 10:01:00.2
    a           | a4       | click            | zoom    | 10:01:00.3
    a           | a5       | add_payment_info |         | 10:02
    a           | a6       | click            | pay     | 10:03:00.0
    a           | a7       | click            | pay     | 10:03:00.1
    a           | a8       | click            | pay     | 10:03:00.2
    """
)


def found(**given):
    signals = {"rage_click": configured({"rage_click": given}, ["payment", "evaluate"])["rage_click"]}
    flags = night(CLICKS, signals=signals).flags
    return dict(flags.select("locus", "signal_version").iter_rows()), signals


def test_the_flags_of_a_stage_are_judged_by_its_own_parameters():
    assert set(found()[0]) == {"zoom"}
    assert set(found(stages={"payment": {"min_clicks": 3}})[0]) == {"zoom", "pay"}
    assert set(found(min_clicks=3, stages={"evaluate": {"min_clicks": 5}})[0]) == {"pay"}


def test_a_flag_names_the_rule_that_made_it_and_the_day_tells_its_parameters():
    flags, signals = found(stages={"payment": {"min_clicks": 3, "within": 2}})
    day = report(day_of().date, signals, {"rage_click": None}, night(CLICKS, signals=signals).flags)
    rules = json.loads(day["parameters"].item())
    assert set(rules) == {flags["zoom"], flags["pay"]}
    assert rules[flags["pay"]] == rules[flags["zoom"]] | {"min_clicks": 3, "within": 2.0}

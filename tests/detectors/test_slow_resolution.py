import pytest
from polars.testing import assert_frame_equal

from pipeline.detectors import all_signals
from tests.detectors.nights import customers, day_of, flags, night, picked, shop, world

CASES = world(
    wait_time="""
    customer_id | wait_id | wait_type  | channel | queue | reason  | outcome     | started_at | promised_at | ended_at
    ------------+---------+------------+---------+-------+---------+-------------+------------+-------------+-------------
    in_time     | a       | resolution | email   | mail  | invoice | served      | 10:00      | 12:00       | 12:00
    late        | b       | resolution | email   | mail  | invoice | served      | 10:00      | 12:00       | 12:00:01
    twice_so    | c       | resolution | email   |       | invoice | served      | 10:00      | 12:00       | 14:00
    passed_on   | d       | resolution | email   | mail  |         | transferred | 10:00      | 12:00       | 14:00
    # four times what was promised have passed
    still_open  | e       | resolution | email   | mail  |         | open        | 10:00      | 12:00       |
    no_promise  | f       | resolution | email   | mail  |         | served      | 10:00      |             | d5 10:00
    reply       | g       | first_response | email | mail |        | served      | 10:00      | 12:00       | 14:00
    """
)


def test_a_resolution_is_slow_beyond_what_was_promised():
    found, expected = picked(
        flags("slow_resolution", CASES),
        """
        flag_id           | locus   | visit_id  | flagged_at              | severity
        ------------------+---------+-----------+-------------------------+---------
        slow_resolution:b | mail    | support:b | 2026-01-01 12:00:01     | 0
        slow_resolution:c | unknown | support:c | 2026-01-01 14:00        | 0.632
        slow_resolution:d | mail    | support:d | 2026-01-01 14:00        | 0.632
        slow_resolution:e | mail    | support:e | 2026-01-01 18:00        | 0.998
        """,
    )
    assert_frame_equal(found, expected)


def test_the_reason_stands_in_the_detail():
    found = flags("slow_resolution", CASES).sort("flag_id")
    assert ['"reason":"invoice"' in told for told in found["detail"]] == [True, True, False, False]


@pytest.mark.parametrize(("days", "flagged"), [(3, {"no_promise"}), (4, set())])
def test_without_a_promise_the_journeys_target_counts(days, flagged):
    journey = shop().model_copy(update={"targets": {"resolution": {"email": days * 86400.0}}})
    signal = {"slow_resolution": all_signals()["slow_resolution"]}
    found = [night(CASES, day_of(day), signals=signal, journey=journey).flags for day in (1, 5)]
    assert customers(found[0]) == {"late", "twice_so", "passed_on", "still_open"}
    assert customers(found[1]) == flagged


@pytest.mark.parametrize(("targets", "days"), [(4.0, [1]), (8.0, [2]), (20.0, [3])])
def test_when_a_wait_that_goes_on_is_flagged_is_a_parameter(targets, days):
    found = {day: customers(flags("slow_resolution", CASES, day_of(day), open_targets=targets)) for day in (1, 2, 3)}
    assert [day for day in found if "still_open" in found[day]] == days

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import before, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, Row, attempts, frame, sessions_of

# nine of ten visits to the checkout took ten seconds, and 96 of 100 took 90 at most
USUAL = before(
    """
    measure       | place    | device  | value | times
    dwell_seconds | checkout | mobile  | 10    | 900
    dwell_seconds | checkout | mobile  | 90    | 60
    dwell_seconds | checkout | mobile  | 300   | 40
    dwell_seconds | checkout | desktop | 5     | 200
    dwell_seconds | checkout | tablet  | 5     | 199
    dwell_seconds | cart     | mobile  | 500   | 1000
    """
)


def checkouts(*seconds: float, device: str = "mobile", page: str = "/checkout"):
    """One visit each: begun, a step in the form so many seconds later, and left for the home page a second later."""
    rows = ["customer_id | event_id | event_name | page_path | device | occurred_at"]
    for number, pause in enumerate(seconds):
        begin = f"10:{number:02}:00.000"
        then = timedelta(hours=10, minutes=number, seconds=pause)
        after = then + timedelta(seconds=1)
        for name, event, time in (
            ("a", "begin_checkout", begin),
            ("b", "form_start", _told(then)),
            ("c", "click", _told(after)),
        ):
            rows.append(f"p{number} | {name}{number} | {event} | {page} | {device} | {time}")
    return world("\n".join(rows))


def _told(span: timedelta) -> str:
    return f"{span}".split(".")[0].zfill(8) + f".{span.microseconds // 1000:03}"


def test_who_stays_longer_than_usual_on_the_stage_hesitates():
    found, expected = picked(
        flags("hesitation", checkouts(89, 90, 200), usual=USUAL),
        """
        flag_id       | locus_type | locus     | visit_id    | evidence   | severity | flagged_at
        --------------+------------+-----------+-------------+------------+----------+--------------------
        hesitation:a1 | page       | /checkout | checkout:a1 | a1, b1, c1 | 0.209    | 2026-01-01 10:02:31
        hesitation:a2 | page       | /checkout | checkout:a2 | a2, b2     | 0.767    | 2026-01-01 10:05:20
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("seconds", "device", "parameters", "flagged"),
    [
        (89.9, "mobile", {}, False),  # 90.9 with the second after: not beyond 90 in whole seconds
        (90.0, "mobile", {}, True),
        (59.0, "desktop", {}, True),  # a minute, although five seconds are usual
        (58.9, "desktop", {}, False),
        (58.9, "desktop", {"least": timedelta(seconds=30)}, True),
        (299.9, "mobile", {"quantile": 0.97}, False),
        (300.0, "mobile", {"quantile": 0.97}, True),
        (500.0, "tablet", {}, False),  # of 199 visits nothing is said
        (500.0, "tablet", {"min_visits": 199}, True),
        (500.0, "kiosk", {}, False),  # nobody was seen there before
    ],
)
def test_both_sides_of_each_limit(seconds, device, parameters, flagged):
    found = flags("hesitation", checkouts(seconds, device=device), usual=USUAL, **parameters)
    assert (customers(found) == {"p0"}) is flagged


def test_pauses_add_up_and_the_longest_says_where():
    steps = world(
        """
        customer_id | event_id | event_name     | page_path | device | occurred_at
        ann         | a1       | begin_checkout | /checkout | mobile | 10:00:00
        ann         | a2       | form_start     | /checkout | mobile | 10:00:20
        ann         | a3       | click          | /checkout/address | mobile | 10:01:10
        ann         | a4       | click          | /checkout | mobile | 10:01:30
        ann         | a5       | click          | /checkout | mobile | 10:01:40
        """
    )
    found, expected = picked(
        flags("hesitation", steps, usual=USUAL),
        """
        flag_id | locus | evidence | flagged_at | detail
        hesitation:a2 | /checkout | a2, a3, a5 | 2026-01-01 10:01:40 | DETAIL
        """.replace("DETAIL", '{"seconds":100.0,"usual_seconds":90,"visits":1000}'),
    )
    assert_frame_equal(found, expected)


def test_time_in_another_stage_does_not_count_and_time_after_the_last_event_is_not_known():
    steps = world(
        """
        customer_id | event_id | event_name     | page_path | device | occurred_at
        ann         | a1       | begin_checkout | /checkout | mobile | 10:00:00
        ann         | a2       | add_to_cart    | /cart     | mobile | 10:00:30
        ann         | a3       | begin_checkout | /checkout | mobile | 10:05:00
        bob         | b1       | begin_checkout | /checkout | mobile | 10:00:00
        """
    )
    assert flags("hesitation", steps, usual=USUAL).is_empty()


@pytest.mark.parametrize(("day", "told"), [(1, 0), (2, 1)])
def test_over_midnight_it_belongs_to_the_day_on_which_the_limit_is_passed(day, told):
    steps = world(
        """
        customer_id | event_id | event_name     | page_path | device | occurred_at
        ann         | a1       | begin_checkout | /checkout | mobile | 23:58:50
        ann         | a2       | form_start     | /checkout | mobile | 23:59:50
        ann         | a3       | click          | /checkout | mobile | d2 00:00:30
        """
    )
    assert flags("hesitation", steps, day_of(day), usual=USUAL).height == told


def test_with_no_days_before_nobody_hesitates():
    assert flags("hesitation", checkouts(500)).is_empty()


PAUSES = st.sampled_from([1.0, 29.0, 30.0, 60.0, 61.0, 90.0, 91.0, 600.0, 1799.0, 1800.0])
CASES = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["ann", "bob"]),
            "event_name": st.sampled_from(["begin_checkout", "click", "click", "add_to_cart", "purchase"]),
            "page_path": st.sampled_from(["/checkout", "/checkout/address", None]),
            "device": st.just("mobile"),
            "pause": PAUSES,
        }
    ),
    min_size=2,
    max_size=14,
)


def plainly(rows: list[Row]) -> set[tuple[str, str]]:
    """Visits that lasted beyond what was usual on their stage, and the event by which they had."""
    found = set()
    for session in sessions_of(rows):
        following = {one["event_id"]: other for one, other in pairwise(session)}
        for (stage, _), visit in attempts(session).items():
            limit, passed = {"checkout": 90, "cart": 500}.get(stage, 10**9), 0.0
            for row in visit:
                then = following.get(row["event_id"])
                if then is not None:
                    passed += (then["occurred_at"] - row["occurred_at"]).total_seconds()
                    if int(passed) > limit and passed >= 60:
                        found.add((visit[0]["event_id"], then["event_id"]))
                        break
    return found


@SLOWLY
@given(CASES)
def test_it_finds_what_a_plain_reading_finds(drawn):
    rows = frame(drawn, 36000.0)
    found = flags("hesitation", world(rows), usual=USUAL)
    told = {(visit.split(":")[1], ids[-1]) for visit, ids in found.select("visit_id", "evidence").iter_rows()}
    assert told == plainly(rows.to_dicts())

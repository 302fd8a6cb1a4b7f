import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, day_of, night, picked, world

VISITS = world(
    """
    customer_id | event_id | event_name | page_path | device  | channel | country | outcome | occurred_at
    ------------+----------+------------+-----------+---------+---------+---------+---------+----------------
    stays       | a1       | page_view  | /         |         |         |         |         | 10:00
    stays       | a2       | view_item  | /p/1      | mobile  | web     | TR      |         | 10:29:59.999999
    stays       | a3       | click      |           | desktop | app     | DE      |         | 10:30
    returns     | b1       | page_view  | /         |         |         |         |         | 10:00
    returns     | b2       | page_view  | /cart     |         |         |         |         | 10:30
    buys        | c2       | purchase   | /payment  |         |         |         | ok      | 10:00
    buys        | c1       | page_view  | /checkout |         |         |         |         | 10:00
    buys        | c3       | purchase   | /payment  |         |         |         | error   | 10:01
    """
)


def test_half_an_hour_of_silence_ends_a_session():
    found, expected = picked(
        night(VISITS).sessions,
        """
        session_id | person_id | events | pages | device | entry_page | exit_page | stages             | purchases
        -----------+-----------+--------+-------+--------+------------+-----------+--------------------+----------
        s:a1       | c:stays   | 3      | 2     | mobile | /          | /p/1      | discover, evaluate | 0
        s:b1       | c:returns | 1      | 1     |        | /          | /         | discover           | 0
        s:b2       | c:returns | 1      | 1     |        | /cart      | /cart     | cart               | 0
        s:c1       | c:buys    | 3      | 2     |        | /checkout  | /payment  | checkout, payment  | 1
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(("day", "closed"), [(1, ["s:a"]), (2, ["s:b", "s:c"]), (3, [])])
def test_a_session_is_not_split_at_midnight_and_stands_on_the_day_on_which_it_was_over(day, closed):
    late = world(
        """
        customer_id | event_id | event_name | occurred_at
        before      | a        | page_view  | 23:29:59.999999
        at_midnight | b        | page_view  | 23:30
        goes_on     | c        | page_view  | 23:50
        goes_on     | d        | page_view  | d2 00:10
        """
    )
    found = night(late, day_of(day)).sessions.sort("session_id")
    assert found["session_id"].to_list() == closed
    assert found.filter(session_id="s:c")["events"].to_list() == ([2] if day == 2 else [])


def robot(minutes, *, begin=23 * 60, **marks):
    """A session of one event a minute from 23:00 on; `marks`: event name of some minutes."""
    names = {int(minute[1:]): name for minute, name in marks.items()}
    return world(
        pl.DataFrame(
            {"event_id": f"e{n:04}", "customer_id": "robot", "event_name": names.get(n, "page_view")}
            | {"occurred_at": at(60 * (begin + n), hour=0)}
            for n in range(minutes + 1)
        )
    )


def test_a_session_of_twenty_four_hours_is_whole_and_a_longer_one_is_cut_at_midnight():
    whole = night(robot(24 * 60), day_of(2)).sessions
    assert whole["session_id"].to_list() == ["s:e0000"]
    assert whole["events"].to_list() == [24 * 60 + 1]
    longer = robot(24 * 60 + 1)
    cut = night(longer, day_of(2)).sessions.sort("session_id")
    assert cut["session_id"].to_list() == ["s:e0000", "s:e0060"]
    assert cut["events"].to_list() == [60, 24 * 60 - 58]
    # the first part was known to be over when the session had lasted for longer than a day
    assert cut["closed_at"].to_list() == [at(60, day=2, hour=23), at(31 * 60, day=2, hour=23)]


def test_an_endless_session_is_a_session_a_day_and_a_night_needs_no_more_than_a_day_before_it():
    endless = robot(5 * 24 * 60)
    closed = [night(endless, day_of(day)).sessions.row(0, named=True) for day in (3, 4, 5)]
    assert [each["session_id"] for each in closed] == ["s:e0060", "s:e1500", "s:e2940"]
    assert [each["events"] for each in closed] == [24 * 60] * 3


def test_a_visit_of_a_session_that_is_cut_afterwards_is_decided_once():
    # entered before midnight, bought after it: completed; that the session is cut between them is known only later
    bought = robot(30 * 60, m30="begin_checkout", m90="purchase")
    decided = [
        row
        for day in (1, 2, 3, 4)
        for row in night(bought, day_of(day)).stage_visits.filter("is_decided").select("visit_id", "outcome").rows()
        if row[0].startswith("checkout:")
    ]
    assert decided == [("checkout:e0030", "completed")]


def test_what_comes_after_a_session_was_known_to_be_over_completes_none_of_its_visits():
    # half an hour after the session had lasted for a day, and was cut at the midnight before
    late = robot(30 * 60, m30="begin_checkout", m1470="purchase")
    found = [night(late, day_of(day)).stage_visits.filter("is_decided", stage="checkout") for day in (2, 3)]
    assert [each.select("visit_id", "outcome", "decided_at").rows() for each in found] == [
        [("checkout:e0030", "lost", at(60, day=2, hour=23))],
        [],
    ]

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline.journeys.journey import Journey
from tests.detectors.nights import day_of, night, picked, world


def stages(rows, **given):
    """The stage of each visit by its first event."""
    found = night(world(rows), **given).stage_visits.filter(pl.col("session_id").is_not_null())
    return dict(found.sort("visit_id").select(pl.col("visit_id").str.split(":").list.last(), "stage").iter_rows())


def test_an_event_has_the_stage_of_its_name_else_of_its_page_else_of_what_was_before():
    assert stages(
        """
        customer_id | event_id | event_name       | page_path         | occurred_at
        ------------+----------+------------------+-------------------+------------
        a           | a1       | page_view        | /                 | 10:00
        a           | a2       | scroll           | /unknown          | 10:01
        a           | a3       | view_item        | /checkout         | 10:02
        a           | a4       | click            |                   | 10:03
        a           | a5       | page_view        | /checkout/address | 10:04
        a           | a6       | page_view        | /checkout/payment | 10:05
        # without any sign of a stage: the first one
        b           | b1       | click            |                   | 10:00
        b           | b2       | page_view        | /basket           | 10:01
        # the stage of the session before is forgotten
        b           | b3       | click            |                   | 10:31
        # and so is that of the person before
        c           | c1       | click            |                   | 10:00
        """
    ) == {
        "a1": "discover",
        "a3": "evaluate",
        "a5": "checkout",
        "a6": "payment",
        "b1": "discover",
        "b2": "cart",
        "b3": "discover",
        "c1": "discover",
    }


@pytest.mark.parametrize(
    ("path", "stage"),
    [
        ("/", "discover"),
        ("/c/shoes", "discover"),
        ("/category/", "discover"),
        ("/search?q=a", "discover"),
        ("/p/1", "evaluate"),
        ("/cart", "cart"),
        ("/cart/2", "cart"),
        ("/checkout", "checkout"),
        ("/checkout/address", "checkout"),
        ("/checkouts", "discover"),  # no pattern: the first stage
        ("/checkout/payment", "payment"),
        ("/checkout/payment/3ds", "payment"),
        ("/shop/checkout", "discover"),
        ("/p", "discover"),
        ("/p/a\nb", "evaluate"),
    ],
)
def test_the_longest_pattern_of_a_page_counts_and_it_matches_the_whole_path(path, stage):
    row = {"customer_id": ["a"], "event_id": ["e"], "event_name": ["page_view"], "page_path": [path]}
    assert stages(pl.DataFrame(row | {"occurred_at": [day_of().start]})) == {"e": stage}


BUYERS = """
    customer_id | event_id | event_name       | value | metric | occurred_at
    ------------+----------+------------------+-------+--------+------------
    buys        | a1       | view_item        | 20    |        | 10:00
    buys        | a2       | add_to_cart      | 20    |        | 10:01
    buys        | a3       | web_vital        | 900   | lcp    | 10:02
    buys        | a4       | begin_checkout   | 20    |        | 10:03
    buys        | a5       | add_payment_info |       |        | 10:04
    buys        | a6       | purchase         | 25    |        | 10:05
    looks       | b1       | view_item        | 20    |        | 10:00
    """


def test_a_visit_is_completed_by_its_event_or_lost_when_the_session_is_over():
    found, expected = picked(
        night(world(BUYERS)).stage_visits.filter(pl.col("session_id").is_not_null()),
        """
        visit_id    | outcome   | reason         | decided_at       | value | events | is_decided
        ------------+-----------+----------------+------------------+-------+--------+-----------
        evaluate:a1 | completed | add_to_cart    | 2026-01-01 10:01 | 20    | 1      | true
        cart:a2     | completed | begin_checkout | 2026-01-01 10:03 | 20    | 2      | true
        checkout:a4 | completed | purchase       | 2026-01-01 10:05 | 20    | 1      | true
        payment:a5  | completed | purchase       | 2026-01-01 10:05 | 25    | 2      | true
        evaluate:b1 | lost      | session_end    | 2026-01-01 10:30 | 20    | 1      | true
        """,
    )
    assert_frame_equal(found, expected)


AGAIN = """
    customer_id | event_id | event_name       | page_path  | occurred_at
    ------------+----------+------------------+------------+------------
    again       | a1       | begin_checkout   |            | 10:00
    again       | a2       | purchase         |            | 10:01
    # still of the first attempt: nothing was begun again
    again       | a3       | page_view        | /checkout  | 10:02
    again       | a4       | begin_checkout   |            | 10:03
    again       | a5       | add_payment_info |            | 10:04
    again       | a6       | purchase         |            | 10:05
    again       | a7       | begin_checkout   |            | 10:06
    # begun twice without a purchase in between: one attempt
    once        | b1       | begin_checkout   |            | 10:00
    once        | b2       | view_item        |            | 10:01
    once        | b3       | begin_checkout   |            | 10:02
    # a purchase in an earlier session is none in this one
    later       | c1       | begin_checkout   |            | 10:00
    later       | c2       | purchase         |            | 10:01
    later       | c3       | begin_checkout   |            | 10:40
    """


def test_what_is_begun_after_a_purchase_is_another_attempt():
    found, expected = picked(
        night(world(AGAIN)).stage_visits.filter(pl.col("stage").is_in(["checkout", "payment"])),
        """
        visit_id    | outcome   | events
        ------------+-----------+-------
        checkout:a1 | completed | 2
        payment:a2  | completed | 1
        checkout:a4 | completed | 1
        payment:a5  | completed | 2
        checkout:a7 | lost      | 1
        checkout:b1 | lost      | 2
        checkout:c1 | completed | 1
        payment:c2  | completed | 1
        checkout:c3 | lost      | 1
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (1, [("checkout:a1", "open", True, False), ("checkout:b1", "open", True, False)]),
        # nothing happened but that the second was given up: a day on which it is flagged is one of the visit's
        (2, [("checkout:a1", "completed", False, True), ("checkout:b1", "lost", True, True)]),
        (3, []),
    ],
)
def test_a_visit_over_midnight_is_open_until_it_is_decided(day, expected):
    late = world(
        """
        customer_id | event_id | event_name     | occurred_at
        buys        | a1       | begin_checkout | 23:50
        buys        | a2       | purchase       | d2 00:10
        leaves      | b1       | begin_checkout | 23:50
        """
    )
    found = night(late, day_of(day)).stage_visits.filter(stage="checkout")
    assert found.select("visit_id", "outcome", "is_active", "is_decided").sort("visit_id").rows() == expected


def test_a_visit_names_the_places_that_it_touched():
    touched = world(
        """
        customer_id | event_id | event_name | page_path | element | form_id | field_id | occurred_at
        a           | e1       | page_view  | /checkout |         |         |          | 10:00
        a           | e2       | click      | /checkout | #pay    |         |          | 10:01
        a           | e3       | form_error |           |         | address | postcode | 10:02
        a           | e4       | form_start |           |         | address |          | 10:03
        b           | f1       | click      |           |         |         |          | 10:00
        """
    )
    found = dict(night(touched).stage_visits.select("visit_id", "loci").iter_rows())
    assert found == {
        "checkout:e1": ["element:#pay", "form_field:address/postcode", "page:/checkout"],
        "discover:f1": [],
    }


def test_a_journey_may_have_no_stage_that_is_made_of_sessions():
    calls = Journey.model_validate(
        {"name": "calls", "stages": [{"name": "call", "made_of": "contact", "wait_types": ["queue"]}]}
    )
    found = night(world(BUYERS), journey=calls)
    assert found.stage_visits.is_empty()
    assert found.sessions["stages"].to_list() == [[], []]
    assert found.flags.is_empty()

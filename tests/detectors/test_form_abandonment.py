import pytest
from polars.testing import assert_frame_equal

from tests.detectors.nights import customers, day_of, flags, picked, world

FORMS = world(
    """
    customer_id | event_id | event_name  | page_path | form_id  | field_id | outcome | value | occurred_at
    ------------+----------+-------------+-----------+----------+----------+---------+-------+------------
    leaves      | a1       | form_start  | /checkout | shipping |          |         | 80    | 10:00
    leaves      | a2       | form_change | /checkout | shipping | name     |         |       | 10:01
    leaves      | a3       | form_change | /payment  | shipping | postcode |         |       | 10:02
    leaves      | a4       | page_view   | /         |          |          |         |       | 10:03
    submits     | b1       | form_start  | /checkout | shipping |          |         |       | 10:00
    submits     | b2       | form_submit | /checkout | shipping |          |         |       | 10:01
    refused     | c1       | form_change | /checkout | shipping | postcode |         |       | 10:00
    refused     | c2       | form_submit | /checkout | shipping |          | error   |       | 10:01
    retries     | d1       | form_change | /checkout | shipping | postcode |         |       | 10:00
    retries     | d2       | form_submit | /checkout | shipping |          | error   |       | 10:01
    retries     | d3       | form_submit | /checkout | shipping |          | ok      |       | 10:02
    retries     | d4       | form_change | /checkout | shipping | postcode |         |       | 10:03
    starts      | e1       | form_start  | /checkout | shipping |          |         |       | 10:00
    # another form's submission is none of this one
    two_forms   | f1       | form_start  | /checkout | shipping |          |         |       | 10:00
    two_forms   | f2       | form_submit | /checkout | coupon   |          |         |       | 10:01
    # submitted in the next session: this one was lost
    returns     | g1       | form_start  | /checkout | shipping |          |         |       | 10:00
    returns     | g2       | form_submit | /checkout | shipping |          |         |       | 10:30
    unnamed     | h1       | form_start  | /checkout |          |          |         |       | 10:00
    errs        | j1       | form_error  | /checkout | shipping | postcode |         |       | 10:00
    sees        | i1       | page_view   | /checkout | shipping |          |         |       | 10:00
    """
)


def test_a_form_that_was_started_and_not_submitted_is_abandoned_when_the_session_is_over():
    found, expected = picked(
        flags("form_abandonment", FORMS),
        """
        flag_id             | locus             | visit_id    | evidence | flagged_at       | value_at_stake
        --------------------+-------------------+-------------+----------+------------------+---------------
        form_abandonment:a1 | shipping/postcode | payment:a3  | a1, a3   | 2026-01-01 10:33 | 80
        form_abandonment:c1 | shipping/postcode | checkout:c1 | c1       | 2026-01-01 10:31 |
        form_abandonment:e1 | shipping          | checkout:e1 | e1       | 2026-01-01 10:30 |
        form_abandonment:f1 | shipping          | checkout:f1 | f1       | 2026-01-01 10:31 |
        form_abandonment:g1 | shipping          | checkout:g1 | g1       | 2026-01-01 10:30 |
        """,
    )
    assert_frame_equal(found, expected)


def test_what_starts_a_form_is_a_parameter():
    found = flags("form_abandonment", FORMS, started_by=("form_change",))
    assert customers(found) == {"leaves", "refused"}
    assert set(flags("form_abandonment", FORMS)["severity"]) == {1.0}


@pytest.mark.parametrize(("day", "flagged"), [(1, {"today"}), (2, {"tomorrow", "goes_on"}), (3, set())])
def test_it_belongs_to_the_day_on_which_the_half_hour_is_up(day, flagged):
    late = world(
        """
        customer_id | event_id | event_name  | form_id | occurred_at
        today       | a1       | form_start  | f       | 23:29:59.999999
        tomorrow    | b1       | form_start  | f       | 23:30
        goes_on     | c1       | form_start  | f       | 23:20
        goes_on     | c2       | page_view   |         | 23:49
        decides     | d1       | form_start  | f       | 23:50
        decides     | d2       | form_submit | f       | d2 00:10
        """
    )
    assert customers(flags("form_abandonment", late, day_of(day))) == flagged

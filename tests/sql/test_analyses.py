"""The questions of `sql/analyses`; those on deliveries and on quarantined rows stand beside the marts they share."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from polars.testing import assert_frame_equal

from tests.sql.worlds import picked, query, warehouse


def test_where_we_lose_most_money_is_answered_in_each_currency_apart():
    con = warehouse(
        points="""
        day        | point_id | stage    | kind     | revenue_at_risk | currency | owner
        -----------+----------+----------+----------+-----------------+----------+---------
        2026-01-15 | small    | checkout | obstacle | 100.0           | TRY      |
        2026-01-15 | large    | checkout | obstacle | 300.0           | TRY      | payments
        2026-01-15 | left_out | checkout | obstacle | 100.0           | TRY      |
        2026-01-15 | euro     | cart     | obstacle | 5.0             | EUR      |
        2026-01-15 | nothing  | cart     | obstacle | 0.0             | TRY      |
        2026-01-15 | unknown  | cart     | obstacle |                 |          |
        2026-01-15 | outcome  | cart     | outcome  | 900.0           | TRY      |
        2026-01-14 | large    | checkout | obstacle | 999.0           | TRY      |
        """,
        stage_scores="day | stage | entered\n---+---+---\n2026-01-15 | checkout | 200",
    )
    shown, expected = picked(
        query(con, "analyses/where_we_lose_most_money", most=2),
        """
        place | point_id | revenue_at_risk | currency | share_of_all | share_so_far | revenue_per_entered | owner
        ------+----------+-----------------+----------+--------------+--------------+---------------------+---------
        1     | euro     | 5.0             | EUR      | 1.0          | 1.0          |                     |
        1     | large    | 300.0           | TRY      | 0.6          | 0.6          | 1.5                 | payments
        2     | left_out | 100.0           | TRY      | 0.2          | 0.8          | 0.5                 |
        """,
    )
    assert_frame_equal(shown, expected)


def test_points_got_worse_that_score_more_or_whose_trend_says_so():
    con = warehouse(
        points="""
        day        | point_id | kind     | score | trend     | q_value
        -----------+----------+----------+-------+-----------+--------
        2026-01-14 | worse    | obstacle | 1.0   |           |
        2026-01-15 | worse    | obstacle | 3.5   | steady    | 0.5
        2026-01-15 | new      | obstacle | 2.0   | new       |
        2026-01-14 | better   | obstacle | 2.0   |           |
        2026-01-15 | better   | obstacle | 1.0   | improving | 0.01
        2026-01-14 | tonight  | obstacle | 2.0   |           |
        2026-01-15 | tonight  | obstacle | 1.5   | worsening | 0.01
        2026-01-14 | same     | obstacle | 2.0   |           |
        2026-01-15 | same     | obstacle | 2.0   | steady    | 0.9
        2026-01-14 | gone     | obstacle | 2.0   |           |
        2026-01-15 | outcome  | outcome  | 0.0   | worsening | 0.01
        """
    )
    shown, expected = picked(
        query(con, "analyses/points_that_got_worse"),
        """
        point_id | score_before | score | score_change | is_new
        ---------+--------------+-------+--------------+-------
        worse    | 1.0          | 3.5   | 2.5          | false
        new      | 0.0          | 2.0   | 2.0          | true
        tonight  | 2.0          | 1.5   | -0.5         | false
        """,
    )
    assert_frame_equal(shown, expected)


def test_the_first_friction_before_a_lost_checkout_is_the_earliest_obstacle_of_its_session():
    con = warehouse(
        stage_visits="""
        day        | visit_id  | stage    | session_id | outcome   | is_decided | decided_at          | value
        -----------+-----------+----------+------------+-----------+------------+---------------------+------
        2026-01-15 | two       | checkout | s-1        | lost      | true       | 2026-01-15 12:00:00 | 10
        2026-01-15 | elsewhere | checkout | s-2        | lost      | true       | 2026-01-15 12:00:00 | 20
        2026-01-15 | outcome   | checkout | s-3        | lost      | true       | 2026-01-15 12:00:00 | 30
        2026-01-15 | too late  | checkout | s-4        | lost      | true       | 2026-01-15 12:00:00 | 40
        2026-01-15 | bought    | checkout | s-5        | completed | true       | 2026-01-15 12:00:00 | 50
        2026-01-15 | cart      | cart     | s-6        | lost      | true       | 2026-01-15 12:00:00 | 60
        2026-02-01 | after     | checkout | s-1        | lost      | true       | 2026-02-01 12:00:00 | 70
        2026-01-15 | no session | checkout |           | lost      | true       | 2026-01-15 12:00:00 |
        """,
        flags="""
        flag_id | visit_id   | session_id | signal      | stage    | locus | started_at
        --------+------------+------------+-------------+----------+-------+--------------------
        g-1     | two        | s-1        | rage_click  | checkout | #pay  | 2026-01-15 11:05:00
        g-2     | two        | s-1        | form_error  | checkout | zip   | 2026-01-15 11:01:00
        g-3     | cart       | s-2        | form_error  | cart     | zip   | 2026-01-15 10:00:00
        g-4     | outcome    | s-3        | abandonment | checkout | #pay  | 2026-01-15 10:00:00
        g-5     | too late   | s-4        | form_error  | checkout | zip   | 2026-01-15 12:00:01
        g-6     | bought     | s-5        | form_error  | checkout | zip   | 2026-01-15 11:00:00
        g-7     | no session |            | form_error  | checkout | zip   | 2026-01-15 12:00:00
        """,
        points="signal | kind\n---+---\nabandonment | outcome\nform_error | obstacle",
    )
    shown, expected = picked(
        query(con, "analyses/first_friction_before_lost_visit"),
        """
        signal     | stage    | locus | lost_visits | share | value_lost
        -----------+----------+-------+-------------+-------+-----------
        form_error | checkout | zip   | 2           | 0.4   | 10.0
                   |          |       | 2           | 0.4   | 70.0
        form_error | cart     | zip   | 1           | 0.2   | 20.0
        """,
    )
    assert_frame_equal(shown, expected)


def test_people_with_repeated_friction_have_at_least_so_many_flags_in_so_many_days():
    con = warehouse(
        flags="""
        day        | person_id | customer_id | signal     | stage    | severity
        -----------+-----------+-------------+------------+----------+---------
        2026-01-15 | c:three   | three       | rage_click | checkout | 0.2
        2026-01-14 | c:three   | three       | long_wait  | support  | 0.8
        2026-01-14 | c:three   | three       | long_wait  | support  | 0.1
        2026-01-15 | c:two     | two         | rage_click | checkout | 0.2
        2026-01-15 | c:two     | two         | rage_click | checkout | 0.2
        2026-01-13 | c:two     | two         | rage_click | checkout | 0.2
        2026-01-16 | c:two     | two         | rage_click | checkout | 0.2
        2026-01-15 | a:device  |             | rage_click | checkout | 0.2
        2026-01-15 | a:device  |             | rage_click | cart     | 0.2
        2026-01-15 | a:device  |             | rage_click | discover | 0.2
        2026-01-15 | a:device  |             | rage_click | discover | 0.2
        """,
        customers="customer_id | segment | tier\n---+---+---\nthree | family | gold",
        person_scores="day | person_id | score\n---+---+---\n2026-01-15 | c:three | 22.5\n2026-01-14 | c:three | 1",
    )
    shown, expected = picked(
        query(con, "analyses/people_with_repeated_friction", days=2),
        """
        person_id | flags | signals | stages | days | which_signals         | worst_severity | score | segment | tier
        ----------+-------+---------+--------+------+-----------------------+----------------+-------+---------+-----
        a:device  | 4     | 1       | 3      | 1    | rage_click            | 0.2            |       |         |
        c:three   | 3     | 2       | 2      | 2    | long_wait, rage_click | 0.8            | 22.5  | family  | gold
        """,
    )
    assert_frame_equal(shown, expected)


def test_the_queue_that_answered_last_answers_for_a_repeat_contact():
    con = warehouse(
        wait_time="""
        queue   | customer_id | contact_id | reason  | started_at          | ended_at            | outcome     | handled_seconds
        --------+-------------+------------+---------+---------------------+---------------------+-------------+----------------
        billing | a           | 1          | invoice | 2026-01-01 09:00:00 | 2026-01-01 09:00:10 | transferred |
        second  | a           | 1          | invoice | 2026-01-01 09:00:10 | 2026-01-01 09:00:20 | served      | 40
        billing | a           | 2          | invoice | 2026-01-08 09:01:00 | 2026-01-08 09:01:10 | served      |
        second  | b           | 3          | invoice | 2026-01-01 09:00:00 | 2026-01-01 09:00:20 | served      | 40
        billing | b           | 4          | invoice | 2026-01-08 09:01:01 | 2026-01-08 09:01:10 | served      |
        billing | c           | 5          | invoice | 2026-01-02 09:00:00 | 2026-01-02 09:00:10 | abandoned   |
        second  | d           | 6          | invoice | 2026-01-02 09:00:00 | 2026-01-02 09:00:10 | served      |
        second  | d           | 7          | parcel  | 2026-01-03 09:00:00 | 2026-01-03 09:00:10 | served      |
        second  | e           | 8          | invoice | 2026-01-14 09:00:00 | 2026-01-14 09:00:10 | served      |
        """  # noqa: E501
    )
    shown, expected = picked(
        query(con, "analyses/queues_that_cause_repeat_contacts", days=7, to_day=date(2026, 1, 7)),
        """
        channel | queue  | reason  | contacts | repeated | repeated_share
        --------+--------+---------+----------+----------+---------------
        phone   | second | invoice | 3        | 1        | 0.333333
        phone   | second | parcel  | 1        | 0        | 0.0
        """,
    )
    assert_frame_equal(shown, expected)


@pytest.mark.parametrize("seed", range(3))
def test_repeat_contacts_agree_with_a_count_by_hand(seed: int):
    rng = random.Random(seed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    contacts = [
        (number, rng.choice("abcde"), rng.choice(["invoice", "parcel"]), rng.choice(["q-1", "q-2"]), minute)
        for number, minute in enumerate(rng.sample(range(31 * 24 * 60), 60))
    ]
    con = warehouse(
        wait_time="contact_id | customer_id | reason | queue | started_at | ended_at | outcome\n"
        + "\n".join(
            f"{number} | {who} | {why} | {queue} | {at} | {at} | served"
            for number, who, why, queue, minute in contacts
            for at in [start + timedelta(minutes=minute)]
        )
    )
    week, last = 7 * 24 * 60, max(at for *_, at in contacts)
    by_hand: dict[tuple[str, str], tuple[int, int]] = {}
    for _, who, why, queue, at in contacts:
        if at + week <= last:
            later = any(
                (who, why) == (other, about) and at < then <= at + week for _, other, about, _, then in contacts
            )
            total, repeated = by_hand.get((queue, why), (0, 0))
            by_hand[queue, why] = (total + 1, repeated + later)
    found = query(con, "analyses/queues_that_cause_repeat_contacts", days=7)
    assert {(row[1], row[2]): (row[3], row[4]) for row in found.rows()} == by_hand


def test_a_device_becomes_known_once_and_brings_its_anonymous_past():
    con = warehouse(
        identities="""
        day        | anonymous_id | customer_id | first_seen_at
        -----------+--------------+-------------+--------------------
        2026-01-10 | past         | ann         | 2026-01-10 10:00:00
        2026-01-11 | past         | bob         | 2026-01-11 10:00:00
        2026-01-10 | none         | eve         | 2026-01-10 10:00:00
        2026-02-01 | later        | cy          | 2026-02-01 10:00:00
        """,
        clickstream="""
        event_id | anonymous_id | customer_id | occurred_at
        ---------+--------------+-------------+--------------------
        too old  | past         |             | 2026-01-05 09:59:59
        first    | past         |             | 2026-01-05 10:00:00
        second   | past         |             | 2026-01-10 09:00:00
        after    | past         |             | 2026-01-10 10:00:00
        known    | past         | ann         | 2026-01-10 09:30:00
        then     | none         |             | 2026-01-10 11:00:00
        """,
    )
    shown, expected = picked(
        query(con, "analyses/from_anonymous_to_known", days=5),
        """
        day        | devices | devices_with_past | with_past_share | anonymous_events | events_median | days_to_known_median | devices_on_several_days
        -----------+---------+-------------------+-----------------+------------------+---------------+----------------------+------------------------
        2026-01-10 | 2       | 1                 | 0.5             | 2                | 2.0           | 5.0                  | 1
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


def test_who_is_set_aside_is_told_by_what_gave_it_away_with_what_it_bought():
    con = warehouse(
        clickstream="""
        event_id | occurred_at         | event_name | customer_id | anonymous_id | user_agent | ip_address | set_aside
        ---------+---------------------+------------+-------------+--------------+------------+------------+----------------
        e1       | 2026-01-15 10:00:00 | page_view  |             | d1           | crawler    | 1.2.3.4    | bot
        e2       | 2026-01-14 10:00:00 | page_view  |             | d2           | crawler    | 1.2.3.5    | bot
        e3       | 2026-01-15 10:00:00 | purchase   | c1          | d3           | crawler    | 1.2.3.6    | bot
        e4       | 2026-01-15 10:00:00 | page_view  | c2          | d4           | browser    | 10.0.0.1   | internal
        e5       | 2026-01-15 10:00:00 | page_view  | c2          | d4           | browser    |            | internal
        e6       | 2026-01-15 10:00:00 | page_view  |             | d5           | browser    | 1.2.3.7    | impossible_rate
        e7       | 2026-01-15 10:00:00 | page_view  | c3          | d5           | crawler    | 10.0.0.1   |
        e8       | 2025-12-31 10:00:00 | page_view  |             | d5           | crawler    |            | bot
        """,  # noqa: E501
        orders="order_id | customer_id | placed_at | set_aside\n---+---+---+---\no1 | c9 | 2026-01-15 | test",
        wait_time="wait_id | customer_id | started_at | set_aside\n---+---+---+---\nw1 | c9 | 2026-01-15 |",
    )
    shown, expected = picked(
        query(con, "analyses/who_is_set_aside", most=4),
        """
        contract    | reason          | sign     | rows | people | days | purchases | first_id
        ------------+-----------------+----------+------+--------+------+-----------+---------
        clickstream | bot             | crawler  | 3    | 3      | 2    | 1         | e2
        clickstream | impossible_rate | d5       | 1    | 1      | 1    | 0         | e6
        clickstream | internal        | 10.0.0.1 | 1    | 1      | 1    | 0         | e4
        clickstream | internal        | c2       | 1    | 1      | 1    | 0         | e5
        """,
    )
    assert_frame_equal(shown, expected)
    assert query(con, "analyses/who_is_set_aside")["contract"].to_list()[-1] == "orders"

"""marts.person_timeline."""

from polars.testing import assert_frame_equal

from tests.sql.worlds import mart, picked, warehouse


def test_tells_all_that_happened_to_a_person_in_order():
    con = warehouse(
        clickstream="""
        event_id | customer_id | anonymous_id | event_name    | occurred_at         | page_path | outcome | error_code | query | result_count
        ---------+-------------+--------------+---------------+---------------------+-----------+---------+------------+-------+-------------
        e-1      | ann         | d            | search        | 2026-01-01 10:00:00 | /search   |         |            | shoes | 0
        routine  | ann         | d            | page_view     | 2026-01-01 10:00:30 | /p        | ok      |            |       |
        failed   | ann         | d            | page_view     | 2026-01-01 10:01:00 | /p        | error   |            |       |
        coded    | ann         | d            | click         | 2026-01-01 10:02:00 | /p        |         | E42        |       |
        """,  # noqa: E501
        wait_time="""
        wait_id | customer_id | wait_type | queue   | reason  | started_at          | ended_at            | promised_at         | outcome
        --------+-------------+-----------+---------+---------+---------------------+---------------------+---------------------+--------
        w-1     | ann         | queue     | billing | invoice | 2026-01-01 10:05:00 | 2026-01-01 10:06:10 | 2026-01-01 10:05:20 | served
        w-2     | ann         | queue     | billing |         | 2026-01-01 10:07:00 |                     |                     | open
        """,  # noqa: E501
        orders="""
        order_id | customer_id | placed_at           | promised_at         | delivered_at        | carrier
        ---------+-------------+---------------------+---------------------+---------------------+--------
        o-1      | ann         | 2026-01-01 10:03:00 | 2026-01-03 10:00:00 | 2026-01-03 10:00:01 | north
        o-2      | ann         | 2026-01-01 10:03:00 | 2026-01-03 10:00:00 |                     |
        """,
        order_error="""
        error_id | customer_id | order_id | error_type | error_class | occurred_at
        ---------+-------------+----------+------------+-------------+--------------------
        x-1      | ann         | o-1      | damaged    | hard        | 2026-01-04 10:00:00
        """,
        feedback="""
        feedback_id | customer_id | order_id | metric | score | scale_min | scale_max | given_at            | comment
        ------------+-------------+----------+--------+-------+-----------+-----------+---------------------+--------
        f-1         | ann         | o-1      | csat   | 2     | 1         | 5         | 2026-01-05 10:00:00 | Broken
        """,
        flags="""
        flag_id | person_id | signal      | stage   | locus_type | locus   | flagged_at          | severity | detail
        --------+-----------+-------------+---------+------------+---------+---------------------+----------+-------------
        g-1     | c:ann     | long_wait   | support | queue      | billing | 2026-01-01 10:06:10 | 0.9      | {"wait": 70}
        """,  # noqa: E501
    )
    shown, expected = picked(
        mart(con, "person_timeline"),
        """
        person_id | happened_at         | kind        | what         | place         | words                                           | stage   | severity | source_id
        ----------+---------------------+-------------+--------------+---------------+-------------------------------------------------+---------+----------+----------
        c:ann     | 2026-01-01 10:00:00 | event       | search       | /search       | for "shoes", 0 results                          |         |          | e-1
        c:ann     | 2026-01-01 10:01:00 | event       | page_view    | /p            | failed                                          |         |          | failed
        c:ann     | 2026-01-01 10:02:00 | event       | click        | /p            | E42                                             |         |          | coded
        c:ann     | 2026-01-01 10:03:00 | order       | order_placed | order o-1     | delivered later than promised, by north         |         |          | o-1
        c:ann     | 2026-01-01 10:03:00 | order       | order_placed | order o-2     |                                                 |         |          | o-2
        c:ann     | 2026-01-01 10:05:00 | wait        | queue        | queue billing | 70 s, served, about invoice, later than promised |         |          | w-1
        c:ann     | 2026-01-01 10:06:10 | flag        | long_wait    | queue billing | {"wait": 70}                                    | support | 0.9      | g-1
        c:ann     | 2026-01-01 10:07:00 | wait        | queue        | queue billing | still waiting when the data was taken, open     |         |          | w-2
        c:ann     | 2026-01-04 10:00:00 | order_error | damaged      | order o-1     | hard                                            |         |          | x-1
        c:ann     | 2026-01-05 10:00:00 | feedback    | csat         | order o-1     | 2 on a scale from 1 to 5, Broken                |         |          | f-1
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


def test_what_a_device_did_is_told_with_the_customer_who_was_seen_on_it():
    con = warehouse(
        identities="""
        day        | anonymous_id | customer_id | first_seen_at       | last_seen_at
        -----------+--------------+-------------+---------------------+--------------------
        2026-01-02 | shared       | ann         | 2026-01-02 10:00:00 | 2026-01-02 11:00:00
        2026-01-02 | shared       | bob         | 2026-01-02 12:00:00 | 2026-01-02 12:10:00
        2026-01-02 | other        | eve         | 2026-01-02 09:00:00 | 2026-01-02 09:00:00
        """,
        clickstream="""
        event_id        | anonymous_id | customer_id | event_name | occurred_at
        ----------------+--------------+-------------+------------+--------------------
        long before     | shared       |             | search     | 2026-01-01 08:00:00
        ann herself     | shared       | ann         | login      | 2026-01-02 10:00:00
        between ann     | shared       |             | search     | 2026-01-02 10:30:00
        after ann       | shared       |             | search     | 2026-01-02 11:30:00
        just before bob | shared       |             | search     | 2026-01-02 11:30:01
        after bob       | shared       |             | search     | 2026-01-03 08:00:00
        cy on it later  | shared       | cy          | search     | 2026-01-04 08:00:00
        nobody          | unseen       |             | search     | 2026-01-02 10:00:00
        """,
        flags="""
        flag_id  | person_id | customer_id | flagged_at
        ---------+-----------+-------------+--------------------
        early    | a:shared  |             | 2026-01-01 08:00:01
        unseen   | a:unseen  |             | 2026-01-02 10:00:01
        known    | c:ann     | ann         | 2026-01-09 10:00:00
        """,
    )
    shown, expected = picked(
        mart(con, "person_timeline"),
        """
        person_id | source_id       | is_anonymous
        ----------+-----------------+-------------
        a:unseen  | nobody          | true
        a:unseen  | unseen          | true
        c:ann     | long before     | true
        c:ann     | early           | true
        c:ann     | ann herself     | false
        c:ann     | between ann     | true
        c:ann     | after ann       | true
        c:ann     | known           | false
        c:bob     | just before bob | true
        c:bob     | after bob       | true
        c:cy      | cy on it later  | false
        """,
    )
    assert_frame_equal(shown, expected)

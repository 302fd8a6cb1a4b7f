"""The views on points, stages, visits, signals and loads."""

import random
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.sql.worlds import mart, picked, query, warehouse

DAY = date(2026, 1, 15)

POINTS = """
    day        | point_id | stage    | signal        | kind     | locus   | exposed_today | exposed | affected | rate | rank | score | lost_visits | lost_visits_low | lost_visits_high | revenue_at_risk | currency
    -----------+----------+----------+---------------+----------+---------+---------------+---------+----------+------+------+-------+-------------+-----------------+------------------+-----------------+---------
    2026-01-15 | b-second | checkout | rage_click    | obstacle | #pay    | 0             | 100     | 20       | 0.20 | 2    | 3.0   | 6.0         | 2.0             | 10.0             | 600.0           | TRY
    2026-01-15 | a-few    | checkout | rage_click    | obstacle | #coupon | 0             | 29      | 20       | 0.69 |      | 1.0   | 2.0         | 0.0             | 4.0              | 50.0            | TRY
    2026-01-15 | c-first  | payment  | payment_error | obstacle | card    | 0             | 50      | 10       | 0.20 | 1    | 4.0   | 2.0         | 1.0             | 3.0              |                 |
    2026-01-15 | d-gone   | checkout | abandonment   | outcome  | step 2  | 0             | 100     | 90       | 0.90 |      | 0.0   | 0.0         | 0.0             | 0.0              |                 |
    2026-01-15 | e-bare   | support  | late_delivery | obstacle | north   | 0             | 0       | 3        |      |      | 0.0   | 0.0         | 0.0             | 0.0              |                 |
    2026-01-15 | f-open   | support  | late_delivery | obstacle | north   | 5             | 0       | 3        |      |      | 0.0   | 0.0         | 0.0             | 0.0              |                 |
    2026-01-14 | b-second | checkout | rage_click    | obstacle | #pay    | 0             | 90      | 9        | 0.10 | 1    | 1.0   | 1.8         | 1.0             | 3.0              | 200.0           | TRY
    """  # noqa: E501

STAGES = """
    day        | stage    | entered | completed | lost | affected | score | health
    -----------+----------+---------+-----------+------+----------+-------+-------
    2026-01-15 | checkout | 200     | 120       | 80   | 40       | 4.0   | 96.0
    2026-01-15 | payment  | 50      | 45        | 5    | 10       | 4.0   | 96.0
    2026-01-15 | support  | 0       | 0         | 0    | 0        | 0.0   | 100.0
    2026-01-08 | checkout | 200     | 120       | 80   | 40       | 1.5   | 98.5
    2026-01-07 | payment  | 50      | 45        | 5    | 10       | 1.0   | 99.0
    """


def test_points_come_latest_day_first_then_by_rank_and_what_is_not_ranked_last():
    con = warehouse(points=POINTS, stage_scores=STAGES)
    shown, expected = picked(
        mart(con, "friction_points"),
        """
        day        | rank | is_ranked | point_id | revenue_per_entered
        -----------+------+-----------+----------+--------------------
        2026-01-15 | 1    | true      | c-first  |
        2026-01-15 | 2    | true      | b-second | 3.0
        2026-01-15 |      | false     | a-few    | 0.25
        2026-01-15 |      | false     | d-gone   |
        2026-01-15 |      | false     | e-bare   |
        2026-01-15 |      | false     | f-open   |
        2026-01-14 | 1    | true      | b-second |
        """,
    )
    assert_frame_equal(shown, expected)


def test_points_say_in_words_what_they_are():
    con = warehouse(points=POINTS)
    shown, expected = picked(
        mart(con, "friction_points").head(6),
        """
        title                                        | score_words                                            | rate_words
        ---------------------------------------------+--------------------------------------------------------+-----------
        payment error in payment at element card     | 4.0 of 100 visits lost (1.0 to 3.0 visits in 28 days)  | 20.0 % (20.0 to 20.0 %)
        rage click in checkout at element #pay       | 3.0 of 100 visits lost (2.0 to 10.0 visits in 28 days) | 20.0 % (20.0 to 20.0 %)
        rage click in checkout at element #coupon    | 1.0 of 100 visits lost (0.0 to 4.0 visits in 28 days)  | 69.0 % (69.0 to 69.0 %)
        abandonment in checkout at element step 2    | an outcome: claims no share of the loss                | 90.0 % (90.0 to 90.0 %)
        late delivery in support at element north    | 0.0 of 100 visits lost (0.0 to 0.0 visits in 28 days)  | no rate: the data holds no denominator
        late delivery in support at element north    | 0.0 of 100 visits lost (0.0 to 0.0 visits in 28 days)  | no rate yet: no exposed visit is decided
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


def test_a_stage_shows_its_week_its_worst_point_and_its_money():
    con = warehouse(points=POINTS, stage_scores=STAGES)
    shown, expected = picked(
        mart(con, "stage_health").head(3),
        """
        day        | stage    | health | health_change | conversion_share | affected_share | explained_share | points | revenue_at_risk | currency | worst_point_id
        -----------+----------+--------+---------------+------------------+----------------+-----------------+--------+-----------------+----------+---------------
        2026-01-15 | checkout | 96.0   | -2.5          | 0.6              | 0.2            | 0.1             | 2      | 650.0           | TRY      | b-second
        2026-01-15 | payment  | 96.0   |               | 0.9              | 0.2            | 0.4             | 1      |                 |          | c-first
        2026-01-15 | support  | 100.0  |               |                  |                |                 | 0      |                 |          |
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


def test_money_in_two_currencies_is_not_added_up():
    con = warehouse(points=POINTS.replace("50.0            | TRY", "50.0            | EUR"), stage_scores=STAGES)
    assert mart(con, "stage_health").row(0, named=True)["revenue_at_risk"] is None


VISITS = """
    day        | visit_id | stage    | entered_at          | decided_at          | outcome   | is_active | is_decided | is_exposure | value | currency
    -----------+----------+----------+---------------------+---------------------+-----------+-----------+------------+-------------+-------+---------
    2026-01-14 | bought   | checkout | 2026-01-14 10:00:00 | 2026-01-14 22:00:00 | completed | true      | true       | true        | 70.0  | TRY
    2026-01-14 | midnight | checkout | 2026-01-14 23:50:00 |                     | open      | true      | false      | true        | 30.0  | TRY
    2026-01-15 | midnight | checkout | 2026-01-14 23:50:00 | 2026-01-15 23:50:00 | lost      | false     | true       | true        | 30.0  | TRY
    2026-01-15 | still    | checkout | 2026-01-15 12:00:00 |                     | open      | true      | false      | true        | 10.0  | TRY
    2026-01-16 | still    | checkout | 2026-01-15 12:00:00 |                     | open      | true      | false      | true        | 10.0  | TRY
    2026-01-15 | error    | checkout | 2026-01-15 12:00:00 |                     | open      | true      | false      | false       | 10.0  | TRY
    2026-01-15 | called   | support  | 2026-01-15 12:00:00 | 2026-01-15 12:00:00 | completed | true      | true       | true        |       |
    """  # noqa: E501


def test_the_funnel_counts_a_visit_once_as_entered_and_once_as_decided():
    shown, expected = picked(
        mart(warehouse(stage_visits=VISITS), "journey_funnel"),
        """
        day        | stage    | entered | active | completed | lost | open | conversion_share | days_to_decision | value_completed | value_lost | currency
        -----------+----------+---------+--------+-----------+------+------+------------------+------------------+-----------------+------------+---------
        2026-01-16 | checkout | 0       | 1      | 0         | 0    | 1    |                  |                  |                 |            |
        2026-01-15 | checkout | 1       | 1      | 0         | 1    | 1    | 0.0              | 1.0              |                 | 30.0       | TRY
        2026-01-15 | support  | 1       | 1      | 1         | 0    | 0    | 1.0              | 0.0              |                 |            |
        2026-01-14 | checkout | 2       | 2      | 1         | 0    | 1    | 1.0              | 0.5              | 70.0            |            | TRY
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


@pytest.mark.parametrize("seed", range(3))
def test_the_funnel_agrees_with_a_count_by_hand(seed: int):
    rng = random.Random(seed)
    visits = {}
    for number in range(60):
        entered = rng.randrange(8)
        visits[f"v{number}"] = (entered, entered + rng.randrange(4) if rng.random() < 0.7 else None)
    rows = []
    for visit, (entered, decided) in visits.items():
        for offset in sorted({entered} if decided is None else {entered, decided}):
            known = "true | lost" if offset == decided else "false | open"
            rows.append(f"{DAY + timedelta(days=offset)} | {visit} | cart | {known}")
    rng.shuffle(rows)
    con = warehouse(stage_visits="\n".join(["day | visit_id | stage | is_decided | outcome", *rows]))
    for row in mart(con, "journey_funnel").to_dicts():
        offset = (row["day"] - DAY).days
        assert row["entered"] == sum(entered == offset for entered, _ in visits.values())
        assert row["lost"] == sum(decided == offset for _, decided in visits.values())
        assert row["open"] == sum(
            entered <= offset and (decided is None or decided > offset) for entered, decided in visits.values()
        )


def test_a_signal_has_a_rate_over_the_active_visits_also_on_days_without_flags():
    con = warehouse(
        stage_visits=VISITS,
        signals="""
        day        | signal     | is_measurable
        -----------+------------+--------------
        2026-01-14 | rage_click | true
        2026-01-15 | rage_click | true
        2026-01-16 | rage_click | false
        2026-01-15 | never_seen | true
        """,
        flags="""
        day        | signal      | stage    | visit_id | person_id | severity
        -----------+-------------+----------+----------+-----------+---------
        2026-01-14 | rage_click  | checkout | bought   | a         | 0.2
        2026-01-14 | rage_click  | checkout | bought   | a         | 0.6
        2026-01-15 | abandonment | checkout | midnight | b         | 1.0
        """,
    )
    shown, expected = picked(
        mart(con, "signal_trend"),
        """
        day        | signal      | stage    | is_measurable | flags | affected | exposed | affected_exposed | rate | mean_severity | persons
        -----------+-------------+----------+---------------+-------+----------+---------+------------------+------+---------------+--------
        2026-01-16 | rage_click  | checkout | false         | 0     | 0        | 0       | 0                |      |               | 0
        2026-01-15 | abandonment | checkout |               | 1     | 1        | 1       | 0                | 0.0  | 1.0           | 1
        2026-01-15 | rage_click  | checkout | true          | 0     | 0        | 1       | 0                | 0.0  |               | 0
        2026-01-14 | rage_click  | checkout | true          | 2     | 1        | 2       | 1                | 0.5  | 0.4           | 1
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


LOADS = """
    load_id | source | file  | loaded_at           | rows_read | rows_kept | rows_quarantined | rows_duplicate | missing_columns
    --------+--------+-------+---------------------+-----------+-----------+------------------+----------------+----------------
    old     | web    | a.csv | 2026-01-14 02:00:00 | 10        | 10        | 0                | 0              | []
    bad     | web    | b.csv | 2026-01-15 02:00:00 | 10        | 5         | 4                | 1              | x, y
    blank   | web    | c.csv | 2026-01-15 02:00:00 | 0         | 0         | 0                | 0              | []
    wrong   | calls  | d.csv | 2026-01-15 02:00:00 | 10        | 8         | 1                | 0              | []
    """  # noqa: E501

QUARANTINE = """
    load_id | line | broken_rules                        | original
    --------+------+-------------------------------------+---------
    bad     | 2    | id.required, time.required          | ,,x
    bad     | 3    | id.required, kind.known             | ,y
    bad     | 4    | id.required, time.required, b, a    | z
    bad     | 9    | kind.known                          | w
    wrong   | 7    | id.required                         | v
    """


def test_a_load_shows_its_four_counts_and_the_commonest_broken_rules():
    con = warehouse(loads=LOADS, quarantine=QUARANTINE)
    assert mart(con, "data_quality")["rows_set_aside"].to_list() == [0, 0, 0, 0]
    shown, expected = picked(
        mart(con, "data_quality"),
        """
        load_id | rows_read | rows_kept | rows_quarantined | rows_duplicate | is_balanced | quarantined_share | broken_rules                                    | missing_columns
        --------+-----------+-----------+------------------+----------------+-------------+-------------------+-------------------------------------------------+----------------
        wrong   | 10        | 8         | 1                | 0              | false       | 0.1               | id.required: 1                                  | []
        bad     | 10        | 5         | 4                | 1              | true        | 0.4               | id.required: 3, kind.known: 2, time.required: 2 | x, y
        blank   | 0         | 0         | 0                | 0              | true        |                   | []                                              | []
        old     | 10        | 10        | 0                | 0              | true        | 0.0               | []                                              | []
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


TRAFFIC = """
    day        | contract    | load_id | rows | rows_set_aside | test | internal | bot | impossible_rate
    -----------+-------------+---------+------+----------------+------+----------+-----+----------------
    2026-01-14 | clickstream | old     | 4    | 1              | 0    | 0        | 1   | 0
    2026-01-15 | clickstream | old     | 6    | 4              | 2    | 0        | 2   | 0
    2026-01-15 | clickstream | bad     | 4    | 1              | 0    | 0        | 1   | 0
    2026-01-15 | wait_time   | blank   | 3    | 0              | 0    | 0        | 0   | 0
    """


def test_rows_that_are_set_aside_are_counted_by_load_and_reason_and_stay_kept_rows():
    con = warehouse(loads=LOADS, traffic=TRAFFIC)
    shown, expected = picked(
        mart(con, "data_quality").filter(pl.col("load_id").is_in(["bad", "old"])).sort("load_id"),
        """
        load_id | rows_kept | rows_set_aside | set_aside_share | set_aside       | is_balanced
        --------+-----------+----------------+-----------------+-----------------+------------
        bad     | 5         | 1              | 0.2             | bot: 1          | true
        old     | 10        | 5              | 0.5             | bot: 3, test: 2 | true
        """,
    )
    assert_frame_equal(shown, expected)


def test_what_is_set_aside_is_told_by_day_input_and_reason():
    shown, expected = picked(
        mart(warehouse(traffic=TRAFFIC), "set_aside"),
        """
        day        | contract    | reason | rows | rows_of_day | rows_share | loads
        -----------+-------------+--------+------+-------------+------------+------
        2026-01-15 | clickstream | bot    | 3    | 10          | 0.3        | 2
        2026-01-15 | clickstream | test   | 2    | 10          | 0.2        | 1
        2026-01-14 | clickstream | bot    | 1    | 4           | 0.25       | 1
        """,
    )
    assert_frame_equal(shown, expected)


def test_quarantined_rows_are_listed_by_rule_and_file_from_the_instant_asked_for():
    con = warehouse(loads=LOADS, quarantine=QUARANTINE + "old | 1 | too.old | q\n")
    shown, expected = picked(
        query(con, "analyses/quarantined_rows_by_rule", since=DAY),
        """
        file  | rule          | rows | share_of_file | first_line | first_row
        ------+---------------+------+---------------+------------+----------
        b.csv | id.required   | 3    | 0.3           | 2          | ,,x
        b.csv | kind.known    | 2    | 0.2           | 3          | ,y
        b.csv | time.required | 2    | 0.2           | 2          | ,,x
        d.csv | id.required   | 1    | 0.1           | 7          | v
        b.csv | a             | 1    | 0.1           | 4          | z
        b.csv | b             | 1    | 0.1           | 4          | z
        """,
    )
    assert_frame_equal(shown, expected)


DRIFTING = """
    load_id | source | contract    | file    | day        | missing_columns | unknown_columns
    --------+--------+-------------+---------+------------+-----------------+----------------
    w0      | web    | clickstream | web/14a | 2026-01-14 | y               | utm_term
    w1      | web    | clickstream | web/14b | 2026-01-14 | y               | utm_term
    w2      | web    | clickstream | web/15a | 2026-01-15 | x               | gclid
    w3      | web    | clickstream | web/16a | 2026-01-16 | y               | gclid, utm_term
    c1      | calls  | wait_time   | a.csv   |            | []              | skill
    c2      | calls  | wait_time   | b.csv   |            | reason          | skill
    f1      | first  | wait_time   | c.csv   | 2026-01-15 | reason          | skill
    """


def test_columns_that_some_files_lack_or_have_besides_are_told_of_each_file_and_the_files_of_a_day_are_one_delivery():
    shown, expected = picked(
        mart(warehouse(loads=DRIFTING), "source_columns").filter(pl.col("column_name").is_in(["y", "skill"])),
        """
        load_id | source | column_name | is_in_contract | is_there | delivery
        --------+--------+-------------+----------------+----------+---------
        w3      | web    | y           | true           | false    | 3
        f1      | first  | skill       | false          | true     | 1
        w2      | web    | y           | true           | true     | 2
        w0      | web    | y           | true           | false    | 1
        w1      | web    | y           | true           | false    | 1
        c1      | calls  | skill       | false          | true     | 1
        c2      | calls  | skill       | false          | true     | 2
        """,
    )
    assert_frame_equal(shown, expected)


def test_columns_that_appear_vanish_and_come_back_are_told_of_the_file_in_which_they_do():
    con = warehouse(loads=DRIFTING)
    shown, expected = picked(
        mart(con, "source_drift"),
        """
        load_id | day        | source | column_name | is_in_contract | change    | previous_file | meaning
        --------+------------+--------+-------------+----------------+-----------+---------------+----------------------------------------
        w3      | 2026-01-16 | web    | utm_term    | false          | came back | web/15a       | kept in attributes
        w3      | 2026-01-16 | web    | x           | true           | came back | web/15a       | signals that need it can be measured
        w3      | 2026-01-16 | web    | y           | true           | vanished  | web/15a       | signals that need it are not measurable
        w2      | 2026-01-15 | web    | gclid       | false          | appeared  | web/14b       | kept in attributes
        w2      | 2026-01-15 | web    | utm_term    | false          | vanished  | web/14b       | no longer in attributes
        w2      | 2026-01-15 | web    | x           | true           | vanished  | web/14b       | signals that need it are not measurable
        w2      | 2026-01-15 | web    | y           | true           | appeared  | web/14b       | signals that need it can be measured
        c2      |            | calls  | reason      | true           | vanished  | a.csv         | signals that need it are not measurable
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)


def test_where_a_point_sits_is_told_in_words_what_carries_most_first():
    con = warehouse(
        points="""
        day        | point_id | stage    | signal     | locus_type | locus | trend     | exposed_today | owner
        -----------+----------+----------+------------+------------+-------+-----------+---------------+------
        2026-01-15 | p        | checkout | rage_click | element    | #pay  | worsening | 200           | web
        """,
        point_segments="""
        day        | point_id | dimension   | value   | exposed_today | explained | rank
        -----------+----------+-------------+---------+---------------+-----------+-----
        2026-01-15 | p        | channel     | web     | 150           | 0.70      |
        2026-01-15 | p        | device      | mobile  | 120           | 1.02      | 2
        2026-01-15 | p        | app_version | 5.2     | 50            | 0.84      | 1
        """,
    )
    shown, expected = picked(
        mart(con, "where_it_sits"),
        """
        title                                  | owner | rank | is_named | sits_words                                                    | exposed_share
        ---------------------------------------+-------+------+----------+---------------------------------------------------------------+--------------
        rage click in checkout at element #pay | web   | 1    | true     | app version 5.2: 84 % of the excess with 25 % of the visits   | 0.25
        rage click in checkout at element #pay | web   | 2    | true     | device mobile: 102 % of the excess with 60 % of the visits    | 0.6
        rage click in checkout at element #pay | web   |      | false    | channel web: 70 % of the excess with 75 % of the visits       | 0.75
        """,  # noqa: E501
    )
    assert_frame_equal(shown, expected)

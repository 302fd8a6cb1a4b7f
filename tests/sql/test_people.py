"""The views on people: loyal customers under friction, and what friction did later."""

from polars.testing import assert_frame_equal

from tests.sql.worlds import mart, picked, warehouse

SCORES = """
    day        | person_id | score | flags
    2026-01-15 | c:ada     | 20    | 3
    2026-01-15 | c:bob     | 60    | 5
    2026-01-15 | c:cem     | 40    | 1
    2026-01-15 | a:phone   | 90    | 9
    """


def test_loyal_is_who_has_a_tier_or_segment_that_says_so():
    con = warehouse(
        person_scores=SCORES,
        customers="""
        customer_id | tier      | segment
        ada         | Gold      | retail
        bob         | goldsmith | new
        cem         |           | VIP customers
        zoe         | platinum  |
        """,
    )
    shown, expected = picked(
        mart(con, "loyal_under_friction"),
        """
        customer_id | loyal_by | score
        cem         | segment  | 40
        ada         | tier     | 20
        """,
    )
    assert_frame_equal(shown, expected)


def test_where_the_input_does_not_say_loyal_is_the_tenth_with_most_orders_in_90_days():
    others = "\n".join(f"x{number} | 1{number} | 2026-01-10T10:00:00Z" for number in range(19))
    con = warehouse(
        person_scores=SCORES,
        orders=f"""
        customer_id | order_id | placed_at
        ada         | a1       | 2026-01-15T10:00:00Z
        ada         | a2       | 2025-10-18T10:00:00Z
        bob         | b1       | 2026-01-16T10:00:00Z
        bob         | b2       | 2026-01-14T10:00:00Z
        cem         | c1       | 2025-10-17T10:00:00Z
        cem         | c2       | 2025-10-17T11:00:00Z
        {others}
        """,
    )
    shown, expected = picked(mart(con, "loyal_under_friction"), "customer_id | loyal_by\nada | orders")
    assert_frame_equal(shown, expected)


def test_the_verdict_on_later_outcomes_follows_the_interval():
    con = warehouse(
        later_outcomes="""
        day        | outcome  | horizon_days | affected | affected_with | difference | difference_low | difference_high
        2026-01-15 | churn    | 7            | 100      | 40            | 0.1        | 0.02           | 0.18
        2026-01-15 | purchase | 7            | 100      | 10            | -0.01      | -0.05          | 0.03
        2026-01-15 | return   | 7            | 100      | 60            | -0.1       | -0.18          | -0.02
        2026-01-15 | return   | 60           | 4        | 1             |            |                |
        """
    )
    shown, expected = picked(
        mart(con, "later_outcomes"),
        """
        outcome  | horizon_days | affected_share | verdict
        churn    | 7            | 0.4            | more often
        purchase | 7            | 0.1            | no difference shown
        return   | 7            | 0.6            | less often
        return   | 60           | 0.25           | not enough follow-up yet
        """,
    )
    assert_frame_equal(shown, expected)

"""The page lists loyal customers apart and says what friction did later, or that it cannot know yet."""

import pytest

from pipeline.reports import html, markdown
from tests.reports.days import WORLD, Page, report

PEOPLE = WORLD | {
    "person_scores": "day | person_id | score | flags\n2026-01-15 | c:ada | 20 | 3\n2026-01-15 | c:bob | 60 | 5",
    "customers": "customer_id | tier\nada | gold\nbob | bronze",
    "later_outcomes": """
        day        | outcome | horizon_days | affected_compared | unaffected_compared | difference | difference_low | difference_high
        2026-01-15 | return  | 7            | 100               | 4300                | -0.1       | -0.18          | -0.02
        2026-01-15 | return  | 60           | 4                 | 9                   |            |                |
        2026-01-14 | return  | 30           | 100               | 4300                | -0.5       | -0.6           | -0.4
        """,  # noqa: E501
}


def test_loyal_customers_stand_apart_with_why_they_are_loyal():
    page = Page(html.render(report(**PEOPLE)))
    assert page.row("ada", "20.0")[0] == "adaloyal by tier"
    assert "bob" not in page.sections["people"]


@pytest.mark.parametrize("write", [html.render, markdown.render])
def test_what_friction_did_later_has_an_interval_or_is_not_known_yet(write):
    text = write(report(**PEOPLE))
    assert "-10.0 percentage points (-18.0 to -2.0; 100 people beside 4,300)" in text
    assert "not enough follow-up yet" in text
    assert "-50.0" not in text


def test_without_people_the_page_says_so():
    assert "not enough follow-up yet" in Page(html.render(report(**WORLD))).sections["people"]

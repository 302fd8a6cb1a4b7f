"""Below a new or worsening point stands where it sits; points that nobody owns are counted."""

import pytest

from pipeline.reports import html, markdown
from tests.reports import days

SEGMENTS = """
    day        | point_id | dimension | value    | exposed_today | explained | rank
    2026-01-15 | pay      | device    | {value}  | 40            | {share}   | 1
    2026-01-15 | pay      | channel   | web      | 70            | 0.9       | 2
    2026-01-15 | zip      | device    | desktop  | 40            | 0.9       |
    2026-01-14 | zip      | device    | tablet   | 40            | 0.9       | 1
    """


def told(language: str = "en", value: str = "mobile", share: float = 0.84) -> tuple[str, str]:
    """Text of the page and of the summary."""
    world = days.WORLD | {"point_segments": SEGMENTS.format(value=value, share=share)}
    report = days.report(language, **world)
    return " ".join(days.Page(html.render(report)).text.split()), markdown.render(report)


@pytest.mark.parametrize(
    ("language", "share", "said"),
    [
        ("en", 0.84, "mostly device mobile: 84.0% of the excess, 40.0% of the visits"),
        ("en", 0.5, "mostly device mobile: 50.0% of the excess, 40.0% of the visits"),
        ("en", 0.49, "in part device mobile: 49.0% of the excess, 40.0% of the visits"),
        ("en", 1.2, "mostly device mobile: 100.0% of the excess, 40.0% of the visits"),
        ("tr", 0.84, "çoğunlukla cihaz mobile: fazlalıktaki payı %84,0, ziyaretlerdeki payı %40,0"),
    ],
)
def test_the_first_named_part_is_told_on_the_page_and_in_the_summary(language, share, said):
    page, summary = told(language, share=share)
    assert page.count(said) == 3  # among the changes, the ranked points and the evidence
    assert summary.count(said) == 1
    assert "tablet" not in page
    assert "desktop" not in page


def test_a_value_from_data_stays_text():
    page, summary = told(value="<b>*x*</b>")
    assert "device <b>*x*</b>:" in page
    assert "<b>" not in summary


def test_points_without_an_owner_are_listed_and_counted():
    page, summary = told()
    said = "4 of 5 points have no owner. A rule in the journey file gives them one."
    assert said in page
    assert said in summary
    assert page.count("No owner") == 4
    world = days.WORLD | {
        "points": "\n".join(line for line in days.POINTS.splitlines() if "| pay " in line or "owner" in line)
    }
    assert "have no owner" not in markdown.render(days.report(**world))

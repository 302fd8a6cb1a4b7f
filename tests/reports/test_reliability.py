"""The page says whether the score predicts, and that there is no evidence where there is none."""

import pytest

from pipeline.reports import html, markdown
from tests.reports.days import WORLD, Page, report

CALIBRATION = """
    day        | stage    | bin | visits | lost | foretold | squared_error | squared_error_base | ordered_pairs | pairs
    -----------+----------+-----+--------+------+----------+---------------+--------------------+---------------+------
    2026-01-15 | cart     | 1   | 60     | 8    | 9.0      | 7.0           | 8.0                | 300           | 500
    2026-01-14 | checkout | 1   | 40     | 7    | 6.0      | 5.0           | 7.0                | 300           | 500
    2026-01-15 | checkout | 6   | 100    | 61   | 65.0     | 20.0          | 25.0               | 900           | 1000
    2025-12-19 | checkout | 6   | 100    | 1    | 65.0     | 60.0          | 25.0               | 0             | 1000
    2025-12-18 | checkout | 6   | 900    | 0    | 585.0    | 380.0         | 25.0               | 0             | 1000
    2026-01-16 | checkout | 6   | 900    | 0    | 585.0    | 380.0         | 25.0               | 0             | 1000
    """


def test_bins_are_added_up_over_28_days_and_all_stages():
    found = report(**WORLD | {"calibration": CALIBRATION}).calibration
    assert found.select("bin", "days", "visits", "lost").rows() == [(1, 2, 100, 15), (6, 2, 200, 62)]


def test_the_page_shows_what_was_foretold_beside_what_became_of_it():
    page = Page(html.render(report(**WORLD | {"calibration": CALIBRATION})))
    assert page.row("15.0%", "15 of 100 visits") == ["15.0%", "15.0%9.3% – 23.3%", "15 of 100 visits"]
    assert "Of 300 visits, 145 were foretold to be lost and 77 were." in page.sections["calibration"]
    assert "AUC within day and stage: 0.500" in page.sections["calibration"]
    assert "Brier score 0.307" in page.sections["calibration"]
    pictures = [its for tag, its in page.tags if tag == "svg" and its.get("class") == "reliability"]
    assert len(pictures) == 1
    assert "15.0% foretold, 15.0% lost" in str(pictures[0]["aria-label"])


@pytest.mark.parametrize(("language", "words"), [("en", "No evidence yet"), ("tr", "Henüz kanıt yok")])
def test_where_nothing_was_foretold_there_is_no_evidence_yet(language, words):
    none = report(language, **WORLD)
    assert words in Page(html.render(none)).sections["calibration"]
    assert words in markdown.render(none)


def test_the_summary_for_chat_says_so_in_turkish_too():
    text = markdown.render(report("tr", **WORLD | {"calibration": CALIBRATION}))
    assert "300 ziyaretten 145 tanesinin" in text
    assert "Brier puanı 0,307" in text

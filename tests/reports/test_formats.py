from datetime import UTC, date, datetime

import pytest

from pipeline.reports.formats import Formats

EN, TR = Formats("en", "Europe/Istanbul"), Formats("tr", "Europe/Istanbul")


@pytest.mark.parametrize(
    ("method", "value", "english", "turkish"),
    [
        ("count", 12345, "12,345", "12.345"),
        ("count", None, "–", "–"),
        ("visits", 37.8, "38", "38"),
        ("visits", 9.94, "9.9", "9,9"),
        ("visits", 9.96, "10", "10"),
        ("visits", -0.01, "0", "0"),
        ("visits", float("nan"), "–", "–"),
        ("score", 1.26, "1.3", "1,3"),
        ("score", 0.04, "0.04", "0,04"),
        ("score", 0.0, "0.0", "0,0"),
        ("share", 0.058, "5.8%", "%5,8"),
        ("share", 0.0004, "0.04%", "%0,04"),
        ("share", 1.0, "100.0%", "%100,0"),
        ("points", 0.21, "+21.0", "+21,0"),
        ("points", -0.02, "-2.0", "-2,0"),
        ("points", -0.0001, "0.0", "0,0"),
        ("points", float("inf"), "–", "–"),
        ("day", date(2026, 1, 15), "Thursday, 15 January 2026", "15 Ocak 2026 Perşembe"),
        ("duration", 0, "0 secs", "0 sn."),
        ("duration", 70.4, "1 min 10 secs", "1 dk. 10 sn."),
        ("duration", 90_061, "1 day 1 hr", "1 gün 1 sa."),
    ],
)
def test_figures_are_written_as_the_language_does(method, value, english, turkish):
    assert (getattr(EN, method)(value), getattr(TR, method)(value)) == (english, turkish)


@pytest.mark.parametrize(
    ("amount", "currency", "english", "turkish"),
    [
        (4910.4, "TRY", "TRY\u00a04,910", "₺4.910"),
        (4910.4, "EUR", "€4,910", "€4.910"),
        (12.5, "EUR", "€12.50", "€12,50"),
        (0.0, "EUR", "€0", "€0"),
        (None, "EUR", "–", "–"),
        (7, "<b>", "<b>\u00a07.00", "<b>\u00a07,00"),
    ],
)
def test_money_is_written_as_the_language_does(amount, currency, english, turkish):
    assert (EN.money(amount, currency), TR.money(amount, currency)) == (english, turkish)


def test_times_are_those_of_the_projects_zone():
    late = datetime(2026, 1, 15, 22, 30, 5, tzinfo=UTC)
    assert EN.clock(late) == "01:30:05"
    assert EN.date_in_zone(late) == date(2026, 1, 16)
    assert TR.moment(late) == "16 Oca, 01:30"

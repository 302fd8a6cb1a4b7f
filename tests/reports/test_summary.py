import dataclasses

import polars as pl
import pytest

from pipeline.reports import summary
from pipeline.reports.shown import columns
from tests.reports.days import full, report


def test_ten_lines_say_where_customers_struggle_and_what_it_costs():
    assert summary.lines(full()) == [
        "Where customers struggle: 15 January 2026 (28 days, UTC)",
        "1 friction point is worsening",
        "Lost to friction: 38 of 7,000 visits (23 – 57); TRY\u00a04,910 at risk",
        " 1. Rage clicks: #pay (Checkout)               1.3 per 100  38 lost  TRY\u00a04,910 ▲",
        " 2. Repeated form errors: zip (Checkout)       0.0 per 100   0 lost      TRY\u00a00 ■",
        "Loses most to friction: Checkout: health 98.7 of 100, 1,200 of 3,000 lost",
        "Not measurable: Searches without results",
        "What came in: 2 expectations broken",
        "Rows: 1,204 read = 1,191 kept + 8 quarantined + 5 duplicate",
    ]


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("locus", ["#pay", "x" * 10_000, "你好" * 100, "a\nb\x1b[31m"])
def test_ten_lines_of_eighty_columns_whatever_the_data_holds(language, locus):
    found = full(language)
    six = pl.concat([found.points.head(1)] * 6).with_columns(
        pl.lit(locus).alias("locus"),
        pl.lit(9e12).alias("revenue_at_risk"),
        pl.lit(7e8).alias("lost_visits"),
        rank=pl.int_range(1, 7, dtype=pl.Int64),
    )
    lines = summary.lines(dataclasses.replace(found, points=six))
    assert len(lines) == 10
    assert max(columns(line) for line in lines) <= 80
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("language", ["en", "tr"])
def test_an_empty_day_is_told_in_few_lines(language):
    assert 3 <= len(summary.lines(report(language))) <= 6


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Kept but set aside: 1,237 (1,200 bot, 30 test, 7 internal)"),
        ("tr", "Tutulup kenara ayrılan: 1.237 (1.200 bot, 30 test, 7 kurum içi)"),
    ],
)
def test_rows_that_are_set_aside_are_said_with_their_reasons_the_commonest_first(language, said):
    found = full(language)
    loads = found.loads.with_columns(
        test=pl.lit(30, pl.Int64), internal=pl.lit(7, pl.Int64), bot=pl.lit(1200, pl.Int64)
    )
    assert summary.lines(dataclasses.replace(found, loads=loads))[-1] == said

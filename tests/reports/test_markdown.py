import dataclasses

import polars as pl
import pytest

from pipeline.reports import markdown
from tests.reports.days import full, report


def test_the_summary_is_short_and_says_what_changed_where_and_what_it_costs():
    told = markdown.render(full())
    assert "**1 friction point is worsening**" in told
    assert "| 1 | Rage clicks `#pay` · Checkout | 1.3 | 38 (23 – 52) | TRY\u00a04,910 | Worsening |" in told
    assert "| Checkout ★ | 3,000 | 1,200 (40.0%) | 1.3 | 98.7 |" in told
    assert told.endswith("[Full report](report.html)\n")
    assert len(told) < 2_000


@pytest.mark.parametrize(
    "locus", ["a|b", "a\nb", "`a`", "[x](http://evil.example)", "<!channel>", "@everyone", "**b**", "x" * 10_000]
)
def test_no_text_of_data_breaks_out_of_its_cell(locus):
    found = full()
    told = markdown.render(dataclasses.replace(found, points=found.points.with_columns(pl.lit(locus).alias("locus"))))
    rows = [line for line in told.splitlines() if line.startswith("| 1 |")]
    assert len(rows) == 1
    assert rows[0].replace("\\|", "").count("|") == 7
    assert rows[0].count("`") == 2, "what came from data stands between one pair of back ticks"


def test_a_hostile_stage_stays_plain():
    found = full()
    stages = (dataclasses.replace(found.stages[1], label="a|*b*\n[c](d) <e> @f"),)
    told = markdown.render(dataclasses.replace(found, stages=stages))
    assert "a\\|\\*b\\* \\[c\\]\\(d\\) &lt;e\\> @\u200bf" in told


def test_an_empty_day_has_a_summary_too():
    assert "**Nothing to report**" in markdown.render(report())
    assert "|" not in markdown.render(report())

"""Customers under friction: the loyal ones apart, and what friction did to people later."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reports import rows
from pipeline.reports.formats import Formats
from pipeline.reports.report import Report
from pipeline.reports.shown import Shown, shown
from pipeline.reports.words import Words

LOYAL_BY = {"tier": "loyal_by_tier", "segment": "loyal_by_segment", "orders": "loyal_by_orders"}
LATER = {"return": "later_return", "purchase": "later_purchase", "churn": "later_churn"}
LISTED = 20  # customers, as many as somebody will call


def people(report: Report, words: Words, formats: Formats) -> Mapping[str, Any]:
    """`loyal`: customer, score, flags, signal, stage, why loyal; `more_loyal`: how many more; `later`: what follows."""
    return {
        "loyal": [_loyal(report, words, formats, row) for row in report.loyal.head(LISTED).to_dicts()],
        "more_loyal": max(0, report.loyal.height - LISTED),
        "later": later(report, words, formats),
    }


def _loyal(
    report: Report, words: Words, formats: Formats, row: Mapping[str, Any]
) -> tuple[Shown, str, str, str, str, str]:
    return (
        shown(row["customer_id"], 40),
        formats.score(row["score"]),
        formats.count(row["flags"]),
        rows.named(words, "signals", row["worst_signal"]),
        rows.stage_label(report.stages, words, row["worst_stage"]),
        words.say(LOYAL_BY[row["loyal_by"]]),
    )


def later(report: Report, words: Words, formats: Formats) -> Sequence[tuple[str, str]]:
    """What was looked at (outcome within so many days), and the difference that friction made."""
    said = []
    for row in report.later_outcomes.to_dicts():
        if row["difference"] is None:
            told = words.say("later_not_enough")
        else:
            told = words.say(
                "later_difference",
                difference=formats.points(row["difference"]),
                low=formats.points(row["difference_low"]),
                high=formats.points(row["difference_high"]),
                affected=formats.count(row["affected_compared"]),
                unaffected=formats.count(row["unaffected_compared"]),
            )
        said.append((words.say(LATER[row["outcome"]], days=row["horizon_days"]), told))
    return said

"""Where the points of a report sit and whose they are, in a line each."""

from pipeline.reports.formats import Formats
from pipeline.reports.report import Report
from pipeline.reports.shown import shown
from pipeline.reports.words import Words

MOSTLY = 0.5  # of the excess; of less it is said that it sits there in part


def sits(report: Report, words: Words, formats: Formats) -> dict[str, str]:
    """By point with a named part: the part of its visits that carries most of what is more today."""
    return {
        row["point_id"]: words.say(
            "sits_mostly" if row["explained"] >= MOSTLY else "sits_partly",
            dimension=words.label("dimensions", row["dimension"]),
            value=shown(row["value"], 40).text,
            # where all others had fewer than expected, what it carries is more than all
            excess=formats.share(min(row["explained"], 1.0)),
            visits=formats.share(row["exposed_share"]),
        )
        for row in report.segments.to_dicts()
    }


def unowned(report: Report, words: Words, formats: Formats) -> str:
    """How many of the points have no owner; empty where each has one."""
    missing = report.points["owner"].null_count()
    if not missing:
        return ""
    return words.say("unowned", n=formats.count(missing), all=formats.count(report.points.height))

"""Does the score predict? What was foretold over the trailing days and what became of it, in words and a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

from pipeline.reports.formats import Formats
from pipeline.reports.report import Report
from pipeline.reports.words import Words
from pipeline.scoring.rates import wilson

SIZE = 320  # a square, so that the diagonal is one
MARGIN = 34


@dataclass(frozen=True)
class BinRow:
    """A bin as the table shows it."""

    foretold: str
    lost: str
    interval: str
    counts: str


@dataclass(frozen=True)
class Reliability:
    """`summary`: one sentence with AUC and Brier score, or why there is none; `rows` are empty then."""

    summary: str
    rows: Sequence[BinRow]
    picture: Markup


def reliability(report: Report, words: Words, formats: Formats) -> Reliability:
    """Of the visits foretold to be lost with a probability, how many were lost."""
    if report.calibration.is_empty():
        return Reliability(words.say("no_evidence_yet"), [], Markup())
    low, high = wilson(pl.col("lost"), pl.col("visits"))
    bins = report.calibration.with_columns(
        told=pl.col("foretold") / pl.col("visits"), share=pl.col("lost") / pl.col("visits"), low=low, high=high
    ).to_dicts()
    rows = [
        BinRow(
            foretold=formats.share(row["told"]),
            lost=formats.share(row["share"]),
            interval=words.say("dash_interval", low=formats.share(row["low"]), high=formats.share(row["high"])),
            counts=words.say("rate_counts", affected=formats.count(row["lost"]), exposed=formats.count(row["visits"])),
        )
        for row in bins
    ]
    told = "; ".join(words.say("calibration_alt_bin", foretold=row.foretold, lost=row.lost) for row in rows)
    return Reliability(_summary(report, words, formats), rows, picture(bins, words.say("calibration_alt", bins=told)))


def _summary(report: Report, words: Words, formats: Formats) -> str:
    sums = report.calibration.sum().row(0, named=True)
    said = words.say(
        "calibration_counts",
        visits=formats.count(sums["visits"]),
        foretold=formats.count(sums["foretold"]),
        lost=formats.count(sums["lost"]),
        brier=formats.fraction(sums["squared_error"] / sums["visits"]),
    )
    if sums["squared_error_base"]:
        skill = 1 - sums["squared_error"] / sums["squared_error_base"]
        said += " " + words.say("calibration_skill", skill=formats.fraction(skill))
    if sums["pairs"]:
        said += " " + words.say("calibration_auc", auc=formats.fraction(sums["ordered_pairs"] / sums["pairs"]))
    return said


def picture(bins: Sequence[Mapping[str, float]], alt: str) -> Markup:
    """Bins (told, share, low, high; all 0-1) as dots with their intervals; on the dashed line all comes as foretold."""
    inner = SIZE - 2 * MARGIN

    def x(share: float) -> float:
        return round(MARGIN + inner * share, 1)

    def y(share: float) -> float:
        return round(SIZE - MARGIN - inner * share, 1)

    marks = Markup().join(
        Markup(
            '<line class="span" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><circle class="dot" cx="{0}" cy="{3}" r="4"/>'
        ).format(x(each["told"]), y(each["low"]), y(each["high"]), y(each["share"]))
        for each in bins
    )
    return Markup(
        '<svg class="reliability" role="img" aria-label="{alt}" viewBox="0 0 {size} {size}">'
        '<rect class="frame" x="{low}" y="{low}" width="{inner}" height="{inner}"/>'
        '<line class="ideal" x1="{low}" y1="{high}" x2="{high}" y2="{low}"/>'
        '<text x="{low}" y="{under}">0</text><text x="{high}" y="{under}">1</text>'
        '<text x="{beside}" y="{top}">1</text>{marks}</svg>'
    ).format(
        alt=alt,
        size=SIZE,
        inner=inner,
        low=MARGIN,
        high=SIZE - MARGIN,
        under=SIZE - MARGIN + 18,
        beside=MARGIN - 14,
        top=MARGIN + 5,
        marks=marks,
    )

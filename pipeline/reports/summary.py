"""The day in ten lines for a terminal: where customers struggle and what it costs."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline.reports import aside, headline, incoming, rows
from pipeline.reports.formats import Formats
from pipeline.reports.report import Report
from pipeline.reports.shown import columns, cut, plain
from pipeline.reports.words import Words, load

WIDTH = 80
LINES = 10
POINTS = 4  # at most; one fewer where all else there is to say takes a line more


def lines(report: Report) -> list[str]:
    """At most ten lines of at most 80 columns: day, change, cost, points, worst stage, what is missing, input, rows.

    And an eleventh on a day whose files hold rows that are set aside.
    """
    words = load(report.language)
    formats = Formats(report.language, report.timezone)
    title = words.say(
        "summary_title", day=formats.short_day(report.day), window=report.window_days, timezone=report.timezone
    )
    said = [title, headline.title(report, words, formats)]
    after = [_missing(report, words), incoming.in_short(report, words, formats), _rows(report, words, formats)]
    if headline.is_empty(report):
        said += [*headline.sentences(report, words, formats), *after]
    else:
        said.append(_cost(report, words, formats))
        after = [line for line in (_worst(report, words, formats), *after) if line]
        said += [*_points(report, words, formats, min(POINTS, LINES - len(said) - len(after))), *after]
    said.append(_aside(report, words, formats))
    return [line if columns(line) <= WIDTH else cut(line, WIDTH) for line in said if line]


def _cost(report: Report, words: Words, formats: Formats) -> str:
    found = headline.cost(report)
    if found.lost.value <= 0:
        return headline.cost_sentence(report, words, formats)
    common = {
        "lost": formats.visits(found.lost.value),
        "entered": formats.count(found.entered),
        "interval": words.say(
            "dash_interval", low=formats.visits(found.lost.low), high=formats.visits(found.lost.high)
        ),
    }
    if not found.money:
        return words.say("summary_cost_no_money", **common)
    return words.say("summary_cost", **common, money=headline.money(found, formats))


def _points(report: Report, words: Words, formats: Formats, most: int) -> list[str]:
    ranked = report.points.filter((pl.col("kind") == "obstacle") & pl.col("rank").is_not_null())
    found = ranked.sort("rank", "point_id").head(most).to_dicts()
    if not found:
        return [words.say("summary_no_points")]
    figures = [_figures(report, words, formats, row) for row in found]
    widths = [max(columns(cells[place]) for cells in figures) for place in range(3)]
    room = WIDTH - sum(widths) - 12
    said = []
    for row, cells in zip(found, figures, strict=True):
        name = plain(f"{words.label('signals', row['signal'])}: {row['locus']}")
        with_stage = f"{name} ({rows.stage_label(report.stages, words, row['stage'])})"
        held = cut(with_stage if columns(with_stage) <= room else name, room)
        placed = "  ".join(" " * (width - columns(cell)) + cell for cell, width in zip(cells, widths, strict=True))
        symbol = rows.SYMBOLS.get(row["trend"] or "none", rows.SYMBOLS["none"])
        said.append(
            f"{formats.count(row['rank']):>2}. {held}{' ' * (room - columns(held))}  {placed} {symbol}".rstrip()
        )
    return said


def _figures(report: Report, words: Words, formats: Formats, row: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        words.say("summary_score", score=formats.score(row["score"])),
        words.say("summary_lost", lost=formats.visits(row["lost_visits"])),
        formats.money(row["revenue_at_risk"], row["currency"] or report.currency),
    )


def _worst(report: Report, words: Words, formats: Formats) -> str:
    stage, row = max(rows.in_order(report), key=lambda pair: pair[1]["score"] or 0.0, default=(None, {"score": 0.0}))
    if stage is None or not row["score"]:
        return ""
    return words.say(
        "summary_stage",
        stage=rows.stage_label(report.stages, words, stage.name),
        health=formats.score(row["health"]),
        lost=formats.count(row["lost"]),
        entered=formats.count(row["entered"]),
    )


def _missing(report: Report, words: Words) -> str:
    missing = report.signals.filter(~pl.col("is_measurable"))["signal"].to_list()
    if not missing:
        return ""
    return words.say("summary_missing", signals=", ".join(words.label("signals", name) for name in missing))


def _rows(report: Report, words: Words, formats: Formats) -> str:
    counted = ("read", "kept", "quarantined", "duplicate")
    if report.loads.is_empty():
        return words.say("no_files")
    return words.say(
        "summary_data", **{name: formats.count(int(report.loads[f"rows_{name}"].sum())) for name in counted}
    )


def _aside(report: Report, words: Words, formats: Formats) -> str:
    number = aside.rows(report.loads)
    if not number:
        return ""
    return words.say("summary_aside", n=formats.count(number), reasons=aside.told(report.loads, words, formats))

"""The report as a short Markdown summary for chat."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline.reports import headline, incoming, rows, sitting
from pipeline.reports.formats import Formats
from pipeline.reports.html import change_note
from pipeline.reports.people import later
from pipeline.reports.reliability import reliability
from pipeline.reports.report import Report
from pipeline.reports.shown import shown
from pipeline.reports.words import Words, load

POINTS = 5
PAGE = "report.html"


def render(report: Report) -> str:
    """Head line, what changed, the first five points, the stages and a link to the page beside it."""
    words = load(report.language)
    formats = Formats(report.language, report.timezone)
    parts = [
        f"# {words.say('title')} · {formats.day(report.day)}",
        f"**{headline.title(report, words, formats)}**",
        " ".join(headline.sentences(report, words, formats)),
        _changes(report, words, formats),
        _came_in(report, words, formats),
        _points(report, words, formats),
        _stages(report, words, formats),
        f"**{words.say('calibration')}** {reliability(report, words, formats).summary}",
        _people(report, words, formats),
        f"[{words.say('full_report')}]({PAGE})",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def code(text: object, longest: int = 60) -> str:
    """Text from data as a code span: no markup, link or mention in it comes alive, and no cell or line ends early."""
    held = shown(text, longest).text.replace("`", "'").replace("|", "\\|")
    return f"`{held}`" if held else ""


def safe(text: object, longest: int = 60) -> str:
    """A name from the journey or the data as plain words: every sign of Markdown is escaped."""
    held = shown(text, longest).text.replace("@", "@\u200b").replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{char}" if char in "\\`*_{}[]()#+!|>~" else char for char in held)


def _name(report: Report, words: Words, row: Mapping[str, Any]) -> str:
    stage = safe(rows.stage_label(report.stages, words, row["stage"]))
    return f"{safe(words.label('signals', row['signal']))} {code(row['locus'])} · {stage}"


def _changes(report: Report, words: Words, formats: Formats) -> str:
    changed = headline.changes(report).head(POINTS).to_dicts()
    sits = {point: f"\n  {safe(told, 200)}" for point, told in sitting.sits(report, words, formats).items()}
    return "\n".join(
        f"- {rows.SYMBOLS[row['trend']]} {words.label('trends', row['trend'])}: {_name(report, words, row)}"
        f" – {change_note(words, formats, row)}{sits.get(row['point_id'], '')}"
        for row in changed
    )


def _came_in(report: Report, words: Words, formats: Formats) -> str:
    said = []
    for note in incoming.notes(report, words, formats):
        names, more = incoming.shortened(note.names)
        listed = ", ".join(code(name) for name in names)
        listed = words.say("came_in_more", names=listed, n=more) if more else listed
        # what is told of a source that stopped is an error, with text of data in it
        told = code(note.told, 200) if note.kind == "stopped" else safe(note.told, 200)
        said.append(f"- {note.label}: {code(note.place)} {listed}" + (f" – {told}" if told else ""))
    return f"**{words.say('came_in')}**\n\n" + "\n".join(said) if said else ""


def _people(report: Report, words: Words, formats: Formats) -> str:
    said = [f"- {what}: {told}" for what, told in later(report, words, formats)]
    loyal = words.say("loyal_count", n=formats.count(report.loyal.height)) if not report.loyal.is_empty() else ""
    return "\n".join([f"**{words.say('people')}** {loyal}".rstrip(), "", *said]) if loyal or said else ""


def _points(report: Report, words: Words, formats: Formats) -> str:
    ranked = report.points.filter((pl.col("kind") == "obstacle") & pl.col("rank").is_not_null())
    listed = [
        [
            formats.count(row["rank"]),
            _name(report, words, row),
            formats.score(row["score"]),
            _lost(words, formats, row),
            formats.money(row["revenue_at_risk"], row["currency"] or report.currency),
            words.label("trends", row["trend"] or rows.trend_of_none(row)),
        ]
        for row in ranked.sort("rank", "point_id").head(POINTS).to_dicts()
    ]
    if not listed:
        return "" if headline.is_empty(report) else words.say("no_ranked")
    names = ["#", *(words.say(key) for key in ("point", "score", "lost_visits", "revenue", "trend"))]
    parts = [f"## {words.say('ranked')}", _table(names, "-lrrrl", listed), sitting.unowned(report, words, formats)]
    return "\n\n".join(part for part in parts if part)


def _stages(report: Report, words: Words, formats: Formats) -> str:
    listed = [
        [
            safe(row.label) + (" ★" if row.is_moment_of_truth else ""),
            row.entered,
            f"{row.lost} ({row.lost_share})",
            row.score,
            row.health,
        ]
        for row in rows.stage_rows(report, words, formats)
        if row.has_visits
    ]
    if not listed:
        return ""
    names = [words.say(key) for key in ("stage", "entered", "lost", "score", "health")]
    return f"## {words.say('journey')}\n\n{_table(names, 'lrrrr', listed)}"


def _lost(words: Words, formats: Formats, row: Mapping[str, Any]) -> str:
    low, high = formats.visits(row["lost_visits_low"]), formats.visits(row["lost_visits_high"])
    return f"{formats.visits(row['lost_visits'])} ({words.say('dash_interval', low=low, high=high)})"


def _table(names: list[str], sides: str, listed: list[list[str]]) -> str:
    line = ["---:" if side == "r" else "---" for side in sides]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [names, line, *listed])

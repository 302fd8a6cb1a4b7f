"""Rows of the page: figures already in the reader's words, so that the template only places them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from markupsafe import Markup

from pipeline.reports import charts, sitting
from pipeline.reports.formats import Formats
from pipeline.reports.headline import interval
from pipeline.reports.report import Report, Stage
from pipeline.reports.shown import Shown, plain, shown
from pipeline.reports.words import Words, load

LINE_DAYS = 28
LONGEST_LABEL = 48  # characters: names of signals and stages are short unless they are hostile
SYMBOLS = {"new": "●", "worsening": "▲", "steady": "■", "improving": "▼", "resolved": "✓", "none": "·", "idle": "·"}


@dataclass(frozen=True)
class Figure:
    """A value with its interval in words and, where there is one, its picture."""

    value: str
    interval: str = ""
    picture: Markup | None = None


@dataclass(frozen=True)
class PointRow:
    """A friction point as shown."""

    point_id: str
    rank: str
    signal: str
    place: Shown
    place_type: str
    stage: str
    is_moment_of_truth: bool
    trend: str
    trend_symbol: str
    trend_label: str
    line: Markup
    today: str
    usual: str
    counts: str
    affected: str
    affected_today: str
    rate: Figure
    effect: Figure
    basis: str
    note: str
    lost: Figure
    money: Figure
    score: str
    owner: Shown | None
    sits: str


@dataclass(frozen=True)
class StageRow:
    """A stage as shown; `has_visits` is false where nothing was decided."""

    label: str
    is_moment_of_truth: bool
    has_visits: bool
    entered: str
    completed: str
    completed_share: str
    lost: str
    lost_share: str
    affected: str
    affected_share: str
    score: str
    score_width: float
    health: str


def stage_label(stages: tuple[Stage, ...], words: Words, name: str) -> str:
    """A stage's label: the journey's own, unless it says no more than the report's word for the name does."""
    label = next((plain(stage.label) for stage in stages if stage.name == name), "")
    if label and label.casefold() not in {name.casefold(), name.replace("_", " ").casefold()} | _english(name):
        return shown(label, LONGEST_LABEL).text
    return named(words, "stages", name)


def named(words: Words, table: str, name: str | None) -> str:
    """A label from the words, or the name itself, as short as labels are."""
    return shown(words.label(table, name), LONGEST_LABEL).text


def stage_rows(report: Report, words: Words, formats: Formats) -> list[StageRow]:
    """One row per stage of the journey in its order; stages that the journey does not know come last."""
    worst = max([_finite(score) for score in report.stage_scores["score"]], default=0.0)
    return [
        StageRow(
            label=stage_label(report.stages, words, stage.name),
            is_moment_of_truth=stage.is_moment_of_truth,
            has_visits=bool(row["entered"]),
            entered=formats.count(row["entered"]),
            completed=formats.count(row["completed"]),
            completed_share=formats.share(_ratio(row["completed"], row["entered"])),
            lost=formats.count(row["lost"]),
            lost_share=formats.share(_ratio(row["lost"], row["entered"])),
            affected=formats.count(row["affected"]),
            affected_share=formats.share(_ratio(row["affected"], row["entered"])),
            score=formats.score(row["score"]),
            score_width=round(100 * _finite(row["score"]) / worst, 1) if worst > 0 else 0.0,
            health=formats.score(row["health"]),
        )
        for stage, row in in_order(report)
    ]


def in_order(report: Report) -> list[tuple[Stage, Mapping[str, Any]]]:
    """The stages in the order of the journey, each with its row of `stage_scores` or one of zeros."""
    found = {row["stage"]: row for row in report.stage_scores.to_dicts()}
    known = {stage.name for stage in report.stages}
    nothing = {"entered": 0, "completed": 0, "lost": 0, "affected": 0, "score": 0.0, "health": 100.0}
    return [
        (stage, found.get(stage.name, nothing))
        for stage in [*report.stages, *(Stage(name) for name in found if name not in known)]
    ]


def point_rows(report: Report, words: Words, formats: Formats, points: pl.DataFrame) -> list[PointRow]:
    """One row per row of `points`, in their order. Bars share a scale, so that they compare down a column."""
    rates = (0.0, _furthest(points, "rate_high", "rate") or 1.0)
    reach = _furthest(points, "effect_high", "effect"), -_furthest(points, "effect_low", "effect", lowest=True)
    effects = (-max(0.0, reach[1]) - 0.005, max(0.0, reach[0]) + 0.005)
    lines, sits = _lines(report), sitting.sits(report, words, formats)
    return [_point_row(report, words, formats, row, rates, effects, lines, sits) for row in points.to_dicts()]


def _point_row(
    report: Report,
    words: Words,
    formats: Formats,
    row: Mapping[str, Any],
    rates: tuple[float, float],
    effects: tuple[float, float],
    lines: Mapping[str, list[float | None]],
    sits: Mapping[str, str],
) -> PointRow:
    trend = row["trend"] or trend_of_none(row)
    currency = row["currency"] or report.currency
    rate, effect = formats.share(row["rate"]), formats.points(row["effect"])
    between = interval(words, formats.share(row["rate_low"]), formats.share(row["rate_high"]))
    harm = interval(words, formats.points(row["effect_low"]), formats.points(row["effect_high"]))
    return PointRow(
        point_id=shown(row["point_id"], 40).text,
        rank=formats.count(row["rank"]),
        signal=named(words, "signals", row["signal"]),
        place=shown(row["locus"]),
        place_type=named(words, "locus_types", row["locus_type"]),
        stage=stage_label(report.stages, words, row["stage"]),
        is_moment_of_truth=any(stage.is_moment_of_truth for stage in report.stages if stage.name == row["stage"]),
        trend=trend if trend in SYMBOLS else "none",
        trend_symbol=SYMBOLS.get(trend, SYMBOLS["none"]),
        trend_label=named(words, "trends", trend),
        line=_line(words, formats, row, lines.get(row["point_id"], [])),
        today="" if row["rate_today"] is None else words.say("today", rate=formats.share(row["rate_today"])),
        usual=_usual(words, formats, row),
        counts=words.say("rate_counts", affected=formats.count(row["affected"]), exposed=formats.count(row["exposed"])),
        affected=formats.count(row["affected"]),
        affected_today=formats.count(row["affected_today"]),
        rate=Figure(
            rate,
            between,
            charts.interval_bar(
                row["rate_low"],
                row["rate"],
                row["rate_high"],
                rates,
                words.say("rate_alt", value=rate, interval=between),
            ),
        ),
        effect=Figure(
            effect,
            harm,
            charts.interval_bar(
                row["effect_low"],
                row["effect"],
                row["effect_high"],
                effects,
                words.say("effect_alt", value=effect, interval=harm),
            ),
        ),
        basis=named(words, "bases", row["effect_basis"]) if row["effect_basis"] else "",
        note=_note(words, formats, row),
        lost=Figure(
            formats.visits(row["lost_visits"]),
            interval(words, formats.visits(row["lost_visits_low"]), formats.visits(row["lost_visits_high"])),
        ),
        money=Figure(
            formats.money(row["revenue_at_risk"], currency),
            interval(
                words,
                formats.money(row["revenue_at_risk_low"], currency),
                formats.money(row["revenue_at_risk_high"], currency),
            ),
        ),
        score=formats.score(row["score"]),
        owner=shown(row["owner"], 40) if row["owner"] else None,
        sits=sits.get(row["point_id"], ""),
    )


def trend_of_none(row: Mapping[str, Any]) -> str:
    """What stands where a point has no trend: nothing to compare with yet, or nobody who could have shown it today."""
    return "none" if row["baseline_rate"] is None else "idle"


def _usual(words: Words, formats: Formats, row: Mapping[str, Any]) -> str:
    """The rate of the days before, and whether it has begun to rise."""
    if row["baseline_rate"] is None:
        return ""
    usual = words.say("usual", rate=formats.share(row["baseline_rate"]))
    return f"{usual}; {words.say('forming')}" if row["is_forming"] else usual


def _note(words: Words, formats: Formats, row: Mapping[str, Any]) -> str:
    """What a reader should know before acting on the effect."""
    if row["kind"] != "obstacle" or row["effect"] is None:
        return ""
    if row["affected_compared"] is not None and row["affected_compared"] < row["affected"] / 2:
        return words.say(
            "sparse", compared=formats.count(row["affected_compared"]), affected=formats.count(row["affected"])
        )
    if row["effect"] <= 0:
        return words.say("harmless")
    return words.say("unsure") if _finite(row["effect_low"]) <= 0 else ""


def _lines(report: Report) -> dict[str, list[float | None]]:
    """Rates of the last days by point, from the first day that any point has; a day without a row is a gap."""
    if report.history.is_empty():
        return {}
    first: date = max(min(report.history["day"]), report.day - timedelta(days=LINE_DAYS - 1))
    days = [first + timedelta(days=shift) for shift in range((report.day - first).days + 1)]
    found: dict[str, dict[Any, float | None]] = {}
    for day, point, rate in report.history.select("day", "point_id", "rate_today").iter_rows():
        found.setdefault(point, {})[day] = rate if rate is not None and math.isfinite(rate) else None
    return {point: [rates.get(day) for day in days] for point, rates in found.items()}


def _line(words: Words, formats: Formats, row: Mapping[str, Any], rates: list[float | None]) -> Markup:
    known = [rate for rate in rates if rate is not None]
    if len(known) < 2:
        return Markup()
    alt = words.say(
        "trend_alt", days=formats.count(len(rates)), first=formats.share(known[0]), last=formats.share(known[-1])
    )
    return charts.sparkline(rates, row["baseline_rate"], alt)


def _furthest(points: pl.DataFrame, *columns: str, lowest: bool = False) -> float:
    known = [number for name in columns for number in points[name] if number is not None and math.isfinite(number)]
    return float((min if lowest else max)(known, default=0.0))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _finite(number: float | None) -> float:
    return number if number is not None and math.isfinite(number) else 0.0


def _english(name: str) -> set[str]:
    return {load("en").labels["stages"].get(name, name).casefold()}

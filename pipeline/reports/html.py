"""The report as one HTML page that needs nothing but itself: no network, no script, no file beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import polars as pl
from markupsafe import Markup

from pipeline.reports import aside, charts, headline, incoming, rows, sitting
from pipeline.reports.evidence import examples
from pipeline.reports.formats import Formats
from pipeline.reports.people import people
from pipeline.reports.reliability import reliability
from pipeline.reports.report import Report
from pipeline.reports.shown import Shown, plain, shown
from pipeline.reports.words import Words, load

TEMPLATES = Path(__file__).resolve().parent / "templates"
EVIDENCE_POINTS = 20  # ranked points on the open page, each with its evidence
FURTHER_POINTS = 200  # folded beneath; the files hold the others
LISTED = 30  # rows of the lists apart: outcomes, too few to rank, files, rules, expectations
CHANGES = 5  # as many as a head line can carry


def render(report: Report) -> str:
    """The page. The same report gives the same text; all that came from data is escaped and cut to a line."""
    words = load(report.language)
    formats = Formats(report.language, report.timezone)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((TEMPLATES / "report.css").read_text(encoding="utf-8"))
    return environment.get_template("report.html.j2").render(
        t=words.text,
        say=words.say,
        zip=zip,
        style=style,
        report=report,
        day=formats.day(report.day),
        period=words.say("period", window=report.window_days, day=formats.short_day(report.day)),
        **_head(report, words, formats),
        **_journey(report, words, formats),
        **_points(report, words, formats),
        **_measured(report, words),
        **people(report, words, formats),
        calibration=reliability(report, words, formats),
        **_quality(report, words, formats),
    )


def _head(report: Report, words: Words, formats: Formats) -> Mapping[str, Any]:
    changed = headline.changes(report)
    found = headline.cost(report)
    entered = formats.count(found.entered)
    worst = max(rows.in_order(report), key=lambda pair: pair[1]["score"] or 0.0, default=None)
    tiles = [
        (
            words.say("tile_lost"),
            formats.visits(found.lost.value),
            headline.interval(words, formats.visits(found.lost.low), formats.visits(found.lost.high)),
            words.say("tile_lost_note", entered=entered),
        ),
        (
            words.say("tile_money"),
            headline.money(found, formats) or words.say("unknown"),
            headline.money_interval(found, words, formats),
            "",
        ),
        (
            words.say("tile_worst"),
            rows.stage_label(report.stages, words, worst[0].name)
            if worst and worst[1]["score"]
            else words.say("tile_worst_none"),
            "",
            words.say("tile_worst_note", score=formats.score(worst[1]["score"])) if worst and worst[1]["score"] else "",
        ),
        _costliest(report, words, formats),
    ]
    listed = zip(
        rows.point_rows(report, words, formats, changed.head(CHANGES)), changed.head(CHANGES).to_dicts(), strict=True
    )
    return {
        "headline": headline.title(report, words, formats),
        "sentences": headline.sentences(report, words, formats),
        "is_empty": headline.is_empty(report),
        "tiles": tiles,
        "changes": [(row, change_note(words, formats, raw)) for row, raw in listed],
        "more_changes": max(0, changed.height - CHANGES),
        "came_in": [_came_in(note) for note in incoming.notes(report, words, formats)],
    }


def _came_in(note: incoming.Note) -> tuple[str, str, Shown, list[Shown], int, Shown]:
    """A note of what came in: kind and label, of what, which names and how many more, and what follows."""
    names, more = incoming.shortened(note.names)
    return note.kind, note.label, shown(note.place, 40), [shown(name) for name in names], more, shown(note.told, 240)


def _costliest(report: Report, words: Words, formats: Formats) -> tuple[str, str, str, str]:
    """The tile of the point that costs most visits, ranked or not."""
    hurting = report.points.filter((pl.col("kind") == "obstacle") & (pl.col("lost_visits") > 0))
    for row in hurting.sort(["lost_visits", "point_id"], descending=[True, False]).head(1).to_dicts():
        note = words.say(
            "tile_point_note",
            place=shown(row["locus"], 32).text,
            stage=rows.stage_label(report.stages, words, row["stage"]),
            lost=formats.visits(row["lost_visits"]),
        )
        return words.say("tile_point"), rows.named(words, "signals", row["signal"]), "", note
    return words.say("tile_point"), words.say("tile_worst_none"), "", ""


def change_note(words: Words, formats: Formats, row: Mapping[str, Any]) -> str:
    """How a rate moved: today's beside the usual one."""
    if row["rate_today"] is None:
        return words.say("change_no_rate")
    today = formats.share(row["rate_today"])
    if not row["baseline_rate"]:
        return words.say("change_rate_new", today=today)
    return words.say("change_rate", today=today, before=formats.share(row["baseline_rate"]))


def _journey(report: Report, words: Words, formats: Formats) -> Mapping[str, Any]:
    stages = rows.stage_rows(report, words, formats)
    columns = [
        charts.Column(
            label=shown(row.label, 16).text,
            note=row.health if row.has_visits else "–",
            is_marked=row.is_moment_of_truth,
            entered=raw["entered"],
            completed=raw["completed"],
            lost=raw["lost"],
            friction=(raw["score"] or 0.0) / 100 * raw["entered"],
        )
        for row, (_, raw) in zip(stages, rows.in_order(report), strict=True)
    ]
    told = [
        words.say(
            "funnel_alt_stage",
            stage=row.label,
            entered=row.entered,
            completed=row.completed,
            lost=row.lost,
            health=row.health,
        )
        for row in stages
    ]
    alt = words.say("funnel_alt", stages="; ".join(told))
    return {"stages": stages, "funnel": charts.funnel(columns, alt) if columns else Markup()}


def _points(report: Report, words: Words, formats: Formats) -> Mapping[str, Any]:
    points = report.points
    is_obstacle = pl.col("kind") == "obstacle"
    ranked = points.filter(is_obstacle & pl.col("rank").is_not_null()).sort("rank", "point_id")
    outcomes = points.filter(~is_obstacle).sort(["affected", "point_id"], descending=[True, False])
    others = points.filter(is_obstacle & pl.col("rank").is_null()).sort(
        ["affected", "point_id"], descending=[True, False]
    )
    few, uncounted = others.filter(pl.col("rate").is_not_null()), others.filter(pl.col("rate").is_null())
    shown_rows = rows.point_rows(report, words, formats, ranked.head(EVIDENCE_POINTS + FURTHER_POINTS))
    found = examples(report, words, formats)

    def listed(frame: pl.DataFrame) -> list[rows.PointRow]:
        return rows.point_rows(report, words, formats, frame.head(LISTED))

    return {
        "ranked": shown_rows[:EVIDENCE_POINTS],
        "further": shown_rows[EVIDENCE_POINTS:],
        "unowned": sitting.unowned(report, words, formats),
        "ranked_in_file": max(0, ranked.height - EVIDENCE_POINTS - FURTHER_POINTS),
        "outcomes": listed(outcomes),
        "outcomes_in_file": max(0, outcomes.height - LISTED),
        "few": listed(few),
        "few_in_file": max(0, few.height - LISTED),
        "uncounted": listed(uncounted),
        "uncounted_in_file": max(0, uncounted.height - LISTED),
        "evidence": [(row, found.get(row.point_id, [])) for row in shown_rows[:EVIDENCE_POINTS]],
    }


def _measured(report: Report, words: Words) -> Mapping[str, Any]:
    missing = report.signals.filter(~pl.col("is_measurable"))
    return {
        "has_signals": not report.signals.is_empty(),
        "missing": [
            (rows.named(words, "signals", row["signal"]), shown(why(words, row["why"]), 200))
            for row in missing.to_dicts()
        ],
    }


def why(words: Words, reason: str | None) -> str:
    """Why a signal is not measurable: the reasons that are recorded in the reader's language, any other as it is."""
    if not reason:
        return words.say("unknown")
    told = {
        "no rows in ": "why_no_rows",
        "no values in ": "why_no_values",
        "no events named ": "why_no_events",
        "no waits of type ": "why_no_waits",
        "nothing to compare with in the 28 days before: ": "why_no_usual",
        "no stage of the journey is named ": "why_no_stage_named",
        "no stage of the journey is made of ": "why_no_stage_of",
    }

    def one(part: str) -> str:
        key, lead = next(((key, lead) for lead, key in told.items() if part.startswith(lead)), ("", ""))
        return words.say(key, where=part.removeprefix(lead)) if key else words.labels["reasons"].get(part, part)

    alternatives = [[one(part) for part in each.split(" and ")] for each in reason.split(" or ")]
    return f" {words.say('or')} ".join(f" {words.say('and')} ".join(parts) for parts in alternatives)


def _quality(report: Report, words: Words, formats: Formats) -> Mapping[str, Any]:
    counted = ("rows_read", "rows_kept", "rows_quarantined", "rows_duplicate")
    total = {name: int(report.loads[name].sum()) for name in counted}
    kinds = dict(report.kinds.select("kind", "rows").iter_rows())
    loads = report.loads.sort(["rows_quarantined", "source", "file"], descending=[True, False, False])

    def said(key: str, files: pl.DataFrame) -> str:
        number = aside.rows(files)
        reasons = aside.told(files, words, formats)
        return words.say(key, n=formats.count(number), reasons=reasons) if number else ""

    def line(row: Mapping[str, Any]) -> tuple[list[str], bool]:
        adds_up = row["rows_read"] == row["rows_kept"] + row["rows_quarantined"] + row["rows_duplicate"]
        return [formats.count(row[name]) for name in counted], adds_up

    return {
        "read_today": words.say(
            "read_today",
            clicks=formats.count(kinds.get("clickstream", 0)),
            waits=formats.count(kinds.get("wait_time", 0)),
            errors=formats.count(kinds.get("order_error", 0)),
        ),
        "loads": [
            (shown(row["source"], 40), shown(row["file"]), *line(row), said("aside_of_file", loads[place]))
            for place, row in enumerate(loads.head(LISTED).to_dicts())
        ],
        "loads_total": line(total),
        "loads_aside": said("aside_of_all", loads),
        "loads_left_out": max(0, loads.height - LISTED),
        "broken": [
            (shown(row["contract"], 40), shown(row["rule"], 60), formats.count(row["rows"]))
            for row in report.broken_rules.head(LISTED).to_dicts()
        ],
        "expectations": [
            (
                shown(row["contract"], 40),
                shown(row["expectation"]),
                rows.named(words, "severities", row["severity"]),
                formats.count(row["rows_unexpected"]),
                formats.count(row["rows_checked"]),
                _told(words, row["error"], row["found"]),
            )
            for row in report.expectations.head(LISTED).to_dicts()
        ],
    }


def _told(words: Words, error: str | None, found: str | None) -> Shown | None:
    """Why an expectation could not be checked, or what was found where it does not hold."""
    told = words.say("not_checked", error=plain(error)) if error else found
    return shown(told, 200) if told else None

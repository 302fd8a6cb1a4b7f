"""Example visits step by step, in the reader's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.reports.formats import Formats
from pipeline.reports.report import Report
from pipeline.reports.shown import Shown, shown
from pipeline.reports.words import Words

STILL = "open"


@dataclass(frozen=True)
class Step:
    """One step of a visit; `clock` carries the day where the visit spans several."""

    clock: str
    instant: str
    what: str
    place: Shown
    detail: Shown
    outcome: str
    is_evidence: bool


@dataclass(frozen=True)
class Example:
    """One visit; `left_out` says so where not all of its steps are shown."""

    title: str
    person: Shown
    visit: Shown
    ended: str
    left_out: str
    steps: tuple[Step, ...]


def examples(report: Report, words: Words, formats: Formats) -> dict[str, list[Example]]:
    """Example visits by point id, in the order of the frame."""
    visits: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in report.examples.to_dicts():
        visits.setdefault((row["point_id"], row["example"]), []).append(row)
    found: dict[str, list[Example]] = {}
    for (point, _), rows in visits.items():
        number = len(found.setdefault(point, [])) + 1
        found[point].append(_example(words, formats, rows, number))
    return found


def _example(words: Words, formats: Formats, rows: list[dict[str, Any]], number: int) -> Example:
    days = {formats.date_in_zone(row["occurred_at"]) for row in rows}
    first = rows[0]
    left_out = ""
    if (first["events"] or 0) > len(rows):
        left_out = words.say("steps_left_out", shown=formats.count(len(rows)), all=formats.count(first["events"]))
    return Example(
        title=words.say("example", n=formats.count(number)),
        person=shown(first["person_id"], 40),
        visit=shown(first["visit_id"], 48),
        ended=shown(words.label("visit_outcomes", first["visit_outcome"]), 40).text if first["visit_outcome"] else "",
        left_out=left_out,
        steps=tuple(_step(words, formats, row, has_day=len(days) > 1) for row in rows),
    )


def _step(words: Words, formats: Formats, row: Mapping[str, Any], *, has_day: bool) -> Step:
    table, outcome = "events", ""
    if row["kind"] == "wait_time":
        table, outcome = "waits", words.label("wait_outcomes", row["outcome"] or STILL)
        if row["seconds"] is not None:
            outcome = f"{formats.duration(row['seconds'])}, {outcome}"
    elif row["kind"] == "order_error":
        table = "errors"
    elif row["outcome"] == "error":
        outcome = words.say("error_outcome")
    moment = row["occurred_at"]
    return Step(
        clock=formats.moment(moment) if has_day else formats.clock(moment),
        instant=moment.isoformat(),
        what=shown(words.label(table, row["what"]), 60).text,
        place=shown(row["where"] or "", 60),
        detail=shown(row["detail"] or "", 60),
        outcome=shown(outcome, 60).text,
        is_evidence=bool(row["is_evidence"]),
    )

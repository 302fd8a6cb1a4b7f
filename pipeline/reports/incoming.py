"""What came in with the day, where there is something to say: sources that stopped, columns that are new or gone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from pipeline.reports.formats import Formats
from pipeline.reports.report import Report
from pipeline.reports.shown import plain
from pipeline.reports.words import Words

Kind = Literal["stopped", "gone", "new", "broken"]

NAMED = 5  # columns of a source; a file with another layout has hundreds, and the mart lists them all
TOLD = 10  # notes; further ones stand in marts.source_drift and ops.contract_results


@dataclass(frozen=True)
class Note:
    """One thing to know: of which source or contract, which names it is about, and what follows from it.

    `label` and `told` are words of ours, but for the error of a source that stopped; `place` and `names` are data.
    """

    kind: Kind
    label: str
    place: str
    names: tuple[str, ...]
    told: str


def notes(report: Report, words: Words, formats: Formats) -> list[Note]:
    """The notes of the day, the gravest first; none on a day like the others."""
    found = [*_stopped(report, words), *_drifted(report, words), *_broken(report, words, formats)]
    return found[:TOLD]


def lines(report: Report, words: Words, formats: Formats) -> list[str]:
    """The notes in full, a line each."""
    return [
        f"{note.label}: {' – '.join(part for part in (_subject(note, words), note.told) if part)}"
        for note in notes(report, words, formats)
    ]


def in_short(report: Report, words: Words, formats: Formats) -> str:
    """The notes in one line; empty where there are none."""
    stopped = list(dict.fromkeys(report.failures["source"]))
    parts = [words.say("summary_stopped", sources=_listed(stopped, words))] if stopped else []
    for change, key in (("gone", "summary_gone"), ("new", "summary_new")):
        columns = report.drift.filter(pl.col("change") == change).sort("source", "column_name")["column_name"]
        if names := list(dict.fromkeys(columns)):
            parts.append(words.say(key, columns=_listed(names, words)))
    if broken := _warnings(report).height:
        parts.append(words.count("warnings_broken", broken, formats.count(broken)))
    return words.say("summary_came_in", notes="; ".join(parts)) if parts else ""


def first_line(error: str) -> str:
    """The first line of an error: where and what; the lines after it give samples."""
    return plain(error.strip().split("\n", 1)[0])


def shortened(names: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The first names, and how many are left out."""
    return tuple(names[:NAMED]), max(0, len(names) - NAMED)


def _stopped(report: Report, words: Words) -> list[Note]:
    return [
        Note(
            "stopped", words.say("came_in_stopped"), row["source"], (row["file"],), _without(row["file"], row["error"])
        )
        for row in report.failures.sort("source", "file").to_dicts()
    ]


def _without(file: str, error: str) -> str:
    """The first line of an error that begins with its file, which stands beside it already."""
    return first_line(error).removeprefix(f"{plain(file)}: ")


def _drifted(report: Report, words: Words) -> list[Note]:
    found: list[Note] = []
    for change in ("gone", "new"):
        rows = report.drift.filter(pl.col("change") == change).sort("source", "contract", "column_name")
        for (source, _), of_source in rows.group_by("source", "contract", maintain_order=True):
            missed = sorted({signal for row in of_source["signals"].to_list() for signal in row})
            told = words.say("came_in_kept") if change == "new" else ""
            if missed:
                signals = ", ".join(words.label("signals", name) for name in missed)
                told = words.say("came_in_unmeasurable", signals=signals)
            names = of_source.sort(pl.col("signals").list.len() == 0, "column_name")["column_name"]
            label = words.say("came_in_new" if change == "new" else "came_in_gone")
            found.append(Note("new" if change == "new" else "gone", label, str(source), tuple(names), told))
    return found


def _broken(report: Report, words: Words, formats: Formats) -> list[Note]:
    def told(row: Mapping[str, Any]) -> str:
        if row["error"]:
            return words.say("not_checked", error=first_line(row["error"]))
        against, checked = formats.count(row["rows_unexpected"]), formats.count(row["rows_checked"])
        return words.say("came_in_rows", against=against, checked=checked)

    label = words.say("came_in_broken")
    return [
        Note("broken", label, row["contract"], (row["expectation"],), told(row)) for row in _warnings(report).to_dicts()
    ]


def _warnings(report: Report) -> pl.DataFrame:
    return report.expectations.filter(pl.col("severity") == "warning")


def _subject(note: Note, words: Words) -> str:
    return f"{plain(note.place)}: {_listed(note.names, words)}"


def _listed(names: Sequence[str], words: Words) -> str:
    named, more = shortened(names)
    told = ", ".join(plain(name) for name in named)
    return words.say("came_in_more", names=told, n=more) if more else told

"""The header of an SQL file: what a row is, what it reads, its grain, parameters and columns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import WarehouseError

SECTIONS = ("Reads", "Grain", "Params", "Columns")


@dataclass(frozen=True)
class Header:
    """`reads`, `params` and `columns` give the words that stand beside each name; params carry no `$`."""

    severity: str | None  # of checks: fail or warn
    summary: str
    reads: Mapping[str, str]
    grain: tuple[str, ...]
    params: Mapping[str, str]
    columns: Mapping[str, str]


def read(query: str) -> Header:
    """The header of an SQL file.

    It is the block of `--` lines at the top: in checks a line with the severity; a paragraph that says what a row is;
    an empty comment line; then the sections, one name a line:

        -- Reads:   friction.flags   one row per flag
        --          ops.loads        one row per file
        -- Grain:   day, flag_id
        -- Params:  $day             DATE, the day to look at

    Raises WarehouseError for a section that is not known, or stands twice.
    """
    lines = _comment_lines(query)
    severity = lines.pop(0) if lines and lines[0] in {"fail", "warn"} else None
    end = lines.index("") if "" in lines else len(lines)
    sections: dict[str, list[str]] = {}
    name = ""
    for line in lines[end + 1 :]:
        if heading := re.match(r"([A-Z]\w+): +(.*)", line):
            name, line = heading[1], heading[2]
            if name not in SECTIONS or name in sections:
                raise WarehouseError(f"header section {name!r} is unknown or stands twice. Known: {SECTIONS}.")
        if name and line:
            sections.setdefault(name, []).append(line.strip())
    return Header(
        severity=severity,
        summary=" ".join(lines[:end]),
        reads=_named(sections.get("Reads", [])),
        grain=tuple(part.strip() for line in sections.get("Grain", []) for part in line.split(",")),
        params={key.removeprefix("$"): words for key, words in _named(sections.get("Params", [])).items()},
        columns=_named(sections.get("Columns", [])),
    )


def _comment_lines(query: str) -> list[str]:
    found = []
    for line in query.splitlines():
        if not line.startswith("--"):
            break
        found.append(line.removeprefix("--").removeprefix(" ").rstrip())
    return found


def _named(lines: list[str]) -> dict[str, str]:
    return {first: words.strip() for first, _, words in (line.partition(" ") for line in lines)}

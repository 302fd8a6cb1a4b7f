"""How things look in a terminal: tables, progress, errors; nothing is decided here."""

import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, TextIO, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipeline.checking import Verdict
from pipeline.sources.mapping import Mapping

T = TypeVar("T")

SPACES = "\u00a0\u202f"  # which numbers and money are written with; Python calls them unprintable


NO_TERMINAL = 10_000  # characters; in a pipe or a file a row is a line, however long
NARROWEST = 8  # characters; a table of narrower columns than that cannot be read


def out() -> Console:
    """Results: standard output, never wider than it is, and plain where it is not a terminal."""
    width = _width(sys.stdout)
    return Console(highlight=False, emoji=False, width=width, soft_wrap=width is not None)


def err() -> Console:
    """All that is not a result: standard error."""
    width = _width(sys.stderr)
    return Console(stderr=True, highlight=False, emoji=False, width=width, soft_wrap=width is not None)


def _width(stream: TextIO) -> int | None:
    return None if stream.isatty() or "COLUMNS" in os.environ else NO_TERMINAL


def shown(words: str) -> Text:
    """Words that may come from data: no markup, control characters made visible; lines stay lines."""
    return Text("\n".join(cell(line) for line in words.split("\n")))


def progress(what: str, parts: Sequence[T], /) -> Iterable[T]:
    """The parts, with a bar and the time left where a person is looking."""
    if not sys.stderr.isatty() or len(parts) < 2:
        yield from parts
        return
    shown = [
        TextColumn("{task.description:<20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ]
    with Progress(*shown, console=err(), transient=True) as bar:
        yield from bar.track(parts, description=what)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A table; numbers to the right. What came from data is text, never markup."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        numbers = rows and all(isinstance(row[place], int | float) or row[place] is None for row in rows)
        made.add_column(Text(cell(column)), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell(value)) for value in row))
    return made


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows as a table, or one below the other where so many columns do not fit."""
    console = out()
    if len(columns) * NARROWEST <= console.width:
        console.print(table(columns, rows))
        return
    for number, row in enumerate(rows, start=1):
        console.print(table([f"row {number}", ""], list(zip(columns, row, strict=True))))


def cell(value: object) -> str:
    """One value as a person reads it: control characters made visible, floats with few digits."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return "".join(sign if sign.isprintable() or sign in SPACES else f"\\x{ord(sign):02x}" for sign in str(value))


def as_json(value: object) -> None:
    """Print as JSON: for scripts. What JSON has no number for (NaN, infinity) is null."""
    typer.echo(json.dumps(_plain(value), ensure_ascii=False, indent=2, allow_nan=False))


def records(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows as objects; a name that stands twice gets a number, as in DuckDB."""
    names: list[str] = []
    for column in columns:
        again = sum(name == column or name.startswith(f"{column}_") for name in names) if column in names else 0
        names.append(f"{column}_{again}" if again else column)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | None) else str(value)


def verdict(found: Verdict) -> None:
    """Print what `friction check` found."""
    console = out()
    fits = "within" if found.is_within_limit else "over"
    console.print(
        shown(
            f"{cell(found.file)}: {'ok' if found.is_within_limit else 'refused'} – {found.rows_quarantined:,} of "
            f"{found.rows_read:,} rows break the contract {found.contract}, {fits} its limit of {found.limit_share:.2%}"
        ),
        style="bold",
    )
    console.print(
        f"read {found.rows_read:,} = kept {found.rows_kept:,} + quarantined {found.rows_quarantined:,} "
        f"+ superseded {found.rows_superseded:,} + duplicate {found.rows_duplicate:,}"
    )
    if found.missing_columns:
        console.print(
            shown(f"columns without which some signals are not measurable: {', '.join(found.missing_columns)}")
        )
    if found.unknown_columns:
        console.print(shown(f"columns that the contract does not know: {', '.join(found.unknown_columns)}"))
    if found.broken_rules:
        console.print()
        console.print(table(["broken rule", "rows"], list(found.broken_rules.items())))
        console.print()
        console.print(
            table(["line", "rules", "row"], [(line, ", ".join(rules), row) for line, rules, row in found.samples])
        )
    if found.advice:
        console.print()
    for each in found.advice:
        console.print(shown(each))


def status(found: dict[str, Any]) -> None:
    """Print what `friction status` found: a line each, of lists their length; then each list that is not empty."""
    console = out()
    lists = {name: value for name, value in found.items() if isinstance(value, list)}
    console.print(table(["", ""], [(name, len(lists[name]) if name in lists else found[name]) for name in found]))
    for name, records_ in lists.items():
        if records_:
            console.print()
            console.print(name, style="bold")
            rows = [[", ".join(each) if isinstance(each, list) else each for each in row.values()] for row in records_]
            console.print(table(list(records_[0]), rows))


def mapping(found: Mapping) -> None:
    """Print what a mapping file supplies, and what it cannot."""
    console = out()
    console.print(shown(found.description))
    for contract, about in found.contracts.items():
        columns = [(column, " ".join(sql.split())) for column, sql in about.columns.items()]
        columns += [(column, f"not supplied: {why}") for column, why in about.lacks.items()]
        console.print()
        console.print(table([contract, "from"], columns))
        told = [("rows are", about.relation), ("of which count", about.where)]
        told += [
            (f"{column} {theirs!r}", f"is {ours!r}")
            for column, words in about.words.items()
            for theirs, ours in words.items()
        ]
        shown_besides = [(what, " ".join(sql.split())) for what, sql in told if sql and sql != "rows"]
        if shown_besides:
            console.print()
            console.print(table(["", ""], shown_besides))

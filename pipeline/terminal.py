"""How things look in a terminal: tables, progress, errors; nothing is decided here."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipeline.checking import Verdict
from pipeline.sources.mapping import Mapping

T = TypeVar("T")


def out() -> Console:
    """Results: standard output, never wider than it is, and plain where it is not a terminal."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    """All that is not a result: standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


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
        made.add_column(Text(column), justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell(value)) for value in row))
    return made


def cell(value: object) -> str:
    """One value as a person reads it: control characters made visible, floats with few digits."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in str(value))


def as_json(value: object) -> None:
    """Print as JSON: for scripts."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def verdict(found: Verdict) -> None:
    """Print what `friction check` found."""
    console = out()
    fits = "within" if found.is_within_limit else "over"
    console.print(
        f"{found.file}: {'ok' if found.is_within_limit else 'refused'} – {found.rows_quarantined:,} of "
        f"{found.rows_read:,} rows break the contract {found.contract}, {fits} its limit of {found.limit_share:.2%}",
        style="bold",
        markup=False,
    )
    console.print(
        f"read {found.rows_read:,} = kept {found.rows_kept:,} + quarantined {found.rows_quarantined:,} "
        f"+ duplicate {found.rows_duplicate:,}"
    )
    if found.missing_columns:
        console.print(
            f"columns without which some signals are not measurable: {', '.join(found.missing_columns)}", markup=False
        )
    if found.unknown_columns:
        console.print(f"columns that the contract does not know: {', '.join(found.unknown_columns)}", markup=False)
    if found.broken_rules:
        console.print()
        console.print(table(["broken rule", "rows"], list(found.broken_rules.items())))
        console.print()
        console.print(
            table(["line", "rules", "row"], [(line, ", ".join(rules), row) for line, rules, row in found.samples])
        )


def mapping(found: Mapping) -> None:
    """Print what a mapping file supplies, and what it cannot."""
    console = out()
    console.print(found.description, markup=False)
    for contract, about in found.contracts.items():
        columns = list(about.columns.items())
        columns += [(column, f"not supplied: {why}") for column, why in about.lacks.items()]
        console.print()
        console.print(table([contract, "from"], columns))

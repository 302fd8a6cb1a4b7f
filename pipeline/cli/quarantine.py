"""`friction quarantine`: look at rows that broke a rule, and read them again once that is mended."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

import typer
from rich.console import Console

from pipeline import answers, nights, replaying, steps, terminal
from pipeline.settings import Settings
from pipeline.settings import load as load_settings
from pipeline.steps import Progress
from pipeline.warehouse import reasons
from pipeline.warehouse.connection import reading
from pipeline.warehouse.rereading import Replayed

LONGEST = 240  # characters of a row's text that are shown; --json gives all
NO_LINE = "row"  # in place of the number where a row's line is not known

app = typer.Typer(add_completion=False, rich_markup_mode=None)

OfSource = Annotated[str | None, typer.Option("--source", help="Only rows of this source.")]
OfFile = Annotated[str | None, typer.Option("--file", help="Only rows of this file, or of files like 'landing/*'.")]


@app.callback(invoke_without_command=True)
def quarantine(
    context: typer.Context,
    source: OfSource = None,
    file: OfFile = None,
    rule: Annotated[str | None, typer.Option("--rule", help="Only rows that broke it, as value.type.")] = None,
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Only rows of files of this day.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="Entries of each list.", min=1)] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")] = False,
) -> None:
    """Show rows that broke a rule: how many, why, what to do, and what they say.

    Example: friction quarantine --source web

    Example: friction quarantine replay
    """
    if context.invoked_subcommand is not None:
        return
    which = reasons.Which(source, file, rule, day.date() if day else None)
    with reading(load_settings(context.obj).warehouse) as con:
        found = reasons.look(con, which, limit)
    if json:
        terminal.as_json(asdict(found))
    else:
        _show(found, limit, is_all=which == reasons.Which())


def _show(found: reasons.Quarantined, limit: int, *, is_all: bool) -> None:
    console = terminal.out()
    if not found.broken and not found.superseded:
        console.print("The quarantine is empty." if is_all else "No row in the quarantine is like that.")
        return
    words = f"{found.broken:,} {'row' if found.broken == 1 else 'rows'} broke a rule"
    if found.superseded:
        were = "row was" if found.superseded == 1 else "rows were"
        words += f"; {found.superseded:,} {were} replaced by a newer version, which is nothing to mend"
    console.print(terminal.shown(f"{words}."), style="bold")
    if not found.broken:
        return
    console.print()
    for reason in found.reasons[:limit]:
        console.print(terminal.shown(f"{reason.rows:>9,}  {reason.rule} of {reason.contract}"), style="bold")
        console.print(terminal.shown(f"           asks: {reason.meaning}"))
        console.print(terminal.shown(f"           do:   {reason.advice}"))
    _more(console, found.reasons, limit)
    console.print()
    rows = [(each.source, each.file, each.rule, each.rows) for each in found.counts[:limit]]
    console.print(terminal.table(["source", "file", "broken rule", "rows"], rows))
    _more(console, found.counts, limit)
    for each in found.samples:
        where = f"{each.file}:{NO_LINE if each.line is None else each.line}"
        cut = each.original[:LONGEST] + ("…" if len(each.original) > LONGEST else "")
        console.print()
        console.print(terminal.shown(f"{where}  {', '.join(each.broken_rules)}"), style="bold")
        console.print(terminal.shown(f"  {terminal.cell(cut)}"))
    console.print("\nOnce the settings or the mapping are corrected: friction quarantine replay")


def _more(console: Console, found: Sequence[object], limit: int) -> None:
    if len(found) > limit:
        console.print(f"           … and {len(found) - limit:,} more (--limit)")


@app.command()
def replay(
    context: typer.Context,
    source: OfSource = None,
    file: OfFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
) -> None:
    """Read quarantined rows again, after settings, a mapping or a contract were corrected; the files are not needed.

    Rows that are good now are kept as if they had always been, and the days they belong to are computed again. Nothing
    is counted twice, however often this is done.

    Example: friction quarantine replay --source web --dry-run
    """
    settings = load_settings(context.obj)
    which = replaying.Which(source, file)
    with reading(settings.warehouse) as con:
        nothing = not replaying.find(con, settings, which)
        last = None if nothing else answers.last_day(con)
    if last is None:
        terminal.out().print("Nothing to replay: no row in the quarantine can be read again.")
        return
    if dry_run:
        _show_replayed(replaying.rehearse(settings, which), is_dry=True)
        return
    replayed: list[Replayed] = []

    def reread(run: Settings, days: Sequence[date], progress: Progress) -> object:
        replayed.extend(steps.replay(run, days, which, progress))
        return None

    nights.run(settings, [last], reported=[last], bring=reread)
    terminal.out().print()
    _show_replayed(replayed, is_dry=False)


def _show_replayed(replayed: Sequence[Replayed], *, is_dry: bool) -> None:
    console = terminal.out()
    rows = sum(each.rows for each in replayed)
    kept = sum(each.kept for each in replayed)
    verb = "would be kept" if is_dry else "are kept now"
    console.print(terminal.shown(f"{kept:,} of {rows:,} quarantined rows {verb}."), style="bold")
    listed = [
        (each.source, each.file, each.rows, each.kept, each.duplicate, each.superseded, each.left_out, each.quarantined)
        for each in replayed
    ]
    names = ["source", "file", "read", "kept", "repeated", "outdated", "left out", "still bad"]
    console.print(terminal.table(names, listed))
    days = replaying.changed(replayed)
    if days:
        what = "would change" if is_dry else "have changed"
        console.print(terminal.shown(f"Days that {what}: {', '.join(map(str, days))}"))

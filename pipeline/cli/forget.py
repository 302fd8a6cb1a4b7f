"""`friction forget`: remove customers from everything that is kept of them, and prove it."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline import erasing, nights, terminal
from pipeline.cli.options import Json
from pipeline.contracts.people import is_distinctive
from pipeline.erasing import Forgotten
from pipeline.errors import SettingsError
from pipeline.settings import load as load_settings

LEFT = 7  # exit code: they are still named somewhere
SHOWN = 20  # files and days that are listed


def forget(
    context: typer.Context,
    customers: Annotated[
        list[str], typer.Option("--customer", help="Id, as in the column customer_id; may be given several times.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody can answer.")] = False,
    mentions: Annotated[
        bool | None,
        typer.Option(
            "--mentions/--no-mentions",
            help="Also remove rows of others in whose texts the id stands by itself. By default where the id is an "
            "address, or has six signs or more with letters and digits among them: any other may mean something else.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Remove customers from every table, every kept version, the quarantine and the reports, and search for them.

    What they did on devices that nobody else has used goes, too. The days on which they were there are computed again
    without them. They stay forgotten: no file brings them back, however often it is loaded.

    Exit code 0: nothing names them any more. 7: something still does, and is listed. 5: there is no such customer.

    Example: friction forget --customer C-100231 --dry-run
    """
    settings = load_settings(context.obj)
    if not all(each.strip() for each in customers):
        raise SettingsError("--customer is empty. Name a customer as in the column customer_id.")
    asked = list(dict.fromkeys(customers))
    also = all(map(is_distinctive, asked)) if mentions is None else mentions
    if dry_run or not yes:
        if not dry_run and not sys.stdin.isatty():
            raise SettingsError("nobody is here to confirm it. Look first (--dry-run), then add --yes.")
        planned = erasing.survey(settings, asked, mentions=also, progress=terminal.progress)
        if dry_run and json:
            terminal.as_json(_as_record(planned))
            return
        _show(planned, also=also, is_dry=True)
        if dry_run:
            return
        typer.confirm("\nRemove them? This cannot be undone", abort=True)
    started = datetime.now(UTC)
    try:
        done = erasing.forget(
            settings, asked, f"{started:%Y-%m-%dT%H:%M:%S.%fZ}", started, mentions=also, progress=terminal.progress
        )
    except KeyboardInterrupt:
        terminal.err().print("interrupted: every file is whole, some still hold them. The same command does the rest.")
        raise typer.Exit(nights.INTERRUPTED) from None
    if json:
        terminal.as_json(_as_record(done))
    else:
        _show(done, also=also, is_dry=False)
    if not done.is_proven:
        raise typer.Exit(LEFT)


def _as_record(found: Forgotten) -> dict[str, object]:
    """The result for scripts; of the days of each table the first and the last."""
    told = asdict(found)
    for version in told["versions"]:
        for each in version["removed"]:
            days = each.pop("days")
            each |= {"first_day": min(days, default=None), "last_day": max(days, default=None)}
    return told | {"rows": found.rows, "is_proven": found.is_proven}


def _show(found: Forgotten, *, also: bool, is_dry: bool) -> None:
    console = terminal.out()
    rows = [
        (
            f"{version.version}{' (current)' if version.is_current else ''}",
            each.table,
            each.rows,
            f"{min(each.days)} – {max(each.days)}" if each.days else "",
        )
        for version in found.versions
        for each in version.removed
    ]
    verb = "would be removed" if is_dry else "are removed"
    console.print(terminal.shown(f"{found.rows:,} rows of {_versions(found)} {verb}."), style="bold")
    if rows:
        console.print(terminal.table(["version", "table", "rows", "days"], rows))
    if found.computed_again:
        console.print(terminal.shown(f"\nDays computed again without them: {_listed(found.computed_again)}"))
    if found.reports:
        console.print(terminal.shown(f"Reports written anew: {_listed(found.reports)}"))
    if found.files:
        console.print("\nThe input files still hold them. Friction leaves them out; delete them there yourself:")
        for file in found.files[:SHOWN]:
            console.print(terminal.shown(f"  {file}"))
        _more(len(found.files))
    if found.other_files:
        console.print("\nThese databases are none of friction's, and nobody has looked into them:")
        for file in found.other_files:
            console.print(terminal.shown(f"  {file}"))
    if not is_dry:
        _show_proof(found, also=also)


def _show_proof(found: Forgotten, *, also: bool) -> None:
    console = terminal.out()
    columns = sum(version.columns_searched for version in found.versions)
    searched = f"{columns:,} columns of {_versions(found)}, and the reports, were searched"
    if found.is_proven:
        console.print(terminal.shown(f"\nProof: {searched}; nothing names them."), style="bold")
        return
    console.print(
        terminal.shown(f"\nNot proven: {searched}. They, or something of that name, are still in:"), style="bold"
    )
    left = [
        (each.version, f"{trace.table}.{trace.column}", trace.rows) for each in found.versions for trace in each.left
    ]
    if left:
        console.print(terminal.table(["version", "column", "rows"], left))
    for report in found.reports_left:
        console.print(terminal.shown(f"  {report}: of a day that is not known any more. Delete it."))
    if left and not also:
        console.print("Their own rows are gone. If these name the customer: the same command with --mentions.")


def _versions(found: Forgotten) -> str:
    return "1 version" if len(found.versions) == 1 else f"{len(found.versions)} versions"


def _listed(days: Sequence[object]) -> str:
    words = ", ".join(map(str, days[:SHOWN]))
    return words + (f" and {len(days) - SHOWN} more" if len(days) > SHOWN else "")


def _more(count: int) -> None:
    if count > SHOWN:
        terminal.out().print(f"  … and {count - SHOWN:,} more (--json gives all)")

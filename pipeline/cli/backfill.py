"""`friction backfill`: the plan first, then its days, part by part."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from pipeline import backfilling, parted, terminal
from pipeline.calendar import days_between
from pipeline.errors import SettingsError
from pipeline.settings import load as load_settings


def backfill(
    context: typer.Context,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")],
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, max=2, help="2: contracts are checked and reports written beside the rest.")
    ] = 1,
    force: Annotated[bool, typer.Option("--force", help="Also days that need not be computed again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan, and change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --dry-run: print the plan as JSON.")] = False,
) -> None:
    """Load, flag, score and report the days of a range that need it.

    A day needs it that was never computed, has new or changed files or rows, looks back on a day that has, or was
    computed with other settings. New days are published a week at a time, days that change all at once: after an
    interruption, kill -9 included, the same command goes on with those that are not published.

    Exit code 0: all is done, or nothing was to do. 6: some days failed, which are named; the others are published.
    130: interrupted. Other codes: nothing more could be done, as for friction run.

    Example: friction backfill --from 2026-01-01 --to 2026-01-31 --dry-run
    """
    if last < first:
        raise SettingsError(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}. Swap them.")
    if json and not dry_run:
        raise SettingsError("--json prints the plan: give --dry-run, too.")
    settings = load_settings(context.obj)
    days = days_between(first.date(), last.date())
    plan = backfilling.plan(settings, days, force=force)
    if json:
        terminal.as_json(asdict(plan))
        return
    _show(plan, terminal.out() if dry_run else terminal.err())
    if not dry_run:
        parted.run(settings, plan, jobs)


def _show(plan: backfilling.Plan, console: Console) -> None:
    if plan.days:
        console.print(terminal.table(["day", "why"], [(each.day, each.reason) for each in plan.days]))
    time = "" if plan.seconds is None else f", about {parted.duration(plan.seconds)} by earlier runs"
    days = f"{len(plan.days)} {'day' if len(plan.days) == 1 else 'days'}"
    console.print(f"{days} to compute{time}; {plan.untouched} of those asked for need nothing (--force: all the same).")
    if any(each.reason == backfilling.LOOKS_BACK for each in plan.days):
        console.print("Of the days that look back, those that read nothing of what has changed stay as they are.")

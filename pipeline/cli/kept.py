"""`friction versions` and `friction rollback`: what was published before, and going back to it."""

from dataclasses import asdict
from typing import Annotated

import typer

from pipeline import terminal
from pipeline.cli.options import Json
from pipeline.errors import WarehouseError
from pipeline.settings import load as load_settings
from pipeline.warehouse import kept


def versions(context: typer.Context, json: Json = False) -> None:
    """List the published versions that are kept: when each was finished, its days and size, and which is current.

    Example: friction versions
    """
    published = load_settings(context.obj).warehouse
    found = kept.listed(published)
    if not found:
        raise WarehouseError(f"there is no version of {published} yet. Run a day first: friction run --day YYYY-MM-DD")
    if json:
        terminal.as_json([asdict(each) for each in found])
        return
    rows = [
        (
            each.version,
            each.finished_at,
            "cannot be read" if each.days is None else each.days,
            f"{each.first_day} – {each.last_day}" if each.first_day else "",
            round(each.bytes / 2**20, 1),
            "current" if each.is_current else "",
        )
        for each in found
    ]
    terminal.out().print(terminal.table(["version", "finished (UTC)", "days", "from – to", "MiB", ""], rows))


def rollback(
    context: typer.Context,
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="As friction versions lists it, or its number.")
    ] = None,
) -> None:
    """Let readers open an older version again, by default the one before the current.

    The newer ones stay until enough others are published; a later run goes on from the version that is current.

    Example: friction rollback
    """
    published = load_settings(context.obj).warehouse
    terminal.out().print(terminal.shown(f"{kept.roll_back(published, version)} is what readers open now."))

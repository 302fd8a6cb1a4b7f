"""`friction contracts`: is a contract sound, what changed in it, what does it say."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline import terminal
from pipeline.cli.options import Json
from pipeline.contracts.contract import folder, load
from pipeline.contracts.dictionary import Entry, dictionary

WRONG = 10  # as of a file that breaks its contract

app = typer.Typer(
    help="Look at data contracts: are they sound, what changed, what do they say.\n\nExample: friction contracts lint",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def lint(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Contracts; by default those of the product.")
    ] = None,
    json: Json = False,
) -> None:
    """Say everything that is wrong with contract files; exit code 10 where anything is.

    Example: friction contracts lint my_orders.yaml
    """
    from pipeline.contracts.lint import lint as problems_of

    paths = files or sorted(folder().glob("*.yaml"))
    found = [problem for path in terminal.progress("Linting", paths) for problem in problems_of(path)]
    if json:
        terminal.as_json([asdict(problem) for problem in found])
    elif found:
        for problem in found:
            where = f"{problem.file}: {problem.where}: " if problem.where else f"{problem.file}: "
            terminal.out().print(terminal.shown(where + problem.problem))
    else:
        terminal.out().print(f"{len(paths)} contract{'s' * (len(paths) != 1)}, nothing wrong")
    if found:
        raise typer.Exit(WRONG)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A contract file, or the name of one of the product's.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same contract as it is to be.")],
    json: Json = False,
) -> None:
    """Say what changed in a contract and whom it breaks; exit code 10 where it breaks anybody, or the version hides it.

    Example: friction contracts diff orders my_orders.yaml
    """
    from pipeline.contracts.diff import diff as difference

    found = difference(load(old), load(new))
    if json:
        terminal.as_json(asdict(found) | {"kind": found.kind})
    else:
        rows = [[each.kind, " and ".join(each.breaks), each.where, each.what] for each in found.changes]
        if rows:
            terminal.out().print(terminal.table(["change", "breaks", "where", "what"], rows))
        told = f"version {found.old_version} is now {found.new_version}"
        enough = "which says so" if found.is_raised else f"raise it to {found.needed} or above"
        nothing = "nothing that matters has changed"
        terminal.out().print(terminal.shown(f"{told}: {enough if rows else nothing}"))
    if found.kind == "breaking" or not found.is_raised:
        raise typer.Exit(WRONG)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A contract of the product, or a contract file.")],
    json: Json = False,
) -> None:
    """Print the data dictionary of a contract: its columns with type, unit, example and rules.

    Example: friction contracts show wait_time
    """
    found = dictionary(load(name))
    if json:
        terminal.as_json(asdict(found))
        return
    console = terminal.out()
    console.print(terminal.shown(f"{found.table}, version {found.version}: {found.description}"), style="bold")
    console.print(terminal.shown(f"Grain: {found.grain}."))
    console.print()
    rows = [[each.column, each.type, _told(each)] for each in found.columns]
    console.print(terminal.table(["column", "type", "what it holds"], rows))
    if found.rules:
        console.print()
        console.print(terminal.table(["rule", "severity", "what it demands"], found.rules))
    for note in found.notes:
        console.print(terminal.shown(f"\n{note}"))


def _told(entry: Entry) -> str:
    is_so = [
        word
        for word, holds in (
            ("key", entry.is_key),
            ("required", entry.is_required and not entry.is_derived),
            ("made by the pipeline", entry.is_derived),
        )
        if holds
    ]
    unit = f" [{entry.unit}]" if entry.unit else ""
    parts = [f"{entry.description}{unit}.", *(f"{', '.join(part)}.".capitalize() for part in [is_so] if part)]
    parts += [f"{rule[:1].upper()}{rule[1:]}." for rule in entry.rules]
    example = str(entry.example).lower() if isinstance(entry.example, bool) else entry.example
    return f"{' '.join(parts)} E.g. {example}"

"""What the product knows of itself, without a warehouse: its signals, its journeys, the formats that it reads."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline import terminal
from pipeline.cli.options import Json
from pipeline.errors import NotFoundError, hint


def signals(
    name: Annotated[str | None, typer.Argument(help="One signal.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference page of all signals.")] = False,
    json: Json = False,
) -> None:
    """List the signals, or tell all about one.

    Example: friction signals rage_click
    """
    from pipeline.detectors import _pages, all_signals

    known = all_signals()
    if name is not None and name not in known:
        raise NotFoundError(f"there is no signal {name!r}.{hint(name, known)}")
    pages = {each.name: _pages.page(each) for each in known.values() if name in {None, each.name}}
    if markdown:
        typer.echo(_pages.markdown(each for each in known.values() if name in {None, each.name}), nl=False)
    elif json:
        terminal.as_json(list(pages.values()))
    elif name:
        definition = pages[name].pop("definition")
        terminal.out().print(terminal.table(["", ""], list(pages[name].items())))
        terminal.out().print("\n" + definition, markup=False, highlight=False)
    else:
        rows = [
            [each["name"], each["kind"], known[name].family, each["stage"], each["title"]]
            for name, each in pages.items()
        ]
        terminal.out().print(terminal.table(["signal", "kind", "family", "stage", "what it is"], rows))


def journeys(
    name: Annotated[str | None, typer.Argument(help="One built-in journey.")] = None, json: Json = False
) -> None:
    """List the built-in journeys, or print the file of one, rules of owners and all, to copy and change.

    Example: friction journeys ecommerce > my_journey.toml
    """
    from pipeline.detectors import families
    from pipeline.journeys import journey

    known = {path.stem: path for path in sorted(journey.BUILT_IN.glob("*.toml"))}
    if name is not None and name not in known:
        raise NotFoundError(f"there is no built-in journey {name!r}.{hint(name, known)}")
    found = [journey.load(each, journey.BUILT_IN, families()) for each in known if name in {None, each}]
    if json:
        terminal.as_json([each.model_dump() for each in found])
    elif name:
        typer.echo(known[name].read_text(encoding="utf-8"), nl=False)
    else:
        terminal.out().print(
            terminal.table(["journey", "what it is"], [[each.name, each.description] for each in found])
        )


def sources(
    context: typer.Context, name: Annotated[str | None, typer.Argument(help="One format.")] = None, json: Json = False
) -> None:
    """List the formats that are read without a mapping of your own, or tell all about one.

    Example: friction sources segment
    """
    from pipeline.sources import mapping

    if name is None:
        known = mapping.built_in()
        rows = [["canonical", "all", "the columns of the contracts, under their own names"]]
        rows += [
            [each, ", ".join(found.contracts), found.description.partition(". ")[0]] for each, found in known.items()
        ]
        if json:
            terminal.as_json([dict(zip(["name", "contracts", "description"], row, strict=True)) for row in rows])
        else:
            terminal.out().print(terminal.table(["format", "contracts", "what it is"], rows))
        return
    found = mapping.load(name, Path(context.obj).resolve().parent)
    if found is None:
        raise NotFoundError("canonical maps nothing: files have the columns of data_contracts/ under their own names.")
    if json:
        terminal.as_json(found.model_dump(by_alias=True))
    else:
        terminal.mapping(found)

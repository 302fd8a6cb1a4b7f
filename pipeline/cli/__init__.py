"""The command line: one function per command, each a few lines over `steps` and its neighbours."""

import logging
import shutil
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline import __version__, answers, nights, steps, terminal
from pipeline.calendar import days_between
from pipeline.cli import backfill, contracts, forget, kept, quarantine, reference
from pipeline.cli.options import Json
from pipeline.errors import FrictionError, NotFoundError, SettingsError
from pipeline.resources import root
from pipeline.settings import load as load_settings
from pipeline.warehouse.connection import reading

app = typer.Typer(
    name="friction",
    help="Finds where customers struggle on their journey, what it costs, and shows the evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(contracts.app, name="contracts")
app.add_typer(quarantine.app, name="quarantine")

Day = Annotated[datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Day, as 2026-01-15.")]


def main() -> None:
    """Run a command; an error that the user can put right is one message and an exit code."""
    try:
        app()
    except FrictionError as error:
        terminal.err().print(terminal.shown(f"error: {error}"), style="bold red")
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder that may not be written
        where = f"{error.filename}: " if error.filename else ""
        terminal.err().print(terminal.shown(f"error: {where}{error.strerror or error}"), style="bold red")
        sys.exit(1)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[Path, typer.Option("--config", help="Settings file.")] = Path("friction.toml"),
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each step and file.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Options of all commands."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING, force=True)
    logging.getLogger("pipeline").setLevel(logging.INFO if verbose else logging.WARNING)
    context.obj = config


@app.command()
def demo(
    into: Annotated[Path, typer.Option("--into", help="Folder for the sample data and its results.")] = Path(
        "friction-demo"
    ),
) -> None:
    """Run the whole pipeline on the sample data.

    Example: friction demo
    """
    sample = root() / "sample_data"
    if into.exists() and not into.is_dir():
        raise SettingsError(f"{into} is a file. Name a folder: friction demo --into DIR")
    if into.exists() and any(into.iterdir()) and not (into / "truth.parquet").exists():
        raise SettingsError(f"{into} is not empty, and no earlier demo. Name another: friction demo --into DIR")
    shutil.rmtree(into / "warehouse", ignore_errors=True)  # an earlier demo's; a new one starts anew
    shutil.copytree(sample, into, dirs_exist_ok=True)
    settings = load_settings(into / "friction.toml")
    names = sorted(path.name.partition(".")[0] for path in (into / "clickstream").iterdir())
    days = days_between(date.fromisoformat(names[0]), date.fromisoformat(names[-1]))
    nights.run(settings, days, reported=days[-1:])
    terminal.out().print(
        terminal.shown(f'\nLook further:  friction --config {into / "friction.toml"} sql "from marts.friction_points"'),
        soft_wrap=True,  # it is there to be copied
    )


@app.command()
def run(context: typer.Context, day: Day = None) -> None:
    """Load, flag, score and report one day; by default yesterday.

    Example: friction run --day 2026-01-15
    """
    settings = load_settings(context.obj)
    yesterday = datetime.now(settings.zone).date() - timedelta(days=1)
    days = [day.date() if day else yesterday]
    nights.run(settings, days, reported=days)


app.command()(backfill.backfill)


@app.command()
def check(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="Parquet, CSV, JSON, XLSX, XES …, also .gz or .zst; or s3://BUCKET/KEY.")],
    contract: Annotated[str, typer.Option("--contract", help="Name of a contract, e.g. clickstream.")],
    adapter: Annotated[str, typer.Option("--adapter", help="Format of the source, or a mapping file.")] = "canonical",
    timezone: Annotated[str, typer.Option("--timezone", help="Of times that name none.")] = "UTC",
    encoding: Annotated[str | None, typer.Option("--encoding", help="Of text, e.g. windows-1254.")] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", help="Between the columns of a CSV file.")] = None,
    decimal: Annotated[str | None, typer.Option("--decimal", help="Decimal sign of numbers: , or .")] = None,
    times: Annotated[
        list[str] | None, typer.Option("--time", help="A format of times, e.g. '%d.%m.%Y %H:%M' or epoch_ms.")
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Of a workbook.")] = None,
    limit: Annotated[
        float | None,
        typer.Option("--limit", min=0, max=1, help="quarantine_limit_share of the source; else the contract's."),
    ] = None,
    json: Json = False,
) -> None:
    """Hold a file to its data contract.

    Exit code 0: a night would take it. 10: a night would refuse it, for its columns or for too many rows that break
    rules. 3: it cannot be read. 5: there is no such file. 2: an option is wrong. Nothing is loaded in any case.

    Example: friction check export.csv --contract wait_time --encoding windows-1254 --decimal ,
    """
    from pipeline import checking
    from pipeline.settings import dialect
    from pipeline.sources.storage import is_remote

    config, options = Path(context.obj), None
    if is_remote(file):
        options = load_settings(config).storage if config.exists() else None
    else:
        with suppress(PermissionError):  # told when it is opened
            if not Path(file).is_symlink() and not Path(file).exists():
                raise NotFoundError(f"there is no file {file}. Correct the path.")
    read_as = dialect(encoding=encoding, delimiter=delimiter, decimal=decimal, times=tuple(times or ()), sheet=sheet)
    verdict = checking.check(file, contract, adapter, timezone, config.resolve().parent, options, read_as, limit)
    if json:
        terminal.as_json(asdict(verdict))
    else:
        terminal.verdict(verdict)
    if not verdict.is_within_limit:
        raise typer.Exit(10)


@app.command()
def report(context: typer.Context, day: Day = None) -> None:
    """Write the report of a day again, by default of the last one.

    Example: friction report --day 2026-01-15
    """
    settings = load_settings(context.obj)
    with reading(settings.warehouse) as con:
        days = [day.date() if day else answers.last_day(con)]
    typer.echo(nights.near(steps.report(settings, days)[0]))


@app.command()
def explain(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="POINT_OR_FLAG")],
    day: Day = None,
    json: Json = False,
) -> None:
    """Say why a point scored what it scored, or what a flag is made of.

    Example: friction explain 7c1e90ab12cd
    """
    from pipeline import explaining

    settings = load_settings(context.obj)
    with reading(settings.warehouse) as con:
        found = explaining.explain(con, settings, name, day.date() if day else None)
    if json:
        terminal.as_json(asdict(found))
        return
    terminal.out().print(terminal.shown(found.about), style="bold")
    terminal.out().print(terminal.table(["number", "value", "how it comes about"], found.numbers))
    terminal.out().print()
    for each in found.workings:
        terminal.out().print(terminal.shown(each.title))
        terminal.out().print(terminal.table(each.columns, each.rows))
        terminal.out().print()
    terminal.out().print(terminal.table(found.columns, found.rows))


for each in (reference.signals, reference.journeys, reference.sources, kept.versions, kept.rollback, forget.forget):
    app.command()(each)


@app.command()
def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help='One query, e.g. "from marts.friction_points".')],
    json: Json = False,
    limit: Annotated[int, typer.Option("--limit", help="Rows to print.", min=1)] = 100,
) -> None:
    """Ask the warehouse a question, read-only.

    Example: friction sql "from marts.stage_health order by day desc limit 8"
    """
    with reading(load_settings(context.obj).warehouse) as con:
        columns, rows, is_cut = answers.ask(con, query, limit)
    if json:
        terminal.as_json(terminal.records(columns, rows))
    else:
        terminal.print_rows(columns, rows)
    if is_cut:
        terminal.err().print(f"(the first {limit} rows; more with --limit)")


@app.command()
def status(context: typer.Context, json: Json = False) -> None:
    """Say what the warehouse holds: last run, days, files, quarantine, what could not be measured, what was wrong.

    Example: friction status
    """
    settings = load_settings(context.obj)
    with reading(settings.warehouse) as con:
        found: dict[str, Any] = answers.status(con) | {"version": settings.warehouse.resolve().stem}
    if json:
        terminal.as_json(found)
    else:
        terminal.status(found)


@app.command()
def simulate(
    days: Annotated[int, typer.Option("--days", help="Number of days.")],
    customers: Annotated[
        int, typer.Option("--customers", help="Size of the customer base; about 6 events each a day, 0.6 in episodes.")
    ],
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same files.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    start: Annotated[datetime, typer.Option("--start", formats=["%Y-%m-%d"], help="First day.")] = datetime(2026, 1, 1),  # noqa: DTZ001
    format: Annotated[str, typer.Option("--format", help="parquet, ndjson or csv.")] = "parquet",  # noqa: A002
    signals: Annotated[
        str | None,
        typer.Option(
            "--signals",
            help="few: ten signals in whole journeys of a shop; all: every signal, in episodes, and from the eighth "
            "day on what is compared with the days before; none: ordinary days and near misses only. By default few "
            "in ecommerce, all in another journey.",
        ),
    ] = None,
    journey: Annotated[
        str,
        typer.Option(
            "--journey", help="ecommerce, saas_onboarding, banking, travel or contact_centre: whose stages they are."
        ),
    ] = "ecommerce",
) -> None:
    """Write customer journeys with friction planted at known places, and the truth beside them.

    Example: friction simulate --days 28 --customers 5000 --seed 7 --out sim

    Every signal: friction simulate --days 28 --customers 5000 --seed 7 --out sim --signals all
    """
    from pipeline.simulate import simulate as write

    chosen: Any = signals  # `simulate` checks the words itself
    found = write(days, customers, seed, out, start.date(), format, signals=chosen, journey=journey)  # type: ignore[arg-type]
    rows = [
        ["clickstream events", found.events],
        ["waits", found.waits],
        ["order errors", found.errors],
        *found.planted.items(),
    ]
    terminal.out().print(terminal.table(["written", "rows"], rows))
    last = start + timedelta(days=days - 1)
    typer.echo(
        f"\nRun it:  friction --config {out / 'friction.toml'} backfill --from {start:%Y-%m-%d} --to {last:%Y-%m-%d}"
    )

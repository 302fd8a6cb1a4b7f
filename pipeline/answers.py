"""What the published warehouse answers: to a report, to a question, to an operator who asks how things are."""

from datetime import date

import duckdb
import polars as pl

from pipeline import computed, recounting
from pipeline.errors import NotFoundError, WarehouseError
from pipeline.journeys import journey
from pipeline.reports import gather, incoming
from pipeline.reports import summary as report_summary
from pipeline.reports.formats import Formats
from pipeline.reports.report import Report, Stage
from pipeline.reports.words import load as load_words
from pipeline.resources import root
from pipeline.settings import Settings


def gathered(con: duckdb.DuckDBPyConnection, settings: Settings, day: date) -> Report:
    """The report of a day. Raises NotFoundError where the day was never computed."""
    if not con.execute("select 1 from ops.signals where day = $day limit 1", {"day": day}).fetchall():
        last = con.execute("select max(day) from ops.signals").fetchall()[0][0]
        raise NotFoundError(f"{day} has not been computed (the last day is {last}). Run it: friction run --day {day}")
    plan = journey.load(settings.project.journey, settings.folder)
    stages = [
        Stage(each.name, each.label.get(settings.project.language, each.name), each.is_moment_of_truth)
        for each in plan.stages
    ]
    return gather.gather(
        con,
        day,
        language=settings.project.language,
        currency=settings.project.currency,
        timezone=settings.project.timezone,
        stages=stages,
        window_days=settings.project.window_days,
    )


def summary(con: duckdb.DuckDBPyConnection, settings: Settings, day: date) -> list[str]:
    """The day in ten lines."""
    return report_summary.lines(gathered(con, settings, day))


def came_in(con: duckdb.DuckDBPyConnection, settings: Settings, day: date) -> list[str]:
    """What is to say about the day's input, in full: sources that stopped, columns new and gone, broken warnings."""
    report = gathered(con, settings, day)
    language = settings.project.language
    return incoming.lines(report, load_words(language), Formats(language, settings.project.timezone))


def last_day(con: duckdb.DuckDBPyConnection) -> date:
    """The last day that was computed. Raises NotFoundError where there is none."""
    found: date | None = con.execute("select max(day) from ops.signals").fetchall()[0][0]
    if found is None:
        raise NotFoundError("no day has been computed yet. Run one: friction run --day YYYY-MM-DD")
    return found


def ask(con: duckdb.DuckDBPyConnection, query: str, limit: int) -> tuple[list[str], list[tuple[object, ...]], bool]:
    """Columns and the first rows of a query, and whether there were more. Raises WarehouseError where it is refused."""
    try:
        cursor = con.execute(query)
        if cursor is None:  # DuckDB's answer to an empty query
            raise WarehouseError('the query is empty. Ask for something: friction sql "from marts.friction_points"')
        columns = [column[0] for column in cursor.description or []]
        rows = cursor.fetchmany(limit + 1)
    except duckdb.Error as error:
        raise WarehouseError(f"the query was refused: {error}") from error
    return columns, rows[:limit], len(rows) > limit


def status(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What the warehouse holds, in the order in which an operator asks; of the last run what was wrong with its input.

    That are lists of records: `stopped_sources`, `new_columns`, `vanished_columns`, `broken_warnings`.
    """
    query = (root() / "sql" / "reports" / "status.sql").read_text(encoding="utf-8")
    cursor = con.execute(query)
    columns = [column[0] for column in cursor.description or []]
    found = dict(zip(columns, cursor.fetchall()[0], strict=True))
    load_ids, stopped, broken = (found.pop(name) for name in ("load_ids", "stopped_sources", "broken_warnings"))
    signals = con.sql("select * from ops.signals where day = (select max(day) from ops.signals)").pl()
    drift = gather.drift(con, load_ids, signals)
    told = {
        change: drift.filter(pl.col("change") == change).drop("change", "contract").to_dicts()
        for change in ("new", "gone")
    }
    found["computed_again"] = ", ".join(recounting.again(con, recounting.last_run(con))) or None
    found["changed_too_late"] = ", ".join(map(str, computed.too_late(con))) or None
    return found | {
        "stopped_sources": [each | {"error": incoming.first_line(each["error"])} for each in stopped],
        "new_columns": [{name: value for name, value in each.items() if name != "signals"} for each in told["new"]],
        "vanished_columns": [
            {name: value for name, value in each.items() if name != "signals"} | {"not_measurable": each["signals"]}
            for each in told["gone"]
        ],
        "broken_warnings": broken,
    }

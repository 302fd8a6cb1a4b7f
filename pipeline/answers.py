"""What the published warehouse answers: to a report, to a question, to an operator who asks how things are."""

from datetime import date

import duckdb

from pipeline.errors import NotFoundError, WarehouseError
from pipeline.journeys import journey
from pipeline.reports import gather
from pipeline.reports import summary as report_summary
from pipeline.reports.report import Report, Stage
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
    """What the warehouse holds, in the order in which an operator asks."""
    query = (root() / "sql" / "reports" / "status.sql").read_text(encoding="utf-8")
    cursor = con.execute(query)
    columns = [column[0] for column in cursor.description or []]
    return dict(zip(columns, cursor.fetchall()[0], strict=True))

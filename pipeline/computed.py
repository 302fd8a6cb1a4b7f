"""What is known of the days that are computed: by which settings they were, and whether they are owed something since.

ops.computed tells it, run by run; so no day is computed again without a reason, neither by a night nor by a backfill.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import duckdb

from pipeline import __version__
from pipeline.detectors import configured
from pipeline.journeys import journey
from pipeline.settings import Settings

# What no table of a day depends on. Of [traffic] ops.traffic tells; a load's id is made of how its file is read.
NOT_IN_TABLES = {"language", "warehouse", "reports", "journey", "late_days", "keep_versions", "keep_events_days"}


@dataclass(frozen=True)
class Known:
    """A computed day: by which settings its flags were made, None where no run has told, and whether rows came since.

    Such rows `came_too_late`: they are kept, and nothing is made of them until the day is flagged again.
    """

    settings: str | None
    came_too_late: bool


def digest(settings: Settings) -> str:
    """The same for the same settings, journey, signals and version: other results are to be expected of others."""
    plan = journey.load(settings.project.journey, settings.folder)
    signals = configured(settings.signals, [stage.name for stage in plan.stages])
    told = [
        __version__, settings.project.model_dump(mode="json", exclude=NOT_IN_TABLES), plan.model_dump_json(),
        {name: signal.rules for name, signal in signals.items()},
    ]  # fmt: skip
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def known(con: duckdb.DuckDBPyConnection) -> dict[date, Known]:
    """The computed days, in order. That a day was scored again pays nothing of what its flags are owed."""
    found = con.execute(
        """
        with told as (
            select day, is_flagged, settings, row_number() over (partition by day order by started_at, c.rowid) as place
            from ops.computed c join (select distinct run_id, started_at from ops.runs) using (run_id)
            where is_flagged or reason = 'too_late'
        ), last as (
            select day, arg_max(settings, place) filter (is_flagged) as settings, arg_max(is_flagged, place) as is_whole
            from told group by day
        )
        select day, settings, coalesce(not is_whole, false)
        from (select distinct day from ops.signals) left join last using (day) order by day
        """
    ).fetchall()
    return {day: Known(by, came_too_late) for day, by, came_too_late in found}


def too_late(con: duckdb.DuckDBPyConnection) -> list[date]:
    """Days whose rows have changed too late, and that no run has flagged since; in order."""
    return [day for day, each in known(con).items() if each.came_too_late]


def note_too_late(con: duckdb.DuckDBPyConnection, days: Iterable[date], by: str) -> None:
    """Note that the current run has brought rows of these days and leaves them as they are."""
    for day in days:
        con.execute(
            "delete from ops.computed where day = $day and run_id = (select run_id from ops.current_run)", {"day": day}
        )
        con.execute(
            "insert into ops.computed by name select run_id, $day as day, 'too_late' as reason, false as is_flagged, "
            "$by as settings from ops.current_run",
            {"day": day, "by": by},
        )


def keep(con: duckdb.DuckDBPyConnection, by: str) -> None:
    """Write down in ops.computed which days the current run has computed, and why."""
    con.execute(
        "delete from ops.computed where run_id = (select run_id from ops.current_run) and day in "
        "(select day from ops.current_days where reason is not null)"
    )
    con.execute(
        "insert into ops.computed by name select run_id, day, reason, changed_day, is_flagged, $by as settings "
        "from ops.current_days, ops.current_run where reason is not null order by day",
        {"by": by},
    )


def seconds_a_day(con: duckdb.DuckDBPyConnection) -> float | None:
    """How long a day took in the last ten runs that flagged any, in the middle; None where nothing is known."""
    found = con.execute(
        """
        with flagged as (select run_id, count(*) as days from ops.computed where is_flagged group by run_id),
        latest as (
            select days, sum(seconds) as seconds from ops.runs join flagged using (run_id) group by run_id, days
            order by max(started_at) desc, run_id desc limit 10
        )
        select median(seconds / days) from latest
        """
    ).fetchall()[0][0]
    return None if found is None else float(found)

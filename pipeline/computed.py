"""What each computed day was made of, so that nothing is computed again without a reason."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from pipeline import __version__
from pipeline.journeys.journey import Journey
from pipeline.journeys.orders import LOOK_BACK
from pipeline.settings import Settings

# What no table depends on. Sources are not among the settings: a load's id is made of how its file is read.
NOT_IN_TABLES = {"language", "warehouse", "reports", "journey", "late_days", "keep_versions"}


@dataclass(frozen=True)
class Made:
    """What a day is made of, as hashes: its own rows, these and those of the days it looks back on, the settings."""

    own_inputs: str
    inputs: str
    settings: str


def reach(settings: Settings) -> timedelta:
    """How far the scores of a day look back."""
    return settings.window + LOOK_BACK


def made_of(
    con: duckdb.DuckDBPyConnection, settings: Settings, plan: Journey, days: Sequence[date]
) -> dict[date, Made]:
    """What the days would be made of if they were computed from what is loaded now; reads ops.traffic."""
    if not days:
        return {}
    rows = con.execute(
        "select day, contract, load_id, rows, rows_set_aside from ops.traffic "
        "where day between $first and $last order by all",
        {"first": min(days) - reach(settings), "last": max(days)},
    ).fetchall()
    by_day: dict[date, list[tuple[object, ...]]] = {}
    for day, *row in rows:
        by_day.setdefault(day, []).append(tuple(row))
    own = {day: _hash(found) for day, found in by_day.items()}
    told = settings_hash(settings, plan)
    return {
        day: Made(
            own.get(day, _hash([])),
            _hash([(str(each), own[each]) for each in own if day - reach(settings) <= each <= day]),
            told,
        )
        for day in days
    }


def settings_hash(settings: Settings, plan: Journey) -> str:
    """A hash of all settings that a table depends on, the journey, and the version of the product."""
    project = settings.project.model_dump(mode="json", exclude=NOT_IN_TABLES)
    told = [__version__, project, settings.traffic.model_dump(mode="json"), settings.signals]
    return _hash([json.dumps(told, sort_keys=True, default=str), plan.model_dump_json()])


def note(con: duckdb.DuckDBPyConnection, made: Mapping[date, Made]) -> None:
    """Note what the current run has computed the days of; belongs into the transaction that ends the run."""
    con.execute("delete from ops.computed_days where day in (select unnest($days::date[]))", {"days": list(made)})
    for day, each in sorted(made.items()):
        con.execute(
            "insert into ops.computed_days by name select $day as day, run_id, $own as own_inputs, "
            "$inputs as inputs, $settings as settings from ops.current_run",
            {"day": day, "own": each.own_inputs, "inputs": each.inputs, "settings": each.settings},
        )


def known(con: duckdb.DuckDBPyConnection, since: date) -> dict[date, tuple[str, Made]]:
    """The days that are computed, from one on, with the run that did it and what they were made of."""
    rows = con.execute(
        "select day, run_id, own_inputs, inputs, settings from ops.computed_days where day >= $since order by day",
        {"since": since},
    ).fetchall()
    return {day: (run_id, Made(*hashes)) for day, run_id, *hashes in rows}


def seconds_a_day(con: duckdb.DuckDBPyConnection) -> float | None:
    """How long a day took in the last ten runs, in the middle; None where nothing is known."""
    found = con.execute(
        """
        with latest as (
            select run_id, sum(seconds) as seconds from ops.runs group by run_id
            order by max(started_at) desc, run_id desc limit 10
        )
        select median(seconds / days)
        from latest join (select run_id, count(*) as days from ops.computed_days group by run_id) using (run_id)
        """
    ).fetchall()[0][0]
    return None if found is None else float(found)


def _hash(parts: Sequence[object]) -> str:
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:16]

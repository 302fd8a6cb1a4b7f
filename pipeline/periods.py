"""The trailing period that the scores of a day are made of, as the settings have it."""

from collections.abc import Mapping
from datetime import date, timedelta

import duckdb
import polars as pl

from pipeline.calendar import day_in
from pipeline.contracts.contract import load as contract
from pipeline.detectors._signal import Signal
from pipeline.journeys import owners
from pipeline.journeys.journey import Journey
from pipeline.scoring import segments
from pipeline.scoring.points import Period
from pipeline.settings import Settings
from pipeline.warehouse import period


def of_day(con: duckdb.DuckDBPyConnection, settings: Settings, plan: Journey, day: date) -> Period:
    """All that the scores of the day look at; `plan` is the project's journey."""
    window, zone = settings.project.window_days, settings.zone
    bounds = day_in(zone, day - settings.window + timedelta(days=1)).start, day_in(zone, day).end
    warming = period.warming(con, day, window, {stage.name: stage.takes_days for stage in plan.stages})
    return Period(
        day=day,
        window_days=window,
        currency=settings.project.currency,
        stages=[stage.name for stage in plan.stages],
        moments_of_truth=frozenset(stage.name for stage in plan.stages if stage.is_moment_of_truth),
        owners=owners.rules(plan),
        decided=period.decided(
            con, day, window, {settings.project.currency: 1.0} | settings.project.rates, warming, bounds
        ),
        active=period.active(con, day, window),
        flags=period.flags(con, day, window, warming, bounds),
        segments=period.segments(con),
        warming=frozenset(warming),
    )


def segments_of(
    con: duckdb.DuckDBPyConnection, of: Period, signals: Mapping[str, Signal], points: pl.DataFrame
) -> pl.DataFrame:
    """Rows of friction.point_segments for these rows of friction.points, which are judged together."""
    if points.is_empty():  # as on most days: then no visit is looked at
        return pl.DataFrame(schema=contract("point_segments").schema())
    stages = points["stage"].unique().sort().to_list()
    visits = period.active_as_entered(con, of.day, of.window_days, stages)
    since = of.day - timedelta(days=of.window_days)
    return segments.segments(segments.asked(points, signals), visits, of.flags.filter(pl.col("day") >= since), of.day)

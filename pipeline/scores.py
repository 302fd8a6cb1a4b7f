"""A day's scores: reads what they are made of, has them made, writes the day."""

from datetime import date

import duckdb
import polars as pl

from pipeline import periods
from pipeline.calendar import day_in
from pipeline.detectors import configured
from pipeline.journeys import journey
from pipeline.scoring import afterwards, calibration, foretelling, points
from pipeline.scoring.segments import NEWS
from pipeline.settings import Settings
from pipeline.warehouse import afterwards as followed
from pipeline.warehouse import published
from pipeline.warehouse.days import replace_day


def score(con: duckdb.DuckDBPyConnection, settings: Settings, day: date) -> tuple[int, int]:
    """Score a day's points, where they sit, stages and persons; gives the numbers of points and of decided visits.

    What the scores of the days before foretold is held beside what became of the day's visits, and what friction did
    to customers later is counted.
    """
    plan = journey.load(settings.project.journey, settings.folder)
    signals = configured(settings.signals, [stage.name for stage in plan.stages])
    of_day = periods.of_day(con, settings, plan, day)
    found = points.score(of_day, signals)
    for name in ("points", "stage_scores", "person_scores"):
        replace_day(con, name, day, getattr(found, name))
    news = found.points.filter(pl.col("trend").is_in(NEWS))
    replace_day(con, "point_segments", day, periods.segments_of(con, of_day, signals, news))

    before = published.effects_before(con, day, settings.project.window_days)
    if before is not None:
        told = foretelling.foretold(of_day, signals, day_in(settings.zone, day).start, before)
        replace_day(con, "calibration", day, calibration.calibrated(told, day))

    obstacles = sorted(signal.name for signal in signals.values() if signal.kind == "obstacle")
    # to call or to wait for a parcel is no sign of coming back, except where there is nothing else
    active = [stage.name for stage in plan.of_sessions or plan.stages]
    later = {
        horizon: followed.followed(con, day, horizon, obstacles, active, settings.project.timezone)
        for horizon in afterwards.HORIZONS
    }
    replace_day(con, "later_outcomes", day, afterwards.later_outcomes(later, day))
    return found.points.height, of_day.decided.height

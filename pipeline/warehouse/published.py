"""What was published for the day scored before: all that a prediction for a day may know of effects."""

from datetime import date

import duckdb
import polars as pl

from pipeline.warehouse.connection import fetch


def effects_before(con: duckdb.DuckDBPyConnection, day: date, window_days: int) -> pl.DataFrame | None:
    """Effects of the last day scored in the `window_days` before `day`: point_id, effect. None: there is no such day.

    A scored day has a row for each stage even where it has no point.
    """
    last = con.execute(
        "select max(day) from friction.stage_scores where day < $day and day >= $day - $window_days::integer",
        {"day": day, "window_days": window_days},
    ).fetchall()[0][0]
    if last is None:
        return None
    return fetch(
        con,
        "select point_id, effect from friction.points where day = $day and effect is not null order by point_id",
        {"day": last},
    )

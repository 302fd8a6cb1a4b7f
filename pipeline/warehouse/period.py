"""What the scores of a day are made of, read from the warehouse: a trailing period, however long history is."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import duckdb
import polars as pl

from pipeline.warehouse.connection import fetch

# A flag is at most so much older than its visit's decision: the longest window of a stage (journeys.orders).
FLAG_REACH = timedelta(days=90)

# A visit counts in the period in which it was decided. Losses are known sooner than completions, so while the data
# do not reach back far enough for both (a stage is `warming`), they would be nearly all that is known: there a visit
# counts in the period in which it was due, whatever became of it.
_COUNTED = """
    select * from journeys.stage_visits
    where is_decided and day <= $day and case
        when stage in (select unnest($warming::varchar[])) then due_at >= $since and due_at < $until
        else day > $day - $window_days::integer
    end
"""


def warming(con: duckdb.DuckDBPyConnection, day: date, window_days: int, takes: Mapping[str, int]) -> list[str]:
    """Stages whose period is not filled yet. `takes`: days that a stage takes to decide a visit."""
    first: date | None = con.execute(
        "select min(day) from journeys.stage_visits where day <= $day", {"day": day}
    ).fetchall()[0][0]
    known = (day - first).days + 1 if first else 0
    return [stage for stage, days in takes.items() if days and known < window_days + days]


def decided(
    con: duckdb.DuckDBPyConnection,
    day: date,
    window_days: int,
    currency: str,
    still_warming: list[str],
    bounds: tuple[datetime, datetime],
) -> pl.DataFrame:
    """Visits that count in the period, one row each; `bounds` are its first and its last instant.

    `stratum` is what makes visits alike: device, channel and segment. `is_valued`: the visit's value, if it has one, is
    in the project's currency; a value in another currency is not added up (value is null then).
    """
    return fetch(
        con,
        f"""
        with counted as ({_COUNTED})
        select visit_id, stage, person_id, decided_at, outcome = 'lost' as is_lost, is_exposure, loci,
               concat_ws('|', coalesce(device, '?'), coalesce(channel, '?'), coalesce(c.segment, '?')) as stratum,
               coalesce(currency, $currency) = $currency as is_valued,
               case when coalesce(currency, $currency) = $currency then value end as value
        from counted left join events.customers c using (customer_id)
        order by visit_id
        """,
        {"currency": currency} | _parameters(day, window_days, still_warming, bounds),
    )


def active(con: duckdb.DuckDBPyConnection, day: date, window_days: int) -> pl.DataFrame:
    """Visits active on the day or in the days before it, one row per visit and day.

    A visit that was flagged on a day was active on it, though it may be the silence that was flagged.
    """
    return fetch(
        con,
        """
        select day, visit_id, stage, outcome = 'lost' as is_lost, loci from journeys.stage_visits
        where day >= $day - $window_days::integer and day <= $day and is_exposure
          and (is_active or (day, visit_id) in (select (day, visit_id) from friction.flags))
        """,
        {"day": day, "window_days": window_days},
    )


def flags(
    con: duckdb.DuckDBPyConnection,
    day: date,
    window_days: int,
    still_warming: list[str],
    bounds: tuple[datetime, datetime],
) -> pl.DataFrame:
    """Flags up to the day on visits that count in the period, and all flags of the period."""
    return fetch(
        con,
        f"""
        with counted as (select visit_id, day as decided_day from ({_COUNTED}))
        select f.day, flag_id, flagged_at, signal, f.stage, locus_type, locus, f.person_id, visit_id, severity
        from friction.flags f left join counted c using (visit_id)
        where f.day <= $day and f.day >= $day - $reach::integer
          and (f.day >= $day - $window_days::integer or (c.visit_id is not null and f.day <= c.decided_day))
        order by flag_id
        """,
        {"reach": window_days + FLAG_REACH.days} | _parameters(day, window_days, still_warming, bounds),
    )


def segments(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The segment of each customer: person_id, segment."""
    return fetch(
        con, "select 'c:' || customer_id as person_id, segment from events.customers where segment is not null"
    )


def _parameters(
    day: date, window_days: int, still_warming: list[str], bounds: tuple[datetime, datetime]
) -> dict[str, object]:
    return {
        "day": day,
        "window_days": window_days,
        "warming": still_warming,
        "since": bounds[0],
        "until": bounds[1],
    }

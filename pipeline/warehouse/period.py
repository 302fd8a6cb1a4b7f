"""What the scores of a day are made of, read from the warehouse: a trailing period, however long history is."""

from datetime import date, timedelta

import duckdb
import polars as pl

# A flag is at most so much older than its visit's decision: the longest window of a stage (journeys.orders).
FLAG_REACH = timedelta(days=90)


def decided(con: duckdb.DuckDBPyConnection, day: date, window_days: int, currency: str) -> pl.DataFrame:
    """Visits decided in the period, one row each.

    `stratum` is what makes visits alike: device, channel and segment. `is_valued`: the visit's value, if it has one, is
    in the project's currency; a value in another currency is not added up (value is null then).
    """
    return con.sql(
        """
        select visit_id, stage, person_id, decided_at, outcome = 'lost' as is_lost, is_exposure, loci,
               concat_ws('|', coalesce(device, '?'), coalesce(channel, '?'), coalesce(c.segment, '?')) as stratum,
               coalesce(currency, $currency) = $currency as is_valued,
               case when coalesce(currency, $currency) = $currency then value end as value
        from journeys.stage_visits v left join events.customers c using (customer_id)
        where day > $day - $window_days::integer and day <= $day and is_decided
        order by visit_id
        """,
        params={"day": day, "window_days": window_days, "currency": currency},
    ).pl()


def active(con: duckdb.DuckDBPyConnection, day: date, window_days: int) -> pl.DataFrame:
    """Visits active on the day or in the days before it, one row per visit and day."""
    return con.sql(
        """
        select day, visit_id, stage, coalesce(outcome = 'lost', false) as is_lost, loci from journeys.stage_visits
        where day >= $day - $window_days::integer and day <= $day and is_active and is_exposure
        """,
        params={"day": day, "window_days": window_days},
    ).pl()


def flags(con: duckdb.DuckDBPyConnection, day: date, window_days: int) -> pl.DataFrame:
    """Flags up to the day on visits that were decided in the period, and all flags of the period."""
    return con.sql(
        """
        with visits as (
            select visit_id, day as decided_day from journeys.stage_visits
            where day > $day - $window_days::integer and day <= $day and is_decided
        )
        select f.day, flag_id, flagged_at, signal, f.stage, locus_type, locus, f.person_id, visit_id, severity
        from friction.flags f left join visits v using (visit_id)
        where f.day <= $day and f.day >= $day - $reach::integer
          and (f.day >= $day - $window_days::integer or (v.visit_id is not null and f.day <= v.decided_day))
        order by flag_id
        """,
        params={"day": day, "window_days": window_days, "reach": window_days + FLAG_REACH.days},
    ).pl()


def segments(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The segment of each customer: person_id, segment."""
    return con.sql("select 'c:' || customer_id as person_id, segment from events.customers where segment is not null").pl()

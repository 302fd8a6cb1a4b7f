"""What customers did after a day with friction and after one without, counted inside DuckDB: a few rows come out."""

from datetime import date

import duckdb
import polars as pl

from pipeline.warehouse.connection import fetch

INDEX_DAYS = 28  # four whole weeks of first days, so that weekdays compare
EARLIER_DAYS = 28  # of activity before the first day, that those who come often are compared with their like


def followed(con: duckdb.DuckDBPyConnection, day: date, horizon_days: int, obstacles: list[str]) -> pl.DataFrame:
    """People whose follow-up of `horizon_days` ends by `day`, per outcome and stratum, as `compared_later` needs them.

    A person's index day is the first active one of the INDEX_DAYS days that end `horizon_days` before `day`: all have
    the full follow-up, so nobody is censored. Who is affected is settled by the end of the index day, and what counts
    happens on later days: nobody has to stay to become affected (no immortal time). Friction after the index day
    changes no side.
    """
    return fetch(
        con,
        """
        with seen as (
            select day, person_id, min(device) as device, min(customer_id) as customer_id,
                   bool_or(is_decided and outcome = 'completed' and reason = 'purchase') as bought
            from journeys.stage_visits
            where day <= $day and day > $day - ($horizon + $index + $earlier)::integer and is_active
            group by day, person_id
        ),
        first as (
            select person_id, min(day) as index_day, arg_min(device, day) as device,
                   arg_min(customer_id, day) as customer_id
            from seen
            where day <= $day - $horizon::integer and day > $day - ($horizon + $index)::integer
            group by person_id
        ),
        people as (
            select f.person_id, f.index_day, f.device, f.customer_id,
                   count(*) filter (s.day < f.index_day and s.day >= f.index_day - $earlier::integer) as earlier,
                   bool_or(s.day > f.index_day and s.day <= f.index_day + $horizon::integer) as returned,
                   bool_or(s.bought and s.day > f.index_day and s.day <= f.index_day + $horizon::integer) as purchased
            from first f inner join seen s using (person_id)
            group by f.person_id, f.index_day, f.device, f.customer_id
        ),
        judged as (
            select p.*,
                   (index_day, person_id) in (
                       select (day, person_id) from friction.flags
                       where list_contains($obstacles::varchar[], signal)
                         and day <= $day - $horizon::integer and day > $day - ($horizon + $index)::integer
                   ) as is_affected,
                   concat_ws('|', coalesce(device, '?'), coalesce(c.segment, '?'),
                             case when earlier = 0 then 'new' when earlier <= 2 then 'returning' else 'often' end
                   ) as stratum
            from people p left join events.customers c using (customer_id)
        ),
        told as (
            select stratum, is_affected, unnest(['return', 'purchase', 'churn']) as outcome,
                   unnest([returned, purchased, not returned]) as has_outcome
            from judged
        )
        select outcome, stratum,
               count(*) filter (is_affected) as affected,
               count(*) filter (is_affected and has_outcome) as affected_lost,
               count(*) filter (not is_affected) as unaffected,
               count(*) filter (not is_affected and has_outcome) as unaffected_lost
        from told
        group by outcome, stratum
        order by outcome, stratum
        """,
        {
            "day": day,
            "horizon": horizon_days,
            "index": INDEX_DAYS,
            "earlier": EARLIER_DAYS,
            "obstacles": obstacles,
        },
    )

"""What customers did after a day with friction and after one without, counted in DuckDB: a few rows come out."""

from datetime import date

import duckdb
import polars as pl

from pipeline.warehouse.connection import fetch

INDEX_DAYS = 28  # four whole weeks of first days, so that weekdays compare
EARLIER_DAYS = 28  # of activity before the first day, that those who come often are compared with their like


def followed(
    con: duckdb.DuckDBPyConnection, day: date, horizon_days: int, obstacles: list[str], stages: list[str], timezone: str
) -> pl.DataFrame:
    """Customers whose follow-up of `horizon_days` ends by `day`, per outcome and stratum, as `later_outcomes` needs it.

    Of who is not known nobody can tell whether they came back. Activity is to begin a visit of one of the `stages`. A
    customer's index day is the first active one of the INDEX_DAYS days that end `horizon_days` before `day`: all have
    the full follow-up, so nobody is censored. Who is affected is settled by the end of the index day, and what counts
    happens on later days: nobody has to stay to become affected (no immortal time). Friction after the index day
    changes no side.

    Whoever gets far is more likely to meet friction and to come back, so that people are compared who had come as far:
    one with friction stands for the stage of the first, one without for one of the stages begun on the day, drawn by
    the person's id. Each person counts once.
    """
    return fetch(
        con,
        """
        with begun as (
            select day, person_id, stage, min(device) as device, min(customer_id) as customer_id
            from journeys.stage_visits
            where day <= $day and day > $day - ($horizon + $index + $earlier)::integer
              and customer_id is not null
              and list_contains($stages::varchar[], stage) and (entered_at at time zone $timezone)::date = day
            group by day, person_id, stage
        ),
        seen as (
            select day, person_id, list(stage order by stage) as stages, min(device) as device,
                   min(customer_id) as customer_id
            from begun
            group by day, person_id
        ),
        bought as (
            select distinct day, person_id
            from journeys.stage_visits
            where day <= $day and day > $day - ($horizon + $index)::integer
              and is_decided and outcome = 'completed' and reason = 'purchase'
        ),
        first as (
            select person_id, min(day) as index_day, arg_min(stages, day) as stages, arg_min(device, day) as device,
                   arg_min(customer_id, day) as customer_id
            from seen
            where day <= $day - $horizon::integer and day > $day - ($horizon + $index)::integer
            group by person_id
        ),
        met as (
            select day, person_id, arg_min(stage, (started_at, flag_id)) as stage
            from friction.flags
            where list_contains($obstacles::varchar[], signal) and list_contains($stages::varchar[], stage)
              and day <= $day - $horizon::integer and day > $day - ($horizon + $index)::integer
            group by day, person_id
        ),
        people as (
            select f.person_id, f.customer_id, f.device,
                   m.person_id is not null as is_affected,
                   coalesce(m.stage, f.stages[1 + (md5_number_lower(f.person_id) % len(f.stages))::integer]) as stage,
                   (select count(*) from seen s where s.person_id = f.person_id
                    and s.day < f.index_day and s.day >= f.index_day - $earlier::integer) as earlier,
                   exists (from seen s where s.person_id = f.person_id
                    and s.day > f.index_day and s.day <= f.index_day + $horizon::integer) as returned,
                   exists (from bought b where b.person_id = f.person_id
                    and b.day > f.index_day and b.day <= f.index_day + $horizon::integer) as purchased
            from first f left join met m on m.person_id = f.person_id and m.day = f.index_day
        ),
        judged as (
            select p.*,
                   concat_ws('|', stage, coalesce(device, '?'), coalesce(c.segment, '?'),
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
            "stages": stages,
            "timezone": timezone,
        },
    )

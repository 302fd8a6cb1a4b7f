"""What the scores of a day are made of, read from the warehouse: a trailing period, however long history is."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import duckdb
import polars as pl

from pipeline.warehouse.connection import fetch

# A flag is at most so much older than its visit's decision: the longest window of a stage (journeys.orders).
FLAG_REACH = timedelta(days=90)

# Who was seen so many days before a visit, and a day before it at the latest, comes back; anybody else is new. A visit
# and what belongs to it (a session is a day long at most) never make each other a return.
RETURNS_WITHIN = timedelta(days=28)
APART = timedelta(days=1)

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
    worth: Mapping[str, float],
    still_warming: list[str],
    bounds: tuple[datetime, datetime],
) -> pl.DataFrame:
    """Visits that count in the period, one row each; `bounds` are its first and its last instant.

    `stratum` is what makes visits alike before anything happened in them: device, channel, customer segment, and
    whether the person is new or returning. `reached_at`: until when something in the visit could be flagged. Who leaves
    leaves no event: a lost visit is taken to have gone on for one more step of the usual length, as a completed one has
    gone on to the step that completed it. Outside a session (a contact, an order) it is from the start, because what is
    flagged there is how long it took. `is_valued`: the visit's value, if it has one, is in the
    project's currency or in one whose worth in it is declared (`worth`, the project's own at 1): it is converted. A
    value in any other currency is not added up (value is null then).
    """
    return fetch(
        con,
        f"""
        with counted as (select *, entered_at - $apart::interval as seen_until from ({_COUNTED})),
        steps as (
            select stage, median((left_at - entered_at) / (events - 1)) as step from counted where events > 1
            group by stage
        ),
        seen as (
            select distinct person_id, left_at as seen_at from journeys.stage_visits
            where is_active and day <= $day and day >= $day - $reach::integer
        )
        select visit_id, v.stage, v.person_id, decided_at, outcome = 'lost' as is_lost, is_exposure, loci, entered_at,
               case
                   when session_id is null then entered_at
                   when outcome = 'lost' then least(left_at + coalesce(step, interval 0 seconds), decided_at)
                   else least(left_at, decided_at)
               end as reached_at,
               concat_ws(
                   '|', coalesce(device, '?'), coalesce(channel, '?'), coalesce(c.segment, '?'),
                   case when s.seen_at >= entered_at - $returns::interval then 'returning' else 'new' end
               ) as stratum,
               currency is null or list_contains($currencies::varchar[], currency) as is_valued,
               value * case
                   when currency is null then 1
                   else ($rates::double[])[list_position($currencies::varchar[], currency)]
               end as value
        from counted v
        asof left join seen s on v.person_id = s.person_id and v.seen_until >= s.seen_at
        left join steps on v.stage = steps.stage
        left join events.customers c using (customer_id)
        order by visit_id
        """,
        {
            "currencies": list(worth),
            "rates": list(worth.values()),
            "apart": APART,
            "returns": RETURNS_WITHIN,
            "reach": window_days + FLAG_REACH.days + RETURNS_WITHIN.days,
        }
        | _parameters(day, window_days, still_warming, bounds),
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


def active_as_entered(con: duckdb.DuckDBPyConnection, day: date, window_days: int, stages: list[str]) -> pl.DataFrame:
    """Visits of some stages as `active` has them, with what tells them apart: the dimensions of scoring.segments."""
    return fetch(
        con,
        """
        select v.day, v.visit_id, stage, loci, device, channel, e.country, e.app_version, e.browser, c.segment, c.tier,
               c.region, e.reason
        from journeys.stage_visits v
        left join journeys.entries e on v.day = e.day and v.visit_id = e.visit_id
        left join events.customers c using (customer_id)
        where v.day >= $day - $window_days::integer and v.day <= $day and is_exposure
          and stage in (select unnest($stages::varchar[]))
          and (is_active or (v.day, v.visit_id) in (select (day, visit_id) from friction.flags))
        """,
        {"day": day, "window_days": window_days, "stages": stages},
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

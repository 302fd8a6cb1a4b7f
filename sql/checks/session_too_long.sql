-- fail
-- Sessions that cannot be: one row per session of the day that is longer than 24 h, ends before it starts or
-- has no event.
--
-- Reads:   journeys.sessions   one row per session, on the day on which it closed
-- Grain:   day, session_id
-- Params:  $day                DATE, the day to look at
with
sessions as (
    select * from journeys.sessions where day = $day
)

select day, session_id, person_id, started_at, ended_at, closed_at, events
from sessions
where
    ended_at - started_at > interval 24 hours
    or ended_at < started_at
    or closed_at < ended_at
    or events < 1
order by session_id

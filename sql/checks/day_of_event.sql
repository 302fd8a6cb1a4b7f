-- fail
-- Rows that stand on a wrong day: one row per row of the day whose event time falls on another day in the project's
-- time zone. Of a flag it counts when its evidence was in, of a session when it was known to be over.
--
-- Reads:   events.clickstream       one row per event
--          events.feedback          one row per answer
--          events.order_error       one row per error of an order
--          events.orders            one row per order
--          events.wait_time         one row per wait
--          friction.flags           one row per flag, on the day on which its evidence was in
--          journeys.sessions        one row per session, on the day on which it closed
-- Grain:   table_name, id
-- Params:  $day                     DATE, the day to look at
--          $timezone                VARCHAR, the project's time zone
with
dated as (
    select 'events.clickstream' as table_name, event_id as id, day, occurred_at as happened_at
    from events.clickstream
    where day = $day
    union all
    select 'events.feedback' as table_name, feedback_id as id, day, given_at as happened_at
    from events.feedback
    where day = $day
    union all
    select 'events.order_error' as table_name, error_id as id, day, occurred_at as happened_at
    from events.order_error
    where day = $day
    union all
    select 'events.orders' as table_name, order_id as id, day, placed_at as happened_at
    from events.orders
    where day = $day
    union all
    select 'events.wait_time' as table_name, wait_id as id, day, started_at as happened_at
    from events.wait_time
    where day = $day
    union all
    select 'friction.flags' as table_name, flag_id as id, day, flagged_at as happened_at
    from friction.flags
    where day = $day
    union all
    select 'journeys.sessions' as table_name, session_id as id, day, closed_at as happened_at
    from journeys.sessions
    where day = $day
)

select
    table_name,
    id,
    day,
    happened_at,
    (happened_at at time zone $timezone)::date as right_day
from dated
where (happened_at at time zone $timezone)::date <> day
order by table_name, id

-- fail
-- Keys that stand twice: one row per table and key. Tables with days are looked at for the keys of the day only.
--
-- Reads:   events.clickstream       one row per event
--          events.customers         one row per customer, as last received
--          events.feedback          one row per answer
--          events.order_error       one row per error of an order
--          events.orders            one row per order
--          events.wait_time         one row per wait
--          friction.calibration     one row per day, stage and bin
--          friction.flags           one row per flag, on the day on which its evidence was in
--          friction.later_outcomes  one row per day, outcome and horizon
--          friction.person_scores   one row per day and person with at least one flag in the period
--          friction.point_segments  one row per day, point, dimension and value
--          friction.points          one row per day and point
--          friction.stage_scores    one row per day and stage
--          journeys.cases           one row per case and day on which it had a contact
--          journeys.entries         one row per visit and day on which it was active or was decided
--          journeys.identities      one row per day, anonymous_id and customer_id seen together
--          journeys.sessions        one row per session, on the day on which it closed
--          journeys.stage_visits    one row per visit and day on which it was active or was decided
--          journeys.usual           one row per day, measure, place, device and value
--          ops.computed             one row per run and day
--          ops.contract_results     one row per run, contract and expectation
--          ops.forgotten            one row per run and table
--          ops.layout               one row per version of the program that has written it, and layout
--          ops.loads                one row per file as it was last loaded
--          ops.repeats              one row per load and row of another load that it has brought, too
--          ops.runs                 one row per run and day
--          ops.signals              one row per day and signal
--          ops.source_failures      one row per run and source that stopped
--          ops.traffic              one row per day, input and load
-- Grain:   table_name, key
-- Params:  $day                     DATE, the day to look at
with
found as (
    select 'events.clickstream' as table_name, event_id as key, count(*) as rows
    from events.clickstream
    where event_id in (select event_id from events.clickstream where day = $day)
    group by event_id
    having count(*) > 1
    union all
    select 'events.customers' as table_name, customer_id as key, count(*) as rows
    from events.customers
    group by customer_id
    having count(*) > 1
    union all
    select 'events.feedback' as table_name, feedback_id as key, count(*) as rows
    from events.feedback
    where feedback_id in (select feedback_id from events.feedback where day = $day)
    group by feedback_id
    having count(*) > 1
    union all
    select 'events.order_error' as table_name, error_id as key, count(*) as rows
    from events.order_error
    where error_id in (select error_id from events.order_error where day = $day)
    group by error_id
    having count(*) > 1
    union all
    select 'events.orders' as table_name, order_id as key, count(*) as rows
    from events.orders
    where order_id in (select order_id from events.orders where day = $day)
    group by order_id
    having count(*) > 1
    union all
    select 'events.wait_time' as table_name, wait_id as key, count(*) as rows
    from events.wait_time
    where wait_id in (select wait_id from events.wait_time where day = $day)
    group by wait_id
    having count(*) > 1
    union all
    select 'friction.calibration' as table_name, concat_ws(' ', day, stage, bin) as key, count(*) as rows
    from friction.calibration
    where day = $day
    group by day, stage, bin
    having count(*) > 1
    union all
    select 'friction.flags' as table_name, concat_ws(' ', day, flag_id) as key, count(*) as rows
    from friction.flags
    where day = $day
    group by day, flag_id
    having count(*) > 1
    union all
    select 'friction.later_outcomes' as table_name, concat_ws(' ', day, outcome, horizon_days) as key, count(*) as rows
    from friction.later_outcomes
    where day = $day
    group by day, outcome, horizon_days
    having count(*) > 1
    union all
    select 'friction.person_scores' as table_name, concat_ws(' ', day, person_id) as key, count(*) as rows
    from friction.person_scores
    where day = $day
    group by day, person_id
    having count(*) > 1
    union all
    select 'friction.point_segments' as table_name, concat_ws(' ', day, point_id, dimension, value) as key, count(*) as rows
    from friction.point_segments
    where day = $day
    group by day, point_id, dimension, value
    having count(*) > 1
    union all
    select 'friction.points' as table_name, concat_ws(' ', day, point_id) as key, count(*) as rows
    from friction.points
    where day = $day
    group by day, point_id
    having count(*) > 1
    union all
    select 'friction.stage_scores' as table_name, concat_ws(' ', day, stage) as key, count(*) as rows
    from friction.stage_scores
    where day = $day
    group by day, stage
    having count(*) > 1
    union all
    select 'journeys.cases' as table_name, concat_ws(' ', day, case_id) as key, count(*) as rows
    from journeys.cases
    where day = $day
    group by day, case_id
    having count(*) > 1
    union all
    select 'journeys.entries' as table_name, concat_ws(' ', day, visit_id) as key, count(*) as rows
    from journeys.entries
    where day = $day
    group by day, visit_id
    having count(*) > 1
    union all
    select 'journeys.identities' as table_name, concat_ws(' ', day, anonymous_id, customer_id) as key, count(*) as rows
    from journeys.identities
    where day = $day
    group by day, anonymous_id, customer_id
    having count(*) > 1
    union all
    select 'journeys.sessions' as table_name, concat_ws(' ', day, session_id) as key, count(*) as rows
    from journeys.sessions
    where day = $day
    group by day, session_id
    having count(*) > 1
    union all
    select 'journeys.stage_visits' as table_name, concat_ws(' ', day, visit_id) as key, count(*) as rows
    from journeys.stage_visits
    where day = $day
    group by day, visit_id
    having count(*) > 1
    union all
    select 'journeys.usual' as table_name, concat_ws(' ', day, measure, place, device, value) as key, count(*) as rows
    from journeys.usual
    where day = $day
    group by day, measure, place, device, value
    having count(*) > 1
    union all
    select 'ops.computed' as table_name, concat_ws(' ', run_id, day) as key, count(*) as rows
    from ops.computed
    where day = $day
    group by run_id, day
    having count(*) > 1
    union all
    select 'ops.contract_results' as table_name, concat_ws(' ', run_id, contract, expectation) as key, count(*) as rows
    from ops.contract_results
    group by run_id, contract, expectation
    having count(*) > 1
    union all
    select 'ops.forgotten' as table_name, concat_ws(' ', run_id, ops.forgotten.table_name) as key, count(*) as rows
    from ops.forgotten
    group by run_id, ops.forgotten.table_name
    having count(*) > 1
    union all
    select 'ops.layout' as table_name, concat_ws(' ', program, version) as key, count(*) as rows
    from ops.layout
    group by program, version
    having count(*) > 1
    union all
    select 'ops.loads' as table_name, load_id as key, count(*) as rows
    from ops.loads
    group by load_id
    having count(*) > 1
    union all
    select 'ops.repeats' as table_name, concat_ws(' ', load_id, id, content) as key, count(*) as rows
    from ops.repeats
    where day = $day
    group by load_id, id, content
    having count(*) > 1
    union all
    select 'ops.runs' as table_name, concat_ws(' ', run_id, day, step) as key, count(*) as rows
    from ops.runs
    where day = $day
    group by run_id, day, step
    having count(*) > 1
    union all
    select 'ops.signals' as table_name, concat_ws(' ', day, signal) as key, count(*) as rows
    from ops.signals
    where day = $day
    group by day, signal
    having count(*) > 1
    union all
    select 'ops.source_failures' as table_name, concat_ws(' ', run_id, source) as key, count(*) as rows
    from ops.source_failures
    group by run_id, source
    having count(*) > 1
    union all
    select 'ops.traffic' as table_name, concat_ws(' ', day, contract, load_id) as key, count(*) as rows
    from ops.traffic
    where day = $day
    group by day, contract, load_id
    having count(*) > 1
)

select table_name, key, rows
from found
order by table_name, key

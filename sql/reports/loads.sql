-- The files that brought in the rows of a day, with what became of each file's rows.
-- A file that names no day counts for every day of which it holds a row; one that kept none, for all. `came_in`: with
-- this day and no other, as its path or, where that names none, the run that loaded it says.
--
-- Reads:   ops.loads            one row per file as it was last loaded
--          ops.runs             one row per run, day and step
--          ops.traffic          one row per day, input and load: what of it is set aside
--          events.clickstream   one row per event
--          events.wait_time     one row per wait
--          events.order_error   one row per order error
--          events.orders        one row per order
--          events.feedback      one row per answer
--          events.customers     one row per customer
-- Grain:   load_id
-- Params:  $day                 DATE, the day to report
with used as (
    select load_id from events.clickstream where day = $day
    union
    select load_id from events.wait_time where day = $day
    union
    select load_id from events.order_error where day = $day
    union
    select load_id from events.orders where day = $day
    union
    select load_id from events.feedback where day = $day
    union
    select load_id from events.customers
),

aside as (
    select
        load_id,
        sum(test)::bigint as test,
        sum(internal)::bigint as internal,
        sum(bot)::bigint as bot,
        sum(impossible_rate)::bigint as impossible_rate
    from ops.traffic
    group by load_id
)

select
    loads.load_id, run_id, source, contract, file, day, rows_read, rows_kept, rows_quarantined, rows_duplicate,
    missing_columns, unknown_columns,
    coalesce(test, 0) as test,
    coalesce(internal, 0) as internal,
    coalesce(bot, 0) as bot,
    coalesce(impossible_rate, 0) as impossible_rate,
    coalesce(day = $day, run_id in (select run_id from ops.runs where day = $day)) as came_in
from ops.loads as loads
left join aside on loads.load_id = aside.load_id
where
    day = $day
    or loads.load_id in (select load_id from used)
    or (day is null and rows_kept = 0)
order by source, file, loads.load_id

-- The files that brought in the rows of a day, with what became of each file's rows.
-- A file that names no day counts for every day of which it holds a row; one that kept none, for all. `came_in`: with
-- this day and no other, as its path or, where that names none, the run that loaded it says.
--
-- Reads:   ops.loads            one row per file as it was last loaded
--          ops.runs             one row per run, day and step
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
)

select
    load_id, run_id, source, contract, file, day, rows_read, rows_kept, rows_quarantined, rows_duplicate,
    missing_columns, unknown_columns,
    coalesce(day = $day, run_id in (select run_id from ops.runs where day = $day)) as came_in
from ops.loads
where
    day = $day
    or load_id in (select load_id from used)
    or (day is null and rows_kept = 0)
order by source, file, load_id

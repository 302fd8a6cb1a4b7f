-- warn
-- Inputs that dried up: one row per events table with fewer than a fifth of the rows of a usual day on the day, the
-- usual day being the median of those of the seven days before that have any rows, if there are three or more. Rows that
-- are set aside are no rows here: a crawler that keeps coming hides no outage.
--
-- Reads:   events.clickstream    one row per event
--          events.wait_time      one row per wait
--          events.order_error    one row per error of an order
--          events.orders         one row per order
-- Grain:   table_name
-- Params:  $day                  DATE, the day to look at
with
counted as (
    select 'events.clickstream' as table_name, day, count(*) as rows
    from events.clickstream
    where day between $day::date - 7 and $day and set_aside is null
    group by day
    union all
    select 'events.wait_time' as table_name, day, count(*) as rows
    from events.wait_time
    where day between $day::date - 7 and $day and set_aside is null
    group by day
    union all
    select 'events.order_error' as table_name, day, count(*) as rows
    from events.order_error
    where day between $day::date - 7 and $day and set_aside is null
    group by day
    union all
    select 'events.orders' as table_name, day, count(*) as rows
    from events.orders
    where day between $day::date - 7 and $day and set_aside is null
    group by day
),

compared as (
    select
        table_name,
        coalesce(max(rows) filter (where day = $day), 0) as rows,
        median(rows) filter (where day < $day) as usual_rows,
        count(*) filter (where day < $day) as days
    from counted
    group by table_name
)

select $day::date as day, table_name, rows, usual_rows
from compared
where days >= 3 and rows < usual_rows / 5
order by table_name

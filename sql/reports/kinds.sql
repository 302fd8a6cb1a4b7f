-- How many events of each kind a day holds that are not set aside.
--
-- Reads:   events.clickstream   one row per event
--          events.wait_time     one row per wait
--          events.order_error   one row per order error
-- Grain:   kind
-- Params:  $day                 DATE, the day to report
select 'clickstream' as kind, count(*) as rows from events.clickstream where day = $day and set_aside is null
union all
select 'wait_time' as kind, count(*) as rows from events.wait_time where day = $day and set_aside is null
union all
select 'order_error' as kind, count(*) as rows from events.order_error where day = $day and set_aside is null
order by kind

-- How many events of each kind a day holds.
--
-- Reads:   events.clickstream   one row per event
--          events.wait_time     one row per wait
--          events.order_error   one row per order error
-- Grain:   kind
-- Params:  $day                 DATE, the day to report
select 'clickstream' as kind, count(*) as rows from events.clickstream where day = $day
union all
select 'wait_time' as kind, count(*) as rows from events.wait_time where day = $day
union all
select 'order_error' as kind, count(*) as rows from events.order_error where day = $day
order by kind

-- fail
-- Counts of what is set aside that disagree with the events: one row per events table, load and reason with other rows
-- on the day than ops.traffic says; the reason `counts` stands for rows that are not set aside.
--
-- Reads:   events.clickstream    one row per event
--          events.wait_time      one row per wait
--          events.order_error    one row per error of an order
--          events.orders         one row per order
--          ops.traffic           one row per day, input and load
-- Grain:   contract, load_id, reason
-- Params:  $day                  DATE, the day to look at
with
found as (
    select 'clickstream' as contract, load_id, coalesce(set_aside, 'counts') as reason, count(*) as rows
    from events.clickstream
    where day = $day
    group by load_id, set_aside
    union all
    select 'wait_time' as contract, load_id, coalesce(set_aside, 'counts') as reason, count(*) as rows
    from events.wait_time
    where day = $day
    group by load_id, set_aside
    union all
    select 'order_error' as contract, load_id, coalesce(set_aside, 'counts') as reason, count(*) as rows
    from events.order_error
    where day = $day
    group by load_id, set_aside
    union all
    select 'orders' as contract, load_id, coalesce(set_aside, 'counts') as reason, count(*) as rows
    from events.orders
    where day = $day
    group by load_id, set_aside
),

noted as (
    select
        contract,
        load_id,
        unnest(['counts', 'test', 'internal', 'bot', 'impossible_rate']) as reason,
        unnest([rows - rows_set_aside, test, internal, bot, impossible_rate]) as rows
    from ops.traffic
    where day = $day
)

select
    coalesce(found.contract, noted.contract) as contract,
    coalesce(found.load_id, noted.load_id) as load_id,
    coalesce(found.reason, noted.reason) as reason,
    coalesce(found.rows, 0) as rows_found,
    coalesce(noted.rows, 0) as rows_noted
from found
full outer join noted
    on found.contract = noted.contract and found.load_id = noted.load_id and found.reason = noted.reason
where coalesce(found.rows, 0) <> coalesce(noted.rows, 0)
order by contract, load_id, reason

-- Which carriers deliver late? One row per carrier, with its promised deliveries by the day of the order. The orders
-- input comes first; waits for a delivery stand in for orders that it does not promise, their queue for the carrier.
--
-- Reads:   events.orders      one row per order
--          events.wait_time   one row per wait: those for deliveries
-- Grain:   carrier
-- Params:  $from_day          DATE, first day of the orders
--          $to_day            DATE, last day of the orders
with
orders as (
    select * from events.orders where set_aside is null
),

delivery_waits as (
    select * from events.wait_time where wait_type = 'delivery' and set_aside is null
),

known as (
    select greatest(
        (select max(greatest(placed_at, delivered_at)) from orders),
        (select max(greatest(started_at, ended_at)) from delivery_waits)
    ) as until
),

deliveries as (
    select order_id, day, carrier, promised_at, delivered_at
    from orders
    where promised_at is not null and cancelled_at is null
    union all
    select order_id, day, queue as carrier, promised_at, case when outcome = 'served' then ended_at end as delivered_at
    from delivery_waits
    where
        promised_at is not null
        and (order_id is null or order_id not in (select order_id from orders where promised_at is not null))
),

judged as (
    select
        coalesce(deliveries.carrier, '(unknown)') as carrier,
        deliveries.delivered_at,
        coalesce(deliveries.delivered_at, known.until) > deliveries.promised_at as is_late,
        date_diff('second', deliveries.promised_at, deliveries.delivered_at) / 3600 as hours_late
    from deliveries
    cross join known
    where
        deliveries.day between $from_day and $to_day
        and (deliveries.delivered_at is not null or known.until > deliveries.promised_at) -- not due: says nothing yet
)

select
    carrier,
    count(*) as deliveries,
    count(*) filter (where is_late) as late,
    count(*) filter (where is_late) / count(*) as late_share,
    count(*) filter (where delivered_at is null) as not_delivered,
    median(hours_late) filter (where is_late) as hours_late_median,
    quantile_cont(hours_late, 0.9) filter (where is_late) as hours_late_p90
from judged
group by carrier
order by late desc, late_share desc, carrier

-- Quality of orders by the day on which they were placed: one row per day, with a mark that says whether it is mature.
-- Orders come from the orders input; where that is silent, from purchase events, else from waits for a delivery.
-- An order is perfect where every part that the data can judge is: in full, on time, documents right, undamaged.
--
-- Reads:   events.orders        one row per order
--          events.clickstream   one row per event: its purchases
--          events.wait_time     one row per wait: those for deliveries
--          events.order_error   one row per error of an order
-- Grain:   day
-- Columns: day                    Day on which the orders were placed, in the project's time zone
--          is_mature              At least 30 days of data follow: the shares will hardly move any more
--          age_days               Days from the day to the last day with an order, error or delivery [days]
--          orders                 Orders placed [orders]
--          orders_inferred        Those known only from a purchase event or a wait for a delivery [orders]
--          orders_cancelled       Those that the customer cancelled: in no share [orders]
--          orders_open            Neither cancelled nor delivered, not due yet and free of errors: in no share [orders]
--          orders_judged          The others: below the line of the shares [orders]
--          perfect_orders         Judged orders without a known fault [orders]
--          perfect_share          perfect_orders / orders_judged [share, 0-1]
--          in_full_share          No item missing or wrong, nothing cancelled by us [share, 0-1]
--          on_time_known          Judged orders with a promise that was kept or broken [orders]
--          on_time_share          Those delivered by promised_at, over on_time_known [share, 0-1]
--          otif_share             On time and in full, over on_time_known [share, 0-1]
--          otif_date              The date that on time is measured against
--          documents_right_share  No wrong document, price or charge [share, 0-1]
--          undamaged_share        Nothing damaged or other than described [share, 0-1]
--          defective_orders       Judged orders with an order defect (wrong, missing, damaged, price …) [orders]
--          defect_share           defective_orders / orders_judged, by order date [share, 0-1]
--          late_deliveries        Judged orders delivered after promised_at, or due and not delivered [orders]
--          failed_deliveries      Orders with a delivery attempt that failed [orders]
--          hours_late_median      Median lateness of the late that were delivered [hours]
--          errors_without_order   Errors of the day about orders that the data does not hold: in no share [errors]
with
orders as (
    select * from events.orders where set_aside is null
),

purchases as (
    select event_id, order_id, day from events.clickstream
    where event_name = 'purchase' and coalesce(outcome, 'ok') <> 'error' and order_id is not null
        and set_aside is null
),

delivery_waits as (
    select * from events.wait_time where wait_type = 'delivery' and order_id is not null and set_aside is null
),

errors as (
    select * from events.order_error where set_aside is null
),

known as (
    select max(until) as until, max(day) as last_day
    from (
        select greatest(max(placed_at), max(delivered_at)) as until, max(day) as day from orders
        union all
        select greatest(max(started_at), max(ended_at)) as until, max(day) as day from delivery_waits
        union all
        select max(occurred_at) as until, max(day) as day from errors
        union all
        select null as until, max(day) as day from purchases
    )
),

placed as (
    select order_id, day, is_inferred
    from (
        select order_id, day, false as is_inferred, 1 as preference, order_id as id from orders
        union all
        select order_id, day, true as is_inferred, 2 as preference, event_id as id from purchases
        union all
        select order_id, day, true as is_inferred, 3 as preference, wait_id as id from delivery_waits
    )
    qualify row_number() over (partition by order_id order by preference, day, id) = 1
),

-- Several parcels: the order is late where one of them is, and delivered when the last of them is.
parcels as (
    select
        delivery_waits.order_id,
        bool_or(coalesce(delivery_waits.ended_at, known.until) > delivery_waits.promised_at) as is_late,
        bool_and(delivery_waits.ended_at is not null and delivery_waits.outcome = 'served') as is_delivered,
        count(delivery_waits.promised_at) = count(*) as is_promised,
        max(date_diff('second', delivery_waits.promised_at, delivery_waits.ended_at)) / 3600 as hours_late
    from delivery_waits
    cross join known
    group by delivery_waits.order_id
),

deliveries as (
    select
        orders.order_id,
        coalesce(orders.delivered_at, known.until) > orders.promised_at and orders.cancelled_at is null as is_late,
        orders.delivered_at is not null as is_delivered,
        true as is_promised,
        date_diff('second', orders.promised_at, orders.delivered_at) / 3600 as hours_late
    from orders
    cross join known
    where orders.promised_at is not null
    union all
    select parcels.order_id, parcels.is_late, parcels.is_delivered, parcels.is_promised, parcels.hours_late
    from parcels
    anti join (select order_id from orders where promised_at is not null) as promised
        on parcels.order_id = promised.order_id
),

faults as (
    select
        order_id,
        bool_or(error_type in ('stock_out', 'merchant_cancel', 'fraud_hold')) as is_cancelled_by_us,
        bool_or(error_type in ('missing_item', 'wrong_item')) as is_short,
        bool_or(error_type in ('document_error', 'price_mismatch', 'duplicate_charge')) as has_wrong_document,
        bool_or(error_type in ('damaged', 'not_as_described')) as is_damaged,
        bool_or(error_type = 'late_delivery') as is_reported_late,
        bool_or(error_type = 'delivery_failed') as has_failed_delivery
    from errors
    group by order_id
),

parts as (
    select
        placed.order_id,
        placed.day,
        placed.is_inferred,
        coalesce(faults.is_cancelled_by_us, false) as is_cancelled_by_us,
        orders.cancelled_at is not null and not coalesce(faults.is_cancelled_by_us, false) as is_cancelled_by_customer,
        not coalesce(faults.is_cancelled_by_us or faults.is_short, false) as is_in_full,
        not coalesce(faults.has_wrong_document, false) as has_right_documents,
        not coalesce(faults.is_damaged, false) as is_undamaged,
        coalesce(faults.is_short or faults.has_wrong_document or faults.is_damaged, false) as is_defective,
        coalesce(faults.has_failed_delivery, false) as has_failed_delivery,
        coalesce(faults.is_reported_late, false) or coalesce(deliveries.is_late, false) as is_late,
        coalesce(deliveries.is_delivered, false) as is_delivered,
        coalesce(deliveries.is_promised, false) as is_promised,
        deliveries.hours_late
    from placed
    left join orders on placed.order_id = orders.order_id
    left join deliveries on placed.order_id = deliveries.order_id
    left join faults on placed.order_id = faults.order_id
),

-- A delivery that is neither here nor due says nothing yet, unless something has gone wrong already.
judged as (
    select
        *,
        case when is_late then false when is_promised and is_delivered then true end as is_on_time,
        is_promised and not is_delivered and not is_late and is_in_full and not is_defective
        and not is_cancelled_by_customer as is_open,
        is_in_full and has_right_documents and is_undamaged and not is_late as is_perfect
    from parts
),

by_day as (
    select
        day,
        count(*) as orders,
        count(*) filter (where is_inferred) as orders_inferred,
        count(*) filter (where is_cancelled_by_customer) as orders_cancelled,
        count(*) filter (where is_open) as orders_open,
        count(*) filter (where is_counted) as orders_judged,
        count(*) filter (where is_counted and is_perfect) as perfect_orders,
        count(*) filter (where is_counted and is_in_full) as in_full,
        count(*) filter (where is_counted and is_on_time is not null) as on_time_known,
        count(*) filter (where is_counted and is_on_time) as on_time,
        count(*) filter (where is_counted and is_on_time and is_in_full) as on_time_in_full,
        count(*) filter (where is_counted and has_right_documents) as documents_right,
        count(*) filter (where is_counted and is_undamaged) as undamaged,
        count(*) filter (where is_counted and is_defective) as defective_orders,
        count(*) filter (where is_counted and is_late) as late_deliveries,
        count(*) filter (where has_failed_delivery) as failed_deliveries,
        median(hours_late) filter (where is_counted and is_late and hours_late > 0) as hours_late_median
    from (select *, not is_cancelled_by_customer and not is_open as is_counted from judged)
    group by day
),

strays as (
    select errors.day, count(*) as errors_without_order
    from errors
    anti join placed on errors.order_id = placed.order_id
    group by errors.day
)

select
    day,
    known.last_day - day >= 30 as is_mature,
    known.last_day - day as age_days,
    coalesce(orders, 0) as orders,
    coalesce(orders_inferred, 0) as orders_inferred,
    coalesce(orders_cancelled, 0) as orders_cancelled,
    coalesce(orders_open, 0) as orders_open,
    coalesce(orders_judged, 0) as orders_judged,
    coalesce(perfect_orders, 0) as perfect_orders,
    perfect_orders / nullif(orders_judged, 0) as perfect_share,
    in_full / nullif(orders_judged, 0) as in_full_share,
    coalesce(on_time_known, 0) as on_time_known,
    on_time / nullif(on_time_known, 0) as on_time_share,
    on_time_in_full / nullif(on_time_known, 0) as otif_share,
    'promised_at' as otif_date,
    documents_right / nullif(orders_judged, 0) as documents_right_share,
    undamaged / nullif(orders_judged, 0) as undamaged_share,
    coalesce(defective_orders, 0) as defective_orders,
    defective_orders / nullif(orders_judged, 0) as defect_share,
    coalesce(late_deliveries, 0) as late_deliveries,
    coalesce(failed_deliveries, 0) as failed_deliveries,
    hours_late_median,
    coalesce(errors_without_order, 0) as errors_without_order
from by_day
full join strays using (day)
cross join known
order by day desc

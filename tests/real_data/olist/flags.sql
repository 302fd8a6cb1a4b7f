-- Flags of a marketplace's orders, from its tables alone: signal, day, person and evidence. Days from $first to $last.
with named as (
    select order_id, customer_unique_id as person, order_status in ('canceled', 'unavailable') as is_called_off,
           order_estimated_delivery_date::timestamp::date as promised,
           nullif(order_delivered_customer_date, '')::timestamp::date as came,
           greatest(order_purchase_timestamp::timestamp, nullif(order_approved_at, '')::timestamp,
                    nullif(order_delivered_carrier_date, '')::timestamp) as last_known
    from orders join customers using (customer_id)
),
called_off as (
    select *, row_number() over (partition by person order by last_known, order_id) as times,
           lag(last_known) over (partition by person order by last_known, order_id) as before,
           lag(order_id) over (partition by person order by last_known, order_id) as order_before
    from named where is_called_off
),
found as (
    select 'late_delivery' as signal, promised as day, person, ['delivery ' || order_id] as evidence
    from named where not is_called_off and coalesce(came > promised, true)
    union all
    select 'merchant_cancellation', last_known::date, person, ['called off ' || order_id] from called_off
    union all
    select 'repeat_order_error', last_known::date, person, ['called off ' || order_before, 'called off ' || order_id]
    from called_off where last_known - before <= interval 30 days
)
select signal, day, 'c:' || person as person, evidence
from found where day between $first and $last order by all

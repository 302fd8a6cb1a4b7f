-- Is nobody set aside by mistake? One row per input, reason and sign by which rows were set aside, the most rows first:
-- the user agent of bots, the address or customer of one's own people, the customer or device of tests and of impossible
-- rates. Crawlers buy nothing: where a bot or an impossible rate has purchases, look twice, and name its user agent in
-- traffic.customer_user_agents if it is a customer's.
--
-- Reads:   events.clickstream    one row per event
--          events.wait_time      one row per wait
--          events.order_error    one row per error of an order
--          events.orders         one row per order
-- Grain:   contract, reason, sign
-- Params:  $from_day             DATE, first day to look at
--          $to_day               DATE, last day to look at
--          $most                 BIGINT, how many signs to list, e.g. 50
with
clicks as (
    select
        'clickstream' as contract,
        set_aside as reason,
        coalesce(
            case set_aside
                when 'bot' then user_agent
                when 'internal' then ip_address
            end,
            customer_id,
            anonymous_id
        ) as sign,
        coalesce(customer_id, anonymous_id) as who,
        day,
        occurred_at as happened_at,
        event_name = 'purchase' as is_purchase,
        event_id as id
    from events.clickstream
    where set_aside is not null and day between $from_day and $to_day
),

others as (
    select
        'wait_time' as contract, set_aside as reason, customer_id, day, started_at as happened_at,
        false as is_purchase, wait_id as id
    from events.wait_time
    where set_aside is not null and day between $from_day and $to_day
    union all
    select
        'order_error' as contract, set_aside as reason, customer_id, day, occurred_at as happened_at,
        false as is_purchase, error_id as id
    from events.order_error
    where set_aside is not null and day between $from_day and $to_day
    union all
    select
        'orders' as contract, set_aside as reason, customer_id, day, placed_at as happened_at,
        true as is_purchase, order_id as id
    from events.orders
    where set_aside is not null and day between $from_day and $to_day
),

rows_aside as (
    select contract, reason, sign, who, day, happened_at, is_purchase, id from clicks
    union all
    select contract, reason, customer_id as sign, customer_id as who, day, happened_at, is_purchase, id from others
)

select
    contract,
    reason,
    sign,
    count(*) as rows,
    count(distinct who) as people,
    count(distinct day) as days,
    count(*) filter (where is_purchase) as purchases,
    min(happened_at) as first_at,
    max(happened_at) as last_at,
    arg_min(id, (happened_at, id)) as first_id
from rows_aside
group by contract, reason, sign
qualify row_number() over (order by rows desc, contract, reason, sign) <= $most
order by rows desc, contract, reason, sign

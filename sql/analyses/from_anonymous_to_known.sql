-- How do people become known? One row per day on which a device first got a customer, with the device's anonymous
-- past: how long and how many events it took until somebody said who they were.
--
-- Reads:   journeys.identities   one row per day, anonymous_id and customer_id seen together
--          events.clickstream    one row per event
-- Grain:   day
-- Params:  $from_day             DATE, first day on which people became known
--          $to_day               DATE, last day on which people became known
--          $days                 BIGINT, how many days of anonymous past to look at
with
-- The first customer of a device takes its past; two customers never share it.
pairs as (
    select anonymous_id, customer_id, first_seen_at, day
    from journeys.identities
    qualify row_number() over (partition by anonymous_id order by first_seen_at, customer_id) = 1
),

became_known as (
    select * from pairs where day between $from_day and $to_day
),

anonymous as (
    select anonymous_id, event_id, occurred_at, day
    from events.clickstream
    where
        customer_id is null
        and day between $from_day::date - $days::integer and $to_day
        and set_aside is null
),

pasts as (
    select
        became_known.day,
        became_known.anonymous_id,
        count(anonymous.event_id) as events,
        count(distinct anonymous.day) as days,
        date_diff('second', min(anonymous.occurred_at), any_value(became_known.first_seen_at)) / 86400 as days_to_known
    from became_known
    left join anonymous
        on became_known.anonymous_id = anonymous.anonymous_id
        and anonymous.occurred_at < became_known.first_seen_at
        and anonymous.occurred_at >= became_known.first_seen_at - to_days($days::integer)
    group by became_known.day, became_known.anonymous_id
)

select
    day,
    count(*) as devices,
    count(*) filter (where events > 0) as devices_with_past,
    count(*) filter (where events > 0) / count(*) as with_past_share,
    sum(events)::bigint as anonymous_events,
    median(events) filter (where events > 0) as events_median,
    median(days_to_known) as days_to_known_median,
    count(*) filter (where days > 1) as devices_on_several_days
from pasts
group by day
order by day

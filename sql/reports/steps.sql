-- Events, waits and order errors by their ids, and those of some people within a time: the steps of example visits.
-- What is set aside is no step of anybody.
--
-- Reads:   events.clickstream   one row per event
--          events.wait_time     one row per wait
--          events.order_error   one row per order error
-- Grain:   kind, event_id
-- Params:  $ids                 VARCHAR[], ids of events, waits and errors
--          $customers           VARCHAR[], customer ids
--          $anonymous           VARCHAR[], anonymous ids
--          $days                DATE[], days of the clickstream to look at, and no others
--          $from_at             TIMESTAMPTZ, people's waits and errors from then on
--          $to_at               TIMESTAMPTZ, up to then
--          $end_at              TIMESTAMPTZ, end of the day to report: nothing later was known
with clicks as (
    select
        'clickstream' as kind, event_id, occurred_at, customer_id, anonymous_id, event_name as what,
        concat_ws(' · ', coalesce(page_path, page_url), coalesce(element, field_id)) as "where",
        concat_ws(' · ', error_code, query, coupon, element_text) as detail,
        cast(null as double) as seconds, outcome
    from events.clickstream
    where
        day in (select unnest($days::date[]))
        and set_aside is null
        and occurred_at < $end_at
        and (
            event_id in (select unnest($ids::varchar[]))
            or customer_id in (select unnest($customers::varchar[]))
            or anonymous_id in (select unnest($anonymous::varchar[]))
        )
),

waits as (
    select
        'wait_time' as kind, wait_id as event_id, started_at as occurred_at, customer_id,
        cast(null as varchar) as anonymous_id, wait_type as what,
        concat_ws(' · ', channel, coalesce(queue, team)) as "where", reason as detail,
        case when ended_at < $end_at then epoch(ended_at) - epoch(started_at) end as seconds,
        case when ended_at < $end_at then outcome else 'open' end as outcome
    from events.wait_time
    where
        started_at < $end_at
        and set_aside is null
        and (
            wait_id in (select unnest($ids::varchar[]))
            or (customer_id in (select unnest($customers::varchar[])) and started_at between $from_at and $to_at)
        )
),

errors as (
    select
        'order_error' as kind, error_id as event_id, occurred_at, customer_id,
        cast(null as varchar) as anonymous_id, error_type as what,
        concat_ws(' · ', order_id, coalesce(carrier, warehouse, payment_method)) as "where",
        concat_ws(' · ', error_code, item_id) as detail,
        cast(null as double) as seconds, cast(null as varchar) as outcome
    from events.order_error
    where
        occurred_at < $end_at
        and set_aside is null
        and (
            error_id in (select unnest($ids::varchar[]))
            or (customer_id in (select unnest($customers::varchar[])) and occurred_at between $from_at and $to_at)
        )
)

select * from clicks
union all
select * from waits
union all
select * from errors
order by occurred_at, kind, event_id

-- What happened to each person, in order: one row per event that matters, wait, order, order error, answer or flag.
-- What a device did without a customer id is told with the customer who was next seen on it within 30 minutes, else
-- with the one last seen on it before, else with the first one seen on it afterwards, else under the device's own id.
-- Page views, clicks and other routine events are left out unless they failed.
--
-- Reads:   events.clickstream    one row per event
--          events.wait_time      one row per wait
--          events.orders         one row per order
--          events.order_error    one row per error of an order
--          events.feedback       one row per answer
--          friction.flags        one row per flag, on the day on which its evidence was in
--          journeys.identities   one row per day, anonymous_id and customer_id seen together
-- Grain:   person_id, happened_at, kind, what, source_id
-- Columns: person_id    The person: c:customer_id, or a:anonymous_id where no customer was ever seen on the device
--          happened_at  When it happened; of a wait its beginning, of a flag when its evidence was in [instant, UTC]
--          kind         event, wait, order, order_error, feedback or flag
--          what         The event, kind of wait, error, question or signal
--          place        Where: page, queue, order, carrier or the flag's place
--          words        What else there is to say
--          stage        Stage of the journey, of flags
--          severity     How bad, of flags [share, 0-1]
--          value        Value concerned [currency]
--          currency     Currency of value [ISO 4217]
--          channel      Channel
--          day          Calendar day in the project's time zone
--          is_anonymous It carried no customer id and was joined through the device
--          source_id    Id of the event, wait, order, error, answer or flag
with
clicks as (
    select * from events.clickstream
    where
        set_aside is null
        and (
            event_name in (
                'add_to_cart', 'remove_from_cart', 'begin_checkout', 'add_shipping_info', 'add_payment_info',
                'purchase', 'refund', 'search', 'login', 'sign_up', 'form_submit', 'form_error', 'coupon_error',
                'payment_error', 'page_error', 'help_view'
            )
            or outcome = 'error'
            or error_code is not null
        )
),

waits as (
    select * from events.wait_time where set_aside is null
),

orders as (
    select * from events.orders where set_aside is null
),

errors as (
    select * from events.order_error where set_aside is null
),

answers as (
    select * from events.feedback
),

flags as (
    select * from friction.flags
),

identities as (
    select * from journeys.identities
),

-- One shape for all of them; a customer id, where there is one, decides.
things as (
    select
        customer_id,
        anonymous_id,
        occurred_at as happened_at,
        'event' as kind,
        event_name as what,
        coalesce(form_id || coalesce('.' || field_id, ''), page_path, page_url, element) as place,
        concat_ws(
            ', ', 'for "' || query || '"', result_count || ' results', 'order ' || order_id, 'coupon ' || coupon,
            error_code, error_class, case when outcome = 'error' then 'failed' end
        ) as words,
        null as stage,
        null as severity,
        value,
        currency,
        channel,
        day,
        event_id as source_id
    from clicks
    union all by name
    select
        customer_id,
        started_at as happened_at,
        'wait' as kind,
        wait_type as what,
        coalesce('queue ' || queue, 'order ' || order_id) as place,
        concat_ws(
            ', ', coalesce(
                printf('%d s', date_diff('second', started_at, ended_at)), 'still waiting when the data was taken'
            ),
            outcome, 'about ' || reason,
            case when coalesce(ended_at > promised_at, false) then 'later than promised' end
        ) as words,
        value,
        currency,
        channel,
        day,
        wait_id as source_id
    from waits
    union all by name
    select
        customer_id,
        placed_at as happened_at,
        'order' as kind,
        'order_placed' as what,
        'order ' || order_id as place,
        concat_ws(
            ', ',
            case
                when delivered_at is null then null
                when coalesce(delivered_at > promised_at, false) then 'delivered later than promised'
                else 'delivered'
            end,
            case when cancelled_at is not null then 'cancelled' end, 'by ' || carrier
        ) as words,
        value,
        currency,
        channel,
        day,
        order_id as source_id
    from orders
    union all by name
    select
        customer_id,
        occurred_at as happened_at,
        'order_error' as kind,
        error_type as what,
        'order ' || order_id as place,
        concat_ws(', ', error_code, error_class, 'by ' || carrier, 'put right: ' || resolution) as words,
        value,
        currency,
        channel,
        day,
        error_id as source_id
    from errors
    union all by name
    select
        customer_id,
        given_at as happened_at,
        'feedback' as kind,
        metric as what,
        coalesce('order ' || order_id, 'case ' || case_id) as place,
        concat_ws(', ', printf('%g on a scale from %g to %g', score, scale_min, scale_max), comment) as words,
        day,
        feedback_id as source_id
    from answers
    union all by name
    select
        coalesce(customer_id, case when person_id like 'c:%' then person_id[3:] end) as customer_id,
        case when person_id like 'a:%' then person_id[3:] end as anonymous_id,
        flagged_at as happened_at,
        'flag' as kind,
        signal as what,
        locus_type || ' ' || locus as place,
        detail::varchar as words,
        stage,
        severity,
        value_at_stake as value,
        currency,
        channel,
        day,
        flag_id as source_id
    from flags
),

sightings as (
    select anonymous_id, seen_at, min(customer_id) as customer_id
    from (
        select anonymous_id, customer_id, first_seen_at as seen_at from identities
        union all
        select anonymous_id, customer_id, last_seen_at as seen_at from identities
    )
    group by anonymous_id, seen_at
),

-- Things without a customer between the sightings of their device: who was seen there last, and who next?
placed as (
    select
        *,
        last_value(seen_id ignore nulls) over (
            partition by anonymous_id order by happened_at range between unbounded preceding and current row
        ) as before_id,
        first_value(seen_id ignore nulls) over (
            partition by anonymous_id order by happened_at range between current row and unbounded following
        ) as after_id,
        min(seen_at) over (
            partition by anonymous_id order by happened_at range between current row and unbounded following
        ) as after_at
    from (
        select *, null as seen_id, null as seen_at from things where customer_id is null
        union all by name
        select anonymous_id, seen_at as happened_at, customer_id as seen_id, seen_at from sightings
    )
),

anonymous as (
    select
        * exclude (seen_id, seen_at, before_id, after_id, after_at),
        case
            when after_at < happened_at + interval 30 minutes then after_id
            else coalesce(before_id, after_id)
        end as owner_id
    from placed
    where seen_id is null
),

told as (
    select *, 'c:' || customer_id as person_id, false as is_anonymous
    from things
    where customer_id is not null
    union all by name
    select * exclude (owner_id), coalesce('c:' || owner_id, 'a:' || anonymous_id) as person_id, true as is_anonymous
    from anonymous
)

select
    person_id,
    happened_at,
    kind,
    what,
    place,
    nullif(words, '') as words,
    stage,
    severity,
    value,
    currency,
    channel,
    day,
    is_anonymous,
    source_id
from told
order by person_id, happened_at, kind, what, source_id

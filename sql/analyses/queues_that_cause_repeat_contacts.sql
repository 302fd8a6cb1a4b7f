-- Which queues make people call again? One row per queue and reason, with the answered contacts that were followed by
-- another contact of the same customer on the same reason. Contacts whose following days are not over are left out.
--
-- Reads:   events.wait_time   one row per wait
-- Grain:   channel, queue, reason
-- Params:  $from_day          DATE, first day on which the contacts began
--          $to_day            DATE, last day on which the contacts began
--          $days              BIGINT, so many days after its end a contact is a repeat, e.g. 7
with
waits as (
    select
        *,
        coalesce(contact_id, wait_id) as contact,
        ended_at + to_microseconds((coalesce(handled_seconds, 0) * 1e6)::bigint) as over_at
    from events.wait_time
    where wait_type = 'queue' and reason is not null and day >= $from_day and set_aside is null
),

known as (
    select max(greatest(started_at, ended_at)) as until from waits
),

-- The queue that answered last answers for the contact.
contacts as (
    select
        contact,
        customer_id,
        reason,
        min(started_at) as started_at,
        max(over_at) as over_at,
        min(day) as day,
        max_by(channel, (started_at, wait_id)) filter (where outcome = 'served') as channel,
        max_by(coalesce(queue, '(none)'), (started_at, wait_id)) filter (where outcome = 'served') as queue,
        bool_or(outcome = 'served') as is_answered
    from waits
    group by contact, customer_id, reason
),

followed as (
    select
        *,
        coalesce(
            lead(started_at) over (partition by customer_id, reason order by started_at, contact)
            <= over_at + to_days($days::integer),
            false
        ) as is_repeated
    from contacts
)

select
    followed.channel,
    followed.queue,
    followed.reason,
    count(*) as contacts,
    count(*) filter (where followed.is_repeated) as repeated,
    count(*) filter (where followed.is_repeated) / count(*) as repeated_share
from followed
cross join known
where
    followed.is_answered
    and followed.day between $from_day and $to_day
    and followed.over_at + to_days($days::integer) <= known.until
group by followed.channel, followed.queue, followed.reason
order by repeated desc, repeated_share desc, followed.channel, followed.queue, followed.reason

-- The contact centre: one row per day, channel and queue, with service level by five published formulas.
-- A contact is offered each time it is put into a queue. Waits that were still open when the data was taken are
-- counted apart, as are those that the system ended or moved to another queue: the formulas know only answered and
-- abandoned. Target: 20 s on the phone, 60 s in chat; other channels have no service level here.
-- Who hangs up, is moved on or still waits would have waited longer: a mean of the answered makes such a queue look
-- short. The Kaplan-Meier columns count them as long as they were seen to wait.
--
-- Reads:   events.wait_time   one row per wait
-- Grain:   day, channel, queue
-- Columns: day                         Day on which the waits began, in the project's time zone
--          channel                     Channel
--          queue                       Queue; '(none)' where the source names none
--          offered                     Waits in the queue: answered, abandoned, moved on, timed out or open [waits]
--          contacts                    Different contacts among them [contacts]
--          answered                    Waits that ended with an agent [waits]
--          abandoned                   Waits that the customer ended, short ones included [waits]
--          short_abandoned             Those of at most 5 s: probably misdialled [waits]
--          transferred                 Waits that ended in another queue [waits]
--          transfers                   Those, and answered ones after which the contact was in a queue again [transfers]
--          timed_out                   Waits that the system ended [waits]
--          still_waiting               Waits without an end when the data was taken: censored, in no rate [waits]
--          abandoned_share             Abandoned / (answered + abandoned), short abandons left out of both [share, 0-1]
--          target_seconds              Target of the channel [seconds]
--          service_level_share         Service level by the formula named beside it [share, 0-1]
--          service_level_formula       Formula of service_level_share: #4, as Genesys has it
--          service_level_1_share       #1 (answered + abandoned, both in target) / (answered + abandoned) [share, 0-1]
--          service_level_2_share       #2 answered in target / answered: flatters, abandons are ignored [share, 0-1]
--          service_level_3_share       #3 answered in target / (answered + abandoned) [share, 0-1]
--          service_level_4_share       #4 answered in target / (answered + abandoned after target) [share, 0-1]
--          service_level_5_share       #5 (answered in target + short abandons) / (answered + abandoned) [share, 0-1]
--          answer_seconds_mean         Average speed of answer: mean wait of the answered [seconds]
--          answer_seconds_p90          90 % of the answered waited at most this long [seconds]
--          wait_seconds_median_km      Median wait until answer, hang-ups censored (Kaplan-Meier) [seconds]
--          wait_seconds_p90_km         90 % would be answered after this long, likewise; empty: not seen [seconds]
--          abandon_seconds_mean        Mean wait of those who abandoned, short ones left out [seconds]
--          handle_seconds_mean         Mean time served, of the answered where it is known [seconds]
--          transfers_per_contact       transfers / contacts answered [transfers per contact]
--          held_share                  Contacts put on hold, of those answered [share, 0-1]
--          holds                       Times that a customer was put on hold [holds]
--          hold_seconds_mean           Mean length of a hold that has ended [seconds]
--          resolution_judged           Answered contacts with a reason, seven days over and known [contacts]
--          first_contact_resolved_share  Those without another contact on the reason in the 7 days [share, 0-1]
with
waits as (
    select
        wait_id,
        day,
        channel,
        coalesce(queue, '(none)') as queue,
        wait_type,
        customer_id,
        reason,
        started_at,
        ended_at,
        handled_seconds,
        coalesce(contact_id, wait_id) as contact,
        ended_at is null or outcome = 'open' as is_open,
        outcome,
        date_diff('microsecond', started_at, ended_at) / 1e6 as seconds
    from events.wait_time
    where wait_type in ('queue', 'hold') and set_aside is null
),

targets (channel, target_seconds) as (
    values ('phone', 20), ('chat', 60)
),

known as (
    select max(greatest(started_at, ended_at)) as until from waits
),

-- Every wait in a queue with how long it was seen, and whether the contact is in a queue again after it.
queued as (
    select
        wait_id,
        day,
        channel,
        queue,
        not is_open and outcome = 'served' as is_answered,
        date_diff('microsecond', started_at, coalesce(ended_at, known.until)) / 1e6 as seen_seconds,
        not is_open and (
            outcome = 'transferred' or outcome = 'served'
            and lead(wait_id) over (partition by customer_id, contact order by started_at, wait_id) is not null
        ) as is_passed_on
    from waits
    cross join known
    where wait_type = 'queue'
),

-- Kaplan-Meier: of those who have waited so long, so many are answered then; the others leave the count unanswered.
moments as (
    select
        day,
        channel,
        queue,
        seen_seconds,
        count(*) filter (where is_answered) as answered_then,
        sum(count(*)) over (partition by day, channel, queue order by seen_seconds desc) as waiting_then
    from queued
    group by day, channel, queue, seen_seconds
),

survival as (
    select
        day,
        channel,
        queue,
        seen_seconds,
        product(1 - answered_then / waiting_then)
            over (partition by day, channel, queue order by seen_seconds) as waiting_share
    from moments
),

-- The first moment by which the half is answered; a product of fractions misses 0.5 by the last digit.
medians as (
    select
        day,
        channel,
        queue,
        min(seen_seconds) filter (where waiting_share <= 0.5 + 1e-9) as wait_seconds_median_km,
        min(seen_seconds) filter (where waiting_share <= 0.1 + 1e-9) as wait_seconds_p90_km
    from survival
    group by day, channel, queue
),

held as (
    select distinct customer_id, contact from waits where wait_type = 'hold'
),

-- A contact that is put through several queues is one contact: its own later waits are no repeat.
contacts as (
    select
        contact,
        customer_id,
        reason,
        min(started_at) as started_at,
        max(ended_at + to_microseconds((coalesce(handled_seconds, 0) * 1e6)::bigint)) as ended_at
    from waits
    where wait_type = 'queue' and reason is not null
    group by contact, customer_id, reason
),

resolved as (
    select
        contact,
        reason,
        customer_id,
        ended_at + interval 7 days <= known.until as is_judged,
        coalesce(
            lead(started_at) over (partition by customer_id, reason order by started_at, contact)
            > ended_at + interval 7 days,
            true
        ) as is_resolved
    from contacts
    cross join known
),

judged as (
    select
        waits.*,
        targets.target_seconds,
        waits.wait_type = 'queue' and not waits.is_open and waits.outcome = 'served' as is_answered,
        waits.wait_type = 'queue' and not waits.is_open and waits.outcome = 'abandoned' as is_abandoned,
        coalesce(resolved.is_judged, false) as is_judged,
        coalesce(resolved.is_resolved, false) as is_resolved,
        coalesce(queued.is_passed_on, false) as is_passed_on,
        held.contact is not null as is_held
    from waits
    left join queued on waits.wait_id = queued.wait_id
    left join held on waits.customer_id = held.customer_id and waits.contact = held.contact
    left join targets on waits.channel = targets.channel
    left join resolved
        on waits.contact = resolved.contact and waits.reason = resolved.reason
        and waits.customer_id = resolved.customer_id
),

counted as (
    select
        day,
        channel,
        queue,
        any_value(target_seconds) as target_seconds,
        count(*) filter (where wait_type = 'queue') as offered,
        count(distinct contact) filter (where wait_type = 'queue') as contacts,
        count(*) filter (where is_answered) as answered,
        count(*) filter (where is_abandoned) as abandoned,
        count(*) filter (where is_abandoned and seconds <= 5) as short_abandoned,
        count(*) filter (where wait_type = 'queue' and not is_open and outcome = 'transferred') as transferred,
        count(*) filter (where is_passed_on) as transfers,
        count(distinct contact) filter (where is_answered) as contacts_answered,
        count(distinct contact) filter (where is_answered and is_held) as contacts_held,
        count(*) filter (where wait_type = 'queue' and not is_open and outcome = 'timed_out') as timed_out,
        count(*) filter (where wait_type = 'queue' and is_open) as still_waiting,
        count(*) filter (where is_answered and seconds <= target_seconds) as answered_in_target,
        count(*) filter (where is_abandoned and seconds <= target_seconds) as abandoned_in_target,
        avg(seconds order by seconds) filter (where is_answered) as answer_seconds_mean,
        quantile_cont(seconds, 0.9) filter (where is_answered) as answer_seconds_p90,
        avg(seconds order by seconds) filter (where is_abandoned and seconds > 5) as abandon_seconds_mean,
        avg(handled_seconds order by handled_seconds) filter (where is_answered) as handle_seconds_mean,
        count(*) filter (where wait_type = 'hold') as holds,
        avg(seconds order by seconds) filter (where wait_type = 'hold' and not is_open) as hold_seconds_mean,
        count(distinct contact) filter (where is_answered and is_judged) as resolution_judged,
        count(distinct contact) filter (where is_answered and is_judged and is_resolved) as resolved
    from judged
    group by day, channel, queue
),

leveled as (
    select
        *,
        case when target_seconds is not null then answered + abandoned end as decided,
        case
            when target_seconds is not null then answered + abandoned - abandoned_in_target
        end as decided_late_abandons
    from counted
)

select
    day,
    channel,
    queue,
    offered,
    contacts,
    answered,
    abandoned,
    short_abandoned,
    transferred,
    transfers,
    timed_out,
    still_waiting,
    (abandoned - short_abandoned) / nullif(answered + abandoned - short_abandoned, 0) as abandoned_share,
    target_seconds,
    answered_in_target / nullif(decided_late_abandons, 0) as service_level_share,
    '#4 (Genesys): answered in target / (answered + abandoned after target)' as service_level_formula,
    (answered_in_target + abandoned_in_target) / nullif(decided, 0) as service_level_1_share,
    case when target_seconds is not null then answered_in_target / nullif(answered, 0) end as service_level_2_share,
    answered_in_target / nullif(decided, 0) as service_level_3_share,
    answered_in_target / nullif(decided_late_abandons, 0) as service_level_4_share,
    (answered_in_target + short_abandoned) / nullif(decided, 0) as service_level_5_share,
    answer_seconds_mean,
    answer_seconds_p90,
    medians.wait_seconds_median_km,
    medians.wait_seconds_p90_km,
    abandon_seconds_mean,
    handle_seconds_mean,
    transfers / nullif(contacts_answered, 0) as transfers_per_contact,
    contacts_held / nullif(contacts_answered, 0) as held_share,
    holds,
    hold_seconds_mean,
    resolution_judged,
    resolved / nullif(resolution_judged, 0) as first_contact_resolved_share
from leveled
left join medians using (day, channel, queue)
order by day desc, channel, queue

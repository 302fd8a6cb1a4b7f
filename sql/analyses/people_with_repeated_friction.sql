-- Who met friction again and again? One row per person with at least so many flags in the days up to the day.
--
-- Reads:   friction.flags           one row per flag, on the day on which its evidence was in
--          friction.person_scores   one row per day and person with at least one flag in the period
--          events.customers         one row per customer, as last received
-- Grain:   person_id
-- Params:  $day                     DATE, the last day to look at
--          $days                    BIGINT, how many days to look at
--          $min_flags               BIGINT, fewest flags to be listed, e.g. 3
with
flags as (
    select * from friction.flags where day <= $day and day > $day::date - $days::integer
),

scores as (
    select person_id, score from friction.person_scores where day = $day
),

customers as (
    select customer_id, segment, tier, lifetime_value from events.customers
),

persons as (
    select
        person_id,
        max(customer_id) as customer_id,
        count(*) as flags,
        count(distinct signal) as signals,
        count(distinct stage) as stages,
        count(distinct day) as days,
        list(distinct signal order by signal) as which_signals,
        max(severity) as worst_severity,
        min(started_at) as first_at,
        max(flagged_at) as last_at
    from flags
    group by person_id
    having count(*) >= $min_flags
)

select
    persons.person_id,
    persons.flags,
    persons.signals,
    persons.stages,
    persons.days,
    persons.which_signals,
    persons.worst_severity,
    scores.score,
    customers.segment,
    customers.tier,
    customers.lifetime_value,
    persons.first_at,
    persons.last_at
from persons
left join scores on persons.person_id = scores.person_id
left join customers on persons.customer_id = customers.customer_id
order by persons.flags desc, scores.score desc nulls last, persons.person_id

-- warn
-- Stages whose points claim more money than the stage lost: one row per stage and currency of the day, over the same
-- period. A visit without a value counts with the median of its stage. A warning only: values are often unknown. Stages
-- with visits in other currencies are left out: their worth is not known here.
--
-- Reads:   friction.points         one row per day and point
--          journeys.stage_visits   one row per visit and day on which it was active or was decided
-- Grain:   day, stage, currency
-- Params:  $day                    DATE, the day to look at
with
points as (
    select * from friction.points where day = $day
),

period as (
    select max(window_days) as days from points
),

decided as (
    select * from journeys.stage_visits where is_decided and is_exposure and day <= $day
),

visits as (
    select
        decided.stage,
        decided.outcome,
        decided.currency,
        coalesce(decided.value, median(decided.value) over (partition by decided.stage)) as value
    from decided
    cross join period
    where decided.day > $day::date - period.days::integer
),

foreign_visits as (
    select visits.stage from visits inner join points on visits.stage = points.stage
    where visits.currency <> points.currency
),

claimed as (
    select stage, currency, sum(revenue_at_risk) as revenue_at_risk
    from points
    where stage not in (select stage from foreign_visits)
    group by stage, currency
),

lost as (
    select stage, sum(value) as value from visits where outcome = 'lost' group by stage
)

select
    $day::date as day,
    claimed.stage,
    claimed.currency,
    claimed.revenue_at_risk,
    coalesce(lost.value, 0) as value_lost
from claimed
left join lost on claimed.stage = lost.stage
where claimed.revenue_at_risk > coalesce(lost.value, 0) * (1 + 1e-6) + 0.01 -- a cent for rounding
order by claimed.stage, claimed.currency

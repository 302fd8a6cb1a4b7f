-- fail
-- Visits that are decided more than once: one row per visit that is decided on the day and on another day too, or whose
-- decision says that it is open. A visit counts once.
--
-- Reads:   journeys.stage_visits   one row per visit and day on which it was active or was decided
-- Grain:   visit_id
-- Params:  $day                    DATE, the day to look at
with
decisions as (
    select * from journeys.stage_visits where is_decided
),

of_the_day as (
    select visit_id from decisions where day = $day
)

select
    decisions.visit_id,
    count(*) as decisions,
    list(decisions.day order by decisions.day) as days,
    list(decisions.outcome order by decisions.day) as outcomes
from decisions
semi join of_the_day on decisions.visit_id = of_the_day.visit_id
group by decisions.visit_id
having count(*) > 1 or bool_or(decisions.outcome = 'open' or decisions.decided_at is null)
order by decisions.visit_id

-- fail
-- Outcomes that claim a share of the loss: one row per point of the day that is an outcome and has lost visits, money
-- or a score. An abandonment must not explain the abandonment.
--
-- Reads:   friction.points   one row per day and point
-- Grain:   day, point_id
-- Params:  $day              DATE, the day to look at
with
points as (
    select * from friction.points where day = $day and kind = 'outcome'
)

select day, point_id, stage, signal, locus, lost_visits, revenue_at_risk, score
from points
where
    lost_visits <> 0
    or lost_visits_high <> 0
    or coalesce(revenue_at_risk, 0) <> 0
    or score <> 0
order by point_id

-- fail
-- Stages whose score is not the sum of their points' scores: one row per stage of the day, or points without a stage.
--
-- Reads:   friction.points         one row per day and point
--          friction.stage_scores   one row per day and stage
-- Grain:   day, stage
-- Params:  $day                    DATE, the day to look at
with
points as (
    select stage, sum(score) as score, count(*) as points from friction.points where day = $day group by stage
),

stages as (
    select stage, score from friction.stage_scores where day = $day
)

select
    $day::date as day,
    coalesce(stages.stage, points.stage) as stage,
    stages.score as stage_score,
    points.score as points_score,
    coalesce(points.points, 0) as points
from stages
full join points on stages.stage = points.stage
where
    abs(coalesce(stages.score, 0) - coalesce(points.score, 0)) > 1e-3 -- each point's score may be rounded
    or (stages.stage is null and points.score > 0)
order by 2

-- fail
-- Stages that claim more than they lost: one row per stage of the day whose score is above 100 x lost / entered,
-- whose entered visits are not completed or lost, or whose health is not 100 - score.
--
-- Reads:   friction.stage_scores   one row per day and stage
-- Grain:   day, stage
-- Params:  $day                    DATE, the day to look at
with
stages as (
    select * from friction.stage_scores where day = $day
)

select
    day,
    stage,
    entered,
    completed,
    lost,
    score,
    health,
    100 * lost / nullif(entered, 0) as highest_score
from stages
where
    score > coalesce(100 * lost / nullif(entered, 0), 0) + 1e-6 -- room for rounded scores
    or score < 0
    or entered <> completed + lost
    or abs(health - (100 - score)) > 1e-6
order by stage

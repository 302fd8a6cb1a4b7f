-- What friction costs each stage, as of a day.
--
-- Reads:   friction.stage_scores   one row per day and stage
-- Grain:   stage
-- Params:  $day                    DATE, the day to report
select *
from friction.stage_scores
where day = $day
order by stage

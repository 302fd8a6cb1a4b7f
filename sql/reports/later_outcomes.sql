-- What friction did to customers later, as known on the day.
--
-- Reads:   friction.later_outcomes   one row per day, outcome and horizon
-- Grain:   outcome, horizon_days
-- Params:  $day                      DATE, the day to report
select *
from friction.later_outcomes
where day = $day
order by outcome, horizon_days

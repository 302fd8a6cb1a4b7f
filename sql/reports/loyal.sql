-- Loyal customers under friction on the day, the hardest hit first.
--
-- Reads:   marts.loyal_under_friction   one row per day and loyal customer
-- Grain:   person_id
-- Params:  $day                         DATE, the day to report
select person_id, customer_id, score, flags, worst_stage, worst_signal, loyal_by
from marts.loyal_under_friction
where day = $day
order by score desc, person_id

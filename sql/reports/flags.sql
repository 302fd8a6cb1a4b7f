-- The flags of a day.
--
-- Reads:   friction.flags   one row per flag, on the day on which its evidence was in
-- Grain:   flag_id
-- Params:  $day             DATE, the day to report
select *
from friction.flags
where day = $day
order by flag_id

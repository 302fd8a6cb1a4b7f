-- The friction points of a day: ranked ones first, then the others.
--
-- Reads:   friction.points   one row per day and point
-- Grain:   point_id
-- Params:  $day              DATE, the day to report
select *
from friction.points
where day = $day
order by rank nulls last, score desc, affected desc, point_id

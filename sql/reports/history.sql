-- The daily rate of the points of a day over the days before it, for the line beside each.
--
-- Reads:   friction.points   one row per day and point
-- Grain:   day, point_id
-- Params:  $day              DATE, the day to report
--          $from_day         DATE, the first day of the line
with shown as (
    select point_id
    from friction.points
    where day = $day
)

select past.day, past.point_id, past.rate_today
from friction.points as past
inner join shown on past.point_id = shown.point_id
where past.day between $from_day and $day
order by past.point_id, past.day

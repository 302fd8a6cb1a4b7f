-- Where the new and worsening points of a day sit: of each the first of the named parts, if any.
--
-- Reads:   friction.point_segments   one row per day, point, dimension and value
--          friction.points           one row per day and point
-- Grain:   point_id
-- Params:  $day                      DATE, the day to report
select
    segments.point_id,
    segments.dimension,
    segments.value,
    segments.explained,
    segments.exposed_today / points.exposed_today as exposed_share
from friction.point_segments as segments
inner join friction.points as points on segments.day = points.day and segments.point_id = points.point_id
where segments.day = $day and segments.rank = 1
order by segments.point_id

-- Where new and worsening points sit: one row per day, point, dimension and value, what carries most of the excess first.
--
-- Reads:   friction.point_segments   one row per day, point, dimension and value
--          friction.points           one row per day and point
-- Grain:   day, point_id, dimension, value
-- Columns: day               Day on which the point is new or worsening
--          title             The point in words: signal, stage and place
--          trend             new or worsening
--          owner             Team that owns the point
--          rank              Place among the point's values that are named; empty: not told from a rise alike everywhere
--          is_named          The value holds more of the excess than a rise that is alike everywhere would bring
--          dimension         What visits are told apart by: device, app_version, carrier, team ...
--          value             Its value
--          sits_words        What it carries, as a sentence
--          explained         Excess as a share of the point's; above 1 where the others had fewer than expected
--          explained_alike   What it would be if the rise were alike everywhere
--          exposed_share     Visits with the value among all that could have shown the signal on the day [share, 0-1]
--          exposed_today     Visits with the value that could have shown the signal on the day [visits]
--          affected_today    Those of them flagged on the day [visits]
--          rate_today        affected_today / exposed_today [share, 0-1]
--          rate_expected     What the trailing days lead to expect of the value [share, 0-1]
--          excess            affected_today less what was expected [visits]
--          q_value           Corrected over all values of all points of the day [probability]
--          point_id          Id of stage, signal and place: the same every day
with
segments as (
    select * from friction.point_segments
),

points as (
    select * from friction.points
)

select
    segments.day,
    concat(
        replace(points.signal, '_', ' '), ' in ', points.stage,
        ' at ', replace(points.locus_type, '_', ' '), ' ', points.locus
    ) as title,
    points.trend,
    points.owner,
    segments.rank,
    segments.rank is not null as is_named,
    segments.dimension,
    segments.value,
    printf(
        '%s %s: %.0f %% of the excess with %.0f %% of the visits', replace(segments.dimension, '_', ' '),
        segments.value, 100 * segments.explained, 100 * segments.exposed_today / points.exposed_today
    ) as sits_words,
    segments.explained,
    segments.explained_alike,
    segments.exposed_today / nullif(points.exposed_today, 0) as exposed_share,
    segments.exposed_today,
    segments.affected_today,
    segments.rate_today,
    segments.rate_expected,
    segments.excess,
    segments.q_value,
    segments.point_id
from segments
left join points on segments.day = points.day and segments.point_id = points.point_id
order by segments.day desc, segments.point_id, segments.rank nulls last, segments.dimension, segments.value

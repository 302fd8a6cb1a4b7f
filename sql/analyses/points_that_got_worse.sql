-- Which points got worse? One row per obstacle whose score rose between two days, or whose trend says new or worsening.
--
-- Reads:   friction.points   one row per day and point
-- Grain:   point_id
-- Params:  $day              DATE, the day to look at
--          $before           DATE, the day to compare with; best a whole period earlier
with
now as (
    select * from friction.points where day = $day and kind = 'obstacle'
),

earlier as (
    select * from friction.points where day = $before
),

compared as (
    select
        now.*,
        coalesce(earlier.score, 0) as score_before,
        now.score - coalesce(earlier.score, 0) as score_change,
        now.lost_visits - coalesce(earlier.lost_visits, 0) as lost_visits_change,
        earlier.rate as rate_before,
        earlier.point_id is null as is_new
    from now
    left join earlier on now.point_id = earlier.point_id
)

select
    stage,
    signal,
    locus_type,
    locus,
    score_before,
    score,
    score_change,
    lost_visits_change,
    rate_before,
    rate,
    baseline_rate,
    rate_today,
    trend,
    q_value,
    is_new,
    owner,
    point_id
from compared
where score_change > 0 or coalesce(trend in ('new', 'worsening'), false)
order by score_change desc, q_value nulls last, point_id

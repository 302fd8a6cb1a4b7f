-- Health of the stages: one row per day and stage, with what changed in a week and the point that costs most.
--
-- Reads:   friction.stage_scores   one row per day and stage
--          friction.points         one row per day and point
-- Grain:   day, stage
-- Columns: day               Day that the row describes, with the trailing period that ends on it
--          stage             Stage of the journey
--          health            100 - score [points of 100]
--          health_change     Against the same stage seven days before; empty: no such row [points of 100]
--          score             Visits lost to friction [visits per 100 entered]
--          entered           Visits decided in the period [visits]
--          completed         Those completed [visits]
--          lost              Those lost [visits]
--          conversion_share  completed / entered [share, 0-1]
--          affected          Visits with at least one obstacle [visits]
--          affected_share    affected / entered [share, 0-1]
--          explained_share   Share of the lost visits that the points claim [share, 0-1]
--          points            Points with a score above 0 [points]
--          revenue_at_risk   Sum over the stage's points; empty where they are in several currencies [currency]
--          currency          Currency of revenue_at_risk [ISO 4217]
--          worst_point_id    The point with the highest score; empty: none above 0
--          worst_point       That point in words
--          window_days       Length of the trailing period, this day included [days]
with
stages as (
    select * from friction.stage_scores
),

points as (
    select * from friction.points where score > 0
),

worst as (
    select
        day,
        stage,
        point_id,
        concat(replace(signal, '_', ' '), ' at ', replace(locus_type, '_', ' '), ' ', locus) as title
    from points
    qualify row_number() over (partition by day, stage order by score desc, point_id) = 1
),

money as (
    select
        day,
        stage,
        count(*) as points,
        case when count(distinct currency) <= 1 then sum(revenue_at_risk order by point_id) end as revenue_at_risk,
        case when count(distinct currency) <= 1 then min(currency) end as currency
    from points
    group by day, stage
)

select
    stages.day,
    stages.stage,
    stages.health,
    stages.health - week_before.health as health_change,
    stages.score,
    stages.entered,
    stages.completed,
    stages.lost,
    stages.completed / nullif(stages.entered, 0) as conversion_share,
    stages.affected,
    stages.affected / nullif(stages.entered, 0) as affected_share,
    stages.score * stages.entered / 100 / nullif(stages.lost, 0) as explained_share,
    coalesce(money.points, 0) as points,
    money.revenue_at_risk,
    money.currency,
    worst.point_id as worst_point_id,
    worst.title as worst_point,
    stages.window_days
from stages
left join stages as week_before on stages.stage = week_before.stage and stages.day = week_before.day + 7
left join money on stages.day = money.day and stages.stage = money.stage
left join worst on stages.day = worst.day and stages.stage = worst.stage
order by stages.day desc, stages.score desc, stages.stage

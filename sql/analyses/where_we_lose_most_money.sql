-- Where do we lose most money in this period? One row per friction point with money at risk, dearest first.
-- A point without an owner belongs to nobody: `owner` is then empty, and that is a finding of its own.
--
-- Reads:   friction.points         one row per day and point
--          friction.stage_scores   one row per day and stage
-- Grain:   point_id
-- Params:  $day                    DATE, the last day of the period
--          $most                   BIGINT, how many points to list
with
points as (
    select * from friction.points where day = $day and kind = 'obstacle' and revenue_at_risk > 0
),

stages as (
    select stage, entered from friction.stage_scores where day = $day
),

-- Money in different currencies is never added up.
shared as (
    select
        *,
        row_number() over (partition by currency order by revenue_at_risk desc, point_id) as place,
        revenue_at_risk / sum(revenue_at_risk) over of_currency as share_of_all,
        sum(revenue_at_risk) over (
            partition by currency order by revenue_at_risk desc, point_id rows unbounded preceding
        ) / sum(revenue_at_risk) over of_currency as share_so_far
    from points
    -- in order, for floats added up in another one differ in the last digit
    window of_currency as (
        partition by currency order by revenue_at_risk desc, point_id
        rows between unbounded preceding and unbounded following
    )
)

select
    shared.place,
    shared.stage,
    shared.signal,
    shared.locus_type,
    shared.locus,
    shared.revenue_at_risk,
    shared.revenue_at_risk_low,
    shared.revenue_at_risk_high,
    shared.currency,
    shared.share_of_all,
    shared.share_so_far,
    shared.lost_visits,
    shared.revenue_at_risk / nullif(stages.entered, 0) as revenue_per_entered,
    shared.effect_basis,
    shared.trend,
    shared.owner,
    shared.point_id
from shared
left join stages on shared.stage = stages.stage
where shared.place <= $most
order by shared.currency, shared.place, shared.point_id

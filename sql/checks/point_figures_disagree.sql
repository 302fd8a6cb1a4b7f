-- fail
-- Points whose own figures contradict each other: one row per point of the day with more affected than exposed, a rate
-- that is not affected / exposed, an estimate outside its interval, or a rank that it should not have.
--
-- Reads:   friction.points   one row per day and point
-- Grain:   day, point_id
-- Params:  $day              DATE, the day to look at
with
points as (
    select * from friction.points where day = $day
),

judged as (
    select
        *,
        concat_ws(
            ', ',
            case when affected > exposed and rate is not null then 'affected > exposed' end,
            case when rate_today > 1 then 'affected_today > exposed_today' end,
            case when abs(rate - affected / nullif(exposed, 0)) > 1e-6 then 'rate is not affected / exposed' end,
            case when not rate between rate_low - 1e-6 and rate_high + 1e-6 then 'rate outside its interval' end,
            case
                when not effect between effect_low - 1e-6 and effect_high + 1e-6 then 'effect outside its interval'
            end,
            case
                when not lost_visits between lost_visits_low - 1e-6 and lost_visits_high + 1e-6
                    then 'lost_visits outside its interval'
            end,
            case
                when not revenue_at_risk between revenue_at_risk_low - 0.01 and revenue_at_risk_high + 0.01
                    then 'revenue_at_risk outside its interval'
            end,
            case when rank is not null and kind = 'outcome' then 'an outcome has a rank' end,
            case when rank is not null and exposed < 30 then 'ranked with fewer than 30 exposed' end
        ) as contradictions
    from points
)

select day, point_id, stage, signal, locus, contradictions
from judged
where contradictions <> ''
order by point_id

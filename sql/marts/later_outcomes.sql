-- What friction did to customers later: one row per day, outcome and horizon, with the share of those who came back,
-- bought or stayed away after a day with an obstacle, beside people like them without one.
--
-- Reads:   friction.later_outcomes   one row per day, outcome and horizon
-- Grain:   day, outcome, horizon_days
-- Columns: day                  Day by which everybody's follow-up has ended
--          outcome              return, purchase or churn (begins no visit on any later day of the follow-up)
--          horizon_days         Length of the follow-up after the index day [days]
--          affected             People with an obstacle on their index day [people]
--          affected_share       Those of them with the outcome [share, 0-1]
--          unaffected           People without one [people]
--          unaffected_share     Those of them with the outcome [share, 0-1]
--          difference           Adjusted for stage, device, segment and earlier activity; empty: see verdict [-1 to 1]
--          difference_low       Its 95 % interval, low end
--          difference_high      Its 95 % interval, high end
--          verdict              more often, less often, no difference shown or not enough follow-up yet
with
outcomes as (
    select * from friction.later_outcomes
)

select
    day,
    outcome,
    horizon_days,
    affected,
    affected_with / nullif(affected, 0) as affected_share,
    unaffected,
    unaffected_with / nullif(unaffected, 0) as unaffected_share,
    difference,
    difference_low,
    difference_high,
    case
        when difference is null then 'not enough follow-up yet'
        when difference_low > 0 then 'more often'
        when difference_high < 0 then 'less often'
        else 'no difference shown'
    end as verdict
from outcomes
order by day desc, outcome, horizon_days

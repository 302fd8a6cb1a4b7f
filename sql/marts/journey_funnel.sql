-- The journey day by day: one row per day and stage, visits that entered, were completed, were lost or are open.
-- Only visits that count below the line are here; a visit enters on its first day and is decided once.
--
-- Reads:   journeys.stage_visits   one row per visit and day on which it was active or was decided
-- Grain:   day, stage
-- Columns: day               Calendar day in the project's time zone
--          stage             Stage of the journey
--          entered           Visits whose first day it is [visits]
--          active            Visits in which something happened on the day [visits]
--          completed         Visits known on the day to be completed, whenever they were entered [visits]
--          lost              Visits known on the day to be lost, whenever they were entered [visits]
--          open              Visits entered by the end of the day and not decided by then [visits]
--          conversion_share  completed / (completed + lost) of the visits decided on the day [share, 0-1]
--          days_to_decision  Median time from entering to the decision, of the visits decided on the day [days]
--          value_completed   Value of the visits completed; empty where the day has several currencies [currency]
--          value_lost        Value of the visits lost; empty where the day has several currencies [currency]
--          currency          Currency of the value columns [ISO 4217]
with
visits as (
    select * from journeys.stage_visits where is_exposure
),

dated as (
    select *, day = min(day) over (partition by visit_id) as is_first_day from visits
),

daily as (
    select
        day,
        stage,
        count(*) filter (where is_first_day) as entered,
        count(*) filter (where is_active) as active,
        count(*) filter (where is_decided and outcome = 'completed') as completed,
        count(*) filter (where is_decided and outcome = 'lost') as lost,
        median(date_diff('second', entered_at, decided_at) / 86400.0) filter (where is_decided) as days_to_decision,
        sum(value order by value) filter (where is_decided and outcome = 'completed') as value_completed,
        sum(value order by value) filter (where is_decided and outcome = 'lost') as value_lost,
        count(distinct currency) filter (where is_decided) as currencies,
        min(currency) filter (where is_decided) as currency
    from dated
    group by day, stage
)

select
    day,
    stage,
    entered,
    active,
    completed,
    lost,
    (sum(entered - completed - lost) over (partition by stage order by day))::bigint as open,
    completed / nullif(completed + lost, 0) as conversion_share,
    days_to_decision,
    case when currencies <= 1 then value_completed end as value_completed,
    case when currencies <= 1 then value_lost end as value_lost,
    case when currencies <= 1 then currency end as currency
from daily
order by day desc, entered desc, stage

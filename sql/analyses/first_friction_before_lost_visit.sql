-- What did customers meet first before they lost a checkout (or another stage)? One row per signal and place, with the
-- lost visits whose first obstacle it was. Obstacles on the visit itself and elsewhere in its session up to the loss
-- count; visits without any obstacle have their own row, with an empty signal.
--
-- Reads:   journeys.stage_visits   one row per visit and day on which it was active or was decided
--          friction.flags          one row per flag, on the day on which its evidence was in
--          friction.points         one row per day and point: which signals are outcomes
-- Grain:   signal, stage, locus_type, locus
-- Params:  $stage                  VARCHAR, the stage that was lost, e.g. checkout
--          $from_day               DATE, first day on which the loss became known
--          $to_day                 DATE, last day on which the loss became known
with
lost as (
    select visit_id, session_id, decided_at, value
    from journeys.stage_visits
    where stage = $stage and is_decided and outcome = 'lost' and day between $from_day and $to_day
),

outcomes as (
    select distinct signal from friction.points where kind = 'outcome'
),

flags as (
    select * from friction.flags
),

obstacles as (
    select flags.*
    from flags
    anti join outcomes on flags.signal = outcomes.signal
),

met as (
    select lost.visit_id, lost.decided_at, obstacles.* exclude (visit_id)
    from lost
    inner join obstacles on lost.visit_id = obstacles.visit_id
    union
    select lost.visit_id, lost.decided_at, obstacles.* exclude (visit_id)
    from lost
    inner join obstacles on lost.session_id = obstacles.session_id
),

first_met as (
    select visit_id, signal, stage, locus_type, locus
    from met
    where started_at <= decided_at
    qualify row_number() over (partition by visit_id order by started_at, flag_id) = 1
)

select
    first_met.signal,
    first_met.stage,
    first_met.locus_type,
    first_met.locus,
    count(*) as lost_visits,
    count(*) / sum(count(*)) over () as share,
    sum(lost.value order by lost.value) as value_lost
from lost
left join first_met on lost.visit_id = first_met.visit_id
group by first_met.signal, first_met.stage, first_met.locus_type, first_met.locus
order by lost_visits desc, signal nulls last, stage, locus_type, locus

-- Example visits of the first ranked points of a day: decided before open ones, then the latest, then the most severe.
--
-- Reads:   friction.points         one row per day and point
--          friction.flags          one row per flag, on the day on which its evidence was in
--          journeys.stage_visits   one row per visit and day on which it was active or was decided
-- Grain:   point_id, example
-- Params:  $day                    DATE, the day to report
--          $from_day               DATE, first day of the trailing period
--          $points                 INTEGER, how many points
--          $examples               INTEGER, how many visits of each
with ranked as (
    select point_id, stage, signal, locus_type, locus
    from friction.points
    where day = $day and rank <= $points
),

candidates as (
    select
        ranked.point_id, flags.flag_id, flags.visit_id, flags.person_id, flags.customer_id,
        flags.started_at, flags.ended_at, flags.evidence, flags.day, flags.severity
    from friction.flags as flags
    inner join ranked
        on
            flags.stage = ranked.stage
            and flags.signal = ranked.signal
            and flags.locus_type = ranked.locus_type
            and flags.locus = ranked.locus
    where flags.day between $from_day and $day
    qualify row_number() over (
        partition by ranked.point_id, flags.visit_id order by flags.day desc, flags.severity desc, flags.flag_id
    ) = 1
),

ends as (
    select visit_id, arg_max(outcome, day) as visit_outcome
    from journeys.stage_visits
    where day between $from_day and $day and visit_id in (select visit_id from candidates)
    group by visit_id
),

chosen as (
    select
        candidates.*, ends.visit_outcome,
        row_number() over (
            partition by candidates.point_id
            order by
                coalesce(ends.visit_outcome, 'open') = 'open',
                candidates.day desc, candidates.severity desc, candidates.flag_id
        ) as example
    from candidates
    left join ends on candidates.visit_id = ends.visit_id
    qualify example <= $examples
)

select
    point_id, example, flag_id, visit_id, person_id, customer_id, started_at, ended_at, evidence, visit_outcome
from chosen
order by point_id, example

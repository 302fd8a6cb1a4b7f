-- fail
-- Flags that hang in the air: one row per flag of the day without a stage visit of its id, stage and person up to then.
--
-- Reads:   friction.flags          one row per flag, on the day on which its evidence was in
--          journeys.stage_visits   one row per visit and day on which it was active or was decided
-- Grain:   day, flag_id
-- Params:  $day                    DATE, the day to look at
with
flags as (
    select * from friction.flags where day = $day
),

visits as (
    select visit_id, stage, person_id from journeys.stage_visits where day <= $day
)

select flags.day, flags.flag_id, flags.signal, flags.stage, flags.visit_id, flags.person_id
from flags
anti join visits
    on flags.visit_id = visits.visit_id and flags.stage = visits.stage and flags.person_id = visits.person_id
order by flags.flag_id

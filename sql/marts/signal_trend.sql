-- Signals day by day: one row per day, signal and stage, also on days on which the signal was looked for and not found.
--
-- Reads:   friction.flags          one row per flag, on the day on which its evidence was in
--          journeys.stage_visits   one row per visit and day on which it was active or was decided
--          ops.signals             one row per day and signal
-- Grain:   day, signal, stage
-- Columns: day               Calendar day in the project's time zone
--          signal            Kind of friction
--          stage             Stage of the journey
--          is_measurable     The day's input held what the signal needs; empty: not recorded
--          flags             Flags of the day [flags]
--          affected          Different visits flagged on the day [visits]
--          exposed           Visits of the stage that were active on the day; 0 where not measurable [visits]
--          affected_exposed  Visits among the exposed that were flagged on the day [visits]
--          rate              affected_exposed / exposed [share, 0-1]
--          mean_severity     Mean severity of the day's flags [share, 0-1]
--          persons           Different persons flagged on the day [persons]
with
flags as (
    select day, signal, stage, visit_id, person_id, severity from friction.flags
),

visits as (
    select day, stage, visit_id from journeys.stage_visits where is_active and is_exposure
),

measured as (
    select day, signal, is_measurable from ops.signals
),

-- A day without flags is a measurement too, as long as the signal was looked for.
cells as (
    select measured.day, measured.signal, pairs.stage
    from measured
    inner join (select distinct signal, stage from flags) as pairs on measured.signal = pairs.signal
    union
    select day, signal, stage from flags
),

active as (
    select day, stage, count(*) as visits from visits group by day, stage
),

found as (
    select
        flags.day,
        flags.signal,
        flags.stage,
        count(*) as flags,
        count(distinct flags.visit_id) as affected,
        count(distinct visits.visit_id) as affected_exposed,
        count(distinct flags.person_id) as persons,
        avg(flags.severity order by flags.severity) as mean_severity
    from flags
    left join visits on flags.day = visits.day and flags.visit_id = visits.visit_id
    group by flags.day, flags.signal, flags.stage
),

counted as (
    select
        cells.day,
        cells.signal,
        cells.stage,
        measured.is_measurable,
        coalesce(found.flags, 0) as flags,
        coalesce(found.affected, 0) as affected,
        case when coalesce(measured.is_measurable, true) then coalesce(active.visits, 0) else 0 end as exposed,
        coalesce(found.affected_exposed, 0) as affected_exposed,
        found.mean_severity,
        coalesce(found.persons, 0) as persons
    from cells
    left join measured on cells.day = measured.day and cells.signal = measured.signal
    left join active on cells.day = active.day and cells.stage = active.stage
    left join found on cells.day = found.day and cells.signal = found.signal and cells.stage = found.stage
)

select
    day,
    signal,
    stage,
    is_measurable,
    flags,
    affected,
    exposed,
    affected_exposed,
    affected_exposed / nullif(exposed, 0) as rate,
    mean_severity,
    persons
from counted
order by day desc, signal, stage

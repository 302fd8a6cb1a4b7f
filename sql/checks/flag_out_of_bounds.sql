-- fail
-- Flags that cannot be: one row per flag of the day with a severity outside 0-1, no evidence, or times out of order.
--
-- Reads:   friction.flags   one row per flag, on the day on which its evidence was in
-- Grain:   day, flag_id
-- Params:  $day             DATE, the day to look at
with
flags as (
    select * from friction.flags where day = $day
)

select day, flag_id, signal, severity, evidence, started_at, ended_at, flagged_at
from flags
where
    not severity between 0 and 1
    or isnan(severity)
    or len(evidence) = 0
    or started_at > ended_at
    or started_at > flagged_at -- it may end later: more of the same may follow what the definition needs
order by flag_id

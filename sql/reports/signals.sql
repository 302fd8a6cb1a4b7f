-- Whether each signal could be looked for on a day, and how often it was found.
--
-- Reads:   ops.signals   one row per day and signal
-- Grain:   signal
-- Params:  $day          DATE, the day to report
select *
from ops.signals
where day = $day
order by signal

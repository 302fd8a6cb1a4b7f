-- What was foretold of the visits of the trailing days, and what became of them, all stages together.
--
-- Reads:   friction.calibration   one row per day, stage and bin
-- Grain:   bin
-- Params:  $day                   DATE, the day to report
--          $from_day              DATE, the first day that is added up
select
    bin,
    count(distinct day) as days,
    sum(visits)::bigint as visits,
    sum(lost)::bigint as lost,
    sum(foretold) as foretold,
    sum(squared_error) as squared_error,
    sum(squared_error_base) as squared_error_base,
    sum(ordered_pairs) as ordered_pairs,
    sum(pairs)::bigint as pairs
from friction.calibration
where day between $from_day and $day
group by bin
order by bin

-- Expectations that failed, or could not be checked, in the last run that checked each of them for a day.
--
-- Reads:   ops.contract_results   one row per run, contract and expectation
--          ops.runs               one row per run, day and step
-- Grain:   contract, expectation
-- Params:  $day                   DATE, the day to report
--          $run_ids               VARCHAR[], further runs that may have checked its files
with candidates as (
    select run_id from ops.runs where day = $day
    union
    select unnest($run_ids::varchar[]) as run_id
),

last_checked as (
    select *
    from ops.contract_results
    where run_id in (select run_id from candidates)
    qualify rank() over (partition by contract, expectation order by run_id desc) = 1
)

select contract, expectation, severity, success, rows_checked, rows_unexpected, found, error
from last_checked
where not success
order by severity, contract, expectation

-- Sources that stopped at a file of the day, or of an earlier day of the same run, while the night went on; unless what
-- they stopped at has come in since, or the day has been run again without that.
--
-- Reads:   ops.source_failures   one row per run and source that stopped
--          ops.loads             one row per file as it was last loaded
--          ops.runs              one row per run, day and step
-- Grain:   source, file
-- Params:  $day                  DATE, the day to report
with
ended as (
    select run_id, max(day) as last_day from ops.runs group by run_id
),

of_day as (
    select failures.*
    from ops.source_failures as failures
    left join ended on failures.run_id = ended.run_id
    where
        failures.failed_at
        >= coalesce((select max(started_at) from ops.runs where day = $day and step = 'ingest'), failures.failed_at)
        and $day between coalesce(failures.day, ended.last_day) and coalesce(ended.last_day, failures.day)
),

last_told as (
    select * from of_day qualify row_number() over (partition by source, file order by failed_at desc, run_id desc) = 1
)

select source, contract, file, error
from last_told
where
    not exists (
        select 1 from ops.loads
        where
            loads.source = last_told.source
            and loads.loaded_at > last_told.failed_at
            and case when last_told.day < $day then loads.day = $day else loads.file = last_told.file end
    )
order by source, file

-- fail
-- Loads whose rows do not add up: one row per file with read <> kept + quarantined + duplicate, or with fewer or more
-- rows in the quarantine than the load says.
--
-- Reads:   ops.loads        one row per file as it was last loaded
--          ops.quarantine   one row per quarantined row
-- Grain:   load_id
with
loads as (
    select * from ops.loads
),

quarantined as (
    select load_id, count(*) as rows from ops.quarantine group by load_id
)

select
    loads.load_id,
    loads.file,
    loads.rows_read,
    loads.rows_kept,
    loads.rows_quarantined,
    loads.rows_duplicate,
    coalesce(quarantined.rows, 0) as rows_in_quarantine
from loads
left join quarantined on loads.load_id = quarantined.load_id
where
    loads.rows_read <> loads.rows_kept + loads.rows_quarantined + loads.rows_duplicate
    or loads.rows_quarantined <> coalesce(quarantined.rows, 0)
order by loads.load_id

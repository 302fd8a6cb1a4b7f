-- Which rules are broken, and in which files? One row per file and rule with the number of rows that broke it; a row
-- that broke two rules stands at both.
--
-- Reads:   ops.quarantine   one row per quarantined row
--          ops.loads        one row per file as it was last loaded
-- Grain:   load_id, rule
-- Params:  $since           TIMESTAMPTZ, files loaded at this instant or later
with
loads as (
    select * from ops.loads where loaded_at >= $since
),

broken as (
    select load_id, line, original, unnest(broken_rules) as rule from ops.quarantine
)

select
    loads.source,
    loads.contract,
    loads.file,
    broken.rule,
    count(*) as rows,
    count(*) / any_value(loads.rows_read) as share_of_file,
    min(broken.line) as first_line,
    left(arg_min(broken.original, broken.line), 200) as first_row,
    loads.load_id
from broken
inner join loads on broken.load_id = loads.load_id
group by loads.source, loads.contract, loads.file, loads.load_id, broken.rule
order by rows desc, loads.source, loads.file, broken.rule, loads.load_id

-- The rules that rows of some loads broke, the commonest first. A row that broke two counts under both.
--
-- Reads:   ops.quarantine   one row per quarantined row
-- Grain:   contract, rule
-- Params:  $load_ids        VARCHAR[], the loads to look at
with broken as (
    select contract, unnest(broken_rules) as rule
    from ops.quarantine
    where load_id in (select unnest($load_ids::varchar[]))
)

select contract, rule, count(*) as rows
from broken
group by contract, rule
order by rows desc, contract, rule

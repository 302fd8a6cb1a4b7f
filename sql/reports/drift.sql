-- Columns that are new or gone with some loads, by source. All files of a day count as one delivery, and a delivery is
-- compared with those before it: a short file of many may lack a value that the others have.
-- New: not of the contract, and never there before. Gone: of the contract, there in the delivery before, and now in no
-- file; `was_steady`: there in each of the seven deliveries before, so that its absence is no chance.
--
-- Reads:   marts.source_columns   one row per file and column that some file of its source lacks or has beyond it
-- Grain:   source, contract, column_name
-- Params:  $load_ids              VARCHAR[], the loads that are asked about
with
states as (
    select
        source, contract, delivery, column_name, is_in_contract,
        bool_or(is_there) as is_there,
        min(file) as file,
        bool_or(list_contains($load_ids::varchar[], load_id)) as is_asked
    from marts.source_columns
    group by all
),

compared as (
    select
        *,
        lag(is_there) over of_column as was_there,
        bool_or(is_there) over (of_column rows between unbounded preceding and 1 preceding) as was_ever_there,
        bool_and(is_there) over (of_column rows between 7 preceding and 1 preceding) as was_steady
    from states
    window of_column as (partition by source, contract, column_name order by delivery)
)

select
    source, contract, column_name, file, case when is_there then 'new' else 'gone' end as change, was_steady
from compared
where
    is_asked
    and case when is_in_contract then was_there and not is_there else is_there and not was_ever_there end
order by source, contract, column_name

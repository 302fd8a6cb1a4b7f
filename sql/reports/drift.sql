-- Columns that are new or gone with some loads, by source. All files of a day count as one delivery, and a delivery is
-- compared with those before it: a short file of many may lack a value that the others have.
-- New: not of the contract, and never there before. Gone: of the contract, there in the delivery before, and now in no
-- file; `was_steady`: there in each of the seven deliveries before, so that its absence is no chance.
--
-- Reads:   ops.loads   one row per file as it was last loaded
-- Grain:   source, contract, column_name
-- Params:  $load_ids   VARCHAR[], the loads that are asked about
with
files as (
    select
        load_id, source, contract, file, day, missing_columns as missing, unknown_columns as unknown,
        dense_rank() over (
            partition by source, contract order by day nulls first, case when day is null then file end
        ) as delivery
    from ops.loads
),

listed as (
    select source, contract, unnest(missing) as column_name, true as is_in_contract from files
    union all
    select source, contract, unnest(unknown) as column_name, false as is_in_contract from files
),

named as (
    select source, contract, column_name, bool_or(is_in_contract) as is_in_contract
    from listed
    group by source, contract, column_name
),

states as (
    select
        files.source, files.contract, files.delivery, named.column_name, named.is_in_contract,
        bool_or(
            case
                when named.is_in_contract then not list_contains(files.missing, named.column_name)
                else list_contains(files.unknown, named.column_name)
            end
        ) as is_there,
        min(files.file) as file,
        bool_or(list_contains($load_ids::varchar[], files.load_id)) as is_asked
    from files
    inner join named on files.source = named.source and files.contract = named.contract
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

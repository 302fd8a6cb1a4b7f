-- Columns that appeared, vanished or came back: one row per file and column, against the file before it.
-- The files of a source stand in the order of the day in their path, then of their name; the first has none before it.
-- In JSON a column is there where some row has a value for it, so that of two short files one may lack what the other
-- has.
--
-- Reads:   ops.loads        one row per file as it was last loaded
-- Grain:   load_id, column_name
-- Columns: day              Day of the file, where its path has one
--          source           Name of the source in friction.toml
--          contract         Contract the rows are held to
--          file             The file
--          column_name      Column of the file or of the contract
--          is_in_contract   The contract has such a column
--          change           appeared, vanished, or came back after files without it
--          meaning          What becomes of its values, or of the signals that need it
--          previous_file    The file of the same source that it is compared with
--          run_id           The run that loaded it
--          load_id          Id of the load: joins ops.loads
with
files as (
    select
        load_id, run_id, source, contract, file, day,
        coalesce(missing_columns, []) as missing,
        coalesce(unknown_columns, []) as unknown,
        row_number() over in_order as place,
        lag(file) over in_order as previous_file
    from ops.loads
    window in_order as (partition by source, contract order by day nulls first, file, load_id)
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
        files.*, named.column_name, named.is_in_contract,
        case
            when named.is_in_contract then not list_contains(files.missing, named.column_name)
            else list_contains(files.unknown, named.column_name)
        end as is_there
    from files
    inner join named on files.source = named.source and files.contract = named.contract
),

compared as (
    select
        *,
        lag(is_there) over of_column as was_there,
        bool_or(is_there) over (of_column rows between unbounded preceding and 1 preceding) as was_ever_there
    from states
    window of_column as (partition by source, contract, column_name order by place)
)

select
    day,
    source,
    contract,
    file,
    column_name,
    is_in_contract,
    case when not is_there then 'vanished' when was_ever_there then 'came back' else 'appeared' end as change,
    case
        when is_in_contract and is_there then 'signals that need it can be measured'
        when is_in_contract then 'signals that need it are not measurable'
        when is_there then 'kept in attributes'
        else 'no longer in attributes'
    end as meaning,
    previous_file,
    run_id,
    load_id
from compared
where is_there <> was_there
order by day desc nulls last, source, file, column_name, load_id

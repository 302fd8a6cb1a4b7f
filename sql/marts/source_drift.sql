-- Columns that appeared, vanished or came back: one row per file and column, against the file before it.
-- The files of a source stand in the order of the day in their path, then of their name; the first has none before it.
--
-- Reads:   marts.source_columns   one row per file and column that some file of it lacks or has beyond its contract
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
compared as (
    select
        *,
        lag(file) over of_column as previous_file,
        lag(is_there) over of_column as was_there,
        bool_or(is_there) over (of_column rows between unbounded preceding and 1 preceding) as was_ever_there
    from marts.source_columns
    window of_column as (partition by source, contract, column_name order by day nulls first, file, load_id)
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

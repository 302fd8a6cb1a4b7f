-- Columns that some file of a source lacks or has beyond the contract: one row per file and such column. Columns of the
-- contract that every file has are not listed.
-- In JSON a column is there where some row has a value for it, so that of two short files one may lack what the other
-- has.
--
-- Reads:   ops.loads        one row per file as it was last loaded
-- Grain:   load_id, column_name
-- Columns: day              Day of the file, where its path has one
--          source           Name of the source in friction.toml
--          contract         Contract the rows are held to
--          file             The file
--          column_name      Column of a file or of the contract
--          is_in_contract   The contract has such a column
--          is_there         The file has it
--          delivery         Place among the deliveries of the source; all files of a day are one [number]
--          run_id           The run that loaded it
--          load_id          Id of the load: joins ops.loads
with
files as (
    select
        load_id, run_id, source, contract, file, day,
        coalesce(missing_columns, []) as missing,
        coalesce(unknown_columns, []) as unknown,
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
)

select
    files.day,
    files.source,
    files.contract,
    files.file,
    named.column_name,
    named.is_in_contract,
    case
        when named.is_in_contract then not list_contains(files.missing, named.column_name)
        else list_contains(files.unknown, named.column_name)
    end as is_there,
    files.delivery,
    files.run_id,
    files.load_id
from files
inner join named on files.source = named.source and files.contract = named.contract
order by files.day desc nulls last, files.source, files.file, named.column_name, files.load_id

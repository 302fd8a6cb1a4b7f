-- Quality of the data: one row per loaded file, with what became of its rows and what was wrong with them.
--
-- Reads:   ops.loads        one row per file as it was last loaded
--          ops.quarantine   one row per quarantined row
--          ops.traffic      one row per day, input and load: what of it is set aside
-- Grain:   load_id
-- Columns: loaded_at          When the file was loaded [instant, UTC]
--          day                Day of the file, where its path has one
--          source             Name of the source in friction.toml
--          contract           Contract the rows are held to
--          file               The file
--          rows_read          Rows in the file [rows]
--          rows_kept          Rows now in the events table [rows]
--          rows_quarantined   Rows in quarantine, with the rules they broke [rows]
--          rows_duplicate     Exact repeats of a row that is already there [rows]
--          rows_set_aside     Kept rows that nothing else here looks at: of tests, one's own people, bots [rows]
--          is_balanced        rows_read = rows_kept + rows_quarantined + rows_duplicate
--          quarantined_share  rows_quarantined / rows_read [share, 0-1]
--          duplicate_share    rows_duplicate / rows_read [share, 0-1]
--          set_aside_share    rows_set_aside / rows_kept [share, 0-1]
--          set_aside          The reasons for which rows are set aside, with the number of rows each
--          broken_rules       The three rules broken most often, with the number of rows each
--          missing_columns    Columns of the contract that the file does not have
--          unknown_columns    Columns of the file that the contract does not know
--          run_id             The run that loaded it
--          load_id            Id of the load: joins the events tables and ops.quarantine
with
loads as (
    select * from ops.loads
),

broken as (
    select load_id, unnest(broken_rules) as rule from ops.quarantine
),

rules as (
    select load_id, rule, count(*) as rows from broken group by load_id, rule
),

commonest as (
    select
        load_id,
        list(rule || ': ' || rows order by rows desc, rule) as broken_rules
    from rules
    group by load_id
),

aside as (
    select
        load_id,
        sum(rows_set_aside)::bigint as rows,
        [sum(test), sum(internal), sum(bot), sum(impossible_rate)]::bigint[] as by_reason
    from ops.traffic
    group by load_id
),

reasons as (
    select load_id, list(reason || ': ' || reason_rows order by reason_rows desc, reason) as set_aside
    from (
        select
            load_id,
            unnest(['test', 'internal', 'bot', 'impossible_rate']) as reason,
            unnest(by_reason) as reason_rows
        from aside
    )
    where reason_rows > 0
    group by load_id
)

select
    loads.loaded_at,
    loads.day,
    loads.source,
    loads.contract,
    loads.file,
    loads.rows_read,
    loads.rows_kept,
    loads.rows_quarantined,
    loads.rows_duplicate,
    coalesce(aside.rows, 0) as rows_set_aside,
    loads.rows_read = loads.rows_kept + loads.rows_quarantined + loads.rows_duplicate as is_balanced,
    loads.rows_quarantined / nullif(loads.rows_read, 0) as quarantined_share,
    loads.rows_duplicate / nullif(loads.rows_read, 0) as duplicate_share,
    coalesce(aside.rows, 0) / nullif(loads.rows_kept, 0) as set_aside_share,
    coalesce(reasons.set_aside, []) as set_aside,
    coalesce(commonest.broken_rules[1:3], []) as broken_rules,
    loads.missing_columns,
    loads.unknown_columns,
    loads.run_id,
    loads.load_id
from loads
left join commonest on loads.load_id = commonest.load_id
left join aside on loads.load_id = aside.load_id
left join reasons on loads.load_id = reasons.load_id
order by loads.loaded_at desc, loads.source, loads.file, loads.load_id

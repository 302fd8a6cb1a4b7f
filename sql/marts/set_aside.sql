-- What is kept but not looked at: one row per day, input and reason that set rows of the day aside. Nothing but this
-- view and marts.data_quality counts these rows; the analysis who_is_set_aside says whose they are.
--
-- Reads:   ops.traffic    one row per day, input and load: what of it is set aside
-- Grain:   day, contract, reason
-- Columns: day            Calendar day in the project's time zone
--          contract       The input
--          reason         test, internal, bot or impossible_rate
--          rows           Rows that are set aside for that reason [rows]
--          rows_of_day    All kept rows of the day and input [rows]
--          rows_share     rows / rows_of_day [share, 0-1]
--          loads          Files that brought such rows in [files]
with
loads as (
    select * from ops.traffic
),

reasons as (
    select
        day,
        contract,
        rows,
        unnest(['test', 'internal', 'bot', 'impossible_rate']) as reason,
        unnest([test, internal, bot, impossible_rate]) as rows_set_aside
    from loads
)

select
    day,
    contract,
    reason,
    sum(rows_set_aside)::bigint as rows,
    sum(rows)::bigint as rows_of_day,
    sum(rows_set_aside) / sum(rows) as rows_share,
    count(*) filter (where rows_set_aside > 0) as loads
from reasons
group by day, contract, reason
having sum(rows_set_aside) > 0
order by day desc, contract, rows desc, reason

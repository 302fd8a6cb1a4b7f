-- What the warehouse holds, in the order in which an operator asks.
--
-- Reads:   ops.runs               one row per run and step
--          friction.points        one row per day and point
--          ops.loads              one row per file
--          ops.traffic            one row per day, input and load: what of it is set aside
--          ops.signals            one row per day and signal
--          ops.contract_results   one row per run, contract and expectation
--          ops.source_failures    one row per run and source that stopped
-- Grain:   one row
with last_run as (select * from ops.runs order by started_at desc, rowid desc limit 1)
select
    (select run_id from last_run) as last_run,
    (select min(day) from ops.signals) as first_day,
    (select max(day) from ops.signals) as last_day,
    (select count(distinct day) from ops.signals) as days,
    (select count(*) from ops.loads) as files,
    (select sum(rows_read)::bigint from ops.loads) as rows_read,
    (select sum(rows_kept)::bigint from ops.loads) as rows_kept,
    (select sum(rows_quarantined)::bigint from ops.loads) as rows_quarantined,
    (select sum(rows_duplicate)::bigint from ops.loads) as rows_duplicate,
    (select coalesce(sum(rows_set_aside), 0)::bigint from ops.traffic) as rows_set_aside,
    (
        select string_agg(rows || ' ' || reason, ', ' order by rows desc, reason)
        from (
            select unnest(['test', 'internal', 'bot', 'impossible rate']) as reason,
                   unnest([sum(test), sum(internal), sum(bot), sum(impossible_rate)])::bigint as rows
            from ops.traffic
        )
        where rows > 0
    ) as set_aside,
    (
        select count(*) from ops.contract_results where not success and run_id = (select run_id from last_run)
    ) as failed_expectations,
    (
        select string_agg(signal || ' (' || why || ')', '; ' order by signal) from ops.signals
        where not is_measurable and day = (select max(day) from ops.signals)
    ) as not_measurable,
    (
        select count(*) from friction.points where owner is null and day = (select max(day) from ops.signals)
    ) as points_without_owner,
    (
        select coalesce(list(load_id order by load_id), []) from ops.loads
        where run_id = (select run_id from last_run)
    ) as load_ids,
    (
        select coalesce(list({'source': source, 'file': file, 'error': error} order by source, file), [])
        from ops.source_failures
        where run_id = (select run_id from last_run)
    ) as stopped_sources,
    (
        select
            coalesce(
                list(
                    {'contract': contract, 'expectation': expectation, 'rows': rows_unexpected}
                    order by contract, expectation
                ),
                []
            )
        from ops.contract_results
        where not success and severity = 'warning' and run_id = (select run_id from last_run)
    ) as broken_warnings

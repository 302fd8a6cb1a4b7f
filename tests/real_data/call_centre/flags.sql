-- Flags of a bank's calls, from the log alone: signal, day, person and evidence. `$until` ends the month.
with calls as (
    select "vru+line" || '-' || call_id as id, customer_id, type, outcome, q_time::int as waited,
           if(customer_id = '0', 'unidentified ' || "vru+line" || '-' || call_id, customer_id) as customer,
           strptime('19' || date, '%Y%m%d')
           + if(q_start = '0:00:00', vru_exit, q_start)::interval
           -- just after midnight, where the call came in just before
           + if(vru_entry like '23:%' and if(q_start = '0:00:00', vru_exit, q_start) like '0:%',
                interval 1 day, interval 0 day) as began,
           if(outcome = 'AGENT', ser_time::int, 0) as served
    from log where outcome <> 'PHANTOM'
),
found as (
    select 'queue_abandonment' as signal, began + to_seconds(waited) as known_at, customer, [id] as evidence
    from calls where outcome = 'HANG' and waited > 5
    union all
    select 'long_wait', began + to_seconds(least(waited, 80)), customer, [id] from calls where waited > 20
    union all
    select 'repeat_contact', again.began, one.customer, [one.id, again.id]
    from calls as one join calls as again using (customer_id, type)
    where customer_id <> '0' and again.id <> one.id and (again.began, again.id) > (one.began, one.id)
      and again.began >= one.began + to_seconds(one.waited + one.served)
      and again.began <= one.began + to_seconds(one.waited + one.served) + interval 7 days
    qualify row_number() over (partition by one.id order by again.began, again.id) = 1
)
select signal, known_at::date as day, 'c:' || customer as person, evidence
from found where known_at < $until::timestamp order by all

-- The log once more, in plain steps. A spell is an opening of a ticket until it is resolved or closed, a station is a
-- taking that changes hands, until the next one or the end of its spell. Its days are those from first to last.

create table events as
select ticket, place, attributes['concept:name'] as name, attributes['time:timestamp']::timestamptz as t,
       attributes['org:resource'] as who, name in ('Resolve ticket', 'Closed') as is_end,
       first(attributes['customer']) over history as customer, first(attributes['product']) over history as product
from log window history as (partition by ticket order by place);

create table spells as
select a.ticket, a.customer, a.product, a.place, a.t as began, min(z.t) as ended
from events as a
left join events as before on before.ticket = a.ticket and before.place = a.place - 1
left join events as z on z.ticket = a.ticket and z.place > a.place and z.is_end
where not a.is_end and (before.is_end or before.ticket is null)
group by all;

create table takings as
with taken as (
    select a.ticket, a.customer, a.product, a.place, a.t, a.who,
           (select max(z.place) from events as z
            where z.ticket = a.ticket and z.place < a.place and z.is_end) as since,
           (select max(b.place) from events as b where b.ticket = a.ticket and b.place < a.place
            and b.name = 'Take in charge ticket') as before
    from events as a where a.name = 'Take in charge ticket'
)
select taken.* exclude (since, before) from taken left join events as held on held.ticket = taken.ticket
    and held.place = taken.before and taken.before > coalesce(taken.since, 0)
where held.who is distinct from taken.who;

create table stations as
with next as (
    select a.ticket, a.place,
           min(if(z.is_end, z.place, null)) as end_place,
           (select min(t.place) from takings as t where t.ticket = a.ticket and t.place > a.place) as taken_place
    from takings as a left join events as z on z.ticket = a.ticket and z.place > a.place group by all
)
select a.ticket, a.customer, a.product, a.place, a.t as began, a.who,
       coalesce(taken_place < end_place, end_place is null and taken_place is not null) as is_moved,
       z.t as ended
from takings as a join next using (ticket, place)
left join events as z on z.ticket = a.ticket and z.place = least(next.end_place, next.taken_place);

create table replies as
select a.ticket, a.customer, a.product, a.t as began,
       (select min(z.t) from events as z where z.ticket = a.ticket and z.place > 1
        and (z.is_end or z.name = 'Take in charge ticket')) as ended
from events as a where a.place = 1 and a.name <> 'Take in charge ticket' and not a.is_end;

create table waits as
select ticket, customer, product, ticket || ' whole ' || place as id, 'resolution' as kind, began, ended,
       if(ended is null, 'open', 'served') as outcome, null as who from spells
union all
select ticket, customer, product, ticket || ' taken ' || place, 'next_response', began, ended,
       case when ended is null then 'open' when is_moved then 'transferred' else 'served' end, who from stations
union all
select ticket, customer, product, ticket || ' new 1', 'first_response', began, ended,
       if(ended is null, 'open', 'served'), null from replies;

create table days as
select day::date as day, timezone('Europe/Rome', day) as since,
       timezone('Europe/Rome', day + interval 1 day) as until
from generate_series($first::timestamp, $last::timestamp, interval 1 day) as series(day);

-- tickets as they were known at the end of each day: when they were over, if they were
create table known as
select day, since, until, ticket, customer, product, min(began) as began, min(id) as id,
       if(bool_and(coalesce(ended < until, false)), max(ended), null) as over_at
from days join waits on began < until and began > since - interval 90 days group by all;

-- the next ticket of the same customer about the same product, if it came within a week
create table repeats as
select a.*, b.ticket as next_ticket, b.began as again_at
from known as a join known as b using (day, customer, product)
where b.ticket <> a.ticket and b.began >= a.over_at
qualify row_number() over (partition by day, a.ticket order by b.began, b.id) = 1
    and b.began - a.over_at <= interval 7 days

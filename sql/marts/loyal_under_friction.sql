-- Loyal or high-tier customers who met friction: one row per day and such customer, the hardest hit first.
-- Loyal is who has a tier or segment that says so; where no customer has, the tenth with most orders in the 90 days
-- to the day (at least two).
--
-- Reads:   events.customers         one row per customer, as last received
--          events.orders            one row per order
--          friction.person_scores   one row per day and person with at least one flag in the period
-- Grain:   day, person_id
-- Columns: day             Day that the row describes, with the trailing period that ends on it
--          person_id       The person
--          customer_id     The customer
--          score           Of the person's flags in the period [0-100]
--          flags           Flags in the period [flags]
--          worst_stage     Stage of the flag that weighs most
--          worst_signal    Signal of that flag
--          loyal_by        Why the customer counts as loyal: tier, segment or orders
--          tier            Tier, where known
--          segment         Segment, where known
with
customers as (
    select
        *,
        -- words for the upper end in English and Turkish, whole words only
        '(^|[^[:alpha:]])(vip|gold|platinum|diamond|elite|premium|loyal|high|altın|platin|elmas|sadık)($|[^[:alpha:]])'
            as high
    from events.customers
),

ranked as (
    select
        customer_id,
        tier,
        segment,
        case
            when regexp_matches(lower(coalesce(tier, '')), high) then 'tier'
            when regexp_matches(lower(coalesce(segment, '')), high) then 'segment'
        end as loyal_by
    from customers
),

is_told as (
    select count(loyal_by) > 0 as by_input from ranked
),

scored as (
    select * from friction.person_scores
),

days as (
    select distinct day from scored
),

placed as (
    select * from events.orders where set_aside is null
),

-- only where the input does not say who is loyal
bought as (
    select
        days.day,
        placed.customer_id,
        count(*) as orders,
        percent_rank() over (partition by days.day order by count(*) desc) as place
    from days
    inner join placed
        on placed.day between days.day - 89 and days.day
    where not (select by_input from is_told)
    group by days.day, placed.customer_id
)

select
    scored.day,
    scored.person_id,
    scored.person_id[3:] as customer_id,
    scored.score,
    scored.flags,
    scored.worst_stage,
    scored.worst_signal,
    coalesce(ranked.loyal_by, 'orders') as loyal_by,
    ranked.tier,
    ranked.segment
from scored
left join ranked on scored.person_id = 'c:' || ranked.customer_id
left join bought on scored.day = bought.day and scored.person_id = 'c:' || bought.customer_id
where ranked.loyal_by is not null or (bought.place < 0.1 and bought.orders >= 2)
order by scored.day desc, scored.score desc, scored.person_id

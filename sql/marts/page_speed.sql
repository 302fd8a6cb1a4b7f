-- How fast pages are: one row per day, page, device and web vital, judged as web vitals are, at the 75th percentile of
-- all times that it was measured. A flag of slow_page is one visit's; this is the page's own verdict.
--
-- Reads:   events.clickstream   one row per event; those named web_vital are measurements
-- Grain:   day, page_path, device, metric
-- Columns: day           Calendar day in the project's time zone
--          page_path     The page
--          device        Device; '(none)' where the source names none
--          metric        lcp, inp or cls
--          measured      Measurements [events]
--          p75           75th percentile: lcp and inp in milliseconds, cls is a score
--          poor_share    Measurements beyond the limit of poor [share, 0-1]
--          verdict       good, needs improvement or poor at the 75th percentile (limits of web-vitals); too few below 30
with
measurements as (
    select
        day,
        page_path,
        coalesce(device, '(none)') as device,
        lower(metric) as metric,
        value
    from events.clickstream
    where event_name = 'web_vital' and page_path is not null and value is not null and set_aside is null
),

limits as (
    select * from (values ('lcp', 2500, 4000), ('inp', 200, 500), ('cls', 0.1, 0.25)) as t (metric, good, poor)
),

percentiles as (
    select
        day,
        page_path,
        device,
        metric,
        any_value(good) as good,
        any_value(poor) as poor,
        count(*) as measured,
        quantile_cont(value, 0.75) as p75,
        avg((value > poor)::integer) as poor_share
    from measurements
    inner join limits using (metric)
    group by day, page_path, device, metric
)

select
    day,
    page_path,
    device,
    metric,
    measured,
    p75,
    poor_share,
    case
        when measured < 30 then 'too few'
        when p75 <= good then 'good'
        when p75 <= poor then 'needs improvement'
        else 'poor'
    end as verdict
from percentiles
order by day desc, metric, p75 desc, page_path, device

-- Does the score predict? One row per day, stage and bin: of the visits decided in the 28 days to the day that were
-- foretold to be lost with that probability, on the evening before, how many were lost.
--
-- Reads:   friction.calibration   one row per day, stage and bin
-- Grain:   day, stage, bin
-- Columns: day               Last of the 28 days that are added up
--          stage             Stage of the journey
--          bin               Tenths of the foretold probability: 0 is 0 to 0.1, 9 is 0.9 to 1
--          visits            Visits foretold so [visits]
--          lost              Those lost [visits]
--          foretold_share    Mean foretold probability of loss [share, 0-1]
--          lost_share        lost / visits [share, 0-1]
--          lost_share_low    Its 95 % interval (Wilson), low end [0-1]
--          lost_share_high   Its 95 % interval (Wilson), high end [0-1]
--          auc               Of the whole stage: how often a lost visit was foretold more than a completed one of its day
--          brier             Of the whole stage: mean squared error of what was foretold [0-1]
--          brier_skill       Of the whole stage: 1 - brier / that of the loss rate alone; above 0 the score adds something
with
past as (
    select * from friction.calibration
),

days as (
    select distinct day from past
),

-- Sums of floats have an order, or their last digit would differ from reader to reader.
pooled as (
    select
        days.day,
        past.stage,
        past.bin,
        sum(past.visits)::bigint as visits,
        sum(past.lost)::bigint as lost,
        sum(past.foretold order by past.day) as foretold,
        sum(past.squared_error order by past.day) as squared_error,
        sum(past.squared_error_base order by past.day) as squared_error_base,
        sum(past.ordered_pairs) as ordered_pairs,
        sum(past.pairs) as pairs
    from days
    inner join past on past.day <= days.day and past.day > days.day - 28
    group by days.day, past.stage, past.bin
),

shares as (
    select
        *,
        3.841458820694124 / visits as z2, -- square of the normal quantile of 95 %, per visit
        lost / visits as share
    from pooled
    where visits > 0
)

select
    day,
    stage,
    bin,
    visits,
    lost,
    least(1.0, foretold / visits)::double as foretold_share,
    share as lost_share,
    greatest(0.0, (share + z2 / 2 - sqrt(z2 * share * (1 - share) + z2 * z2 / 4)) / (1 + z2))::double as lost_share_low,
    least(1.0, (share + z2 / 2 + sqrt(z2 * share * (1 - share) + z2 * z2 / 4)) / (1 + z2))::double as lost_share_high,
    (sum(ordered_pairs) over of_stage / nullif(sum(pairs) over of_stage, 0))::double as auc,
    (sum(squared_error) over of_stage / sum(visits) over of_stage)::double as brier,
    (1 - sum(squared_error) over of_stage / nullif(sum(squared_error_base) over of_stage, 0))::double as brier_skill
from shares
window of_stage as (
    partition by day, stage order by bin rows between unbounded preceding and unbounded following
)
order by day desc, stage, bin

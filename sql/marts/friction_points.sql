-- Friction points for reading: one row per day and point, best ranked first, with its figures in words.
--
-- Reads:   friction.points                one row per day and point
--          friction.stage_scores          one row per day and stage
-- Grain:   day, point_id
-- Columns: day                   Day that the row describes, with the trailing period that ends on it
--          rank                  Place among the ranked points of the day; empty: not ranked
--          is_ranked             The point has a rank: an obstacle with at least 30 exposed visits
--          title                 The point in words: signal, stage and place
--          score                 Visits lost to the point [visits per 100 entered]
--          score_words           The score as a sentence with its interval
--          trend                 The day against its baseline: new, worsening, steady, improving, resolved
--          revenue_at_risk       Value at stake in the lost visits [currency]
--          revenue_at_risk_low   Lower end of its 95 % interval [currency]
--          revenue_at_risk_high  Upper end of its 95 % interval [currency]
--          revenue_per_entered   Value at stake per decided visit of the stage [currency]
--          revenue_per_entered_low   Lower end of its 95 % interval [currency]
--          revenue_per_entered_high  Upper end of its 95 % interval [currency]
--          valued_share          Share of lost_visits whose own value is known; the others: the stage's median [share, 0-1]
--          currency              Currency of the money columns [ISO 4217]
--          lost_visits           Visits lost to the point in the period [visits]
--          lost_visits_low       Lower end of its 95 % interval [visits]
--          lost_visits_high      Upper end of its 95 % interval [visits]
--          owner                 Team that owns the point
--          stage                 Stage of the journey
--          signal                Kind of friction
--          kind                  obstacle: may cost a visit; outcome: says that one was lost, claims no share
--          locus_type            Kind of place
--          locus                 The place
--          exposed               Visits decided in the period that could have shown the signal [visits]
--          affected              Those of them flagged [visits]
--          rate                  affected / exposed [share, 0-1]
--          rate_low              Lower end of its 95 % interval [share, 0-1]
--          rate_high             Upper end of its 95 % interval [share, 0-1]
--          rate_words            The rate as a percentage with its interval
--          effect                Additional share of visits lost, affected against unaffected [risk difference]
--          effect_low            Lower end of its 95 % interval [risk difference]
--          effect_high           Upper end of its 95 % interval [risk difference]
--          effect_basis          measured, pooled or prior: what the effect rests on
--          effect_words          The effect in percentage points with its interval and its basis
--          lost_share_expected   Share of the affected that would have been lost without it [share, 0-1]
--          affected_compared     Affected visits that there were unaffected ones like [visits]
--          unaffected_compared   Unaffected visits that they are compared with [visits]
--          e_value               How strong an unknown cause would have to be to explain the effect away [risk ratio]
--          e_value_low           The same for the end of the interval nearer to nothing; 1: it holds nothing [risk ratio]
--          exposed_today         Visits active on the day that could have shown the signal [visits]
--          affected_today        Those of them flagged on the day [visits]
--          rate_today            affected_today / exposed_today [share, 0-1]
--          baseline_rate         Rate over the trailing period before the day [share, 0-1]
--          rate_expected         baseline_rate as it is on such a weekday [share, 0-1]
--          is_forming            The rate rises slowly, though no single night is news yet
--          q_value               Of the trend, corrected over all points of the day [probability]
--          window_days           Length of the trailing period, this day included [days]
--          point_id              Id of stage, signal and place: the same every day
with
points as (
    select * from friction.points
),

stages as (
    select day, stage, entered from friction.stage_scores
)

select
    points.day,
    points.rank,
    points.rank is not null as is_ranked,
    concat(
        replace(points.signal, '_', ' '), ' in ', points.stage,
        ' at ', replace(points.locus_type, '_', ' '), ' ', points.locus
    ) as title,
    points.score,
    case
        when points.kind = 'outcome' then 'an outcome: claims no share of the loss'
        else printf(
            '%.1f of 100 visits lost (%.1f to %.1f visits in %d days)',
            points.score, points.lost_visits_low, points.lost_visits_high, points.window_days
        )
    end as score_words,
    points.trend,
    points.revenue_at_risk,
    points.revenue_at_risk_low,
    points.revenue_at_risk_high,
    points.revenue_at_risk / nullif(stages.entered, 0) as revenue_per_entered,
    points.revenue_at_risk_low / nullif(stages.entered, 0) as revenue_per_entered_low,
    points.revenue_at_risk_high / nullif(stages.entered, 0) as revenue_per_entered_high,
    points.valued_share,
    points.currency,
    points.lost_visits,
    points.lost_visits_low,
    points.lost_visits_high,
    points.owner,
    points.stage,
    points.signal,
    points.kind,
    points.locus_type,
    points.locus,
    points.exposed,
    points.affected,
    points.rate,
    points.rate_low,
    points.rate_high,
    case
        when points.rate is null and points.exposed_today > 0 then 'no rate yet: no exposed visit is decided'
        when points.rate is null then 'no rate: the data holds no denominator'
        else printf(
            '%.1f %% (%.1f to %.1f %%)', 100 * points.rate,
            100 * coalesce(points.rate_low, points.rate), 100 * coalesce(points.rate_high, points.rate)
        )
    end as rate_words,
    points.effect,
    points.effect_low,
    points.effect_high,
    points.effect_basis,
    case
        when points.effect is not null then printf(
            '%+.1f points (%+.1f to %+.1f), %s', 100 * points.effect,
            100 * coalesce(points.effect_low, points.effect), 100 * coalesce(points.effect_high, points.effect),
            coalesce(points.effect_basis, 'basis unknown')
        )
    end as effect_words,
    points.lost_share_expected,
    points.affected_compared,
    points.unaffected_compared,
    points.e_value,
    points.e_value_low,
    points.exposed_today,
    points.affected_today,
    points.rate_today,
    points.baseline_rate,
    points.rate_expected,
    points.is_forming,
    points.q_value,
    points.window_days,
    points.point_id
from points
left join stages on points.day = stages.day and points.stage = stages.stage
order by points.day desc, points.rank nulls last, points.score desc, points.point_id

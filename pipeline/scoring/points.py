"""friction.points, friction.stage_scores and friction.person_scores of a day."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipeline.detectors._signal import Signal
from pipeline.journeys.owners import Rule, owner
from pipeline.scoring.attribution import shares
from pipeline.scoring.comparing import strata, with_effects
from pipeline.scoring.exposure import POINT, counted, place
from pipeline.scoring.rates import wilson
from pipeline.scoring.trend import trends

RANKED_FROM = 30  # exposed visits; below, a point is shown and not ranked
DIGITS = 9  # sums of floats differ in the last digits from run to run; tables must not


@dataclass(frozen=True)
class Period:
    """What the scores of a day are made of.

    `decided`: visits decided in the trailing period (visit_id, stage, person_id, entered_at, reached_at – until when
    it could be flagged –, decided_at, is_lost, is_exposure, stratum, value, is_valued, loci). `active`: visits active
    on the day or in the `window_days` before it, by day (day, visit_id, stage, is_lost, loci). `flags`: friction.flags
    of those visits, up to the day. `segments`: person_id, segment. `warming`: stages of which the visits that were due
    in the period are `decided`, because too little is known of those before.
    """

    day: date
    window_days: int
    currency: str
    stages: list[str]
    moments_of_truth: frozenset[str]
    owners: Sequence[Rule]
    decided: pl.DataFrame
    active: pl.DataFrame
    flags: pl.DataFrame
    segments: pl.DataFrame
    warming: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Scores:
    """The day's rows of the three tables."""

    points: pl.DataFrame
    stage_scores: pl.DataFrame
    person_scores: pl.DataFrame


@dataclass(frozen=True)
class Prepared:
    """`points`: point_id, place, what is known of the signal. `flags`: the period's, with their point_id. `exposures`:
    visits that count below the line. `decided`: flags of decided visits, `affected`: point_id, visit_id, flagged_at of
    the first of them; both without what came to light too late.
    """

    points: pl.DataFrame
    flags: pl.DataFrame
    exposures: pl.DataFrame
    decided: pl.DataFrame
    affected: pl.DataFrame


def prepared(period: Period, signals: Mapping[str, Signal]) -> Prepared:
    """The period's points, and who counts at them."""
    found = period.flags.select(POINT).unique().sort(POINT)
    points = found.join(_about(signals), on="signal", maintain_order="left").with_columns(
        point_id=pl.struct(POINT).map_elements(_point_id, return_dtype=pl.String), place=place()
    )
    flags = period.flags.join(points.select("point_id", "kind", *POINT), on=POINT)
    exposures = period.decided.filter("is_exposure")
    # what came to light after the visit was decided cannot have decided it; an outcome only says how it ended
    decided = flags.join(period.decided.select("visit_id", "decided_at"), on="visit_id").filter(
        (pl.col("flagged_at") <= pl.col("decided_at")) | (pl.col("kind") == "outcome")
    )
    affected = decided.group_by("point_id", "visit_id").agg(pl.col("flagged_at").min())
    return Prepared(points, flags, exposures, decided, affected)


def score(period: Period, signals: Mapping[str, Signal]) -> Scores:
    """Score all points, stages and persons of a day; the definitions stand in the README."""
    ready = prepared(period, signals)
    points, exposures, affected, decided = ready.points, ready.exposures, ready.affected, ready.decided
    rows = with_effects(points, *strata(points, exposures, affected))
    parts = shared(rows, exposures, affected)
    rows = _with_costs(rows, parts, exposures)
    rows = _with_today(rows, period, ready.flags, points, affected)
    rows = _ranked(rows, period, {name: signal.family for name, signal in signals.items()})
    return Scores(
        points=rows,
        stage_scores=_stage_scores(rows, exposures, affected, points, period),
        person_scores=_person_scores(rows, decided, period),
    )


def _point_id(key: Mapping[str, str]) -> str:
    return hashlib.sha256("\x1f".join(key[name] for name in POINT).encode()).hexdigest()[:12]


def _about(signals: Mapping[str, Signal]) -> pl.DataFrame:
    rows = [(s.name, s.kind, s.exposure, s.prior_effect, s.prior_error) for s in signals.values()]
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "signal": pl.String,
            "kind": pl.String,
            "exposure": pl.String,
            "prior_effect": pl.Float64,
            "prior_error": pl.Float64,
        },
    )


def shared(rows: pl.DataFrame, exposures: pl.DataFrame, affected: pl.DataFrame) -> pl.DataFrame:
    """Shares of lost visits: point_id, visit_id, share, value (the visit's if it is_known, else its stage's median)."""
    median = exposures.group_by("stage").agg(median=pl.col("value").median())
    lost = exposures.filter("is_lost").join(median, on="stage", how="left")
    lost = lost.with_columns(
        value=pl.when("is_valued").then(pl.coalesce("value", "median")), is_known=pl.col("value").is_not_null()
    )
    obstacles = rows.filter(pl.col("effect").is_not_null()).select("point_id", "effect", "lost_share_affected")
    flagged = affected.join(obstacles, on="point_id").join(lost.select("visit_id", "value", "is_known"), on="visit_id")
    # sums of floats depend on the order of what is summed, and a large sum shows it however it is rounded
    return shares(flagged.sort("point_id", "visit_id")).select("point_id", "visit_id", "share", "value", "is_known")


def _with_costs(rows: pl.DataFrame, shared: pl.DataFrame, exposures: pl.DataFrame) -> pl.DataFrame:
    costs = shared.group_by("point_id", maintain_order=True).agg(
        lost_visits=pl.col("share").sum(),
        revenue=pl.when(pl.col("value").is_not_null().any()).then((pl.col("share") * pl.col("value")).sum()),
        mean_value=pl.col("value").mean(),
        valued=pl.col("share").filter("is_known").sum(),
    )
    entered = exposures.group_by("stage").agg(entered=pl.len(), median=pl.col("value").median())
    rows = (
        rows.join(costs, on="point_id", how="left", maintain_order="left")
        .join(entered, on="stage", how="left", maintain_order="left")
        .with_columns(pl.col("lost_visits").fill_null(0.0))
    )
    # the interval of the cost is the interval of the effect on the same visits, within what was lost there at all
    effect = pl.when(pl.col("effect") > 0).then("effect")
    kept_share = (pl.col("lost_visits") / (effect * pl.col("affected"))).fill_null(1.0)
    low = pl.col("effect_low").clip(lower_bound=0) * pl.col("affected") * kept_share
    high = pl.col("effect_high").clip(lower_bound=0) * pl.col("affected") * kept_share
    rows = rows.with_columns(
        lost_visits_low=pl.min_horizontal(low.fill_null(0.0), "lost_visits"),
        lost_visits_high=pl.max_horizontal(
            pl.min_horizontal(high.fill_null(0.0), pl.col("affected_lost").cast(pl.Float64)), "lost_visits"
        ),
    )
    # where none of the affected was lost there is nothing to take a mean of, and nothing at risk either
    none_lost = pl.col("effect").is_not_null() & (pl.col("affected_lost") == 0)
    per_visit = (
        pl.when(pl.col("lost_visits") > 0)
        .then(pl.col("revenue") / pl.col("lost_visits"))
        .otherwise(pl.when(none_lost).then("median").otherwise("mean_value"))
    )
    return rows.with_columns(
        valued_share=pl.col("valued") / pl.when(pl.col("lost_visits") > 0).then("lost_visits"),
        revenue_at_risk=pl.col("lost_visits") * per_visit,
        revenue_at_risk_low=pl.col("lost_visits_low") * per_visit,
        revenue_at_risk_high=pl.col("lost_visits_high") * per_visit,
        score=(100 * pl.col("lost_visits") / pl.col("entered")).fill_null(0.0),
    )


def _with_today(
    rows: pl.DataFrame, period: Period, flags: pl.DataFrame, points: pl.DataFrame, decided: pl.DataFrame
) -> pl.DataFrame:
    """Add the day's counts, the trend against the trailing days, and rates; how many are affected without exposure."""
    since = period.day - timedelta(days=period.window_days)
    by_day = flags.filter(pl.col("day") >= since).select("point_id", "visit_id", "day").unique()
    daily = counted(points, period.active, by_day, ["day"])
    is_today = pl.col("day") == period.day
    today = (
        points.select("point_id")
        .join(
            daily.filter(is_today).select("point_id", exposed_today="exposed", affected_today="affected"),
            on="point_id",
            how="left",
        )
        .with_columns(pl.col("exposed_today", "affected_today").fill_null(0))
    )
    changes = trends(today.join(points.select("point_id", "stage"), on="point_id"), daily.filter(~is_today), period.day)
    without = decided.group_by("point_id").agg(affected_at_all=pl.len().cast(pl.Int64))
    low, high = wilson(pl.col("affected"), pl.col("exposed"))
    share = pl.col("affected") / pl.when(pl.col("exposed") > 0).then("exposed")
    return (
        rows.join(today, on="point_id", how="left", maintain_order="left")
        .join(changes, on="point_id", how="left", maintain_order="left")
        .join(without, on="point_id", how="left", maintain_order="left")
        .with_columns(
            rate=share,
            rate_low=low,
            rate_high=high,
            rate_today=pl.col("affected_today") / pl.when(pl.col("exposed_today") > 0).then("exposed_today"),
            affected=pl.when(pl.col("exposed") > 0).then("affected").otherwise(pl.col("affected_at_all").fill_null(0)),
        )
    )


def _ranked(rows: pl.DataFrame, period: Period, families: Mapping[str, str]) -> pl.DataFrame:
    is_ranked = (pl.col("exposed") >= RANKED_FROM) & (pl.col("kind") == "obstacle")
    rounded = [pl.col(name).round(DIGITS) for name, kind in rows.schema.items() if kind == pl.Float64]
    return (
        rows.with_columns(rounded)
        .with_columns(
            day=pl.lit(period.day),
            window_days=pl.lit(period.window_days, pl.Int64),
            currency=pl.lit(period.currency),
            owner=owner(period.owners, families),
            is_decisive=pl.col("stage").is_in(list(period.moments_of_truth)),
        )
        .sort("score", "is_decisive", "lost_visits_high", "point_id", descending=[True, True, True, False])
        .with_columns(rank=pl.when(is_ranked).then(is_ranked.cum_sum()).cast(pl.Int64))
    )


def _stage_scores(
    rows: pl.DataFrame, exposures: pl.DataFrame, affected: pl.DataFrame, points: pl.DataFrame, period: Period
) -> pl.DataFrame:
    obstacles = affected.join(points.filter(pl.col("kind") == "obstacle"), on="point_id", how="semi")
    visits = exposures.with_columns(is_affected=pl.col("visit_id").is_in(obstacles["visit_id"].unique().implode()))
    entered = visits.group_by("stage").agg(
        entered=pl.len().cast(pl.Int64),
        completed=(~pl.col("is_lost")).sum().cast(pl.Int64),
        lost=pl.col("is_lost").sum().cast(pl.Int64),
        affected=pl.col("is_affected").sum().cast(pl.Int64),
    )
    scores = rows.group_by("stage").agg(score=pl.col("score").sum().round(DIGITS))
    counts = ["entered", "completed", "lost", "affected"]
    return (
        pl.DataFrame({"stage": period.stages}, schema={"stage": pl.String})
        .join(entered, on="stage", how="left", maintain_order="left")
        .join(scores, on="stage", how="left", maintain_order="left")
        .with_columns(pl.col(counts).fill_null(0), pl.col("score").fill_null(0.0))
        .with_columns(
            day=pl.lit(period.day),
            window_days=pl.lit(period.window_days, pl.Int64),
            health=(100 - pl.col("score")).round(DIGITS),
        )
    )


def _person_scores(rows: pl.DataFrame, decided: pl.DataFrame, period: Period) -> pl.DataFrame:
    effects = rows.filter(pl.col("kind") == "obstacle").select("point_id", "effect")
    weighed = (
        decided.join(effects, on="point_id")
        .with_columns(weight=pl.col("effect").fill_null(0.0).clip(0, 1) * pl.col("severity"))
        .sort(["person_id", "weight", "flag_id"], descending=[False, True, False])
    )
    return (
        weighed.group_by("person_id", maintain_order=True)
        .agg(
            score=(100 * (1 - (1 - pl.col("weight")).product())).round(DIGITS),
            flags=pl.len().cast(pl.Int64),
            worst_stage=pl.col("stage").first(),
            worst_signal=pl.col("signal").first(),
        )
        .join(period.segments, on="person_id", how="left")
        .with_columns(day=pl.lit(period.day))
    )

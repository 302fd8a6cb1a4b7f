"""Who is compared with whom at each point, and the effect that comes of it."""

import polars as pl

from pipeline.scoring.effects import COUNTS, mantel_haenszel
from pipeline.scoring.exact import widened
from pipeline.scoring.exposure import counted
from pipeline.scoring.pooling import believed
from pipeline.scoring.progress import compared, level
from pipeline.scoring.sensitivity import e_values

OF_EFFECT = [
    "effect", "effect_low", "effect_high", "effect_basis", "affected_compared", "unaffected_compared",
    "lost_share_expected", "own_effect", "own_weight", "signal_effect", "e_value", "e_value_low",
]  # fmt: skip
BEGUN = pl.lit(0, pl.UInt8)  # the level of progress of a visit that has just begun


def strata(points: pl.DataFrame, exposures: pl.DataFrame, affected: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """How many visits of each point were exposed, affected and lost, and the strata in which they are compared.

    At a place, a visit counts from when it touched it on, so all that did are compared; in a whole stage it counts as
    far as it came.
    """
    is_stage = pl.col("exposure") == "stage"
    # strata as numbers: millions of them are grouped
    visits = exposures.with_columns(pl.col("stratum").rank("dense"))
    reached, flagged = zip(
        _at_places(points.filter(~is_stage), visits, affected),
        _in_stages(points.filter(is_stage), visits, affected),
        strict=True,
    )
    counts = pl.concat(reached)
    totals = counts.group_by("point_id").agg(pl.col("exposed", "exposed_lost", "affected", "affected_lost").sum())
    return totals, compared(counts, pl.concat(flagged))


def _at_places(points: pl.DataFrame, visits: pl.DataFrame, affected: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    reached = counted(points, visits, affected.select("point_id", "visit_id"), ["stratum"])
    flagged = reached.filter(pl.col("affected") > 0)
    columns = ["affected", "affected_lost"]
    return (
        reached.select("point_id", "stratum", "exposed", "exposed_lost", *columns, reach=BEGUN),
        flagged.select("point_id", "stratum", *columns, level=BEGUN),
    )


def _in_stages(points: pl.DataFrame, visits: pl.DataFrame, affected: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    of_stage = affected.join(points, on="point_id", how="semi")
    visits = visits.filter(pl.col("stage").is_in(points["stage"].unique().implode()))
    visits = visits.with_columns(reach=level(_seconds("reached_at")))
    reached = counted(points, visits, of_stage.select("point_id", "visit_id"), ["stratum", "reach"])
    flagged = (
        of_stage.join(visits.select("visit_id", "stratum", "is_lost", "entered_at", "reached_at"), on="visit_id")
        .with_columns(level=level(_seconds(pl.min_horizontal("flagged_at", "reached_at"))))
        .group_by("point_id", "stratum", "level")
        .agg(affected=pl.len().cast(pl.Int64), affected_lost=pl.col("is_lost").sum().cast(pl.Int64))
    )
    columns = ["affected", "affected_lost"]
    return (
        reached.select("point_id", "stratum", "exposed", "exposed_lost", *columns, "reach"),
        flagged.select("point_id", "stratum", *columns, "level"),
    )


def _seconds(until: str | pl.Expr) -> pl.Expr:
    until = pl.col(until) if isinstance(until, str) else until
    return (until - pl.col("entered_at")).dt.total_seconds()


def with_effects(points: pl.DataFrame, totals: pl.DataFrame, strata: pl.DataFrame) -> pl.DataFrame:
    """Add to each point its counts, shares lost and OF_EFFECT. `totals` and `strata` as the function `strata` gives."""
    counts = ["exposed", "exposed_lost", "affected", "affected_lost"]
    rows = points.join(totals, on="point_id", how="left", maintain_order="left").with_columns(
        pl.col(counts).fill_null(0)
    )
    unaffected = pl.col("exposed") - pl.col("affected")
    rows = rows.with_columns(
        lost_share_affected=pl.col("affected_lost") / pl.when(pl.col("affected") > 0).then("affected"),
        lost_share_unaffected=(pl.col("exposed_lost") - pl.col("affected_lost"))
        / pl.when(unaffected > 0).then(unaffected),
    )
    own = widened(mantel_haenszel(strata, ["point_id"])).drop(COUNTS)
    pooled = mantel_haenszel(
        strata.join(points.select("point_id", "stage", "signal"), on="point_id", maintain_order="left"),
        ["stage", "signal"],
    )
    compares = ["affected_compared", "unaffected_compared"]
    rows = believed(rows.join(own, on="point_id", how="left", maintain_order="left"), pooled).with_columns(
        pl.col(compares).fill_null(0.0)
    )
    # where nothing compares, what the unaffected lost is the nearest to what is to be expected
    expected = pl.coalesce("lost_share_expected", "lost_share_unaffected")
    e_value, e_value_low = e_values(expected, *(pl.col(f"effect{end}") for end in ("", "_low", "_high")))
    rows = rows.with_columns(lost_share_expected=expected, e_value=e_value, e_value_low=e_value_low)
    # an outcome says that a visit was lost: it has no effect of its own; and without a denominator there is none
    has_effect = (pl.col("kind") == "obstacle") & (pl.col("affected") > 0)
    return rows.with_columns(pl.when(has_effect).then(pl.col(name)).alias(name) for name in OF_EFFECT)

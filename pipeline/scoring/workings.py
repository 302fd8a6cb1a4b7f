"""The counts behind one point's effect and lost visits, few enough to work through them by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from pipeline.detectors._signal import Signal
from pipeline.scoring.comparing import strata, with_effects
from pipeline.scoring.points import Period, prepared, shared
from pipeline.scoring.progress import LEVELS


@dataclass(frozen=True)
class Workings:
    """`compared`: one row per stratum and moment of a first flag (stratum, from_seconds after the visit was entered,
    affected, affected_lost, unaffected, unaffected_lost, unaffected_later, weight, apart). `claimed`: one row per set
    of points that lost visits of the point were flagged at (points, visits, strongest, part, lost_visits).
    """

    compared: pl.DataFrame
    claimed: pl.DataFrame


def workings(period: Period, signals: Mapping[str, Signal], stage: str, point_id: str) -> Workings:
    """How the point's own_effect and its lost_visits come about."""
    own = replace(
        period,
        decided=period.decided.filter(pl.col("stage") == stage),
        flags=period.flags.filter(pl.col("stage") == stage),
    )
    ready = prepared(own, signals)
    names = ready.exposures["stratum"].unique().sort()
    totals, cells = strata(ready.points, ready.exposures, ready.affected)
    rows = with_effects(ready.points, totals, cells)
    return Workings(
        compared=_compared(cells.filter(pl.col("point_id") == point_id), names),
        claimed=_claimed(rows, shared(rows, ready.exposures, ready.affected), point_id),
    )


def _compared(cells: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    cells = cells.sort("stratum", "level")
    n1, n0 = pl.col("affected"), pl.col("unaffected")
    compares = n0 > pl.col("unaffected_later")
    return cells.select(
        stratum=names.gather(cells["stratum"] - 1),
        from_seconds=pl.Series([0.0, *LEVELS]).gather(cells["level"]).round(),
        affected=n1,
        affected_lost="affected_lost",
        unaffected=n0,
        unaffected_lost="unaffected_lost",
        unaffected_later="unaffected_later",
        weight=pl.when(compares).then(n1 * n0 / (n1 + n0)).otherwise(0.0),
        apart=pl.when(compares).then(pl.col("affected_lost") / n1 - pl.col("unaffected_lost") / n0),
    )


def _claimed(rows: pl.DataFrame, parts: pl.DataFrame, point_id: str) -> pl.DataFrame:
    effects = rows.select("point_id", positive=pl.col("effect").clip(lower_bound=0).fill_null(0.0))
    of_visit = (
        parts.join(effects, on="point_id")
        .sort("point_id")
        .group_by("visit_id")
        .agg(
            points=pl.col("point_id").str.join(", "),
            strongest=pl.col("share").sum(),
            total=pl.col("positive").sum(),
            own=pl.col("positive").filter(pl.col("point_id") == point_id).first(),
        )
        .drop_nulls("own")
        .with_columns(part=pl.when(pl.col("total") > 0).then(pl.col("own") / pl.col("total")).otherwise(0.0))
    )
    return (
        of_visit.group_by("points")
        .agg(
            visits=pl.len(),
            strongest=pl.col("strongest").first(),
            part=pl.col("part").first(),
            lost_visits=(pl.col("strongest") * pl.col("part")).sum(),
        )
        .sort("lost_visits", "points", descending=[True, False])
    )

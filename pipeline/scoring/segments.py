"""Where a rise sits: the values of dimensions (device, app version, carrier …) that carry it, the first of them first.

Only parts of a point's visits that are neither small nor all of them are looked at. What a part had more than expected,
as a share of what the point had more, is what it explains; it is named where it holds more of the day's affected than
a rise that is alike everywhere would bring (`scoring.concentration`), judged together with all parts of all points of
the night (Benjamini and Hochberg). The first is the one that explains most beyond what such a rise would have it do:
of a device and the one app version on it that fails, the version. Explaining a whole by the fewest of its parts is R.
Bhagwan et al., Adtributor, NSDI 2014.
"""

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import polars as pl

from pipeline.detectors._signal import Signal
from pipeline.scoring.concentration import LARGEST_CORRELATION, Parts, alike, p_values, rate_before, times_usual
from pipeline.scoring.exposure import POINT, counted, place
from pipeline.scoring.trend import SIGNIFICANT, benjamini_hochberg

OF_VISITS = ("device", "channel", "country", "app_version", "browser", "segment", "tier", "region", "reason")
OF_PLACES = ("carrier", "queue", "team")  # a visit may touch several
DIMENSIONS = (*OF_VISITS, *OF_PLACES)
SMALLEST = 30  # exposed visits of the day; of fewer nothing is told, as a point of fewer is not ranked
NEWS = ("new", "worsening")
DIGITS = 9  # as the points have
CELL = ["point_id", "dimension", "value"]


def asked(points: pl.DataFrame, signals: Mapping[str, Signal]) -> pl.DataFrame:
    """Rows of friction.points with what `segments` has to know of them: their `place`, and who is `exposure`."""
    exposure = {name: each.exposure for name, each in signals.items()}
    return points.with_columns(
        place=place(), exposure=pl.col("signal").replace_strict(exposure, default="stage", return_dtype=pl.String)
    )


def segments(points: pl.DataFrame, visits: pl.DataFrame, flags: pl.DataFrame, day: date) -> pl.DataFrame:
    """Rows of friction.point_segments of `points`, as `asked` gives them: one row per point, dimension and value.

    `visits`: one row per visit and day on which it was active, of the day and the trailing ones: day, visit_id, stage,
    loci and the dimensions OF_VISITS. `flags`: friction.flags of the same days. Ordered by point, named ones first.
    """
    at = points.select("point_id", *POINT)
    flagged = flags.join(at, on=POINT).select("point_id", "visit_id", "day").unique()
    cells, totals = _counts(points, visits, flagged, day)
    before, of_all = cells.filter(pl.col("day") < day), totals.filter(pl.col("day") < day)
    sums = [pl.col("exposed").sum().alias("exposed_before"), pl.col("affected").sum().alias("affected_before")]
    all_sums = of_all.group_by("point_id").agg(
        exposed_all_before=pl.col("exposed_all").sum(), affected_all_before=pl.col("affected_all").sum()
    )
    rows = (
        cells.filter((pl.col("day") == day) & (pl.col("exposed") >= SMALLEST))
        .filter(pl.col("exposed") < pl.col("exposed_all"))
        .join(before.group_by(CELL).agg(sums), on=CELL, how="left")
        .join(all_sums, on="point_id", how="left")
        .join(points.select("point_id", expected="rate_expected"), on="point_id")
        .with_columns(
            pl.col(
                "exposed_before", "affected_before", "exposed_all_before", "affected_all_before", "expected"
            ).fill_null(0)
        )
        .sort(CELL)
    )
    return _judged(rows, before, day)


def _counts(
    points: pl.DataFrame, visits: pl.DataFrame, flagged: pl.DataFrame, day: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Exposed and affected by point, dimension, value and day with those of the whole point, and the latter by day."""
    asked_for = points.filter(pl.col("exposure") == "locus")["place"].unique().to_list()
    here = visits.filter(pl.col("stage").is_in(points["stage"].unique().implode()))
    # of the places only those that are asked about: they are looked through once for each dimension
    narrow = here.with_columns(
        is_lost=pl.lit(value=False), loci=pl.col("loci").list.eval(pl.element().filter(pl.element().is_in(asked_for)))
    ).select("day", "visit_id", "stage", "is_lost", "loci")
    counts = ["exposed", "affected"]
    totals = counted(points, narrow, flagged, ["day"]).select("point_id", "day", *counts)
    totals = totals.rename({name: f"{name}_all" for name in counts})
    by = ["day", "value"]
    found = [
        counted(points, narrow.clear().with_columns(value=pl.lit("")), flagged, by).with_columns(dimension="value")
    ]
    for dimension, values in _told(here):
        told = narrow[values["row"]].with_columns(values["value"])
        # most parts are small on the day: only of the others is the time before looked at
        today = counted(points, told.filter(pl.col("day") == day), flagged, by).filter(pl.col("exposed") >= SMALLEST)
        if today.is_empty():
            continue
        large = today.select("point_id", "value").join(points.select("point_id", "stage"), on="point_id")
        told = told.join(large, on=["stage", "value"], how="semi")
        every = counted(points.join(large, on="point_id", how="semi"), told, flagged, by)
        found.append(every.join(large, on=["point_id", "value"], how="semi").with_columns(dimension=pl.lit(dimension)))
    cells = pl.concat([each.select(*CELL, "day", *counts) for each in found])
    return cells.join(totals, on=["point_id", "day"]), totals


def _told(visits: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each dimension with the values that visits have of it: row of the visit, value."""
    numbered = visits.with_row_index("row")
    for name in OF_VISITS:
        yield name, numbered.select("row", value=name).drop_nulls()
    lead = pl.col("loci").str.extract(rf"^({'|'.join(OF_PLACES)}):")
    touched = (
        numbered.select("row", "loci").explode("loci").with_columns(dimension=lead).drop_nulls("dimension")
    ).select("row", "dimension", value=pl.col("loci").str.splitn(":", 2).struct[1])
    for name in OF_PLACES:
        yield name, touched.filter(pl.col("dimension") == name).unique(maintain_order=True)


def _judged(rows: pl.DataFrame, before: pl.DataFrame, day: date) -> pl.DataFrame:
    def column(name: str) -> np.ndarray:
        return rows[name].to_numpy().astype(np.float64)

    parts = Parts(**{name: column(name) for name in Parts.__dataclass_fields__})
    own = times_usual(parts.affected_before, parts.exposed_before, rate_before(parts))
    others = times_usual(
        parts.affected_all_before - parts.affected_before,
        parts.exposed_all_before - parts.exposed_before,
        rate_before(parts),
    )
    expected = np.minimum(parts.exposed * parts.expected * own, parts.exposed)
    excess = parts.affected - expected
    whole = parts.affected_all - parts.exposed_all * parts.expected
    share = np.where(whole > 0, whole, np.nan)
    anyway = (parts.affected_all * alike(parts) - expected) / share
    correlation, days = _split(rows.with_columns(own=pl.Series(own), others=pl.Series(others)), before)
    q_values = benjamini_hochberg(p_values(parts, correlation, days))
    floats = pl.col(pl.Float64)
    told = rows.with_columns(
        day=pl.lit(day),
        exposed_today="exposed",
        affected_today="affected",
        rate_today=pl.col("affected") / pl.col("exposed"),
        rate_expected=pl.Series(expected) / pl.col("exposed"),
        excess=pl.Series(excess),
        explained=pl.Series(excess / share),
        explained_alike=pl.Series(anyway),
        q_value=pl.Series(q_values),
    ).with_columns(floats.fill_nan(None).round(DIGITS))
    is_named = ((pl.col("q_value") <= SIGNIFICANT) & (pl.col("explained") > 0)).fill_null(value=False)
    beyond = (pl.col("explained") - pl.col("explained_alike")).round(DIGITS)
    order = {name: number for number, name in enumerate(DIMENSIONS)}
    return (
        told.with_columns(
            is_named=is_named, beyond=beyond, number=pl.col("dimension").replace_strict(order, return_dtype=pl.Int64)
        )
        .sort(
            "point_id",
            "is_named",
            "beyond",
            "number",
            "value",
            descending=[False, True, True, False, False],
            nulls_last=True,
        )
        .with_columns(rank=pl.when("is_named").then(pl.col("is_named").cum_sum().over("point_id")).cast(pl.Int64))
    )


def _split(rows: pl.DataFrame, before: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """By how much more than chance the trailing days' affected fell to each part differently, and of how many days.

    By moments. A month says little about it, so a part counts as no steadier than the middle one of the night.
    """
    inside, outside = pl.col("exposed") * pl.col("own"), (pl.col("exposed_all") - pl.col("exposed")) * pl.col("others")
    x, chance = pl.col("affected_all"), pl.col("chance")
    by_day = (
        before.filter(x > 0)
        .join(rows.select(*CELL, "own", "others"), on=CELL)
        .with_columns(chance=inside / (inside + outside))
        .sort(*CELL, "day")
        .group_by(CELL, maintain_order=True)
        .agg(
            scatter=((pl.col("affected") - x * chance) ** 2 / x).sum(),
            mean=(chance * (1 - chance)).sum(),
            weight=(chance * (1 - chance) * (x - 1)).sum(),
            days=pl.len(),
            seen=pl.col("affected").sum(),
        )
    )
    excess = (pl.col("scatter") - pl.col("mean") * (pl.col("days") - 1) / pl.col("days")) / pl.col("weight")
    known = by_day.with_columns(excess=pl.when(pl.col("weight") > 0).then(excess))
    usual = known.filter((pl.col("seen") > 0) & pl.col("excess").is_not_null())["excess"].median()
    least = max(float(usual), 0.0) if isinstance(usual, float) else 0.0
    found = rows.select(CELL).join(known, on=CELL, how="left", maintain_order="left")
    correlation = found["excess"].fill_null(least).clip(least, LARGEST_CORRELATION).to_numpy()
    return correlation, found["days"].fill_null(0).to_numpy().astype(np.float64)

"""Who could have shown a signal, and who did: counts of visits by point and stratum, or by point and day."""

import polars as pl

POINT = ["stage", "signal", "locus_type", "locus"]


def place(kind: str = "locus_type", name: str = "locus") -> pl.Expr:
    """A place as stage visits list it in `loci`: its type and its name."""
    return pl.concat_str(kind, name, separator=":")


def counted(points: pl.DataFrame, visits: pl.DataFrame, affected: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Exposed and affected visits of each point, by stratum or day.

    `points`: point_id, stage, place, exposure (stage or locus). `visits`: one row per visit (and day): visit_id, stage,
    `by`, is_lost, loci. `affected`: distinct point_id and visit_id (and day, where `by` has it). Gives one row per
    point and `by`: exposed, exposed_lost, affected, affected_lost. At a place only visits that touched it are exposed;
    a visit that was flagged there has touched it.
    """
    keys = ["visit_id", *(["day"] if "day" in by else [])]
    about = visits.select(*keys, "stage", *(name for name in by if name not in keys), "is_lost")
    flagged = affected.join(about.drop("stage"), on=keys)
    counts = [pl.len().alias("exposed"), pl.col("is_lost").sum().alias("exposed_lost")]

    at_stage = points.filter(pl.col("exposure") == "stage").select("point_id", "stage")
    of_stage = about.group_by("stage", *by).agg(counts).join(at_stage, on="stage").drop("stage")

    at_locus = points.filter(pl.col("exposure") == "locus").select("point_id", "stage", "place")
    touched = (
        visits.select(*keys, "stage", place="loci")
        .explode("place")
        .join(at_locus, on=["stage", "place"])
        .select("point_id", *keys)
    )
    there = pl.concat([touched, affected.join(at_locus, on="point_id", how="semi").select(touched.columns)]).unique()
    of_locus = there.join(about.drop("stage"), on=keys).group_by("point_id", *by).agg(counts)

    were = flagged.group_by("point_id", *by).agg(affected=pl.len(), affected_lost=pl.col("is_lost").sum())
    return (
        pl.concat([of_stage.select(of_locus.columns), of_locus])
        .join(were, on=["point_id", *by], how="left")
        .with_columns(pl.col("affected", "affected_lost").fill_null(0))
        .with_columns(pl.col("exposed", "exposed_lost", "affected", "affected_lost").cast(pl.Int64))
        .sort("point_id", *by)
    )

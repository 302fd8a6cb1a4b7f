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
    # a visit touches many places: its row number is what is multiplied, not its id
    points, visits = points.with_row_index("point"), visits.with_row_index("row")
    about = visits.select("stage", "is_lost", *by)
    flagged = (
        affected.join(points.select("point_id", "point"), on="point_id")
        .join(visits.select(*keys, "row"), on=keys)
        .select("point", "row")
    )
    counts = [pl.len().alias("exposed"), pl.col("is_lost").sum().alias("exposed_lost")]
    columns = ["point", *by, "exposed", "exposed_lost"]

    at_stage = points.filter(pl.col("exposure") == "stage").select("point", "stage")
    of_stage = about.group_by("stage", *by).agg(counts).join(at_stage, on="stage").select(columns)

    # all signals of a place share those who touched it; to these come the visits that were flagged there without
    local = points.filter(pl.col("exposure") == "locus")
    places = local.select("stage", "place").unique().with_row_index("at")
    at_locus = local.join(places, on=["stage", "place"]).select("point", "at")
    touched = (
        visits.select("row", "stage", place="loci")
        .explode("place")
        .join(places, on=["stage", "place"])
        .select("at", "row")
        .unique()
    )
    of_place = _with(about, touched, by).group_by("at", *by).agg(counts).join(at_locus, on="at").select(columns)
    untouched = flagged.join(at_locus, on="point").join(touched, on=["at", "row"], how="anti").select("point", "row")
    more = _with(about, untouched, by).group_by("point", *by).agg(counts)
    of_locus = pl.concat([of_place, more]).group_by("point", *by).agg(pl.col("exposed", "exposed_lost").sum())

    flags = [pl.len().alias("affected"), pl.col("is_lost").sum().alias("affected_lost")]
    were = _with(about, flagged, by).group_by("point", *by).agg(flags)
    return (
        pl.concat([of_stage, of_locus])
        .join(were, on=["point", *by], how="left")
        .join(points.select("point", "point_id"), on="point")
        .with_columns(pl.col("affected", "affected_lost").fill_null(0))
        .select("point_id", *by, pl.col("exposed", "exposed_lost", "affected", "affected_lost").cast(pl.Int64))
        .sort("point_id", *by)
    )


def _with(about: pl.DataFrame, rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    return rows.with_columns(about.get_column(name).gather(rows.get_column("row")) for name in ("is_lost", *by))

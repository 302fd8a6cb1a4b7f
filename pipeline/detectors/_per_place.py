"""Events that are friction by themselves: one flag per session and place, with a count."""

import polars as pl

from pipeline.detectors._signal import OF_EVENT, saturating

ELEMENT = {
    "locus_type": pl.when(pl.col("element").is_null()).then(pl.lit("page")).otherwise(pl.lit("element")),
    "locus": pl.coalesce("element", "page_path", pl.lit("unknown")),
}
PAGE = {"locus_type": pl.lit("page"), "locus": pl.coalesce("page_path", pl.lit("unknown"))}


def per_place(events: pl.LazyFrame, place: dict[str, pl.Expr], once: float, scale: float) -> pl.LazyFrame:
    """One row per session and place, on the visit of the first event; severity is `once` for one event."""
    time = pl.col("occurred_at")
    return (
        events.with_columns(**place)
        .group_by("session_id", "locus_type", "locus", maintain_order=True)
        .agg(
            pl.col(name for name in OF_EVENT if name != "session_id").first(),
            started_at=time.first(),
            ended_at=time.last(),
            flagged_at=time.first(),
            value_at_stake=pl.lit(None, pl.Float64),
            evidence=pl.col("event_id"),
            times=pl.len(),
        )
        .with_columns(
            severity=once + (1 - once) * saturating(pl.col("times") - 1, scale),
            detail=pl.struct("times").struct.json_encode(),
        )
    )

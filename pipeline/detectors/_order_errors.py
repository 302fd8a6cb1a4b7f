"""What signals that are made of order errors share: errors of one order at one place are one flag with a count."""

import polars as pl

from pipeline.detectors._signal import NO_SESSION

HARD = (pl.col("error_class") == "hard").fill_null(value=False)
SOFT = (pl.col("error_class") == "soft").fill_null(value=False)


def runs(errors: pl.LazyFrame, locus_type: str, severity: pl.Expr) -> pl.LazyFrame:
    """One row per order and `locus`, known with its first error; `severity` is an aggregate over its errors by then."""
    return (
        errors.sort("customer_id", "occurred_at", "error_id")
        .group_by("customer_id", "visit_id", "locus", maintain_order=True)
        .agg(
            pl.col("stage", "person_id").first(),
            pl.col("currency", "channel").drop_nulls().first(),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            flagged_at=pl.col("occurred_at").first(),
            severity=severity,
            value_at_stake=pl.col("value").max(),
            evidence=pl.col("error_id"),
            errors=pl.len(),
            error_code=pl.col("error_code").drop_nulls().first(),
            error_type=pl.col("error_type").first(),
        )
        .with_columns(
            **NO_SESSION,
            locus_type=pl.lit(locus_type),
            detail=pl.struct("errors", "error_type", "error_code").struct.json_encode(),
        )
    )


def joined(*names: str) -> pl.Expr:
    """The place that some columns name together, as far as they hold something: `card / insufficient_funds`."""
    told = pl.concat_str(names, separator=" / ", ignore_nulls=True)
    return (
        pl.when(pl.any_horizontal(pl.col(name).is_not_null() for name in names)).then(told).otherwise(pl.lit("unknown"))
    )

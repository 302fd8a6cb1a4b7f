"""Order defect: something was wrong with what was ordered, charged or delivered."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """Which order errors are defects."""

    types: tuple[str, ...] = (  # SCOR's perfect order: in full, documents right, condition right; and what was charged
        "wrong_item",
        "missing_item",
        "damaged",
        "not_as_described",
        "document_error",
        "price_mismatch",
        "duplicate_charge",
    )
    hard_severity: float = 0.8  # share; the customer must send it back or ask for it
    soft_severity: float = 0.5  # share; it can be put right without the customer


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per order error of such a type; the place is its type and the warehouse, else the product."""
    is_soft = (pl.col("error_class") == "soft").fill_null(value=False)
    where = pl.coalesce("warehouse", "item_id")
    return inputs.errors.filter(pl.col("error_type").is_in(list(parameters.types))).select(
        *WHO,
        **NO_SESSION,
        locus_type=pl.lit("error_type"),
        locus=pl.when(where.is_null())
        .then("error_type")
        .otherwise(pl.concat_str("error_type", where, separator=" @ ")),
        started_at="occurred_at",
        ended_at="occurred_at",
        flagged_at="occurred_at",
        severity=pl.when(is_soft).then(parameters.soft_severity).otherwise(parameters.hard_severity),
        value_at_stake="value",
        evidence=pl.concat_list("error_id"),
        detail=pl.struct("error_type", "error_code", "warehouse", "item_id").struct.json_encode(),
    )


SIGNAL = Signal(
    name="order_defect",
    title="Something was wrong with the order",
    kind="obstacle",
    stage="fulfilment",
    locus_type="error_type",
    exposure="stage",
    needs=({"errors": ("error_type",)},),
    look_back=timedelta(0),
    source="friction_signals §2.3 and §3; SCOR perfect order",
    prior_effect=0.25,
    parameters=Parameters(),
    detect=detect,
)

"""Slow refund: the money came back later than promised, or than 14 days, or has not come by then.

Known when that time has passed, or when an order error `refund_delayed` reports it; one flag per order, for whichever
was first. A refund of an order that the data do not hold stands on no visit and is left out.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """When a refund is slow, and how bad that is."""

    within: timedelta = timedelta(days=14)  # where nothing is promised; what the EU's Directive 2011/83 allows
    scale: timedelta = timedelta(days=7)  # so much later severity is 0.82: a pay day or a card bill may lie between


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per order; the place is the payment method that its order errors name, else the queue of the refund."""
    order = ["customer_id", "order_id"]
    promised = pl.max_horizontal("started_at", "promised_at")
    due_at = pl.when(pl.col("promised_at").is_null()).then(pl.col("started_at") + parameters.within).otherwise(promised)
    waits = (
        inputs.waits.filter(pl.col("wait_type") == "refund")
        .with_columns(due_at=due_at)
        .filter((pl.col("due_at") < inputs.end) & ~(pl.col("ended_at") <= pl.col("due_at")).fill_null(value=False))
        .select(*order, "value", "queue", "started_at", "ended_at", "due_at", evidence="wait_id")
    )
    reported = inputs.errors.filter(pl.col("error_type") == "refund_delayed").select(
        *order,
        "value",
        started_at="occurred_at",
        ended_at="resolved_at",
        due_at="occurred_at",
        evidence="error_id",
    )
    method = (
        inputs.errors.filter(pl.col("payment_method").is_not_null())
        .sort("occurred_at", "error_id")
        .group_by(order, maintain_order=True)
        .agg(method=pl.col("payment_method").first())
    )
    late = (pl.coalesce("ended_at", pl.lit(inputs.end)) - pl.col("due_at")).dt.total_microseconds() / 8.64e10
    known = pl.concat([waits, reported], how="diagonal")
    of_today = known.filter(pl.col("due_at") >= inputs.start).select(order)
    return (
        known.join(of_today, on=order, how="semi")
        .sort(*order, "due_at", "evidence")
        .unique(order, keep="first", maintain_order=True)
        .join(inputs.orders.select(*WHO, "order_id", of_order="value"), on=order)
        .join(method, on=order, how="left")
        .with_columns(days_late=late)
        .select(
            *WHO,
            "started_at",
            **NO_SESSION,
            locus_type=pl.lit("payment_method"),
            locus=pl.coalesce("method", "queue", pl.lit("unknown")),
            ended_at=pl.max_horizontal("ended_at", "due_at"),
            flagged_at="due_at",
            severity=0.5 + 0.5 * saturating(pl.col("days_late"), parameters.scale / timedelta(days=1)),
            value_at_stake=pl.coalesce("value", "of_order"),
            evidence=pl.concat_list("evidence"),
            detail=pl.struct(
                days_late=pl.col("days_late").round(3), is_refunded=pl.col("ended_at").is_not_null()
            ).struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="slow_refund",
    title="A refund that came late, or not at all",
    kind="obstacle",
    stage="fulfilment",
    locus_type="payment_method",
    exposure="stage",
    needs=({"waits": ("order_id",)}, {"errors": ("error_type",)}),
    look_back=timedelta(days=60),
    source="ours; 14 days as in EU Directive 2011/83, Art. 13",
    prior_effect=0.15,
    parameters=Parameters(),
    detect=detect,
)

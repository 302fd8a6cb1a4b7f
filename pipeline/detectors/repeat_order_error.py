"""Repeated order error: something is wrong with a customer's orders again, within 30 days.

Counted are order errors of any type; errors of one type on one order are one, as a charge or a delivery that is tried
again is no new mishap, and a return is none either: it is what the customer made of one. The flag is on the order of
the later error, once per order; the place is the type of that error.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """When an error is a repeated one."""

    within: timedelta = timedelta(days=30)  # of the earlier error; about the gap between two orders of a shop
    not_counted: tuple[str, ...] = ("return",)  # types; a consequence of an error, not another one


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per order with an error that had another before it; severity grows with how many there were by then."""
    order = ["customer_id", "occurred_at", "error_id"]
    of_today = inputs.errors.filter(pl.col("occurred_at") >= inputs.start).select("customer_id")
    errors = (
        inputs.errors.join(of_today, on="customer_id", how="semi")
        .filter(~pl.col("error_type").is_in(list(parameters.not_counted)))
        .sort(order)
        .unique(["customer_id", "order_id", "error_type"], keep="first", maintain_order=True)
        .with_row_index("place")
        .with_columns(since=pl.col("occurred_at") - parameters.within)
    )
    begins = errors.select("customer_id", "occurred_at", first="place", first_at="occurred_at", first_id="error_id")
    return (
        errors.sort("since", "place")
        .join_asof(
            # the first error of the customer from `since` on; of several at one instant the first by id
            begins.sort("occurred_at", "first"),
            left_on="since",
            right_on="occurred_at",
            by="customer_id",
            strategy="forward",
            check_sortedness=False,
        )
        .filter(pl.col("first") < pl.col("place"))
        .sort("place")
        .unique(["customer_id", "order_id"], keep="first", maintain_order=True)
        .with_columns(errors=(pl.col("place") - pl.col("first") + 1).cast(pl.Int64))
        .select(
            *WHO,
            **NO_SESSION,
            locus_type=pl.lit("error_type"),
            locus="error_type",
            started_at="first_at",
            ended_at="occurred_at",
            flagged_at="occurred_at",
            severity=0.5 + 0.5 * saturating(pl.col("errors") - 1, 2.0),
            value_at_stake="value",
            evidence=pl.concat_list("error_id", "first_id"),
            detail=pl.struct("errors").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="repeat_order_error",
    title="Something wrong with an order again",
    kind="obstacle",
    stage="fulfilment",
    locus_type="error_type",
    exposure="stage",
    needs=({"errors": ("error_type",)},),
    look_back=timedelta(days=30),
    source="ours",
    prior_effect=0.20,
    parameters=Parameters(),
    detect=detect,
)

"""Shipping shock: only in the checkout the customer sees what shipping costs, and it is much.

The session's first sight of a shipping cost is on a step of the checkout, and the cost is at least a tenth of the
cart's value. Whether they leave then is for the effect to say, not for the definition: a signal that held the loss in
itself would explain it. A cost that is first told with the purchase says nothing about when it was seen. The place is
the band of the cost's share of the cart; `is_last_step` in the detail tells whether the checkout went no further.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating

STEPS = ("begin_checkout", "add_shipping_info", "add_payment_info", "payment_error")
BANDS = {0.1: "<10 %", 0.2: "10–20 %", 0.3: "20–30 %", 0.5: "30–50 %"}  # upper ends


@dataclass(frozen=True)
class Parameters:
    """What makes a shipping cost a shock."""

    min_share: float = 0.10  # of the cart's value; below, it is what people expect to pay (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session whose first sight of a shipping cost is a high one in the checkout; on that step's visit."""
    is_step = pl.col("event_name").is_in([*STEPS, "purchase"])
    is_shown = pl.col("shipping_cost").is_not_null()
    same = pl.col("session_id") == pl.col("session_id").shift(-1)
    first = (
        inputs.events.filter(is_step | is_shown)
        .with_columns(
            cart=pl.when(pl.col("value") > 0).then("value").forward_fill().over("session_id"),
            is_last_step=~same.fill_null(value=False),
        )
        .filter(is_shown)
        .unique("session_id", keep="first", maintain_order=True)
        .with_columns(share=pl.col("shipping_cost") / pl.col("cart"))
    )
    band = pl.lit("≥50 %")
    for end, name in reversed(BANDS.items()):
        band = pl.when(pl.col("share") < end).then(pl.lit(name)).otherwise(band)
    return first.filter(pl.col("event_name").is_in(STEPS) & (pl.col("share") >= parameters.min_share)).select(
        *OF_EVENT,
        locus_type=pl.lit("cost_share_band"),
        locus=band,
        started_at="occurred_at",
        ended_at="occurred_at",
        flagged_at="occurred_at",
        severity=0.4 + 0.6 * saturating(pl.col("share") - parameters.min_share, 0.2),
        value_at_stake="cart",
        evidence=pl.concat_list("event_id"),
        detail=pl.struct("shipping_cost", "is_last_step", share=pl.col("share").round(3)).struct.json_encode(),
    )


SIGNAL = Signal(
    name="shipping_shock",
    title="A high shipping cost that is first seen in the checkout",
    kind="obstacle",
    stage="checkout",
    locus_type="cost_share_band",
    exposure="stage",
    needs=({"events": ("shipping_cost", "value")},),
    look_back=timedelta(0),
    source="ours; no default is published",
    prior_effect=0.15,
    parameters=Parameters(),
    detect=detect,
)

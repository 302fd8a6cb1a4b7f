"""Shipping shock: the customer sees for the first time what shipping costs, and leaves.

The session's last step of the checkout is the one on which a shipping cost was first seen, the cost is at least a tenth
of the cart's value, and nothing was bought. The same step again (the page loaded anew) is no further step. Known when
the session is over. The place is the band of the cost's share of the cart.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating

STEPS = ("begin_checkout", "add_shipping_info", "add_payment_info", "payment_error", "purchase")
BANDS = {0.1: "<10 %", 0.2: "10–20 %", 0.3: "20–30 %", 0.5: "30–50 %"}  # upper ends


@dataclass(frozen=True)
class Parameters:
    """What makes a shipping cost a shock."""

    min_share: float = 0.10  # of the cart's value; below, it is what people expect to pay (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session that ended its checkout where a high shipping cost was first seen; on that step's visit."""
    is_step = pl.col("event_name").is_in(STEPS)
    is_shown = pl.col("shipping_cost").is_not_null()
    cart = pl.when(pl.col("value") > 0).then("value").forward_fill().over("session_id")
    first = (
        inputs.events.filter(is_step | is_shown)
        .with_columns(cart=cart)
        .with_columns(
            last_step=pl.col("event_name").filter(is_step).last().over("session_id"),
            last_id=pl.col("event_id").filter(is_step).last().over("session_id"),
            last_at=pl.col("occurred_at").filter(is_step).last().over("session_id"),
            is_bought=((pl.col("event_name") == "purchase") & (pl.col("outcome") != "error").fill_null(value=True))
            .any()
            .over("session_id"),
        )
        .filter(is_shown)
        .unique("session_id", keep="first", maintain_order=True)
        .with_columns(share=pl.col("shipping_cost") / pl.col("cart"))
    )
    band = pl.lit("≥50 %")
    for end, name in reversed(BANDS.items()):
        band = pl.when(pl.col("share") < end).then(pl.lit(name)).otherwise(band)
    return first.filter(
        (pl.col("event_name") == pl.col("last_step")) & ~pl.col("is_bought") & (pl.col("share") >= parameters.min_share)
    ).select(
        *OF_EVENT,
        locus_type=pl.lit("cost_share_band"),
        locus=band,
        started_at="occurred_at",
        ended_at="last_at",
        flagged_at="closed_at",
        severity=0.4 + 0.6 * saturating(pl.col("share") - parameters.min_share, 0.2),
        value_at_stake="cart",
        evidence=pl.concat_list("event_id", "last_id").list.unique(maintain_order=True),
        detail=pl.struct("shipping_cost", share=pl.col("share").round(3)).struct.json_encode(),
    )


SIGNAL = Signal(
    name="shipping_shock",
    title="Left on seeing the shipping cost",
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

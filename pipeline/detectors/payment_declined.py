"""Payment declined: a payment of an order was declined after the shop had taken the order, by bank, risk check or shop.

What is declined within a session is `payment_failure`; this is what the order side reports, retries of the charge
included. Errors of one order with the same means of payment and code are one flag. A hard decline (the customer must
pay otherwise) weighs more than a soft one (trying again may work); each retry raises it. An error that does not say
which it is counts as soft.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._order_errors import HARD, joined, runs
from pipeline.detectors._signal import Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """How bad a declined payment is."""

    hard_severity: float = 0.7  # share; the customer has to find other means, as in payment_failure
    soft_severity: float = 0.4  # share; the same card may work a minute later
    retries: float = 2.0  # retries; so many more close 63 % of what is left to 1


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per order, means of payment and code; known with the first decline."""
    base = pl.when(HARD.any()).then(parameters.hard_severity).otherwise(parameters.soft_severity)
    return runs(
        inputs.errors.filter(pl.col("error_type") == "payment_declined").with_columns(
            locus=joined("payment_method", "error_code")
        ),
        "payment_method",
        base + (1 - base) * saturating(pl.len() - 1, parameters.retries),
    )


SIGNAL = Signal(
    name="payment_declined",
    title="A payment declined after the order",
    kind="obstacle",
    stage="fulfilment",
    locus_type="payment_method",
    exposure="stage",
    needs=({"errors": ("error_type",)},),
    look_back=timedelta(0),
    source="friction_signals §3; hard and soft as Snowplow's transaction_error",
    prior_effect=0.30,
    parameters=Parameters(),
    detect=detect,
)

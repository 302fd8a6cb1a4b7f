"""Long wait: the customer waited beyond the target of the channel and the type of wait.

Targets stand in the journey file. A wait that has not ended, or that the customer gave up, counts as far as it was
seen. How long it was is known when it ends; a wait that goes on is flagged after four times its target. Waits for a
first reply and for a resolution are left to `slow_first_response` and `slow_resolution`, which know of promises, so
that no wait is flagged twice. A wait for a delivery that is no contact is one of its order: it is judged where the
journey file gives it a target (a ride to come within five minutes, a meal within forty), and promises are left to
`late_delivery`.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal
from pipeline.detectors._waits import SLOW, beyond_target


@dataclass(frozen=True)
class Parameters:
    """When a wait is flagged that goes on."""

    open_targets: float = 4.0  # multiples of the target; severity is 0.95 by then, waiting for the end adds nothing


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per wait longer than its target; severity 1 − exp(−excess / target)."""
    waits = inputs.waits.filter(~pl.col("wait_type").is_in(SLOW))
    return beyond_target(inputs, _with_orders(waits, inputs.orders), parameters.open_targets)


def _with_orders(waits: pl.LazyFrame, orders: pl.LazyFrame) -> pl.LazyFrame:
    """The waits, those for deliveries with the visit of their order where they are part of no contact."""
    is_delivery = (pl.col("wait_type") == "delivery") & pl.col("visit_id").is_null()
    own = ["stage", "visit_id", "person_id"]
    of_order = orders.select("customer_id", *own, order="order_id")
    order = pl.when(is_delivery).then(pl.coalesce("order_id", "wait_id"))
    return (
        waits.with_columns(order=order)
        .join(of_order, on=["customer_id", "order"], how="left", suffix="_of_order")
        .with_columns(pl.coalesce(name, f"{name}_of_order").alias(name) for name in own)
    )


SIGNAL = Signal(
    name="long_wait",
    title="A wait beyond its target",
    kind="obstacle",
    stage="any",
    locus_type="queue",
    exposure="locus",
    needs=({"waits": ("started_at", "queue")},),
    look_back=timedelta(days=5),
    source="friction_signals §2.1; targets ours, in the journey file",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

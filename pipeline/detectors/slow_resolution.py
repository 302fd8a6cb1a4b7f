"""Slow resolution: a matter took longer to resolve than promised, or than the channel's target.

A promise is `promised_at` of the wait, by the clock. Targets stand in the journey file and count within its business
hours, where it names any. Flagged when the wait ends, and while it goes on after four times what was due, as
`long_wait` does; a wait that has not ended counts as far as it was seen.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal
from pipeline.detectors._waits import beyond_due


@dataclass(frozen=True)
class Parameters:
    """When a wait is flagged that goes on."""

    open_targets: float = 4.0  # multiples of what was due; severity is 0.95 by then, as in long_wait


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per wait longer than what was due; severity 1 − exp(−excess / due)."""
    waits = inputs.waits.filter(pl.col("wait_type") == "resolution")
    return beyond_due(inputs, waits, parameters.open_targets)


SIGNAL = Signal(
    name="slow_resolution",
    title="A matter that took too long to resolve",
    kind="obstacle",
    stage="support",
    locus_type="queue",
    exposure="locus",
    needs=({"waits": ("queue",)}, {"waits": ("promised_at",)}),
    look_back=timedelta(days=30),
    source="friction_signals §2.1; targets ours, in the journey file",
    prior_effect=0.12,
    parameters=Parameters(),
    detect=detect,
    needs_waits=("resolution",),
)

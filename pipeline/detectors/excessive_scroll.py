"""Excessive scrolling: up and down and up again, as the vendor saw it.

For now the evidence is the vendor's own `excessive_scroll` event only: Clarity and others compare with what is usual on
the page. Scrolling above a page's own 95th percentile, found in a clickstream that has scroll events with a direction,
is not looked for yet. One flag per session and page, with a count, on the visit of the first.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._per_place import PAGE, per_place
from pipeline.detectors._signal import Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """How soon excessive scrolling is severe."""

    scale: float = 3.0  # further times on the same page for 0.63 of what severity is left (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and page with `excessive_scroll` events."""
    return per_place(inputs.named("excessive_scroll"), PAGE, 0.2, parameters.scale)


SIGNAL = Signal(
    name="excessive_scroll",
    title="Scrolling up and down a page",
    kind="obstacle",
    stage="any",
    locus_type="page",
    exposure="locus",
    needs=({"events": ("page_path",)},),
    needs_events=("excessive_scroll",),
    look_back=timedelta(0),
    source="friction_signals §1.5; the vendor's event as it is",
    prior_effect=0.02,
    parameters=Parameters(),
    detect=detect,
)

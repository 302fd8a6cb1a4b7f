"""Thrashed cursor: the pointer goes to and fro, as the vendor's own script saw it.

No clickstream has the pointer's way, so that the vendor's `thrashed_cursor` event is the evidence (Amplitude: 20 turns
on one axis in 2 s; Splunk: a score of length, speed and turns). One flag per session and page, with a count, on the
visit of the first.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._per_place import PAGE, per_place
from pipeline.detectors._signal import Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """How soon a thrashed cursor is severe."""

    scale: float = 3.0  # further times on the same page for 0.63 of what severity is left (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and page with `thrashed_cursor` events."""
    return per_place(inputs.named("thrashed_cursor"), PAGE, 0.3, parameters.scale)


SIGNAL = Signal(
    name="thrashed_cursor",
    title="The pointer goes to and fro",
    kind="obstacle",
    stage="any",
    locus_type="page",
    exposure="locus",
    needs=({"events": ("page_path",)},),
    needs_events=("thrashed_cursor",),
    look_back=timedelta(0),
    source="friction_signals §1.5; the vendor's event as it is",
    prior_effect=0.02,
    parameters=Parameters(),
    detect=detect,
)

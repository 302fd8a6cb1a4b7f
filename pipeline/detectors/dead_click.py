"""Dead click: a click on which nothing happens, as the vendor's own script saw it.

That nothing happened is seen only in the page itself – no change of it, no request, no scrolling –, so that the
vendor's `dead_click` event is the evidence (PostHog waits 2.5 s, Amplitude 3 s, New Relic 2 s, Datadog 0.1 s). One flag
per session and element (page, where none is named), with a count, on the visit of the first. What a clickstream alone
tells is another, weaker signal: dead_click_proxy.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._per_place import ELEMENT, per_place
from pipeline.detectors._signal import Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """How soon dead clicks are severe."""

    scale: float = 2.0  # further clicks on the same element for 0.63 of what severity is left (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and element with `dead_click` events."""
    return per_place(inputs.named("dead_click"), ELEMENT, 0.4, parameters.scale)


SIGNAL = Signal(
    name="dead_click",
    title="A click on which nothing happens",
    kind="obstacle",
    stage="any",
    locus_type="element",
    exposure="locus",
    needs=({"events": ("element",)}, {"events": ("page_path",)}),
    needs_events=("dead_click",),
    look_back=timedelta(0),
    source="friction_signals §1.3; the vendor's event as it is",
    prior_effect=0.03,
    parameters=Parameters(),
    detect=detect,
)

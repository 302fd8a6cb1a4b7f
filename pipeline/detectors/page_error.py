"""Page error: the page was not found, failed, or threw an error that nobody caught.

Each `page_error` event is one, be it a 4xx or 5xx answer or an uncaught error; `error_code` says which where the source
tells. The same page in the same session again is one flag with a count, on the visit of the first error: a page that
keeps throwing is one thing that is broken.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._per_place import PAGE, per_place
from pipeline.detectors._signal import Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """How soon page errors are severe."""

    scale: float = 3.0  # further errors on the same page for 0.63 of what severity is left (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and page with `page_error` events."""
    return per_place(inputs.named("page_error"), PAGE, 0.4, parameters.scale)


SIGNAL = Signal(
    name="page_error",
    title="A page that fails",
    kind="obstacle",
    stage="any",
    locus_type="page",
    exposure="locus",
    needs=({"events": ("page_path",)},),
    look_back=timedelta(0),
    source="friction_signals §1.4",
    prior_effect=0.08,
    parameters=Parameters(),
    detect=detect,
)

"""Order return (outcome): something was sent back, for another reason than a change of mind.

Whose mind has changed met no friction; the error code tells. A return without a code, or with one that says nothing,
counts. Returns of one order of the same product for the same reason are one flag.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._order_errors import joined, runs
from pipeline.detectors._signal import Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """Which returns are nobody's fault."""

    change_of_mind: tuple[str, ...] = (  # codes, in any case, with _ for blanks and dashes; Shopify's is UNWANTED
        "UNWANTED",
        "CHANGED_MIND",
        "CHANGE_OF_MIND",
        "NO_LONGER_NEEDED",
        "NO_LONGER_WANTED",
    )


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per order, product and reason; known with the first return."""
    code = pl.col("error_code").str.strip_chars().str.to_uppercase().str.replace_all(r"[\s-]+", "_")
    is_change_of_mind = code.is_in([each.upper() for each in parameters.change_of_mind]).fill_null(value=False)
    return runs(
        inputs.errors.filter((pl.col("error_type") == "return") & ~is_change_of_mind).with_columns(
            locus=joined("item_id", "error_code")
        ),
        "product",
        pl.lit(1.0),
    )


SIGNAL = Signal(
    name="order_return",
    title="Sent back, not for a change of mind",
    kind="outcome",
    stage="fulfilment",
    locus_type="product",
    exposure="stage",
    needs=({"errors": ("error_type",)},),
    look_back=timedelta(0),
    source="friction_signals §3; Shopify's return reasons",
    prior_effect=0.0,
    parameters=Parameters(),
    detect=detect,
)

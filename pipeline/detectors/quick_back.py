"""Quick back: on to a page and straight back, as from a wrong turning.

A → B → A with B seen for less than 5 s and nothing done on it: no click, no scroll, nothing but what shows the page.
A page that is loaded again is still the same page. The friction is at B, which was not what its link had promised. The
same B again in the session is one flag with a count, on the visit of its first time and known when A was come back to.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What makes turning back quick."""

    seen: timedelta = timedelta(seconds=5)  # seconds on the page, from which on it is no quick back (Uxify: 5 s)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and page that was turned back from."""
    page, session, time = pl.col("page_path"), pl.col("session_id"), pl.col("occurred_at")
    is_another = ((page != page.shift(1)) | (session != session.shift(1))).fill_null(value=True)
    there_and_back = (page.shift(1) == page.shift(-1)) & (session.shift(1) == session) & (session.shift(-1) == session)
    return (
        inputs.pages.select(
            *OF_EVENT, "event_id", "occurred_at", "page_path", acts_before=pl.col("acts").cum_sum() - pl.col("acts")
        )
        .filter(is_another)
        .with_columns(
            back_id=pl.col("event_id").shift(-1),
            left_at=time.shift(-1),
            acts=pl.col("acts_before").shift(-1) - pl.col("acts_before"),
            is_back=there_and_back,
        )
        .filter(pl.col("is_back") & (pl.col("acts") == 0) & (pl.col("left_at") - time < parameters.seen))
        .with_columns(ids=pl.concat_list("event_id", "back_id"))
        .group_by("session_id", "page_path", maintain_order=True)
        .agg(
            pl.col(name for name in OF_EVENT if name != "session_id").first(),
            locus_type=pl.lit("page"),
            started_at=time.first(),
            ended_at=pl.col("left_at").last(),
            flagged_at=pl.col("left_at").first(),
            value_at_stake=pl.lit(None, pl.Float64),
            evidence=pl.col("ids").explode(),
            times=pl.len(),
        )
        .with_columns(
            severity=0.2 + 0.8 * saturating(pl.col("times") - 1, 3.0),
            detail=pl.struct("times").struct.json_encode(),
        )
        .rename({"page_path": "locus"})
    )


SIGNAL = Signal(
    name="quick_back",
    title="On to a page and straight back",
    kind="obstacle",
    stage="any",
    locus_type="page",
    exposure="locus",
    needs=({"events": ("page_path",)},),
    look_back=timedelta(0),
    source="friction_signals §1.5; 5 s and nothing done as Uxify's u-turn",
    prior_effect=0.02,
    parameters=Parameters(),
    detect=detect,
)

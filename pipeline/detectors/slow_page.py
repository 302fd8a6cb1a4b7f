"""Slow page: the page itself was slow to show, slow to answer, or jumped about.

A `web_vital` event says so: LCP above 4 s, INP above 500 ms, or CLS above 0.25 – where Google's own scale begins to say
"poor". `metric` names it, `value` holds it, times in milliseconds. One flag per time that a page was come to, with the
worst of what was measured there; the severity grows with how far that is beyond its limit.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """Above what a page is slow."""

    lcp_ms: float = 4000.0  # milliseconds until the largest content is there; above it is "poor" (web-vitals)
    inp_ms: float = 500.0  # milliseconds until an interaction is answered; above it is "poor" (web-vitals)
    cls: float = 0.25  # score of how far the page jumped; above it is "poor" (web-vitals)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per page come to on which something measured was beyond its limit."""
    limits = {"lcp": parameters.lcp_ms, "inp": parameters.inp_ms, "cls": parameters.cls}
    limit = pl.col("metric").replace_strict(limits, default=None, return_dtype=pl.Float64)
    slow = (
        inputs.named("web_vital")
        .filter(pl.col("page_path").is_not_null())
        .with_columns(metric=pl.col("metric").str.to_lowercase())
        .with_columns(times_limit=pl.col("value") / limit)
        .filter(pl.col("times_limit") > 1)
        .with_row_index("row")
    )
    keys = ["session_id", "page_path"]
    came = inputs.pages.join(slow, on=keys, how="semi").select(*keys, "occurred_at", came_to="event_id")
    at = slow.sort("occurred_at", "row").join_asof(
        came.sort("occurred_at", "came_to"), on="occurred_at", by=keys, check_sortedness=False
    )
    time, worst = pl.col("occurred_at"), pl.col("times_limit").arg_max()
    return (
        at.sort("row")
        .group_by("session_id", "page_path", "came_to", maintain_order=True)
        .agg(
            pl.col(name for name in OF_EVENT if name != "session_id").first(),
            locus_type=pl.lit("page"),
            started_at=time.first(),
            ended_at=time.last(),
            flagged_at=time.first(),
            value_at_stake=pl.lit(None, pl.Float64),  # the value of a web vital is no money
            evidence=pl.col("event_id"),
            metric=pl.col("metric").get(worst),
            measured=pl.col("value").get(worst),
            times_limit=pl.col("times_limit").max(),
        )
        .with_columns(
            severity=0.2 + 0.8 * saturating(pl.col("times_limit") - 1, 1.0),
            detail=pl.struct("metric", "measured").struct.json_encode(),
        )
        .rename({"page_path": "locus"})
        .drop("came_to", "metric", "measured", "times_limit")
    )


SIGNAL = Signal(
    name="slow_page",
    title="A page that was slow",
    kind="obstacle",
    stage="any",
    locus_type="page",
    exposure="locus",
    needs=({"events": ("metric", "value", "page_path")},),
    look_back=timedelta(0),
    source="friction_signals §1.7; the limits of web-vitals for poor",
    prior_effect=0.05,
    parameters=Parameters(),
    detect=detect,
)

"""Excessive scrolling: up and down and up again, more often than people usually do on the page.

Where the clickstream has `scroll` events with `y`, the place scrolled to, a turn is a scroll the other way than the one
before. Excessive are more turns in one session than 95 of 100 sessions made on the same page with the same kind of
device in the 28 days before, and four at least; where fewer than 200 sessions scrolled the page, nothing is judged. The
vendor's own `excessive_scroll` event is taken as it is, and where it stands our own count adds nothing to it. One flag
per session and page, on the visit of its first event, known when the limit is passed.
"""

from dataclasses import dataclass

import polars as pl

from pipeline.detectors._per_place import PAGE, per_place
from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating
from pipeline.journeys import usual


@dataclass(frozen=True)
class Parameters:
    """What is excessive, and how soon it is severe."""

    quantile: float = 0.95  # share of sessions on the page that turn no more often (friction_signals §1.5)
    min_turns: int = 4  # turns; down and up again is reading twice (ours)
    min_sessions: int = 200  # on the page in the 28 days before; of fewer, not even ten are beyond the limit (ours)
    scale: float = 3.0  # further times, or turns, for 0.63 of what severity is left (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and page with the vendor's event, or with more turns than usual."""
    told = per_place(inputs.named("excessive_scroll"), PAGE, 0.2, parameters.scale)
    own = _beyond(inputs, parameters).join(told, on=["session_id", "locus"], how="anti", maintain_order="left")
    return pl.concat([told, own], how="diagonal")


def _beyond(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    limits = usual.limits(inputs.usual, "scroll_turns", parameters.quantile, parameters.min_sessions)
    since = limits.select(pl.col("since").unique().sort())
    time, turns = pl.col("occurred_at"), pl.col("turns")
    scrolled = usual.turning(inputs.named("scroll")).filter(turns.max().over(usual.SAME_SCROLL) >= parameters.min_turns)
    at = (
        scrolled.with_columns(
            began=time.first().over(usual.SAME_SCROLL),
            kind=pl.col("device").drop_nulls().first().over(usual.SAME_SCROLL).fill_null(usual.UNKNOWN),
            row=pl.int_range(pl.len()),
        )
        .sort("began", "row")
        .join_asof(since, left_on="began", right_on="since", coalesce=False)
        .join(limits, left_on=["since", "page_path", "kind"], right_on=["since", "place", "device"])
        .sort("row")
    )
    is_beyond = (turns > pl.col("limit")) & (turns >= parameters.min_turns)
    beyond = at.group_by(*usual.SAME_SCROLL, maintain_order=True).agg(
        pl.col(OF_EVENT).first(),
        locus_type=pl.lit("page"),
        started_at=time.first(),
        ended_at=time.last(),
        flagged_at=time.filter(is_beyond).first(),
        value_at_stake=pl.lit(None, pl.Float64),
        # the scrolls that turned
        evidence=pl.col("event_id").filter(turns != turns.shift(1)),
        turns=turns.max(),
        usual_turns=pl.col("limit").first(),
        sessions=pl.col("seen").first(),
    )
    return (
        beyond.drop_nulls("flagged_at")
        .with_columns(
            severity=0.2
            + 0.8
            * saturating(turns - pl.max_horizontal("usual_turns", parameters.min_turns - 1) - 1, parameters.scale),
            detail=pl.struct("turns", "usual_turns", "sessions").struct.json_encode(),
        )
        .rename({"page_path": "locus"})
        .drop("session", "turns", "usual_turns", "sessions")
    )


SIGNAL = Signal(
    name="excessive_scroll",
    title="Scrolling up and down a page",
    kind="obstacle",
    stage="any",
    locus_type="page",
    exposure="locus",
    needs=({"events": ("page_path",)},),
    needs_events=("excessive_scroll", "scroll"),
    look_back=usual.TRAILING,
    source="friction_signals §1.5; the vendor's event as it is, the 95th percentile for our own count",
    prior_effect=0.02,
    parameters=Parameters(),
    version=2,
    detect=detect,
)

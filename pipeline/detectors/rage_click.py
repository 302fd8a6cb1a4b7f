"""Rage click: many clicks on the same element in a moment.

Four clicks on the same element – or within 30 pixels where no element is known – spanning at most one second. A burst
is one flag with a count. Four, because three are still a text selection. Only clicks count, in their order within the
session; a click on another element ends the burst.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal, saturating, seconds


@dataclass(frozen=True)
class Parameters:
    """What makes clicks a rage click."""

    min_clicks: int = 4  # clicks; three is still a text selection (Splunk raised 3 → 4 for this)
    within: timedelta = timedelta(seconds=1)  # from the first to the last of them (New Relic, Splunk: 1 s)
    radius_px: float = 30.0  # pixels from the click before, where no element is known (PostHog, Mixpanel: 30)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per burst: clicks that each belong to `min_clicks` in a row on one place within the time."""
    clicks = inputs.events.filter(pl.col("event_name") == "click").with_columns(
        near=((pl.col("x") - pl.col("x").shift(1)) ** 2 + (pl.col("y") - pl.col("y").shift(1)) ** 2).sqrt()
        <= parameters.radius_px,
    )
    same_place = (
        pl.when(pl.col("element").is_null() & pl.col("element").shift(1).is_null())
        .then(pl.col("near"))
        .otherwise(pl.col("element") == pl.col("element").shift(1))
    )
    same_visit = pl.col("visit_id") == pl.col("visit_id").shift(1)
    clicks = clicks.with_columns(place=(~(same_visit & same_place)).fill_null(value=True).cum_sum())

    # the first and the last click of each stretch of `min_clicks`; stretches that touch are one burst
    others = parameters.min_clicks - 1
    ends = (pl.col("occurred_at") - pl.col("occurred_at").shift(others) <= parameters.within) & (
        pl.col("place") == pl.col("place").shift(others)
    )
    clicks = clicks.with_columns(ends=ends.fill_null(value=False))
    in_burst = _any_ahead("ends", others + 1)
    joined = _any_ahead("ends", others)  # it and the click before it are of one stretch
    bursts = clicks.with_columns(in_burst=in_burst, burst=(~joined).cum_sum()).filter("in_burst")

    first, last = pl.col("occurred_at").first(), pl.col("occurred_at").last()
    nth = pl.col("occurred_at").get(others)
    return (
        bursts.group_by("burst", maintain_order=True)
        .agg(
            pl.col(
                "stage", "person_id", "customer_id", "session_id", "visit_id", "currency", "channel", "device"
            ).first(),
            locus_type=pl.when(pl.col("element").first().is_null()).then(pl.lit("page")).otherwise(pl.lit("element")),
            locus=pl.coalesce(pl.col("element").first(), pl.col("page_path").first(), pl.lit("unknown")),
            started_at=first,
            ended_at=last,
            flagged_at=nth,
            severity=0.5 + 0.5 * saturating(pl.len() - parameters.min_clicks, parameters.min_clicks),
            value_at_stake=pl.col("value").first(),
            evidence=pl.col("event_id"),
            clicks=pl.len(),
            span=seconds(last - first),
        )
        .with_columns(detail=pl.struct("clicks", span_seconds="span").struct.json_encode())
    )


def _any_ahead(name: str, rows: int) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).shift(-ahead).fill_null(value=False) for ahead in range(rows))


SIGNAL = Signal(
    name="rage_click",
    title="Many clicks on the same element in a moment",
    kind="obstacle",
    stage="any",
    locus_type="element",
    exposure="locus",
    needs=({"events": ("element",)}, {"events": ("x", "y")}),
    needs_milliseconds=True,
    look_back=timedelta(0),
    source="friction_signals §1.1; 4 clicks in 1 s as New Relic and Splunk, 30 px as PostHog and Mixpanel",
    prior_effect=0.05,
    parameters=Parameters(),
    detect=detect,
)

"""Error click: a click, and within two seconds the page throws an error.

Each `page_error` uses up the nearest click before it in the session that no error before has used up, if that was at
most 2 s before. The vendor's own `error_click` event is evidence as it is. One flag per session and element (page,
where none is named), on the visit of its first click; it counts the errors found or those that the vendor tells,
whichever are more, so that none is counted twice.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._per_place import ELEMENT
from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What makes a click an error click."""

    within: timedelta = timedelta(seconds=2)  # seconds from the click to the error (Amplitude, New Relic: 2 s)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and element on which clicks ended in errors."""
    time = pl.col("occurred_at")
    found = _pairs(inputs.named("click", "page_error"), parameters.within)
    told = inputs.named("error_click").select(
        *OF_EVENT, "element", "page_path", "event_id", occurred_at="occurred_at", known_at="occurred_at"
    )
    of_session = [name for name in OF_EVENT if name != "session_id"]
    return (
        pl.concat([found, told], how="diagonal")
        .with_columns(**ELEMENT, ids=pl.concat_list("event_id", "error_id").list.drop_nulls())
        .sort("session_id", "known_at", "error_id", "event_id", nulls_last=True)
        .group_by("session_id", "locus_type", "locus", maintain_order=True)
        .agg(
            pl.col(of_session).first(),
            started_at=time.min(),
            ended_at=pl.col("known_at").last(),
            flagged_at=pl.col("known_at").first(),
            value_at_stake=pl.lit(None, pl.Float64),
            evidence=pl.col("ids").explode(),
            times=pl.max_horizontal(pl.col("error_id").count(), pl.col("error_id").null_count()),
        )
        .with_columns(
            severity=0.4 + 0.6 * saturating(pl.col("times") - 1, 2.0),
            detail=pl.struct("times").struct.json_encode(),
        )
    )


def _pairs(rows: pl.LazyFrame, within: timedelta) -> pl.LazyFrame:
    """Clicks with the error that used each up: error_id, known_at.

    Clicks are laid on a pile and an error takes the top one. That an error may take one that is too old changes
    nothing: those below are older still.
    """
    is_error = pl.col("event_name") == "page_error"
    ahead = [pl.when(is_error).then(name).backward_fill() for name in ("occurred_at", "session_id")]
    soon = (ahead[0] - pl.col("occurred_at") <= within) & (ahead[1] == pl.col("session_id"))
    height = pl.when(is_error).then(-1).otherwise(1).cum_sum().over("session_id")
    bottom = pl.min_horizontal(pl.col("height").cum_min(), 0)
    found_none = bottom < bottom.shift(1, fill_value=0)
    return (
        rows.select(*OF_EVENT, "element", "page_path", "event_id", "event_name", "occurred_at")
        .filter(is_error | soon.fill_null(value=False))
        .with_columns(height=height)
        .with_columns(
            level=(pl.col("height") - bottom).over("session_id") + is_error, found_none=found_none.over("session_id")
        )
        .filter(~pl.col("found_none"))
        .with_columns(
            error_id=pl.col("event_id").shift(-1).over("session_id", "level"),
            known_at=pl.col("occurred_at").shift(-1).over("session_id", "level"),
        )
        .filter(~is_error & (pl.col("known_at") - pl.col("occurred_at") <= within))
        .drop("event_name", "height", "level", "found_none")
    )


SIGNAL = Signal(
    name="error_click",
    title="A click that ends in an error",
    kind="obstacle",
    stage="any",
    locus_type="element",
    exposure="locus",
    needs=({"events": ("element",)}, {"events": ("page_path",)}),
    look_back=timedelta(0),
    source="friction_signals §1.4; 2 s as Amplitude and New Relic, one error for one click as Splunk",
    prior_effect=0.08,
    parameters=Parameters(),
    detect=detect,
)

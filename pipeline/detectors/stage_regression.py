"""Stage regression: back to an earlier stage of the journey, and back again.

In one session the customer goes back to an earlier stage – from one event to the next, in the order of the journey's
stages – two times or more, be it between the same stages or others. What holds somebody up is in the stage that was
left: one flag per session, on the visit that was left when it was the second time, its place the stages from → to of
that time. Stages named in `apart_from` are not looked at, as if nothing happened in them.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What makes going back a regression."""

    min_times: int = 2  # times back; once is a correction (ours)
    apart_from: tuple[str, ...] = ()  # stages by name; ("discover",) where looking around is no trouble (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session that goes back `min_times` or more."""
    order = {name: n for n, name in enumerate(inputs.stages)}
    stage, session, time = pl.col("stage"), pl.col("session_id"), pl.col("occurred_at")
    place_in_order = [
        pl.col(name).replace_strict(order, default=None, return_dtype=pl.Int32) for name in ("to", "stage")
    ]
    nth = parameters.min_times - 1
    looked_at = inputs.events.filter(~stage.is_in(parameters.apart_from)) if parameters.apart_from else inputs.events
    return (
        looked_at.select(*OF_EVENT, "event_id", "occurred_at")
        .with_columns(to=stage.shift(-1), back_at=time.shift(-1), then_id=pl.col("event_id").shift(-1))
        .filter((pl.col("to") != stage) & (session.shift(-1) == session))
        .filter(place_in_order[0] < place_in_order[1])
        .with_columns(ids=pl.concat_list("event_id", "then_id"))
        .group_by("session_id", maintain_order=True)
        .agg(
            pl.col(name for name in OF_EVENT if name != "session_id").get(nth, null_on_oob=True),
            locus_type=pl.lit("stage"),
            locus=pl.concat_str("stage", "to", separator=" → ").get(nth, null_on_oob=True),
            started_at=time.first(),
            ended_at=pl.col("back_at").last(),
            flagged_at=pl.col("back_at").get(nth, null_on_oob=True),
            value_at_stake=pl.lit(None, pl.Float64),
            evidence=pl.col("ids").explode().unique(maintain_order=True),
            times=pl.len(),
        )
        .filter(pl.col("times") >= parameters.min_times)
        .with_columns(
            severity=0.3 + 0.7 * saturating(pl.col("times") - parameters.min_times, 3.0),
            detail=pl.struct("times").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="stage_regression",
    title="Back to an earlier stage, and back again",
    kind="obstacle",
    stage="any",
    locus_type="stage",
    exposure="stage",
    needs=({"events": ("event_name",)},),
    look_back=timedelta(0),
    source="ours; no default is published",
    prior_effect=0.03,
    parameters=Parameters(),
    detect=detect,
)

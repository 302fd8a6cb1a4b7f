"""Hesitation: much longer on a stage of the journey than people usually are.

How long a stage visit lasted is the time from each of its events to the session's next: what comes after a session's
last event is not known, and is not counted. Somebody hesitates who stays longer than 95 of 100 visits to the same stage
on the same kind of device that ended in the 28 days before, and for a minute at least. One flag per visit, known when
that time is reached; its place is the page of the longest pause until then. Where fewer visits than 200 were seen, not
even ten of them were longer than that, and nothing is flagged.

A long stay is no fault by itself: people also stay because they like what they see. What it costs, the score says.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating
from pipeline.journeys import usual


@dataclass(frozen=True)
class Parameters:
    """What makes a stay long."""

    quantile: float = 0.95  # share of visits that are shorter (ours, as the catalogue's other baselines)
    least: timedelta = timedelta(seconds=60)  # shorter is no hesitation, however quick the others are (ours)
    min_visits: int = 200  # visits in the 28 days before; of fewer, not even ten are beyond the limit (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per visit that lasts longer than usual."""
    limits = usual.limits(inputs.usual, "dwell_seconds", parameters.quantile, parameters.min_visits)
    since = limits.select(pl.col("since").unique().sort())
    least = parameters.least.total_seconds()
    long = (
        inputs.visits.filter(pl.col("dwell_seconds") >= least)
        .select("visit_id", "entered_at", "dwell_seconds", "stage", kind=pl.col("device").fill_null(usual.UNKNOWN))
        .sort("entered_at", "visit_id")
        .join_asof(since, left_on="entered_at", right_on="since", coalesce=False)
        .join(limits, left_on=["since", "stage", "kind"], right_on=["since", "place", "device"])
        .filter(pl.col("dwell_seconds").floor() > pl.col("limit"))
        .select("visit_id", "dwell_seconds", "limit", "seen")
    )
    follows = pl.col("session_id") == pl.col("session_id").shift(-1)
    time, pause = pl.col("occurred_at"), pl.col("pause")
    stays = (
        inputs.events.select(*OF_EVENT, "event_id", "occurred_at", "page_path")
        .with_columns(then_at=pl.when(follows).then(time.shift(-1)), then_id=pl.col("event_id").shift(-1))
        .join(long, on="visit_id", maintain_order="left")
        .with_columns(pause=(pl.col("then_at") - time).dt.total_microseconds() / 1_000_000)
        .with_columns(
            page_path=pl.col("page_path").forward_fill().over("visit_id"),
            passed=pause.cum_sum().over("visit_id"),
        )
    )
    is_beyond = (pl.col("passed").floor() > pl.col("limit")) & (pl.col("passed") >= least)
    beyond = is_beyond.arg_max()
    longest = pause.head(beyond + 1).arg_max()
    return (
        stays.group_by("visit_id", maintain_order=True)
        .agg(
            pl.col(name for name in OF_EVENT if name != "visit_id").first(),
            locus_type=pl.lit("page"),
            locus=pl.col("page_path").fill_null(usual.UNKNOWN).get(longest),
            started_at=time.first(),
            ended_at=pl.col("then_at").max(),
            flagged_at=pl.col("then_at").get(beyond),
            value_at_stake=pl.lit(None, pl.Float64),
            before=pl.col("event_id").get(longest),
            after=pl.col("then_id").get(longest),
            until=pl.col("then_id").get(beyond),
            seconds=pl.col("dwell_seconds").first().round(3),
            usual_seconds=pl.col("limit").first(),
            visits=pl.col("seen").first(),
        )
        .with_columns(
            evidence=pl.concat_list("before", "after", "until").list.unique(maintain_order=True),
            severity=0.2
            + 0.8
            * saturating(
                pl.col("seconds") - pl.col("usual_seconds"), pl.max_horizontal("usual_seconds", pl.lit(least))
            ),
            detail=pl.struct("seconds", "usual_seconds", "visits").struct.json_encode(),
        )
        .drop("before", "after", "until", "seconds", "usual_seconds", "visits")
    )


SIGNAL = Signal(
    name="hesitation",
    title="Much longer on a stage than usual",
    kind="obstacle",
    stage="any",
    locus_type="page",
    exposure="locus",
    needs=({"events": ("page_path",)},),
    needs_usual="dwell_seconds",
    look_back=usual.TRAILING,
    source="ours; no default is published",
    prior_effect=0.02,
    parameters=Parameters(),
    detect=detect,
)

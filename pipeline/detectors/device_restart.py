"""Device restart: the customer starts the same stage again on another device, because the first one did not do.

A known customer's event of a stage on another class of device than their event of this stage before, at most 24 hours
later, and the stage was not completed in between. One flag per visit, with a count, on the visit that was started
again. Only stages in which something is worked on count: looking around on two devices is no trouble.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating

COMPLETED_BY = {"cart": ("begin_checkout", "purchase")}  # a purchase completes every other stage, too


@dataclass(frozen=True)
class Parameters:
    """What starting again is."""

    within: timedelta = timedelta(hours=24)  # of the last event on the device before (ours)
    stages: tuple[str, ...] = ("cart", "checkout", "payment")  # where work is lost; the others are looked at (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per visit with events on another device than those of the stage before it."""
    names = pl.col("event_name")
    fails = (names == "purchase") & (pl.col("outcome") == "error").fill_null(value=False)
    stages = list(parameters.stages)
    rows = inputs.recent.filter(
        (pl.col("stage").is_in(stages) | names.is_in(["begin_checkout", "purchase"]))
        & pl.col("customer_id").is_not_null()
    )
    # hardly anybody is seen on two devices: the others are left out at once
    same = pl.col("person_id") == pl.col("person_id").shift(1)
    told = rows.filter(pl.col("device").is_not_null())
    others = told.filter(same & (pl.col("device") != pl.col("device").shift(1))).select(pl.col("person_id").unique())
    rows = rows.join(others, on="person_id", how="semi", maintain_order="left")
    found = pl.concat([_restarts(rows, stage, parameters.within, ~fails) for stage in stages])
    # the visit is known of sessions that were open on the day: only there can a restart be of the day
    known = inputs.events.select("session", "event_id", "visit_id").join(found, on="session", how="semi")
    return (
        found.join(known, on=["session", "event_id"])
        .sort("occurred_at", "event_id")
        .group_by("visit_id", maintain_order=True)
        .agg(
            pl.col([name for name in OF_EVENT if name != "visit_id"]).first(),
            pl.col("before_device", "before_at", "before_id").first(),
            flagged_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            severity=0.5 + 0.5 * saturating(pl.len() - 1, 2.0),
            value_at_stake=pl.col("value").max(),
            restarted=pl.col("event_id"),
            restarts=pl.len(),
        )
        .with_columns(
            locus_type=pl.lit("device"),
            locus=pl.concat_str("before_device", "device", separator=" → "),
            started_at="before_at",
            evidence=pl.concat_list("before_id", "restarted"),
            detail=pl.struct("restarts").struct.json_encode(),
        )
    )


def _restarts(rows: pl.LazyFrame, stage: str, within: timedelta, succeeds: pl.Expr) -> pl.LazyFrame:
    """Events of a stage on another device than the person's event of the stage before, which had come to nothing."""
    done = pl.col("event_name").is_in(COMPLETED_BY.get(stage, ("purchase",))) & succeeds
    before = pl.col("person_id", "device", "occurred_at", "event_id", "times").shift(1).name.prefix("last_")
    return (
        rows.with_columns(done=done)
        # how often it had been completed up to here, a completing event being the end of what it completes
        .with_columns(times=pl.col("done").cum_sum() - pl.col("done").cast(pl.UInt32))
        .filter((pl.col("stage") == stage) & pl.col("device").is_not_null())
        .with_columns(before)
        .filter(
            (pl.col("person_id") == pl.col("last_person_id"))
            & (pl.col("device") != pl.col("last_device"))
            & (pl.col("occurred_at") - pl.col("last_occurred_at") <= within)
            & (pl.col("times") == pl.col("last_times"))
        )
        .rename({"last_device": "before_device", "last_occurred_at": "before_at", "last_event_id": "before_id"})
        .select(
            *(name for name in OF_EVENT if name != "visit_id"),
            "session", "event_id", "occurred_at", "value", "before_device", "before_at", "before_id",
        )
    )  # fmt: skip


SIGNAL = Signal(
    name="device_restart",
    title="Started again on another device",
    kind="obstacle",
    stage="any",
    locus_type="device",
    exposure="stage",
    needs=({"events": ("customer_id", "device")},),
    look_back=timedelta(days=1),
    source="ours; no default is published",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

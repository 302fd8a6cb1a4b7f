"""Repeated identification: the customer had to say again who they are after a transfer or a switch of channel.

No column of a wait tells that somebody was identified. The service's own event does: `identify` in the clickstream (the
customer gave a number, a code or an answer by phone, in a chat, in the store). Two of a person within 24 hours with a
transfer, or a contact of the same case on another channel, between them are one flag, on the contact that was handed
over. Calls of this name that a tracker sends by itself are of no contact: the mapping files leave them out.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal
from pipeline.detectors._switches import switches


@dataclass(frozen=True)
class Parameters:
    """When an identification is a repeated one."""

    within: timedelta = timedelta(hours=24)  # of the one before; at most 48 h, as far as is read (ours)
    severity: float = 0.5  # share; a nuisance, and a sign that nothing was handed on (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per identification that a handover lay before since the last one; the place is team → team."""
    same = pl.col("person_id") == pl.col("person_id").shift(1)
    told = (
        inputs.recent.filter((pl.col("event_name") == "identify") & pl.col("customer_id").is_not_null())
        .sort("person_id", "occurred_at", "event_id")
        .select(
            "person_id",
            known_at="occurred_at",
            event_id="event_id",
            first_at=pl.when(same).then(pl.col("occurred_at").shift(1)),
            first_id=pl.col("event_id").shift(1),
        )
        .filter(pl.col("known_at") - pl.col("first_at") <= parameters.within)
    )
    return (
        told.join(_handovers(inputs, parameters.within), on="person_id")
        .filter(pl.col("handed_at").is_between("first_at", "known_at"))
        .sort("handed_at", "visit_id", "kind")
        .unique(["person_id", "event_id"], keep="last", maintain_order=True)
        .select(
            *WHO,
            **NO_SESSION,
            locus_type=pl.lit("team"),
            locus=pl.concat_str("from_team", "to_team", separator=" → "),
            started_at="first_at",
            ended_at="known_at",
            flagged_at="known_at",
            severity=pl.lit(parameters.severity),
            value_at_stake="value",
            evidence=pl.concat_list("first_id", "event_id"),
            detail=pl.struct("kind").struct.json_encode(),
        )
    )


def _handovers(inputs: Inputs, within: timedelta) -> pl.LazyFrame:
    """When which contact was handed from which team to which; in a queue without a team, the queue is the place."""
    near = inputs.contacts.filter(pl.col("started_at") < inputs.end)
    place = pl.coalesce("team", "queue", "channel", pl.lit("unknown"))
    passed = (
        inputs.waits.drop_nulls("visit_id")
        .sort("visit_id", "started_at", "wait_id")
        .select(
            "visit_id",
            "outcome",
            handed_at=pl.col("started_at").shift(-1),
            is_same=pl.col("visit_id") == pl.col("visit_id").shift(-1),
            from_team=place,
            to_team=place.shift(-1),
            kind=pl.lit("transfer"),
        )
        .filter((pl.col("outcome") == "transferred") & pl.col("is_same"))
        .drop("outcome", "is_same")
    )
    moved = switches(near, timedelta(days=7)).select(
        "visit_id",
        handed_at="started_at",
        from_team=pl.coalesce(pl.col("teams_before").list.first(), "channel_before"),
        to_team=pl.coalesce(pl.col("teams").list.first(), "channel"),
        kind=pl.lit("channel_switch"),
    )
    handed = pl.concat([passed, moved]).filter(pl.col("handed_at") >= inputs.start - within)
    return handed.join(near.select(*WHO, "value"), on="visit_id")


SIGNAL = Signal(
    name="repeated_identification",
    title="Had to say again who they are",
    kind="obstacle",
    stage="support",
    locus_type="team",
    exposure="stage",
    needs=({"events": ("event_name",), "waits": ("team",)},),
    needs_events=("identify",),
    look_back=timedelta(days=1),
    source="ours; no default is published",
    prior_effect=0.05,
    parameters=Parameters(),
    detect=detect,
)

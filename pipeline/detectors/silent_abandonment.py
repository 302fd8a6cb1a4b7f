"""Silent abandonment (outcome): a customer left a chat without a word, having waited too long for the first reply.

In text nobody hears the customer hang up: the agent replies late and gets no answer. From waits this shows where a
wait in the queue or for the first reply of a chat went beyond its target, was served, and no time of service followed
(`handled_seconds` is 0; where it is not told, it is not known and not flagged), or the system closed the chat for want
of life (`timed_out`); and no further wait of the contact had begun ten minutes later, nor did one go on. One flag per
contact, known after these minutes.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating, seconds
from pipeline.detectors._waits import with_targets


@dataclass(frozen=True)
class Parameters:
    """When silence means that the customer is gone."""

    patience: timedelta = timedelta(minutes=10)  # after the reply; chat platforms close idle chats at 5 to 15 minutes
    handled_at_most: float = 0.0  # seconds; where the agent's waiting for an answer counts as service, allow for it


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per contact; severity grows with the wait beyond the target."""
    chats = inputs.waits.filter((pl.col("channel") == "chat") & pl.col("visit_id").is_not_null())
    is_silent = (pl.col("outcome") == "timed_out") | (
        (pl.col("outcome") == "served") & (pl.col("handled_seconds") <= parameters.handled_at_most)
    )
    late = (
        with_targets(inputs, chats.filter(pl.col("wait_type").is_in(["queue", "first_response"])))
        .with_columns(waited=seconds(pl.col("ended_at") - pl.col("started_at")))
        .filter((pl.col("waited") > pl.col("target")) & is_silent)
        .with_columns(gone_at=pl.col("ended_at") + parameters.patience)
        .filter(pl.col("gone_at") >= inputs.start)
    )
    contact = chats.select(
        "visit_id", "handled_seconds", other="wait_id", begins_at="started_at", ends_at="ended_at"
    ).filter(pl.col("begins_at") < inputs.end)
    goes_on = (pl.col("ends_at") > pl.col("gone_at")).fill_null(value=True)
    is_served = (pl.col("handled_seconds") > parameters.handled_at_most) & ~goes_on
    is_further = (pl.col("other") != pl.col("wait_id")) & (
        (pl.col("begins_at") >= pl.col("ended_at")) | goes_on | is_served
    )
    answered = (
        late.select("visit_id", "wait_id", "ended_at", "gone_at")
        .join(contact, on="visit_id")
        .filter((pl.col("begins_at") <= pl.col("gone_at")) & is_further.fill_null(value=False))
        .select("wait_id")
    )
    return (
        late.join(answered, on="wait_id", how="anti")
        .sort("visit_id", "ended_at", "wait_id")
        .unique("visit_id", keep="last", maintain_order=True)
        .select(
            *WHO,
            "started_at",
            **NO_SESSION,
            locus_type=pl.lit("queue"),
            locus=pl.coalesce("queue", pl.lit("unknown")),
            ended_at="gone_at",
            flagged_at="gone_at",
            severity=0.5 + 0.5 * saturating(pl.col("waited") - pl.col("target"), pl.col("target")),
            value_at_stake="value",
            evidence=pl.concat_list("wait_id"),
            detail=pl.struct("outcome", waited_seconds="waited", target_seconds="target").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="silent_abandonment",
    title="Left a chat without a word",
    kind="outcome",
    stage="support",
    locus_type="queue",
    exposure="locus",
    needs=({"waits": ("handled_seconds", "ended_at")},),
    look_back=timedelta(days=1),
    source="friction_signals §2.1; arXiv 2501.08869, what it looks like in waits is ours",
    prior_effect=0.0,
    parameters=Parameters(),
    detect=detect,
)

"""Channel switch: the customer has to move to another channel with the same case.

Two contacts of one case that follow each other within 7 days on different channels. Contacts with one `case_id` are of
one case; where none is given, contacts of the same person about the same reason are. The flag is on the later contact,
and known when it begins; the place is the channel left and the channel come to.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal
from pipeline.detectors._switches import switches


@dataclass(frozen=True)
class Parameters:
    """When a further contact is on the same case."""

    within: timedelta = timedelta(days=7)  # of the beginning of the one before; as first-contact resolution (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per contact on another channel than the one before it; the sooner it was needed, the more severe."""
    hours = (pl.col("started_at") - pl.col("before_at")).dt.total_microseconds() / 3.6e9
    return switches(inputs.contacts, parameters.within).select(
        *WHO,
        **NO_SESSION,
        locus_type=pl.lit("channel"),
        locus=pl.concat_str("channel_before", "channel", separator=" → "),
        started_at="before_at",
        ended_at="started_at",
        flagged_at="started_at",
        severity=0.5 + 0.5 * (-hours / 24).exp(),
        value_at_stake="value",
        evidence=pl.concat_list("wait_before", pl.col("wait_ids").list.first()),
        detail=pl.struct(hours_between=hours.round(3)).struct.json_encode(),
    )


SIGNAL = Signal(
    name="channel_switch",
    title="Moved to another channel with the same case",
    kind="obstacle",
    stage="support",
    locus_type="channel",
    exposure="stage",
    needs=({"waits": ("channel", "case_id")}, {"waits": ("channel", "reason")}),
    look_back=timedelta(days=7),
    source="ours; 7 days as first-contact resolution (friction_signals §2.1)",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

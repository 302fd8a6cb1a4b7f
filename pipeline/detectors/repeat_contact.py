"""Repeat contact (outcome): the same person about the same reason again, soon after a contact that had ended.

The first contact is the one that failed: the flag is on its visit, and known when the second begins.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal
from pipeline.journeys.contacts import repeats


@dataclass(frozen=True)
class Parameters:
    """When a further contact is a repeat."""

    within: timedelta = timedelta(days=7)  # of the end of the first; the usual window of first-contact resolution


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per contact that was followed by another about the same reason within the time."""
    contacts = inputs.contacts.collect()
    found = contacts.join(repeats(contacts, parameters.within), on="visit_id")
    hours = (pl.col("repeated_at") - pl.col("over_at")).dt.total_microseconds() / 3.6e9
    return found.lazy().select(
        *WHO,
        "started_at",
        **NO_SESSION,
        locus_type=pl.lit("reason"),
        locus=pl.col("reason"),
        ended_at="repeated_at",
        flagged_at="repeated_at",
        severity=0.5 + 0.5 * (-hours / 24).exp(),  # the sooner they have to come back, the worse the answer was
        value_at_stake="value",
        evidence=pl.concat_list(pl.col("wait_ids").list.first(), "repeat_wait"),
        detail=pl.struct(hours_between=hours.round(3)).struct.json_encode(),
    )


SIGNAL = Signal(
    name="repeat_contact",
    title="Again about the same reason within days",
    kind="outcome",
    stage="support",
    locus_type="reason",
    exposure="stage",
    needs=({"waits": ("reason",)},),
    look_back=timedelta(days=14),
    source="friction_signals §2.1; 7 days as Call Centre Helper's first-contact resolution",
    prior_effect=0.0,
    parameters=Parameters(),
    detect=detect,
)

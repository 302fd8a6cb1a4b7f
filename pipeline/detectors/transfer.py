"""Transfer: within one contact the customer was handed to another team or agent.

Waits of a contact in order of their end, as who served is known then. A wait that ended with `transferred` is a
hand-off, to whoever ends the next wait; so is a wait that names another team or agent than the one last known before,
unless the wait before has told of it. One flag per contact, known with the first hand-off; it names from where to where
that went (the queue where no team is told). Each further one raises the severity, and ping-pong, a hand-off back to a
team or queue that had the customer before, counts three times.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """How bad a hand-off is."""

    first_severity: float = 0.3  # share; many a first one leads to who can help
    scale: float = 3.0  # hand-offs; so many more close 63 % of what is left to 1
    ping_pong: float = 2.0  # hand-offs; what one back to an earlier team counts on top: nobody felt responsible


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per contact with a hand-off."""
    ended = inputs.waits.filter(pl.col("visit_id").is_not_null() & pl.col("ended_at").is_not_null())
    of_today = ended.filter(pl.col("ended_at") >= inputs.start).select("visit_id")
    rows = (
        ended.join(of_today, on="visit_id", how="semi")
        .sort("visit_id", "ended_at", "wait_id")
        .with_row_index("place")
        .with_columns(
            at_team=pl.coalesce("team", "queue").forward_fill().over("visit_id").fill_null("unknown"),
            last_team=pl.col("team").forward_fill().over("visit_id"),
            last_agent=pl.col("agent_id").forward_fill().over("visit_id"),
            is_moved=pl.col("outcome") == "transferred",
        )
        .with_columns(is_again=pl.col("place") > pl.col("place").min().over("visit_id", "at_team"))
        .with_columns(
            pl.when(pl.col("visit_id") == pl.col("visit_id").shift(by)).then(pl.col(name).shift(by)).alias(as_name)
            for as_name, name, by in (
                ("team_before", "last_team", 1),
                ("agent_before", "last_agent", 1),
                ("at_before", "at_team", 1),
                ("was_moved", "is_moved", 1),
                ("at_next", "at_team", -1),
                ("is_again_next", "is_again", -1),
            )
        )
    )
    moved = rows.filter("is_moved").select(
        "visit_id", "place", "wait_id", "ended_at", left="at_team", to="at_next", is_back="is_again_next"
    )
    is_other = (pl.col("team") != pl.col("team_before")) | (pl.col("agent_id") != pl.col("agent_before"))
    other = rows.filter(is_other.fill_null(value=False) & ~pl.col("was_moved").fill_null(value=False)).select(
        "visit_id",
        "place",
        "wait_id",
        "ended_at",
        left=pl.coalesce("team_before", "at_before"),
        to="at_team",
        is_back="is_again",
    )
    hand_offs = pl.col("hand_offs") - 1 + parameters.ping_pong * pl.col("ping_pongs")
    base = parameters.first_severity
    return (
        pl.concat([moved, other])
        .with_columns(pl.col("to").fill_null("unknown"))
        .with_columns(is_back=pl.col("is_back").fill_null(value=False) & (pl.col("left") != pl.col("to")))
        .sort("visit_id", "place", "is_back", "to")
        .group_by("visit_id", maintain_order=True)
        .agg(
            locus=pl.concat_str(pl.col("left", "to").first(), separator=" → "),
            flagged_at=pl.col("ended_at").first(),
            ended_at=pl.col("ended_at").last(),
            waits=pl.col("wait_id"),
            hand_offs=pl.len(),
            ping_pongs=pl.col("is_back").sum(),
        )
        .join(inputs.contacts.select(*WHO, "started_at", "value", "wait_ids"), on="visit_id")
        .with_columns(
            **NO_SESSION,
            locus_type=pl.lit("team"),
            severity=base + (1 - base) * saturating(hand_offs, parameters.scale),
            value_at_stake="value",
            # what the contact begins with: which hand-off was the first never changes it
            evidence=pl.concat_list(pl.col("wait_ids").list.head(1), "waits").list.unique(maintain_order=True),
            detail=pl.struct("hand_offs", "ping_pongs").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="transfer",
    title="Handed to another team or agent",
    kind="obstacle",
    stage="support",
    locus_type="team",
    exposure="stage",
    needs=({"waits": ("contact_id", "outcome")},),
    look_back=timedelta(days=1),
    source="friction_signals §2.1; hops as Zendesk's group and assignee stations",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

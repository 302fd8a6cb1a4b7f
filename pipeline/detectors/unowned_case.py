"""Unowned case: a case is open and nobody takes care of it.

Either a wait of it has been open for 24 hours and no wait of the case names an agent or a team by then, or nothing has
happened in it for 72 hours: no wait has begun or ended while one was open. A case is what the source calls one
(`case_id`), else the contact. Since when a wait has its agent is not told: one that names any has an owner from its
beginning, so that nobody is accused who was there. One flag per case, on the contact that was waiting longest.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating, seconds


@dataclass(frozen=True)
class Parameters:
    """How long nobody may take care of a case."""

    unowned: timedelta = timedelta(hours=24)  # without agent and team; by the next day somebody has looked at what came
    untouched: timedelta = timedelta(hours=72)  # a long weekend is not neglect
    types: tuple[str, ...] = ("queue", "first_response", "next_response", "resolution")  # waits that keep a case open


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per case; severity grows with how long the wait went on after that, as seen by the end of the day."""
    keys = ["customer_id", "case"]
    waits = inputs.waits.filter(pl.col("visit_id").is_not_null()).with_columns(
        case=pl.coalesce(pl.lit("case ") + pl.col("case_id"), "visit_id"),
        until=pl.coalesce("ended_at", pl.lit(inputs.end)),
        is_opening=pl.col("wait_type").is_in(list(parameters.types)),
    )
    of_today = waits.filter("is_opening", pl.col("until") >= inputs.start).select(keys)
    known = waits.join(of_today, on=keys, how="semi")
    opening = known.filter("is_opening")

    has_owner = pl.col("team").is_not_null() | pl.col("agent_id").is_not_null()
    owned = known.filter(has_owner).group_by(keys).agg(owned_at=pl.col("started_at").min())
    unowned = (
        opening.join(owned, on=keys, how="left")
        .with_columns(known_at=pl.col("started_at") + parameters.unowned)
        .filter(pl.col("until") >= pl.col("known_at"), (pl.col("owned_at") > pl.col("known_at")).fill_null(value=True))
        .select(*keys, "known_at", why=pl.lit("unowned"))
    )
    step = pl.col("is_opening").cast(pl.Int32)
    touches = pl.concat(
        [
            known.select(*keys, at="started_at", step=step),
            known.filter(pl.col("ended_at").is_not_null()).select(*keys, at="ended_at", step=-step),
        ]
    ).sort(*keys, "at")
    untouched = (
        touches.with_columns(
            waiting=pl.col("step").cum_sum().over(keys),
            next_at=pl.col("at").shift(-1).over(keys).fill_null(pl.lit(inputs.end)),
            known_at=pl.col("at") + parameters.untouched,
        )
        .filter(pl.col("waiting") > 0, pl.col("next_at") >= pl.col("known_at"))
        .select(*keys, "known_at", why=pl.lit("untouched"))
    )
    return (
        pl.concat([unowned, untouched])
        .sort(*keys, "known_at", "why")
        .unique(keys, keep="first", maintain_order=True)
        .join(opening, on=keys)
        .filter(pl.col("started_at") < pl.col("known_at"), pl.col("until") >= pl.col("known_at"))
        .sort(*keys, "started_at", "wait_id")
        .unique(keys, keep="first", maintain_order=True)
        .select(
            *WHO,
            "started_at",
            **NO_SESSION,
            locus_type=pl.lit("queue"),
            locus=pl.coalesce("queue", pl.lit("unknown")),
            ended_at=pl.max_horizontal("ended_at", "known_at"),
            flagged_at="known_at",
            severity=0.5
            + 0.5 * saturating(seconds(pl.col("until") - pl.col("known_at")), parameters.untouched.total_seconds()),
            value_at_stake="value",
            evidence=pl.concat_list("wait_id"),
            detail=pl.struct("why", "case_id").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="unowned_case",
    title="An open case that nobody takes care of",
    kind="obstacle",
    stage="support",
    locus_type="queue",
    exposure="locus",
    needs=({"waits": ("agent_id",)},),  # where no agent is ever named, none is missing; teams may be of deliveries only
    look_back=timedelta(days=28),
    source="ours",
    prior_effect=0.15,
    parameters=Parameters(),
    detect=detect,
)

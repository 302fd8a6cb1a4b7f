"""Contact surge: many more contacts about one reason than the days before would lead one to expect.

It is a matter of the point, not of a person: what is flagged is every contact about the reason on the day, because a
surge is what all of them stand in – the queue, the outage, the letter that was sent to everybody. The contacts that
began on the day are compared with those of the 28 days before, per order placed; where no orders are known, per person
in the clickstream; where there is neither, per day. More than chance means: beyond `deviations` standard deviations of
a count whose spread is Poisson's or, where days differ by more than that, theirs (Pearson's dispersion), the
uncertainty of the rate itself included; and at least `ratio` times what was to be expected, because in large numbers
chance alone is soon exceeded.
"""

from dataclasses import dataclass

import polars as pl

from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating
from pipeline.journeys import usual


@dataclass(frozen=True)
class Parameters:
    """What makes many contacts a surge."""

    ratio: float = 1.5  # times what was to be expected; less is within what staffing absorbs (ours)
    deviations: float = 3.1  # standard deviations; beyond it lies one normal day in a thousand (ours)
    min_contacts: int = 20  # contacts about the reason on the day; fewer are no surge (ours)
    min_days: int = 7  # days before; a week holds each weekday once (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per contact of the day about a reason that surges."""
    surging = surges(inputs.counts.collect(), parameters)
    found = inputs.contacts.join(surging.lazy(), on="reason", maintain_order="left")
    detail = pl.struct(contacts="contacts", expected=pl.col("expected").round(1), per="per")
    return found.select(
        *WHO,
        "started_at",
        **NO_SESSION,
        locus_type=pl.lit("reason"),
        locus="reason",
        ended_at=pl.col("started_at"),
        flagged_at=pl.col("started_at"),
        severity=saturating(pl.col("contacts") / pl.col("expected") - 1, 2.0),
        value_at_stake="value",
        evidence=pl.concat_list(pl.col("wait_ids").list.first()),
        detail=detail.struct.json_encode(),
    )


def surges(counts: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """Reasons that surge: reason, contacts, expected, per (what the rate is per: orders, people or days).

    `counts` as in Inputs.
    """
    per, demand = _demand(counts)
    contacts = counts.filter(pl.col("measure") == "contacts").select("day", reason="place", contacts="times")
    # a day without a contact about the reason is one with none
    daily = (
        demand.join(contacts.select(pl.col("reason").unique()), how="cross")
        .join(contacts, on=["day", "reason"], how="left")
        .with_columns(pl.col("contacts").fill_null(0))
    )
    of_reason = pl.col("demand").sum().over("reason")
    before = daily.filter(~pl.col("is_today")).with_columns(
        # half a contact more, so that a reason that is new does not come out as impossible
        rate=(pl.col("contacts").sum().over("reason") + 0.5) / of_reason
    )
    usually = pl.col("rate") * pl.col("demand")
    base = before.group_by("reason").agg(
        pl.col("rate").first(),
        days=pl.len(),
        known=pl.col("contacts").sum() + 0.5,
        spread=((pl.col("contacts") - usually) ** 2 / usually).sum() / (pl.len() - 1),
    )
    expected = pl.col("rate") * pl.col("demand")
    return (
        daily.filter("is_today")
        .join(base, on="reason")
        .with_columns(expected=expected)
        .with_columns(
            deviation=(
                pl.max_horizontal(pl.lit(1.0), "spread")
                * (pl.col("expected") + pl.col("expected") ** 2 / pl.col("known"))
            ).sqrt()
        )
        .filter(
            (pl.col("days") >= parameters.min_days)
            & (pl.col("contacts") >= parameters.min_contacts)
            & (pl.col("contacts") >= parameters.ratio * pl.col("expected"))
            & (pl.col("contacts") - pl.col("expected") >= parameters.deviations * pl.col("deviation"))
        )
        .select("reason", "contacts", "expected", per=pl.lit(per))
        .sort("reason")
    )


def _demand(counts: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    """What contacts are counted per, and how many of it each day had: day, is_today, demand. Days with none are out."""
    for measure in ("orders", "people"):
        of_it = counts.filter(pl.col("measure") == measure)
        if of_it.height:
            return measure, of_it.select("day", "is_today", demand="times")
    return "days", counts.select("day", "is_today").unique().with_columns(demand=pl.lit(1, pl.Int64))


SIGNAL = Signal(
    name="contact_surge",
    title="Many more contacts than usual",
    kind="obstacle",
    stage="support",
    locus_type="reason",
    exposure="stage",
    needs=({"waits": ("reason",)},),
    needs_usual="contacts",
    of_all=True,
    look_back=usual.TRAILING,
    source="ours; no default is published",
    prior_effect=0.02,
    parameters=Parameters(),
    detect=detect,
)

"""Error to contact: something went wrong on the site, and the customer had to get in touch about it.

A page, form or payment error, or a checkout begun with nothing bought until then, at most 24 hours before a contact.
The flag is on the contact's visit and known when it begins; each error counts for the first contact after it. The place
is the page of the nearest error and the contact's reason.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._leading import leading
from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What an error is, and how soon the contact follows."""

    within: timedelta = timedelta(hours=24)  # from the error to the contact; at most 48 h, as far as is read (ours)
    errors: tuple[str, ...] = ("page_error", "form_error", "payment_error")  # events; what customers call about (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per contact that errors or an unfinished checkout had come before; severity grows with their number."""
    name = pl.col("event_name")
    fails = (pl.col("outcome") == "error").fill_null(value=False)
    steps = (
        inputs.recent.filter(name.is_in([*parameters.errors, "begin_checkout", "add_payment_info", "purchase"]))
        .with_columns(
            is_error=name.is_in(list(parameters.errors)) | (name.is_in(["add_payment_info", "purchase"]) & fails),
            buys=(name == "purchase") & ~fails,
        )
        .filter(pl.col("is_error") | pl.col("buys") | (name == "begin_checkout"))
        .select("person_id", "page_path", "event_name", "is_error", "buys", at="occurred_at", cause_id="event_id")
    )
    is_cause = pl.col("is_error") | (
        (pl.col("event_name") == "begin_checkout") & (pl.col("buys").cum_sum() == pl.col("buys").sum())
    )
    place = pl.coalesce("page_path", "event_name")
    return (
        leading(steps, inputs, parameters.within)
        .group_by("visit_id", maintain_order=True)
        .agg(
            pl.col([each for each in WHO if each != "visit_id"]).first(),
            pl.col("reason", "contact_at", "contact_id", "contact_value").first(),
            page=place.filter(is_cause).last(),
            error=pl.col("event_name").filter(is_cause).last(),
            started_at=pl.col("at").filter(is_cause).first(),
            causes=pl.col("cause_id").filter(is_cause),
            errors=is_cause.sum(),
        )
        .filter(pl.col("errors") > 0)
        .with_columns(
            **NO_SESSION,
            locus_type=pl.lit("page"),
            locus=pl.concat_str("page", pl.coalesce("reason", pl.lit("unknown")), separator=" → "),
            ended_at="contact_at",
            flagged_at="contact_at",
            severity=0.5 + 0.5 * saturating(pl.col("errors") - 1, 2.0),
            value_at_stake="contact_value",
            evidence=pl.concat_list("causes", "contact_id"),
            detail=pl.struct("error", "errors").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="error_to_contact",
    title="An error that made the customer get in touch",
    kind="obstacle",
    stage="support",
    locus_type="page",
    exposure="stage",
    needs=({"events": ("event_name",), "waits": ("started_at",)},),
    look_back=timedelta(days=1),
    source="ours; no default is published",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

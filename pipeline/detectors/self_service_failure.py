"""Self-service failure: the customer looked for help on the site, and then had to get in touch after all.

A `help_view`, or a search on a help page, at most 24 hours before a contact. The flag is on the contact's visit and
known when it begins; each look for help counts for the first contact after it. The place is the help page seen last,
else the contact's reason. A search for goods is no search for help.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._leading import leading
from pipeline.detectors._queries import SEARCHES
from pipeline.detectors._signal import NO_SESSION, WHO, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What looking for help is, and how soon the contact follows."""

    within: timedelta = timedelta(hours=24)  # from the help page to the contact; at most 48 h, as far as is read (ours)
    help_pages: tuple[str, ...] = ("/help", "/faq", "/support", "/contact")  # beginnings of paths; usual names (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per contact that a look for help had come before; severity grows with the number of looks."""
    on_help = pl.any_horizontal(pl.col("page_path").str.starts_with(page) for page in parameters.help_pages)
    looks = inputs.recent.filter(
        (pl.col("event_name") == "help_view") | (pl.col("event_name").is_in(SEARCHES) & on_help.fill_null(value=False))
    ).select("person_id", "page_path", at="occurred_at", cause_id="event_id")
    return (
        leading(looks, inputs, parameters.within)
        .group_by("visit_id", maintain_order=True)
        .agg(
            pl.col([name for name in WHO if name != "visit_id"]).first(),
            pl.col("reason", "contact_at", "contact_id", "contact_value").first(),
            page=pl.col("page_path").drop_nulls().last(),
            started_at=pl.col("at").first(),
            causes=pl.col("cause_id"),
            looks=pl.len(),
        )
        .with_columns(
            **NO_SESSION,
            locus_type=pl.when(pl.col("page").is_null()).then(pl.lit("reason")).otherwise(pl.lit("help_page")),
            locus=pl.coalesce("page", "reason", pl.lit("unknown")),
            ended_at="contact_at",
            flagged_at="contact_at",
            severity=0.4 + 0.6 * saturating(pl.col("looks") - 1, 3.0),
            value_at_stake="contact_value",
            evidence=pl.concat_list("causes", "contact_id"),
            detail=pl.struct("looks", "reason").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="self_service_failure",
    title="Looked for help, and had to get in touch",
    kind="obstacle",
    stage="support",
    locus_type="help_page",
    exposure="stage",
    needs=({"events": ("page_path",), "waits": ("started_at",)},),
    look_back=timedelta(days=1),
    source="ours; no default is published",
    prior_effect=0.05,
    parameters=Parameters(),
    detect=detect,
)

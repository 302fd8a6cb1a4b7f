"""Unavailable item: an item was seen as out of stock, and no other item was looked at afterwards.

Out of stock is an `item_unavailable` event, or a `view_item` or `add_to_cart` whose outcome is an error. Another item
that can be had, viewed later in the session, is a substitute: then the customer went on. Known when the session is
over.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What tells that an item cannot be had."""

    failing: tuple[str, ...] = ("view_item", "add_to_cart")  # events whose error means so; no standard has one (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and product that was out of stock and not replaced; severity grows with further tries."""
    is_failed = (pl.col("outcome") == "error").fill_null(value=False)
    is_out = (pl.col("event_name") == "item_unavailable") | (
        pl.col("event_name").is_in(list(parameters.failing)) & is_failed
    )
    seen = (
        inputs.named("item_unavailable", "view_item", *parameters.failing)
        .drop_nulls("product_id")
        .with_columns(is_out=is_out)
        .with_row_index("row")
    )
    out = (
        seen.filter("is_out")
        .group_by("session_id", "product_id", maintain_order=True)
        .agg(
            pl.col(
                "stage", "person_id", "customer_id", "visit_id", "currency", "channel", "device", "closed_at", "row"
            ).first(),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            severity=0.5 + 0.5 * saturating(pl.len() - 1, 2.0),
            value_at_stake=pl.col("value").max(),
            evidence=pl.col("event_id"),
            tries=pl.len(),
        )
    )
    others = seen.filter((pl.col("event_name") == "view_item") & ~pl.col("is_out"))
    replaced = (
        out.select("session_id", "product_id", "row")
        .join(others.select("session_id", other="product_id", later="row"), on="session_id")
        .filter((pl.col("later") > pl.col("row")) & (pl.col("other") != pl.col("product_id")))
    )
    return out.join(replaced, on=["session_id", "product_id"], how="anti", maintain_order="left").with_columns(
        locus_type=pl.lit("product"),
        locus="product_id",
        flagged_at="closed_at",
        detail=pl.struct("tries").struct.json_encode(),
    )


SIGNAL = Signal(
    name="unavailable_item",
    title="Out of stock, and nothing else looked at",
    kind="obstacle",
    stage="evaluate",
    locus_type="product",
    exposure="stage",
    needs=({"events": ("product_id", "outcome")},),
    look_back=timedelta(0),
    source="ours; no default is published",
    prior_effect=0.15,
    parameters=Parameters(),
    detect=detect,
)

"""Cart abandonment (outcome): something was in the cart, nothing was bought, and nobody came back for it.

The window closes 30 minutes after the session's last event. Who sees or changes the cart, begins a checkout or buys
within 24 hours of that, takes the abandonment back; so it is known, and flagged, only when these hours are over, on the
visit to the cart that was decided before. In the cart is what was added after the session's last purchase and not taken
out again.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal

CART = ("add_to_cart", "remove_from_cart", "view_cart", "begin_checkout", "purchase")


@dataclass(frozen=True)
class Parameters:
    """When a cart is given up, and where it is."""

    stage: str = "cart"  # name in the journey file
    back_within: timedelta = timedelta(hours=24)  # of the session's end; at most 24 h, a night reads no further (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session that left something in the cart; the place is the page on which the session ended."""
    is_failed = (pl.col("event_name") == "purchase") & (pl.col("outcome") == "error").fill_null(value=False)
    buys = pl.col("event_name") == "purchase"
    is_rest = buys.cum_sum() == buys.sum()  # from the session's last purchase on
    adds = is_rest & (pl.col("event_name") == "add_to_cart")
    removes = is_rest & (pl.col("event_name") == "remove_from_cart")
    carts = inputs.recent.filter(pl.col("event_name").is_in(CART) & ~is_failed)
    is_back = (pl.col("person_id") == pl.col("person_id").shift(-1)) & (
        pl.col("seen_at").shift(-1) <= pl.col("flagged_at")
    )
    is_first = (pl.col("session") != pl.col("session").shift(1)).fill_null(
        value=True
    )  # each session's rows are together
    over = (
        carts.filter(is_first)
        .select("session", "person_id", "closed_at", seen_at="occurred_at")
        .with_columns(flagged_at=pl.col("closed_at") + parameters.back_within)
        .filter(
            ~is_back.fill_null(value=False) & pl.col("flagged_at").is_between(inputs.start, inputs.end, closed="left")
        )
        .select("session", "flagged_at")
    )
    left = (
        carts.join(over, on="session", maintain_order="left")
        .group_by("session", maintain_order=True)
        .agg(
            pl.col("session_id", "flagged_at").first(),
            started_at=pl.col("occurred_at").filter(adds).first(),
            ended_at=pl.col("occurred_at").filter(adds).last(),
            first_id=pl.col("event_id").filter(adds).first(),
            last_id=pl.col("event_id").filter(adds).last(),
            items=adds.cast(pl.Int64).sum() - removes.cast(pl.Int64).sum(),
        )
        .filter(pl.col("items") > 0)
    )
    exits = (
        inputs.recent.filter(pl.col("page_path").is_not_null())
        .join(left.select("session"), on="session", how="semi")
        .group_by("session")
        .agg(page=pl.col("page_path").last())
    )
    visits = inputs.visits.filter((pl.col("stage") == parameters.stage) & pl.col("session_id").is_not_null()).sort(
        "entered_at", "visit_id"
    )
    return (
        left.join(visits.unique("session_id", keep="last"), on="session_id")
        .join(exits, on="session", how="left")
        .with_columns(
            locus_type=pl.lit("page"),
            locus=pl.coalesce("page", pl.lit("unknown")),
            severity=pl.lit(1.0),
            value_at_stake="value",
            evidence=pl.concat_list("first_id", "last_id").list.unique(maintain_order=True),
            detail=pl.struct("items").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="cart_abandonment",
    title="A cart that was left and not returned to",
    kind="outcome",
    stage="cart",
    locus_type="page",
    exposure="stage",
    needs=({"events": ("event_name",)},),
    look_back=timedelta(days=1),
    source="friction_signals §1.8; by session as Snowplow's cart model, 24 hours ours",
    prior_effect=0.0,
    parameters=Parameters(),
    detect=detect,
    needs_stage="stage",
)

"""Pogo stick: from a list to one item, back, to another item, back, and again.

Three or more returns to the same list page in a session, each straight from another item's page. A page is an item's
where a product was shown on it, a list where a list of products was and no product, or where its path is like one of
the patterns. Returning is coming to a list that was one when it was left before. One flag per session and list, with a
count of the items, on the visit of the return that made it one.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What makes going to and fro a pogo stick."""

    min_items: int = 3  # different items; two are a comparison (glossaries say 2 or 3, there is no standard)
    item_pages: tuple[str, ...] = ("/p/*", "/product/*")  # paths, as in the built-in journey
    list_pages: tuple[str, ...] = ("/c/*", "/category/*", "/search*")  # paths, as in the built-in journey


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and list page with returns from `min_items` items."""
    keys = ["session", "page"]
    page, session = pl.col("page"), pl.col("session")
    is_item = (pl.col("items") > 0) | _is_like(parameters.item_pages)
    is_list = ((pl.col("lists") > 0) | _is_like(parameters.list_pages)) & ~is_item
    pages = (
        inputs.pages.select(*OF_EVENT, *keys, "event_id", "occurred_at", "page_path", is_item=is_item, is_list=is_list)
        .with_row_index("row")
        .with_columns(
            from_page=page.shift(1),
            from_id=pl.col("event_id").shift(1),
            is_back=pl.col("is_item").shift(1) & (session == session.shift(1)) & (page != page.shift(1)),
        )
    )
    lists = pages.filter("is_list").group_by(keys).agg(listed=pl.col("row").min())
    nth = parameters.min_items - 1
    return (
        pages.filter("is_back")
        .join(lists, on=keys, maintain_order="left")
        .filter(pl.col("listed") < pl.col("row"))
        .unique([*keys, "from_page"], keep="first", maintain_order=True)
        .with_columns(ids=pl.concat_list("from_id", "event_id"))
        .group_by(keys, maintain_order=True)
        .agg(
            pl.col(*OF_EVENT, "page_path").get(nth, null_on_oob=True),
            locus_type=pl.lit("page"),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            flagged_at=pl.col("occurred_at").get(nth, null_on_oob=True),
            value_at_stake=pl.lit(None, pl.Float64),
            evidence=pl.col("ids").explode(),
            items=pl.len(),
        )
        .filter(pl.col("items") >= parameters.min_items)
        .with_columns(
            severity=0.3 + 0.7 * saturating(pl.col("items") - parameters.min_items, 4.0),
            detail=pl.struct("items").struct.json_encode(),
        )
        .rename({"page_path": "locus"})
    )


def _is_like(patterns: tuple[str, ...]) -> pl.Expr:
    """Whether the page's path is like one of the patterns, in which * is anything."""
    escaped = [pl.escape_regex(pattern).replace(r"\*", ".*") for pattern in patterns]
    return pl.col("page_path").str.contains(f"(?s)^(?:{'|'.join(escaped)})$") if escaped else pl.lit(value=False)


SIGNAL = Signal(
    name="pogo_stick",
    title="Back and forth between a list and its items",
    kind="obstacle",
    stage="any",
    locus_type="page",
    exposure="locus",
    needs=({"events": ("page_path",)},),
    look_back=timedelta(0),
    source="friction_signals §1.5; no standard is published, 3 different items ours",
    prior_effect=0.02,
    parameters=Parameters(),
    detect=detect,
)

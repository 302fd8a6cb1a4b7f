"""Repeated search: the customer searches for something else at once, because what was found did not help.

Two or more different queries, each at most 60 seconds after the one before, with no click and no item looked at between
them. A run of such searches is one flag with a count; the place is the first query, which is the one that failed. The
same query again neither counts nor ends a run.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._queries import SEARCHES, normalised
from pipeline.detectors._signal import Inputs, Signal, saturating

RESULTS = ("click", "select_item", "view_item")  # what shows that a result was worth a look


@dataclass(frozen=True)
class Parameters:
    """When a further search is a repeated one."""

    within: timedelta = timedelta(seconds=60)  # of the search before; no default is published (ours)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per run with two different queries; on the visit of the second, and known with it."""
    rows = inputs.named(*SEARCHES, *RESULTS).with_columns(
        text=pl.when(pl.col("event_name").is_in(SEARCHES)).then(normalised(pl.col("query")))
    )
    is_search = pl.col("text").is_not_null() | pl.col("event_name").is_in(RESULTS)  # a search for nothing is none
    before = pl.col("text", "session_id", "occurred_at").shift(1).name.suffix("_before")
    goes_on = (
        pl.col("text_before").is_not_null()
        & (pl.col("session_id") == pl.col("session_id_before"))
        & (pl.col("occurred_at") - pl.col("occurred_at_before") <= parameters.within)
    )
    runs = (
        rows.filter(is_search)
        .with_columns(before)
        .with_columns(run=(~goes_on).fill_null(value=True).cum_sum())
        .drop_nulls("text")
    )
    # most searches are followed by no other: only runs of which two neighbours differ are looked at
    other = runs.filter(goes_on & (pl.col("text") != pl.col("text_before"))).select(pl.col("run").unique())
    runs = runs.join(other, on="run", how="semi", maintain_order="left")
    second = pl.col("text") != pl.col("text").first()
    there = ("stage", "visit_id", "currency", "channel", "device")
    return (
        runs.group_by("run", maintain_order=True)
        .agg(
            pl.col("person_id", "customer_id", "session_id").first(),
            *(pl.col(name).filter(second).first() for name in there),
            locus=pl.col("text").first(),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            flagged_at=pl.col("occurred_at").filter(second).first(),
            value_at_stake=pl.col("value").max(),
            evidence=pl.col("event_id"),
            queries=pl.col("text").n_unique(),
        )
        .filter(pl.col("queries") >= 2)
        .with_columns(
            locus_type=pl.lit("query"),
            severity=0.3 + 0.7 * saturating(pl.col("queries") - 2, 2.0),
            detail=pl.struct("queries").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="repeated_search",
    title="Searching for something else at once",
    kind="obstacle",
    stage="discover",
    locus_type="query",
    exposure="stage",
    needs=({"events": ("query",)},),
    look_back=timedelta(0),
    source="ours; refined searches have no published default (friction_signals §1.8)",
    prior_effect=0.05,
    parameters=Parameters(),
    detect=detect,
)

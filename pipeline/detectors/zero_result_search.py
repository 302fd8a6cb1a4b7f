"""Zero-result search: the customer searched, and nothing was found.

Searches for the same thing in one session are one flag with a count. Two spellings are the same query where they differ
only in case, in spaces or in compatible characters.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._queries import SEARCHES, normalised
from pipeline.detectors._signal import Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """How many results are none."""

    max_results: int = 0  # results; Algolia, Meilisearch and Matomo count searches without any


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and query with a search that found nothing; severity grows with further tries."""
    searches = inputs.named(*SEARCHES).filter(pl.col("result_count") <= parameters.max_results)
    return (
        searches.with_columns(locus=normalised(pl.col("query")))
        .drop_nulls("locus")
        .group_by("session_id", "locus", maintain_order=True)
        .agg(
            pl.col("stage", "person_id", "customer_id", "visit_id", "currency", "channel", "device").first(),
            started_at=pl.col("occurred_at").first(),
            ended_at=pl.col("occurred_at").last(),
            flagged_at=pl.col("occurred_at").first(),
            severity=0.4 + 0.6 * saturating(pl.len() - 1, 2.0),
            value_at_stake=pl.col("value").max(),
            evidence=pl.col("event_id"),
            searches=pl.len(),
        )
        .with_columns(locus_type=pl.lit("query"), detail=pl.struct("searches").struct.json_encode())
    )


SIGNAL = Signal(
    name="zero_result_search",
    title="A search that found nothing",
    kind="obstacle",
    stage="discover",
    locus_type="query",
    exposure="stage",
    needs=({"events": ("query", "result_count")},),
    look_back=timedelta(0),
    source="friction_signals §1.8; no-results rate of Algolia, Meilisearch and Matomo",
    prior_effect=0.10,
    parameters=Parameters(),
    detect=detect,
)

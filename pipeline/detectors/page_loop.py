"""Page loop: going in circles.

The same page is come to three times or more within 15 s, or A → B → A → B. Coming to a page is as in journeys.pages: a
page that is loaded again is come to again, though it stays the same page on the way. For the three times a page is its
full address where the source gives one (else its path): who filters a list three times looks at three. Circles that
share a page are one flag with a count; it stands at the page, and on the visit, with which the first circle was closed.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating


@dataclass(frozen=True)
class Parameters:
    """What makes a loop."""

    min_times: int = 3  # times that one page is come to (Conviva: 3)
    within: timedelta = timedelta(seconds=15)  # from the first time to the last of these (Conviva: 15 s)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per run of pages that are in loops."""
    time, row, page, session = pl.col("occurred_at"), pl.col("row"), pl.col("page_path"), pl.col("session")
    pages = (
        inputs.pages.select(*OF_EVENT, "session", "event_id", "occurred_at", "page_path", "page_url")
        .with_columns(address=pl.coalesce("page_url", "page_path"))
        .with_row_index("row")
        .with_columns(row.cast(pl.Int64))
    )
    # loops: the row with which one ends, and `since`, the row with which it began
    before = parameters.min_times - 1
    again = [pl.col(key) == pl.col(key).shift(before) for key in ("session", "address")]
    is_soon = time - time.shift(before) <= parameters.within
    # whatever the pages: so many were come to so soon, from the page before it so many rows ago to this one, …
    is_quick = (is_soon & (session == session.shift(before))).fill_null(value=False)
    # … and a page that is come to often is, each time, one of those; most are not, and need not be sorted
    in_quick = pl.any_horizontal(is_quick.shift(-ahead, fill_value=False) for ahead in range(parameters.min_times))
    often = (
        pages.filter(in_quick)
        .select("session", "address", "row", "occurred_at", hash=pl.col("address").hash(0))
        .sort("session", "hash", "row")  # brings equal addresses together much faster than they themselves would
        .with_columns(since=row.shift(before), is_loop=pl.all_horizontal(*again, is_soon))
        .filter("is_loop")
    )
    is_another = ((page != page.shift(1)) | (session != session.shift(1))).fill_null(value=True)
    to_and_fro = (page == page.shift(2)) & (page.shift(1) == page.shift(3)) & (session == session.shift(3))
    crossed = pages.filter(is_another).with_columns(since=row.shift(3), is_loop=to_and_fro).filter("is_loop")
    loops = pl.concat([each.select("session", "row", "since") for each in (often, crossed)])
    return (
        pages.join(loops, on="session", how="semi", maintain_order="left")
        .join(loops.group_by("row").agg(pl.col("since").min()), on="row", how="left", maintain_order="left")
        .with_columns(reached=pl.col("since").fill_null(row).reverse().cum_min().reverse())
        # a row is of a loop with the row before it where a loop that ends with it or later began before it
        .with_columns(is_joined=pl.col("reached") < row)
        .filter(pl.col("is_joined") | pl.col("is_joined").shift(-1, fill_value=False))
        .with_columns(run=(~pl.col("is_joined")).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            pl.col(*OF_EVENT, "page_path").get(pl.col("since").is_not_null().arg_max()),
            locus_type=pl.lit("page"),
            started_at=time.first(),
            ended_at=time.last(),
            flagged_at=time.get(pl.col("since").is_not_null().arg_max()),
            value_at_stake=pl.lit(None, pl.Float64),
            evidence=pl.col("event_id"),
            times=pl.len(),
        )
        .with_columns(
            severity=0.3 + 0.7 * saturating(pl.col("times") - parameters.min_times, 4.0),
            detail=pl.struct(pages="times").struct.json_encode(),
        )
        .rename({"page_path": "locus"})
    )


SIGNAL = Signal(
    name="page_loop",
    title="Going in circles between pages",
    kind="obstacle",
    stage="any",
    locus_type="page",
    exposure="locus",
    needs=({"events": ("page_path",)},),
    look_back=timedelta(0),
    source="friction_signals §1.5; 3 times in 15 s as Conviva, A → B → A → B as Deway",
    prior_effect=0.03,
    parameters=Parameters(),
    detect=detect,
)

"""Moves of a case from one channel to another."""

from datetime import timedelta

import polars as pl


def switches(contacts: pl.LazyFrame, within: timedelta) -> pl.LazyFrame:
    """The `contacts` that came on another channel than the one before them of the same case, within that time of it.

    Contacts of a person with one `case_id` are of one case, else those about one reason; what has neither, or names no
    channel, is left out. Adds `before_at`, `channel_before`, `wait_before` and `teams_before`.
    """
    case = pl.coalesce(pl.lit("case ") + pl.col("case_id"), pl.lit("about ") + pl.col("reason"))
    same = ["customer_id", "case"]
    told = (
        contacts.with_columns(case=case)
        .drop_nulls(["case", "channel"])
        .sort(*same, "started_at", "visit_id")
        .with_columns(
            before_at=pl.col("started_at").shift(1),
            channel_before=pl.col("channel").shift(1),
            wait_before=pl.col("wait_ids").list.first().shift(1),
            teams_before=pl.col("teams").shift(1),
            is_same=pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in same),
        )
    )
    return told.filter(
        pl.col("is_same")
        & (pl.col("channel") != pl.col("channel_before"))
        & (pl.col("started_at") - pl.col("before_at") <= within)
    ).drop("case", "is_same")

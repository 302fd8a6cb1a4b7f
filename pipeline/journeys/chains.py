"""Runs of events that follow each other closely: the one rule behind sessions, devices' visits and cases."""

from datetime import timedelta

import polars as pl


def chained(frame: pl.DataFrame, who: str, when: str, which: str, gap: timedelta, cap: timedelta) -> pl.DataFrame:
    """Number the chains of a frame: no gap of `gap` or more between two rows of one `who`, and at most `cap` long.

    A chain that lasts longer than `cap` is cut at whole multiples of `cap` since 1970 (24 hours: at UTC midnights),
    so that where it is cut does not depend on how much of it is read: whoever has read `cap` + 2 × `gap` before an
    instant knows every chain that is open at that instant as if they had read everything.

    Gives the rows sorted by (who, when, which), with `chain` (number of the chain, from 1 in this order), `piece`
    (number of the chain's piece, likewise; the same where nothing is cut) and `closed_at` (instant at which the piece
    was known to be over, given the rows of the frame: its last row + gap, or where a long chain goes on in the next
    piece, when that was seen).
    """
    rows = frame.sort(who, when, which)
    starts = ((pl.col(who) != pl.col(who).shift(1)) | ((pl.col(when) - pl.col(when).shift(1)) >= gap)).fill_null(
        value=True
    )
    rows = rows.with_columns(piece=starts.cum_sum().cast(pl.UInt32)).with_columns(chain="piece")
    chains = rows.group_by("piece", maintain_order=True).agg(
        first=pl.col(when).first(),
        closed_at=pl.col(when).last() + gap,
        length=pl.col(when).last() - pl.col(when).first(),
    )
    if not chains["length"].gt(cap).any():
        return rows.with_columns(chains["closed_at"].gather(rows["piece"] - 1).alias("closed_at"))
    return _cut(rows, chains, when, cap)


def _cut(rows: pl.DataFrame, chains: pl.DataFrame, when: str, cap: timedelta) -> pl.DataFrame:
    rows = rows.join(chains, on="piece", how="left", maintain_order="left")
    is_long = pl.col("length") > cap
    slot = pl.col(when).dt.epoch("us") // int(cap / timedelta(microseconds=1))
    same = pl.col("piece") == pl.col("piece").shift(1)
    starts = (~same | (is_long & (slot != slot.shift(1)))).fill_null(value=True)
    rows = rows.with_columns(piece=starts.cum_sum().cast(pl.UInt32))
    over = rows.filter(is_long & (pl.col(when) - pl.col("first") > cap)).group_by("chain").agg(known=pl.col(when).min())
    pieces = (
        rows.group_by("piece", maintain_order=True)
        .agg(pl.col("chain").first(), pl.col("closed_at").first(), begins=pl.col(when).first())
        .join(over, on="chain", how="left", maintain_order="left")
        .with_columns(
            closed_at=pl.when(pl.col("chain") == pl.col("chain").shift(-1))
            .then(pl.max_horizontal(pl.col("begins").shift(-1), "known"))
            .otherwise("closed_at")
        )
    )
    return rows.drop("first", "length").with_columns(pieces["closed_at"].gather(rows["piece"] - 1).alias("closed_at"))

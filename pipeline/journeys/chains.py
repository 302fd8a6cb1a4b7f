"""Runs of events that follow each other closely: the one rule behind sessions, devices' visits and cases."""

from datetime import timedelta

import polars as pl


def chained(frame: pl.DataFrame, who: str, when: str, which: str, gap: timedelta, cap: timedelta) -> pl.DataFrame:
    """Number the chains of a frame: no gap of `gap` or more between two rows of one `who`, and at most `cap` long.

    A chain that lasts longer than `cap` is cut at whole multiples of `cap` since 1970 (24 hours: at UTC midnights),
    so that where it is cut does not depend on how much of it is read: whoever has read `cap` + 2 × `gap` before an
    instant knows every chain that is open at that instant as if they had read everything.

    Gives the rows of one `who` after the other, in no order of theirs, each in order of (when, which), with `chain`
    (number of the chain, from 1 in this order), `piece` (number of the chain's piece, likewise; the same where nothing
    is cut) and `closed_at` (instant at which the piece was known to be over, given the rows of the frame: its last row
    and the gap, or where a long chain goes on in the next piece, when that was seen).
    """
    rows = in_turn(frame, who, when, which)
    starts = ((pl.col(who) != pl.col(who).shift(1)) | ((pl.col(when) - pl.col(when).shift(1)) >= gap)).fill_null(
        value=True
    )
    rows = rows.with_columns(piece=_numbered(starts)).with_columns(chain="piece")
    chains = rows.group_by("piece", maintain_order=True).agg(
        first=pl.col(when).first(),
        closed_at=pl.col(when).last() + gap,
        length=pl.col(when).last() - pl.col(when).first(),
    )
    if not chains["length"].gt(cap).any():
        return rows.with_columns(chains["closed_at"].gather(rows["piece"] - 1).alias("closed_at"))
    return _cut(rows, chains, when, cap)


def in_turn(frame: pl.DataFrame, who: str, when: str, which: str) -> pl.DataFrame:
    """The rows of one `who` after the other, each in order of (when, which); always the same order, but none of `who`.

    Numbers are sorted many times faster than names, so those of one `who` are brought together by a hash of it. Where
    two have the same hash, which 64 bits make very unlikely, the names are sorted after all.
    """
    frame = frame.rechunk()  # rows of many pieces are picked several times as slowly
    key = frame.select(hash=pl.col(who).hash(0), when=when, which=which)
    order = key.select(pl.arg_sort_by("hash", "when", "which")).to_series()
    empty = [name for name in frame.columns if frame[name].null_count() == frame.height]  # in any order they are so
    rows = frame.drop(empty)[order].with_columns(frame.select(empty)).select(frame.columns)
    seen, hashes = rows[who], rows[who].hash(0)
    if ((hashes == hashes.shift(1)) & (seen != seen.shift(1))).any():
        return frame.sort(who, when, which)
    return rows


def _numbered(starts: pl.Expr) -> pl.Expr:
    """1 from the first start on, 2 from the second …; known to be in order, which makes grouping by it fast."""
    return starts.cum_sum().cast(pl.UInt32).set_sorted()


def _cut(rows: pl.DataFrame, chains: pl.DataFrame, when: str, cap: timedelta) -> pl.DataFrame:
    rows = rows.join(chains, on="piece", how="left", maintain_order="left")
    is_long = pl.col("length") > cap
    slot = pl.col(when).dt.epoch("us") // int(cap / timedelta(microseconds=1))
    same = pl.col("piece") == pl.col("piece").shift(1)
    starts = (~same | (is_long & (slot != slot.shift(1)))).fill_null(value=True)
    rows = rows.with_columns(piece=_numbered(starts))
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

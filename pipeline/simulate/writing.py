"""Files of a day, byte for byte the same for the same rows: Parquet, NDJSON (gz) or CSV."""

import gzip
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import polars as pl

from pipeline.simulate.columns import TIME, Columns
from pipeline.simulate.randomness import FLAWS, stream

Format = Literal["parquet", "ndjson", "csv"]
ENDINGS: dict[str, dict[str, str]] = {
    "parquet": {"clickstream": "parquet", "wait_time": "parquet", "order_error": "parquet"},
    "ndjson": {"clickstream": "ndjson.gz", "wait_time": "csv", "order_error": "csv"},
    "csv": {"clickstream": "csv.gz", "wait_time": "csv", "order_error": "csv"},
}
TABLES = ("clickstream", "wait_time", "order_error")
ID = {"clickstream": "event_id", "wait_time": "wait_id", "order_error": "error_id"}
TIME_OF = {"clickstream": "occurred_at", "wait_time": "started_at", "order_error": "occurred_at"}
INSTANT_SHOWN = "%Y-%m-%dT%H:%M:%S%.3fZ"
NO_INSTANT = "2026-13-45T99:00:00Z"  # what a broken clock sends


class Flaws(Protocol):
    """How many rows of a file are there twice, and how many are added with a broken value; shares of its rows."""

    @property
    def duplicate_share(self) -> float:
        """Of the rows, there twice."""

    @property
    def broken_share(self) -> float:
        """Of the rows, so many more that are broken."""


def with_flaws(world: Flaws, table: str, day: int, rows: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, int, int]:
    """Rows of a file with a few exact duplicates and broken rows among them: (rows, duplicates, broken).

    Broken rows are additional, under ids of their own, so that what is true of the others stays true. They stay far
    below the limit of 1 %: a file of fewer than 1 / broken_share rows has none. `is_broken_time` marks a time that
    cannot be read.
    """
    if rows.is_empty():
        return rows.with_columns(is_broken_time=pl.lit(False)), 0, 0
    rng = stream(seed, FLAWS, TABLES.index(table), day)
    duplicates = np.sort(rng.choice(rows.height, int(rng.binomial(rows.height, world.duplicate_share)), replace=False))
    broken = np.sort(rng.choice(rows.height, int(rows.height * world.broken_share), replace=False))
    kind = np.arange(len(broken)) % 3
    bad = rows.gather(broken).with_columns(
        (pl.col(ID[table]) + "b").alias(ID[table]), is_broken_time=pl.Series(kind == 0, dtype=pl.Boolean)
    )
    for number, columns in ((1, [_required(table)]), (2, ["customer_id", "anonymous_id"])):
        spoiled = pl.Series(kind == number, dtype=pl.Boolean)
        bad = bad.with_columns(pl.when(~spoiled).then(name).alias(name) for name in columns if name in bad.columns)
    whole = rows.with_columns(is_broken_time=pl.lit(False))
    every = pl.concat([whole, rows.gather(duplicates).with_columns(is_broken_time=pl.lit(False)), bad])
    return every.sort("at", ID[table]), len(duplicates), len(broken)


def _required(table: str) -> str:
    return {"clickstream": "event_name", "wait_time": "outcome", "order_error": "error_type"}[table]


def write(rows: pl.DataFrame, schema: Columns, table: str, path: Path) -> None:
    """Write the columns of `schema`; the name of the file says in which format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = TIME_OF[table]
    if path.suffix == ".parquet":
        typed = rows.with_columns(pl.when(~pl.col("is_broken_time")).then(time).alias(time))
        typed.select(list(schema)).write_parquet(path, compression="zstd", statistics=True)
        return
    instants = [name for name, kind in schema.items() if kind == TIME]
    shown = rows.with_columns(pl.col(instants).dt.strftime(INSTANT_SHOWN))
    shown = shown.with_columns(pl.when("is_broken_time").then(pl.lit(NO_INSTANT)).otherwise(time).alias(time))
    shown = shown.select(list(schema))
    content = _ndjson(shown) if ".ndjson" in path.name else shown.write_csv(line_terminator="\n").encode()
    path.write_bytes(gzip.compress(content, compresslevel=6, mtime=0) if path.suffix == ".gz" else content)


def _ndjson(rows: pl.DataFrame) -> bytes:
    """One object per row without its empty columns; the first names all, for readers that learn the columns there."""
    parts = []
    for name, kind in rows.schema.items():
        shown = pl.col(name).cast(pl.String)
        if kind == pl.String:  # the world's own words and ids need no escapes; what needs some has come from elsewhere
            shown = pl.lit('"') + shown.str.replace_all(r'(["\\])', r"\\$1") + pl.lit('"')
        parts.append(pl.lit(f'"{name}":') + shown)
    lines = rows.select(
        line=pl.concat_str([pl.lit("{"), pl.concat_str(parts, separator=",", ignore_nulls=True), pl.lit("}")])
    )
    first, rest = rows.head(1).write_ndjson() if rows.height else "", lines["line"].slice(1)
    return "".join([first, *(line + "\n" for line in rest.to_list())]).encode()

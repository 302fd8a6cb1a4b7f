"""Large periods, drawn by numbers. As a program: scores one, prints a hash of it, seconds and peak memory."""

import hashlib
import json
import resource
import sys
from datetime import UTC, datetime
from time import perf_counter, process_time

import numpy as np
import polars as pl

from pipeline.scoring.points import Period, score
from tests.scoring.periods import DAY, SIGNALS

STAGES = ["discover", "evaluate", "cart", "checkout", "payment", "fulfilment", "support", "loyalty"]


def period(visits: int, points: int, flags: int) -> Period:
    """`visits` decided over 28 days, each at three places; `flags` of three signals at the first of them."""
    rng = np.random.default_rng(visits)
    places = rng.integers(0, points // 2 // len(STAGES), (visits, 3))
    days_ago = pl.duration(days="days_ago")
    end = pl.lit(datetime(DAY.year, DAY.month, DAY.day, 23, tzinfo=UTC))
    drawn = pl.DataFrame(
        {
            "row": np.arange(visits),
            "stage_no": rng.integers(0, len(STAGES), visits),
            "days_ago": rng.integers(0, 28, visits),
            "person": rng.integers(0, visits // 3, visits),
            "is_lost": rng.random(visits) < 0.3,
            "value": 1000 * rng.lognormal(4, 1, visits).round(2),
            "stratum_no": rng.integers(0, 36, visits),
            "lasted": rng.lognormal(5, 1.5, visits).astype(np.int64),
        }
    ).select(
        "is_lost",
        "value",
        visit_id="v" + pl.col("row").cast(pl.String),
        stage=pl.col("stage_no").replace_strict(dict(enumerate(STAGES)), return_dtype=pl.String),
        person_id="c:" + pl.col("person").cast(pl.String),
        stratum=pl.col("stratum_no").cast(pl.String),
        entered_at=end - days_ago - pl.duration(seconds="lasted"),
        reached_at=end - days_ago,
        decided_at=end - days_ago,
        day=pl.lit(DAY) - days_ago,
        is_exposure=pl.lit(value=True),
        is_valued=pl.lit(value=True),
        loci=pl.concat_list("page:/p" + pl.Series(column).cast(pl.String) for column in places.T),
    )
    picked = drawn[rng.integers(0, visits, flags)].with_row_index("number")
    picked = picked.with_columns(pl.Series("part", rng.random(flags)))
    severity = pl.Series(rng.random(flags).round(3))
    return Period(
        day=DAY,
        window_days=28,
        currency="EUR",
        stages=STAGES,
        moments_of_truth=frozenset({"checkout"}),
        owners=(),
        decided=drawn.drop("day"),
        active=drawn.select("day", "visit_id", "stage", "is_lost", "loci"),
        flags=picked.select(
            "day",
            "stage",
            "person_id",
            "visit_id",
            flag_id="f" + pl.col("number").cast(pl.String),
            flagged_at=pl.col("entered_at") + (pl.col("reached_at") - pl.col("entered_at")) * pl.col("part"),
            signal=pl.when(pl.col("loci").list.first() == "page:/p0")
            .then(pl.lit("decline"))
            .when(pl.col("number") % 4 == 0)
            .then(pl.lit("slow"))
            .otherwise(pl.lit("rage")),
            locus_type=pl.lit("page"),
            locus=pl.col("loci").list.first().str.strip_prefix("page:"),
            severity=severity,
        ),
        segments=drawn.select("person_id").unique().with_columns(segment=pl.lit("gold")),
    )


def main(visits: int, points: int, flags: int) -> None:
    drawn = period(visits, points, flags)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, cpu = perf_counter(), process_time()
    found = score(drawn, SIGNALS)
    seconds, cpu_seconds = perf_counter() - started, process_time() - cpu
    told = hashlib.sha256()
    for frame in (found.points.sort("point_id"), found.stage_scores, found.person_scores.sort("person_id")):
        told.update(frame.write_csv().encode())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "points": found.points.height,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "drawn_mb": before,
        "peak_mb": peak,
    }
    sys.stdout.write(json.dumps(figures | {"sha256": told.hexdigest()}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

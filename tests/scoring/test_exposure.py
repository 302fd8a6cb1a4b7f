from collections import defaultdict
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest

from pipeline.scoring.exposure import counted
from tests.drawn import table

POINTS = table(
    """
    point_id | stage    | place        | exposure
    ---------+----------+--------------+---------
    pay      | checkout | element:pay  | locus
    pay-rage | checkout | element:pay  | locus
    ship     | checkout | element:ship | locus
    decline  | checkout | stage:all    | stage
    pay-cart | cart     | element:pay  | locus
    nowhere  | cart     | element:none | locus
    """
)
SCHEMA: dict[str, Any] = {
    "visit_id": pl.String, "day": pl.Date, "stage": pl.String, "stratum": pl.String,
    "is_lost": pl.Boolean, "loci": pl.List(pl.String),
}  # fmt: skip
Counts = tuple[int, int, int, int]


def counts_of(by: list[str], visits: pl.DataFrame, affected: pl.DataFrame) -> dict[tuple[Any, ...], Counts]:
    found = counted(POINTS, visits, affected, by)
    assert found.select("point_id", *by).is_duplicated().sum() == 0
    columns = ("exposed", "exposed_lost", "affected", "affected_lost")
    return {
        tuple(row[name] for name in ("point_id", *by)): tuple(row[name] for name in columns)
        for row in found.iter_rows(named=True)
    }


def by_hand(by: str, visits: pl.DataFrame, affected: set[tuple[Any, ...]]) -> dict[tuple[Any, ...], Counts]:
    found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for visit in visits.iter_rows(named=True):
        for point in POINTS.iter_rows(named=True):
            key = (point["point_id"], visit["visit_id"], *([visit["day"]] if by == "day" else []))
            if visit["stage"] != point["stage"]:
                continue
            if point["exposure"] == "locus" and point["place"] not in (visit["loci"] or []) and key not in affected:
                continue
            counts = found[point["point_id"], visit[by]]
            counts[0] += 1
            counts[1] += visit["is_lost"]
            counts[2] += key in affected
            counts[3] += key in affected and visit["is_lost"]
    return {key: tuple(counts) for key, counts in found.items()}  # type: ignore[misc]


@pytest.mark.parametrize("by", ["stratum", "day"])
@pytest.mark.parametrize("seed", range(25))
def test_counts_are_those_of_a_slow_count_by_hand(by, seed):
    random = Random(seed)
    stage_of = dict(POINTS.select("point_id", "stage").rows())
    rows = []
    for number in range(random.choice([0, 1, 5, 60])):
        stage = random.choice(["checkout", "cart", "support"])
        days = range(random.randint(1, 3)) if by == "day" else range(1)
        places = ["element:pay", "element:ship", "element:other"]
        rows += [
            {
                "visit_id": f"{stage}:{number}",
                "day": date(2026, 1, 1) + timedelta(days=day),
                "stage": stage,
                "stratum": random.choice(["phone", "desktop"]),
                "is_lost": random.random() < 0.4,
                "loci": random.choice([None, [], random.choices(places, k=random.randint(1, 4))]),
            }
            for day in days
        ]
    visits = pl.DataFrame(rows, schema=SCHEMA)
    # flags also on visits that are not counted, and on visits that list no place
    candidates: list[tuple[Any, ...]] = [(point, "gone", date(2026, 1, 1)) for point in stage_of]
    candidates += [
        (point, row["visit_id"], row["day"]) for point in stage_of for row in rows if row["stage"] == stage_of[point]
    ]
    chosen = sorted({each for each in candidates if random.random() < 0.3})
    keys = ["point_id", "visit_id", "day"][: 3 if by == "day" else 2]
    affected = pl.DataFrame(
        chosen, schema={"point_id": pl.String, "visit_id": pl.String, "day": pl.Date}, orient="row"
    ).select(keys)
    assert counts_of([by], visits, affected) == by_hand(by, visits, set(affected.rows()))


def test_a_visit_that_lists_a_place_twice_is_exposed_once_and_one_flagged_there_has_touched_it():
    visits = table(
        """
        visit_id | stage    | stratum | is_lost | loci
        ---------+----------+---------+---------+------------------------------------
        twice    | checkout | all     | true    | element:pay, element:pay
        flagged  | checkout | all     | true    |
        both     | checkout | all     | false   | element:pay, element:ship
        neither  | checkout | all     | true    | element:ship
        """,
        is_lost=pl.Boolean,
        loci=pl.List(pl.String),
    )
    affected = table(
        """
        point_id | visit_id
        ---------+---------
        pay      | flagged
        pay      | both
        """
    )
    found = counts_of(["stratum"], visits, affected)
    assert found["pay", "all"] == (3, 2, 2, 1)
    assert found["pay-rage", "all"] == (2, 1, 0, 0)
    assert found["decline", "all"] == (4, 3, 0, 0)
    assert ("nowhere", "all") not in found


def test_the_order_of_rows_is_irrelevant():
    visits = pl.DataFrame(
        [(f"checkout:{n}", None, "checkout", "phone", n % 3 == 0, ["element:pay"] * (n % 2)) for n in range(50)],
        schema=SCHEMA,
        orient="row",
    )
    affected = visits.select(point_id=pl.lit("pay"), visit_id="visit_id").gather_every(3)
    straight = counted(POINTS, visits, affected, ["stratum"])
    assert counted(POINTS.reverse(), visits.reverse(), affected.reverse(), ["stratum"]).equals(straight)

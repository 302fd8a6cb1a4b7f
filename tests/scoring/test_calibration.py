"""Of the visits scored p, how many were lost: sums that give the textbook's figures."""

import random
from datetime import date

import polars as pl
import pytest
from scipy.stats import mannwhitneyu

from pipeline.scoring.calibration import calibrated
from tests.drawn import table

DAY = date(2026, 1, 15)


def told(*visits: tuple[str, float, bool]) -> pl.DataFrame:
    """Visits as (stage, foretold, is_lost); the base rate is a half."""
    return pl.DataFrame(
        [(f"v{place}", stage, is_lost, 0.5, p) for place, (stage, p, is_lost) in enumerate(visits)],
        schema={
            "visit_id": pl.String,
            "stage": pl.String,
            "is_lost": pl.Boolean,
            "base": pl.Float64,
            "foretold": pl.Float64,
        },
        orient="row",
    )


def total(sums: pl.DataFrame, column: str) -> float:
    return float(sums.select(pl.col(column).sum()).item())


def drawn_by_chance(seed: int, visits: int = 300) -> pl.DataFrame:
    chance = random.Random(seed)
    levels = [0.0, 0.1, 0.25, 0.3, 0.55, 0.9, 1.0]
    rows = []
    for _ in range(visits):
        p = chance.choice(levels)
        rows.append((chance.choice(["cart", "checkout"]), p, chance.random() < p))
    return told(*rows)


def test_bins_are_tenths_and_one_belongs_to_the_last():
    found = calibrated(
        told(("cart", 0.0, False), ("cart", 0.0999, True), ("cart", 0.1, False), ("cart", 1.0, True)), DAY
    )
    expected = table(
        """
        bin | visits | lost | foretold
        ----+--------+------+---------
        0   | 2      | 1    | 0.0999
        1   | 1      | 0    | 0.1
        9   | 1      | 1    | 1.0
        """,
        bin=pl.Int64, visits=pl.Int64, lost=pl.Int64, foretold=pl.Float64,
    )  # fmt: skip
    assert found.select("bin", "visits", "lost", "foretold").equals(expected)
    assert set(found["day"]) == {DAY}


def test_the_brier_score_is_that_of_the_worked_example():
    # rain foretold at 0.9, 0.1, 0.8, 0.3, and it rained, stayed dry, rained, rained: (0.01 + 0.01 + 0.04 + 0.49) / 4
    found = calibrated(told(("s", 0.9, True), ("s", 0.1, False), ("s", 0.8, True), ("s", 0.3, True)), DAY)
    assert total(found, "squared_error") / total(found, "visits") == pytest.approx(0.1375)
    assert total(found, "squared_error_base") / total(found, "visits") == pytest.approx(0.25)


def test_the_auc_is_that_of_hanley_and_mcneil():
    # CT images rated 1 to 5 (Radiology 1982, 143: 29-36, table I): area 0.893
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    rows = [("s", rating / 5, False) for rating, n in enumerate(normal, 1) for _ in range(n)]
    rows += [("s", rating / 5, True) for rating, n in enumerate(abnormal, 1) for _ in range(n)]
    found = calibrated(told(*rows), DAY)
    assert total(found, "pairs") == 58 * 51
    assert total(found, "ordered_pairs") / total(found, "pairs") == pytest.approx(0.893, abs=0.0005)


@pytest.mark.parametrize("seed", range(5))
def test_all_sums_are_those_of_a_slow_count_and_of_scipy(seed):
    visits = drawn_by_chance(seed)
    found = calibrated(visits.sample(fraction=1.0, shuffle=True, seed=seed), DAY)
    for stage in ("cart", "checkout"):
        rows = visits.filter(pl.col("stage") == stage).to_dicts()
        lost = [row["foretold"] for row in rows if row["is_lost"]]
        completed = [row["foretold"] for row in rows if not row["is_lost"]]
        of_stage = found.filter(pl.col("stage") == stage)
        wins = sum((p > q) + (p == q) / 2 for p in lost for q in completed)
        assert total(of_stage, "ordered_pairs") == wins
        assert total(of_stage, "pairs") == len(lost) * len(completed)
        assert wins == mannwhitneyu(lost, completed).statistic
        assert total(of_stage, "squared_error") == pytest.approx(
            sum((row["foretold"] - row["is_lost"]) ** 2 for row in rows)
        )
    assert total(found, "visits") == visits.height


def test_a_stage_that_loses_more_than_another_does_not_make_the_score_look_good():
    rows = [("cart", 0.2, place < 20) for place in range(100)] + [("pay", 0.8, place < 80) for place in range(100)]
    found = calibrated(told(*rows), DAY)
    assert total(found, "ordered_pairs") / total(found, "pairs") == 0.5


def test_no_visits_no_rows():
    assert calibrated(told(), DAY).is_empty()

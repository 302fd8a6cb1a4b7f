"""What is foretold of a day's visits: from what was known before it, and rightly where the truth is planted."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from pipeline.scoring.calibration import calibrated
from pipeline.scoring.foretelling import KNOWN_AS, foretold
from pipeline.scoring.points import Period, prepared, score
from tests.scoring import periods, simulated

SINCE = simulated.END - timedelta(hours=1)
NO_EFFECTS = pl.DataFrame(schema={"point_id": pl.String, "effect": pl.Float64})


def over_two_days(period: Period) -> Period:
    """Every other visit is decided a day earlier."""
    is_past = pl.int_range(pl.len()) % 2 == 0
    earlier = pl.when(is_past).then(pl.col("decided_at") - timedelta(days=1)).otherwise("decided_at")
    moved = period.decided.sort("visit_id").with_columns(decided_at=earlier)
    flags = period.flags.with_columns(pl.col("flagged_at") - timedelta(days=1))
    return replace(period, decided=moved, flags=flags)


def as_published(period: Period) -> pl.DataFrame:
    """Effects as they were published when only the earlier day was decided."""
    past = replace(period, decided=period.decided.filter(pl.col("decided_at") < SINCE))
    return score(past, simulated.SIGNALS).points.select("point_id", "effect")


def with_labels(period: Period, lost: pl.Expr) -> Period:
    """The same with other outcomes of the later day."""
    is_today = pl.col("decided_at") >= SINCE
    return replace(
        period, decided=period.decided.with_columns(is_lost=pl.when(is_today).then(lost).otherwise("is_lost"))
    )


def latest(period: Period) -> datetime:
    found: datetime = max(period.decided["decided_at"].to_list())
    return found


def drawn(lost: int, flagged_lost: int) -> tuple[Period, pl.DataFrame]:
    """Yesterday 60 visits, `lost` of them lost; today one flagged and one that is not."""
    groups = f"""
        stage    | visits | lost           | flagged
        ---------+--------+----------------+-----------------
        checkout | 40     | {lost}         |
        checkout | 20     | {flagged_lost} | rage@element:pay
        checkout | 1      | 0              |
        checkout | 1      | 1              | rage@element:pay
        """
    period = periods.period(groups)
    noon = period.decided["decided_at"][0]
    of_today = pl.col("visit_id").is_in(["checkout:00060", "checkout:00061"])
    decided = period.decided.with_columns(
        decided_at=pl.when(of_today).then(pl.lit(noon)).otherwise(pl.lit(noon) - timedelta(days=1)),
        entered_at=pl.col("entered_at") - timedelta(days=2),
        loci=pl.lit(["element:pay"]),
    )
    flags = period.flags.with_columns(pl.col("flagged_at") - timedelta(days=2))
    moved = replace(period, decided=decided, flags=flags)
    points = prepared(moved, periods.SIGNALS).points
    return moved, points.select("point_id", effect=pl.lit(0.3))


def test_the_formula_can_be_worked_through_by_hand():
    # 20 of 60 lost; 20 of 60 had friction of 0.3, which explains 0.1 of the rate of 0.333
    period, effects = drawn(10, 10)
    since = latest(period) - timedelta(hours=1)
    found = foretold(period, periods.SIGNALS, since, effects)
    assert found["visit_id"].to_list() == ["checkout:00060", "checkout:00061"]
    assert found["base"].to_list() == pytest.approx([1 / 3, 1 / 3])
    assert found["foretold"].to_list() == pytest.approx([1 / 3 - 0.1, 1 / 3 - 0.1 + 0.3])


def test_an_effect_that_is_harmless_foretells_nothing():
    period, effects = drawn(10, 10)
    since = latest(period) - timedelta(hours=1)
    found = foretold(period, periods.SIGNALS, since, effects.with_columns(effect=pl.lit(-0.3)))
    assert found["foretold"].to_list() == pytest.approx([1 / 3, 1 / 3])


def test_a_stratum_of_few_visits_is_drawn_to_its_stage():
    period, effects = drawn(10, 10)
    since = latest(period) - timedelta(hours=1)
    of_few = pl.col("visit_id").is_in(["checkout:00000", "checkout:00001", "checkout:00060"])  # both past ones lost
    period = replace(
        period, decided=period.decided.with_columns(stratum=pl.when(of_few).then(pl.lit("few")).otherwise("stratum"))
    )
    found = foretold(period, periods.SIGNALS, since, effects.head(0))
    assert found["foretold"][0] == pytest.approx((2 + KNOWN_AS / 3) / (2 + KNOWN_AS))


def test_a_stage_that_decided_nothing_before_foretells_nothing():
    period, effects = drawn(10, 10)
    since = latest(period) - timedelta(days=2)
    assert foretold(period, periods.SIGNALS, since, effects).is_empty()


def test_a_stage_that_is_warming_foretells_nothing():
    period, effects = drawn(10, 10)
    since = latest(period)
    assert foretold(period, periods.SIGNALS, since, effects).height > 0
    warming = replace(period, warming=frozenset(period.stages))
    assert foretold(warming, periods.SIGNALS, since, effects).is_empty()


def test_the_outcomes_of_a_day_do_not_change_what_is_foretold_of_it():
    period = over_two_days(simulated.confounded(1, 0.2))
    other = with_labels(period, ~pl.col("is_lost"))
    effects = as_published(period)
    columns = ["visit_id", "base", "foretold"]
    one, two = (foretold(each, simulated.SIGNALS, SINCE, effects).select(columns) for each in (period, other))
    assert one.equals(two)
    assert as_published(other).equals(effects)


def test_what_is_foretold_comes_true_where_friction_is_planted(figure):
    period = over_two_days(simulated.confounded(2, 0.2))
    told = foretold(period, simulated.SIGNALS, SINCE, as_published(period))
    slope = np.polyfit(told["foretold"], told["is_lost"].cast(pl.Float64), 1)[0]
    sums = calibrated(told, periods.DAY).sum().row(0, named=True)
    auc = sums["ordered_pairs"] / sums["pairs"]
    figure("slope of lost on foretold, friction planted", f"{slope:.3f}", "0.95-1.05")
    figure("AUC of what was foretold, friction planted", f"{auc:.3f}", "> 0.6")
    assert slope == pytest.approx(1, abs=0.05)
    mean_foretold, lost_share = told.select(pl.col("foretold").mean(), pl.col("is_lost").mean()).row(0)
    assert mean_foretold == pytest.approx(lost_share, abs=0.01)
    assert auc > 0.6
    assert sums["squared_error"] < sums["squared_error_base"]


def test_of_labels_dealt_anew_the_score_foretells_nothing(figure):
    period = over_two_days(simulated.confounded(3, 0.2))
    told = foretold(period, simulated.SIGNALS, SINCE, as_published(period))
    dealt = told.with_columns(is_lost=pl.Series(np.random.default_rng(1).permutation(told["is_lost"].to_numpy())))
    sums = calibrated(dealt, periods.DAY).sum().row(0, named=True)
    auc = sums["ordered_pairs"] / sums["pairs"]
    figure("AUC of what was foretold, labels shuffled", f"{auc:.3f}", "0.49-0.51")
    assert auc == pytest.approx(0.5, abs=0.01)


def test_without_effects_the_likes_of_a_visit_foretell_alone():
    period = over_two_days(simulated.confounded(4, 0.2))
    told = foretold(period, simulated.SIGNALS, SINCE, NO_EFFECTS)
    assert told["foretold"].n_unique() == 2  # new and returning

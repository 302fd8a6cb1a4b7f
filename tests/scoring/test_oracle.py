"""The whole score of generated periods against the slow one, and the laws that hold for every period."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest

from pipeline.scoring.points import Period, Scores, score
from tests.scoring.oracle import expected
from tests.scoring.periods import DAY, NOON, SIGNALS, of_rows

PLACES = ["element:pay", "element:ship", "page:/cart"]
SEEDS = range(60)


def generated(seed: int) -> Period:
    """A small period: two stages, four signals at three places, some visits of other currencies, of no exposure …"""
    random = Random(seed)
    visits: list[dict[str, Any]] = []
    flags: list[dict[str, Any]] = []
    active: list[dict[str, Any]] = []
    loss, struck = random.random(), random.choice([0.1, 0.5, 0.9])
    has_values = random.random() < 0.8
    for number in range(random.choice([0, 1, 6, 40, 150, 250])):
        stage = random.choice(["cart", "checkout"])
        visit_id, person_id = f"{stage}:{number:04d}", f"c:{random.randint(0, 40)}"
        is_valued = random.random() < 0.8
        decided_at = datetime.combine(DAY, NOON) - timedelta(days=random.randint(0, 20))
        entered_at = decided_at - random.choice([0, 1, 2, 31]) * timedelta(hours=1)
        loci = random.choice([None, [], random.sample(PLACES, k=random.randint(1, 3))])
        if random.random() < 0.9:
            visits.append(
                {
                    "visit_id": visit_id,
                    "stage": stage,
                    "person_id": person_id,
                    "entered_at": entered_at,
                    "reached_at": entered_at + random.choice([0, 0.3, 0.6, 1]) * (decided_at - entered_at),
                    "decided_at": decided_at,
                    "is_lost": random.random() < loss,
                    "is_exposure": random.random() < 0.9,
                    "stratum": random.choice(["phone", "phone", "desktop"]),
                    "value": round(random.lognormvariate(4, 1), 2)
                    if has_values and is_valued and random.random() < 0.8
                    else None,
                    "is_valued": is_valued,
                    "loci": loci,
                }
            )
        active += [
            {"day": DAY - timedelta(days=ago), "visit_id": visit_id, "stage": stage, "is_lost": False, "loci": loci}
            for ago in random.sample(range(4), k=random.randint(0, 3))
        ]
        while random.random() < struck:
            place = random.choice(PLACES[:2] if random.random() < 0.9 else PLACES)
            at = decided_at - timedelta(hours=random.choice([0, 1, 1, 1, 30, -2]))
            flags.append(
                {
                    "day": min(at.date(), DAY),
                    "flag_id": f"f:{len(flags):05d}",
                    "flagged_at": at,
                    "signal": random.choice([*SIGNALS, "rage", "switched off"]),
                    "stage": stage,
                    "locus_type": place.split(":")[0],
                    "locus": place.split(":")[1],
                    "person_id": person_id,
                    "visit_id": visit_id,
                    "severity": round(random.random(), 3),
                }
            )
    stages, segments = ["cart", "checkout", "support"], {f"c:{n}": "gold" for n in range(5)}
    return of_rows(visits, active, flags, stages=stages, decisive=["checkout"], segments=segments)


def points_of(found: Scores) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {
        (row["stage"], row["signal"], row["locus_type"], row["locus"]): row
        for row in found.points.iter_rows(named=True)
    }


def close(rows: dict[Any, dict[str, Any]], wanted: dict[Any, dict[str, Any]]) -> None:
    assert set(rows) == set(wanted)
    for key, want in wanted.items():
        for name, value in want.items():
            same = pytest.approx(value, rel=1e-8, abs=2e-8) if isinstance(value, float) else value
            assert rows[key][name] == same, (key, name)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_period_is_scored_as_by_hand(seed):
    period = generated(seed)
    found = score(period, SIGNALS)
    points, stages, persons = expected(period, SIGNALS)
    close(points_of(found), points)
    close({row["stage"]: row for row in found.stage_scores.iter_rows(named=True)}, stages)
    close({row["person_id"]: row for row in found.person_scores.iter_rows(named=True)}, persons)
    assert found.stage_scores["stage"].to_list() == period.stages
    assert found.points["point_id"].is_duplicated().sum() == 0
    assert found.person_scores["person_id"].is_duplicated().sum() == 0


def test_the_generated_periods_have_what_is_to_be_proved():
    bases, trends, missing = set(), set(), 0
    for seed in SEEDS:
        points = score(generated(seed), SIGNALS).points
        bases |= set(points["effect_basis"])
        trends |= set(points["trend"])
        missing += points["revenue_at_risk"].null_count()
    assert bases == {"measured", "pooled", "prior", None}
    assert {"steady", None} <= trends
    assert missing


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_claims_more_than_was_lost_and_intervals_hold_what_they_are_about(seed):
    period = generated(seed)
    found = score(period, SIGNALS)
    points = found.points
    lost = period.decided.filter(pl.col("is_exposure") & pl.col("is_lost"))
    medians = period.decided.filter("is_exposure").group_by("stage").agg(usual=pl.col("value").median())
    money = lost.filter("is_valued").join(medians, on="stage").with_columns(pl.coalesce("value", "usual"))
    for stage in period.stages:
        of_stage = points.filter(pl.col("stage") == stage)
        assert of_stage["lost_visits"].sum() <= lost.filter(pl.col("stage") == stage).height + 1e-6
        claimed = of_stage.select(pl.col("revenue_at_risk").sum()).item()
        assert claimed <= money.filter(pl.col("stage") == stage).select(pl.col("value").sum()).item() + 1e-4
        row = found.stage_scores.row(by_predicate=pl.col("stage") == stage, named=True)
        assert row["score"] == pytest.approx(of_stage["score"].sum(), abs=1e-8)
        assert row["health"] == pytest.approx(100 - row["score"], abs=1e-8)
        assert 0 <= row["score"] <= 100
        assert row["entered"] == row["completed"] + row["lost"]
    for name in ("effect", "lost_visits", "revenue_at_risk", "rate"):
        middle, low, high = (points[f"{name}{end}"] for end in ("", "_low", "_high"))
        assert (low <= middle + 1e-9).all(), name
        assert (middle <= high + 1e-9).all(), name
        assert low.is_null().equals(middle.is_null())
        assert high.is_null().equals(middle.is_null())
    assert (points["lost_visits_low"] >= 0).all()
    affected_lost = (points["affected"] * points["lost_share_affected"].fill_null(0.0)).round()
    assert (points["lost_visits_high"] <= affected_lost + 1e-6).all()
    assert (points["affected"] <= points["exposed"]).filter(points["exposed"] > 0).all()
    assert (points.filter(pl.col("kind") == "outcome")["lost_visits"] == 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_ranks_follow_scores_then_decisive_stages_then_what_may_be_lost_then_ids(seed):
    period = generated(seed)
    points = score(period, SIGNALS).points
    is_ranked = (pl.col("exposed") >= 30) & (pl.col("kind") == "obstacle")
    assert points.filter(~is_ranked)["rank"].null_count() == points.filter(~is_ranked).height
    ranked = points.filter(is_ranked)
    wanted = sorted(
        ranked.iter_rows(named=True),
        key=lambda row: (-row["score"], row["stage"] != "checkout", -row["lost_visits_high"], row["point_id"]),
    )
    assert ranked.sort("rank")["point_id"].to_list() == [row["point_id"] for row in wanted]
    assert ranked.sort("rank")["rank"].to_list() == list(range(1, len(wanted) + 1))


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_the_order_of_rows_is_irrelevant_to_the_last_digit(seed):
    period = generated(seed)
    # large sums show the order of what was summed, however they are rounded
    period = replace(period, decided=period.decided.with_columns(pl.col("value") * 100_003))
    turned = replace(
        period,
        decided=period.decided.sample(fraction=1.0, shuffle=True, seed=seed),
        active=period.active.sample(fraction=1.0, shuffle=True, seed=seed),
        flags=period.flags.sample(fraction=1.0, shuffle=True, seed=seed),
        segments=period.segments.reverse(),
    )
    one, other = score(period, SIGNALS), score(turned, SIGNALS)
    assert one.points.equals(other.points)
    assert one.stage_scores.equals(other.stage_scores)
    assert one.person_scores.sort("person_id").equals(other.person_scores.sort("person_id"))


def test_the_generated_times_are_on_either_side_of_a_decision():
    flags, decided = generated(3).flags, generated(3).decided
    late = flags.join(decided, on="visit_id").filter(pl.col("flagged_at") > pl.col("decided_at"))
    same = flags.join(decided, on="visit_id").filter(pl.col("flagged_at") == pl.col("decided_at"))
    assert late.height
    assert same.height

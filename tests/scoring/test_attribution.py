import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scoring.attribution import shares
from tests.drawn import table


def test_a_visit_is_shared_in_proportion_to_effects_as_far_as_its_strongest_point_claims_it():
    found = shares(
        table(
            """
            visit_id | point_id | effect | lost_share_affected
            ---------+----------+--------+--------------------
            alone    | rage     |   0.30 |                0.50
            both     | rage     |   0.30 |                0.50
            both     | slow     |   0.10 |                0.20
            harmless | helps    |  -0.10 |                0.10
            harmless | slow     |   0.10 |                0.20
            nobody   | helps    |  -0.10 |                0.10
            nobody   | unknown  |        |                0.10
            certain  | worse    |   0.60 |                0.40
            """,
            effect=pl.Float64,
            lost_share_affected=pl.Float64,
        )
    )
    expected = {
        ("alone", "rage"): 0.6,
        ("both", "rage"): 0.45,
        ("both", "slow"): 0.15,
        ("harmless", "helps"): 0,
        ("harmless", "slow"): 0.5,
        ("nobody", "helps"): 0,
        ("nobody", "unknown"): 0,
        ("certain", "worse"): 1,
    }
    assert dict(zip(zip(found["visit_id"], found["point_id"], strict=True), found["share"], strict=True)) == (
        pytest.approx(expected)
    )


def test_two_signs_of_one_cause_claim_no_more_than_one_of_them():
    rows = [(f"v{n}", sign, 0.3, 0.5) for n in range(20) for sign in ("rage", "slow")]
    found = shares(pl.DataFrame(rows, schema=["visit_id", "point_id", "effect", "lost_share_affected"], orient="row"))
    # 40 affected, 20 of them lost: each alone would claim 0.3 x 40
    assert found["share"].sum() == pytest.approx(12)


EFFECTS = st.one_of(st.floats(-1, 1, allow_nan=False), st.just(0.0), st.none())


@st.composite
def stages(draw: st.DrawFn) -> pl.DataFrame:
    """Lost visits of a stage, each flagged at some of up to five points; a point lost 1 to all of its affected."""
    count = draw(st.integers(1, 5))
    flagged = draw(st.lists(st.sets(st.integers(0, count - 1), min_size=1), min_size=1, max_size=15))
    effects = draw(st.lists(EFFECTS, min_size=count, max_size=count))
    unharmed = draw(st.lists(st.integers(0, 20), min_size=count, max_size=count))
    lost = [sum(point in points for points in flagged) for point in range(count)]
    rows = [
        (f"v{visit:02d}", f"p{point}", effects[point], lost[point] / (lost[point] + unharmed[point]))
        for visit, points in enumerate(flagged)
        for point in sorted(points)
    ]
    schema = {
        "visit_id": pl.String, "point_id": pl.String, "effect": pl.Float64, "lost_share_affected": pl.Float64
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


@settings(derandomize=True, deadline=None)
@given(stages(), st.randoms(use_true_random=False))
def test_nobody_claims_more_than_was_lost(rows, random):
    found = shares(rows)
    assert found["share"].is_between(0, 1).all()
    of_visit = found.group_by("visit_id").agg(pl.col("share").sum())
    assert (of_visit["share"] <= 1 + 1e-12).all()
    worth = {visit: random.uniform(0, 1000) for visit in of_visit["visit_id"].sort()}
    money = (found["share"] * found["visit_id"].replace_strict(worth)).sum()
    assert found["share"].sum() <= len(worth) + 1e-9
    assert money <= sum(worth.values()) + 1e-6


@settings(derandomize=True, deadline=None)
@given(stages())
def test_effects_of_nothing_or_less_claim_nothing(rows):
    found = shares(rows).filter((pl.col("effect") <= 0).fill_null(value=True))
    assert (found["share"] == 0).all()


@settings(derandomize=True, deadline=None)
@given(stages())
def test_points_that_share_no_visit_claim_effect_times_affected(rows):
    first = rows.group_by("visit_id").agg(pl.col("point_id").min())
    alone = rows.join(first, on=["visit_id", "point_id"])
    # lost shares as they are where the other flags were never set: 4 of 5
    found = shares(alone.with_columns(lost_share_affected=pl.lit(0.8)))
    for (effect,), of_point in found.group_by("effect"):
        claimed = min(max(effect or 0.0, 0.0), 0.8) * of_point.height / 0.8
        assert of_point["share"].sum() == pytest.approx(claimed)


@settings(derandomize=True, deadline=None)
@given(stages(), st.integers(0, 1000))
def test_the_order_of_rows_is_irrelevant(rows, seed):
    key = ["visit_id", "point_id"]
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)
    assert shares(shuffled).sort(key)["share"].to_list() == pytest.approx(shares(rows).sort(key)["share"].to_list())

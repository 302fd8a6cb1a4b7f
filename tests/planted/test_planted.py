"""Friction planted by the simulator must be found: all of it, where it is, and nothing else."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipeline import settings, steps
from pipeline.calendar import days_between
from pipeline.simulate import simulate
from pipeline.warehouse.connection import fetch, reading

pytestmark = pytest.mark.xdist_group("planted")

FIRST, DAYS, CUSTOMERS = date(2026, 1, 1), 40, 700
LAST = FIRST + timedelta(days=DAYS - 1)
FLAG = ["signal", "stage", "locus_type", "locus", "visit_id", "day"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """The truth, and what a backfill found: flags, points and stages of the last day."""
    folder: Path = tmp_path_factory.mktemp("planted") / "world"
    simulate(DAYS, CUSTOMERS, 11, folder)
    config = settings.load(folder / "friction.toml")
    days = days_between(FIRST, LAST)
    steps.prepare(config, days, "planted", datetime(2026, 3, 1, tzinfo=UTC))
    for step in (steps.ingest, steps.flag, steps.score, steps.publish):
        step(config, days)
    with reading(config.warehouse) as con:
        return {
            "truth": pl.read_parquet(folder / "truth.parquet"),
            "flags": fetch(con, "select * from friction.flags"),
            "points": fetch(con, "select * from friction.points where day = $day", {"day": LAST}),
            "stages": fetch(con, "select * from friction.stage_scores where day = $day", {"day": LAST}),
            "lost": fetch(
                con,
                """
                select p.stage, sum(lost_visits) as claimed, any_value(s.lost) as lost from friction.points p
                join friction.stage_scores s using (day, stage) where day = $day group by p.stage order by p.stage
                """,
                {"day": LAST},
            ),
        }


def test_every_planted_instance_is_found_and_nothing_else_is_flagged(
    world: dict[str, pl.DataFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    truth = world["truth"].select(FLAG)
    flags = world["flags"].select(FLAG).join(truth.select("signal").unique(), on="signal", how="semi")
    found = truth.join(flags, on=FLAG, how="semi")
    right = flags.join(truth, on=FLAG, how="semi")
    counts = (
        truth.group_by("signal")
        .agg(true=pl.len())
        .join(flags.group_by("signal").agg(flagged=pl.len()), on="signal", how="full", coalesce=True)
        .join(found.group_by("signal").agg(found=pl.len()), on="signal", how="left")
        .join(right.group_by("signal").agg(right=pl.len()), on="signal", how="left")
        .fill_null(0)
        .with_columns(recall=pl.col("found") / pl.col("true"), precision=pl.col("right") / pl.col("flagged"))
        .sort("signal")
    )
    with capsys.disabled(), pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
        print(f"\n{DAYS} days, {CUSTOMERS} customers: planted friction and flags\n{counts}")  # noqa: T201
    assert counts.height == 10, "every signal has something planted"
    assert counts.filter(pl.col("true") <= 20).rows() == []
    assert counts["recall"].to_list() == [1.0] * 10
    assert counts["precision"].to_list() == [1.0] * 10


def test_the_evidence_of_a_flag_is_the_planted_evidence(world: dict[str, pl.DataFrame]) -> None:
    both = world["truth"].join(world["flags"], on=FLAG, suffix="_found")
    # of a run that goes on after midnight, the flag holds what was known at the end of its day
    is_prefix = pl.col("evidence").list.head(pl.col("evidence_found").list.len()) == pl.col("evidence_found")
    differing = both.filter(~is_prefix & (pl.col("signal") != "checkout_abandonment"))
    assert differing.select("signal", "evidence", "evidence_found").rows() == []


def test_effects_of_planted_points_lie_within_their_intervals(world: dict[str, pl.DataFrame]) -> None:
    planted = (
        world["truth"]
        .drop_nulls("effect")
        .group_by("signal", "stage", "locus_type", "locus")
        .agg(planted=pl.col("effect").mean())
    )
    points = world["points"].join(planted, on=["signal", "stage", "locus_type", "locus"])
    within = points.filter(pl.col("planted").is_between("effect_low", "effect_high"))
    outside = points.join(within, on="point_id", how="anti").select(
        "signal", "locus", "planted", "effect", "effect_low", "effect_high"
    )
    assert points.height >= 15
    # each of 18 intervals misses one time in twenty: three misses would be news
    assert points.height - within.height <= 2, outside.rows()


def test_a_harmless_signal_costs_nothing(world: dict[str, pl.DataFrame]) -> None:
    gallery = world["points"].row(by_predicate=(pl.col("locus") == "#gallery-next"), named=True)
    assert gallery["affected"] > 100
    assert gallery["effect_low"] < 0 < gallery["effect_high"]
    assert gallery["score"] < 1


def test_points_never_claim_more_than_their_stage_lost(world: dict[str, pl.DataFrame]) -> None:
    assert world["lost"].height > 0
    assert world["lost"].filter(pl.col("claimed") > pl.col("lost")).rows() == []
    sums = (
        world["points"]
        .group_by("stage")
        .agg(pl.col("score").sum())
        .join(world["stages"], on="stage", suffix="_of_stage")
    )
    assert sums.filter((pl.col("score") - pl.col("score_of_stage")).abs() > 1e-6).rows() == []

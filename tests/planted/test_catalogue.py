"""Every signal is planted in twenty worlds: all of it must be found, where it is, and nothing else."""

from datetime import UTC, date, datetime
from math import sqrt
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline import settings, steps
from pipeline.calendar import days_between
from pipeline.detectors import all_signals
from pipeline.simulate import simulate
from pipeline.simulate.episodes.book import SCRIPTS, book
from pipeline.simulate.episodes.places import PLACES
from pipeline.warehouse.connection import fetch, reading
from tests.planted.proof import (
    CUSTOMERS,
    FLAG,
    GOLDEN,
    OF_ALL,
    ORACLES,
    found_by_oracles,
    judged,
    shop,
    shown,
    table,
)
from tests.planted.worlds import Made, flagged, made, outcomes

pytestmark = pytest.mark.xdist_group("planted_catalogue")

# What leans on what is usual elsewhere needs only 0.95.
BY_BASELINE = {"contact_surge", "excessive_scroll", "hesitation", "slow_page"}
LEAST_PLANTED = 100


@pytest.fixture(scope="module")
def found() -> pl.DataFrame:
    return table(*shop())


def test_every_signal_is_planted_often_enough(found: pl.DataFrame) -> None:
    assert set(found["signal"]) == set(all_signals())
    assert found.filter(pl.col("planted") < LEAST_PLANTED).select("signal", "planted").rows() == []


def test_what_is_planted_is_found_and_nothing_else_is_flagged(
    found: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{shown(found)}")  # noqa: T201
    least = pl.when(pl.col("signal").is_in(BY_BASELINE)).then(0.95).otherwise(0.99)
    worse = found.filter((pl.col("recall") < least) | (pl.col("precision") < least))
    assert worse.select("signal", "recall", "precision").rows() == []


def test_the_table_is_the_one_that_is_kept(found: pl.DataFrame) -> None:
    kept = GOLDEN.read_text(encoding="utf-8")
    assert shown(found) == kept, (
        "look at the change; if it is right: python -m tests.planted.proof, and commit the file"
    )


def test_what_plain_readings_find_is_flagged() -> None:
    _, flags, oracle = shop()
    assert set(oracle["signal"]) == ORACLES
    seen = flags.with_columns(first_id=pl.col("evidence").list.first())
    missed = oracle.join(seen, on=["signal", "locus", "flagged_at", "first_id"], how="anti")
    assert missed.rows() == []


def test_the_evidence_of_a_flag_is_the_planted_evidence() -> None:
    worlds, flags, _ = shop()
    both = _truth(worlds).join(flags, on=FLAG, suffix="_found")
    assert both.height > 10_000
    # of what goes on after midnight, the flag holds what was known at the end of its day
    is_prefix = pl.col("evidence").list.head(pl.col("evidence_found").list.len()) == pl.col("evidence_found")
    # and some name first what the flag is about, not what came before it
    is_same = pl.col("evidence").list.sort() == pl.col("evidence_found").list.sort()
    differing = both.filter(~is_prefix & ~is_same)
    assert differing.select("script", "signal", "evidence", "evidence_found").rows() == []


def test_the_truth_knows_which_visits_were_lost() -> None:
    worlds, _, _ = shop()
    told = worlds.truth.drop_nulls("lost").join(outcomes(worlds), on="visit_id", how="left")
    assert told.filter("lost").height > 1000
    assert told.filter(~pl.col("lost")).height > 1000
    assert (
        told.filter(~pl.col("lost").eq_missing(pl.col("was_lost"))).select("script", "signal", "visit_id").rows() == []
    )


def test_friction_costs_as_many_visits_as_its_script_says() -> None:
    worlds, _, _ = shop()
    told = (
        worlds.truth.drop_nulls(["effect", "lost"])
        .group_by("script")
        .agg(count=pl.len(), caused=pl.col("caused_loss").mean(), effect=pl.col("effect").first())
    )
    assert told.height >= 40
    for script, count, caused, effect in told.sort("script").iter_rows():
        # forty shares: four standard errors, so that only what is wrong is outside
        assert abs(caused - effect) <= 4 * sqrt(max(effect * (1 - effect), 0.01) / count), script


def test_robots_are_in_the_rows_and_set_aside() -> None:
    worlds, _, _ = shop()
    assert worlds.bots > 1000
    assert worlds.rows.clickstream.filter(anonymous_id="1/crawler").height == 0


@pytest.fixture(scope="module")
def ordinary() -> tuple[Made, pl.DataFrame]:
    worlds = made("ecommerce", range(21, 31), 8, CUSTOMERS, planted=False)
    return worlds, flagged(worlds)


def test_on_ordinary_days_nothing_is_flagged_but_what_is_true_by_definition(
    ordinary: tuple[Made, pl.DataFrame],
) -> None:
    worlds, flags = ordinary
    assert worlds.truth.filter("is_planted").rows() == []
    known = judged(flags, _truth(worlds), found_by_oracles(worlds))
    assert known.filter(~pl.col("told") & ~pl.col("confirmed")).select("signal", "locus", "visit_id").rows() == []
    assert set(known["signal"]) <= {*ORACLES, *worlds.truth["signal"]}


@pytest.mark.parametrize("journey", [name for name in PLACES if name != "ecommerce"])
def test_the_signals_of_every_journey_are_found_there(journey: str) -> None:
    worlds = made(journey, range(31, 34), 8, 300)
    flags = flagged(worlds, {name: signal for name, signal in all_signals().items() if name != OF_ALL})
    # so few people that nothing is usual by the eighth day: what is compared with it cannot be judged
    late = [script.name for script in SCRIPTS if script.warm_up]
    truth = _truth(worlds).filter(~pl.col("script").is_in(late), pl.col("signal") != OF_ALL)
    missed = truth.join(flags, on=FLAG, how="anti")
    assert missed.select("script", "signal", "locus", "flagged_at").rows() == []
    known = judged(flags, truth, found_by_oracles(worlds))
    assert known.filter(~pl.col("told") & ~pl.col("confirmed")).select("signal", "locus", "visit_id").rows() == []
    planted = {script.planted.signal for script in book(journey).scripts if script.planted and not script.warm_up}
    assert len(planted) >= 33
    assert set(truth.filter("is_planted")["signal"]) == planted


def test_a_whole_run_finds_the_same(tmp_path: Path) -> None:
    simulate(6, 700, 41, tmp_path, format="ndjson", journey="travel")
    config = settings.load(tmp_path / "friction.toml")
    days = days_between(date(2026, 1, 1), date(2026, 1, 6))
    steps.prepare(config, days, "planted", datetime(2026, 3, 1, tzinfo=UTC))
    for step in (steps.ingest, steps.flag, steps.score, steps.publish):
        step(config, days)
    with reading(config.warehouse) as con:
        flags = fetch(con, "select * from friction.flags")
        aside = fetch(
            con, "select set_aside, count(*) as rows from events.clickstream where set_aside is not null group by all"
        )
        lacks = fetch(con, "select distinct signal from ops.signals where is_measurable")
    truth = pl.read_parquet(tmp_path / "truth.parquet").with_columns(
        pl.col("flagged_at").cast(pl.Datetime("us", "UTC"))
    )
    told = truth.select(FLAG).sort(FLAG)
    assert told.height > 100
    assert_frame_equal(told, flags.select(FLAG).join(told, on=FLAG, how="semi").sort(FLAG))
    others = flags.join(told, on=FLAG, how="anti")
    assert set(others["signal"]) <= ORACLES
    assert aside["set_aside"].to_list() == ["bot"]
    assert set(truth.filter("is_planted")["signal"]) <= set(lacks["signal"])


def _truth(worlds: Made) -> pl.DataFrame:
    return worlds.truth.with_columns(pl.col("flagged_at").cast(pl.Datetime("us", "UTC")))

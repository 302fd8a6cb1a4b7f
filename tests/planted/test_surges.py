"""Surges of contacts are a matter of a day: busy days that are none, and what the truth says of those that are."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from pipeline.detectors import all_signals
from pipeline.simulate.episodes.surges import SURGES, days_of
from tests.planted.proof import CUSTOMERS, DAYS
from tests.planted.worlds import FIRST, Made, flagged, made

pytestmark = pytest.mark.xdist_group("planted_surges")

SEEDS = range(61, 65)
SURGE = all_signals()["contact_surge"]
ORDINARY = {"planted": 0.0, "near_miss": 1.0, "noise": 1.0}


@pytest.fixture(scope="module")
def ordinary() -> list[Made]:
    return [made("ecommerce", range(seed, seed + 1), DAYS, 2 * CUSTOMERS, planted=False) for seed in SEEDS]


def test_a_busy_day_is_no_surge_and_would_be_one_if_less_were_asked_for(ordinary: list[Made]) -> None:
    parameters = replace(SURGE.parameters, ratio=1.1, deviations=0.5)
    looser = replace(SURGE, parameters=parameters)
    seen = 0
    for seed, world in zip(SEEDS, ordinary, strict=True):
        busy = [FIRST + timedelta(days=day) for day in days_of(ORDINARY, DAYS, seed)]
        assert len(busy) == 1
        assert flagged(world, {"contact_surge": SURGE}).is_empty()
        assert world.truth.filter(signal="contact_surge").is_empty()
        seen += set(busy) <= set(flagged(world, {"contact_surge": looser})["day"])
    assert seen >= 2


def test_each_kind_comes_once_a_fortnight_after_the_first_week_and_never_two_on_a_day() -> None:
    kinds = {"planted": 0.4, "near_miss": 0.2, "noise": 0.4}
    for seed in range(20):
        days = days_of(kinds, 35, seed)
        assert [sum(7 <= day < 21 for day in days), sum(21 <= day < 35 for day in days)] == [2, 2]
        assert sorted(surge.name for surge in days.values()) == sorted([surge.name for surge in SURGES] * 2)
    assert days_of(kinds, 7, 1) == {}
    assert {surge.name for surge in days_of(ORDINARY, 35, 1).values()} == {"busy_day"}


def test_the_truth_of_a_surge_is_every_contact_about_the_reason_on_the_day() -> None:
    world = made("ecommerce", range(61, 62), DAYS, CUSTOMERS)
    told = world.truth.filter(signal="contact_surge")
    reason, day = told["locus"].unique().item(), told["day"].unique().item()
    local = pl.col("started_at").dt.convert_time_zone("Europe/Istanbul").dt.date()
    first = (
        world.rows.wait_time.filter(~pl.col("wait_type").is_in(["delivery", "refund"]))
        .sort("started_at", "wait_id")
        .unique(pl.coalesce("contact_id", "wait_id"), keep="first", maintain_order=True)
    )
    about = first.filter(local == day, pl.col("reason") == reason)
    assert sorted(about["wait_id"]) == sorted(told["evidence"].list.first())
    before = first.filter(local < day, pl.col("reason") == reason).height / (day - FIRST).days
    assert 2 < about.height / before < 6.5
    assert told["lost"].null_count() == told.height

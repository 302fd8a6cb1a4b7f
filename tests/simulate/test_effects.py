"""Planted friction is met as often, and costs as many visits, as the world says: within what chance allows."""

from datetime import UTC, datetime, timedelta
from math import sqrt

import polars as pl
import pytest

from pipeline.simulate.world import PLANTS, Plant

pytestmark = pytest.mark.xdist_group("simulate")
END = datetime(2026, 2, 17, 21, tzinfo=UTC)  # midnight in Istanbul
ERRORS_ALLOWED = 4.0  # standard errors; the seed is fixed, so a pass stays a pass
IDS = [f"{plant.signal} at {plant.stage} {plant.locus}" for plant in PLANTS]


@pytest.fixture(scope="module")
def visits(large):
    """Every visit that is decided for certain: visit_id, stage, place, stratum, lost – from the files alone."""
    events = read(large, "clickstream").filter(
        pl.col("anonymous_id").is_not_null() & pl.col("event_name").is_not_null()
    )
    events = events.with_columns(session=pl.col("event_id").str.split("-").list.first() + pl.col("anonymous_id"))
    has = {name: (pl.col("event_name") == name).any() for name in ("add_to_cart", "purchase")}
    parts = []
    for stage, entry, done in (
        ("evaluate", "view_item", "add_to_cart"),
        ("checkout", "begin_checkout", "purchase"),
        ("payment", "add_payment_info", "purchase"),
    ):
        first = pl.col("event_id").filter(pl.col("event_name") == entry).first()
        parts.append(
            events.group_by("session", maintain_order=True)
            .agg(first=first, device=pl.col("device").first(), channel=pl.col("channel").first(), done=has[done])
            .drop_nulls("first")
            .select(
                visit_id=pl.lit(f"{stage}:") + pl.col("first"),
                stage=pl.lit(stage),
                place=pl.lit(None, pl.String),
                stratum=pl.col("device") + "/" + pl.col("channel"),
                lost=~pl.col("done"),
            )
        )
    return pl.concat([*parts, contacts(large), orders(large)])


def read(made, table):
    key = {"clickstream": "event_id", "wait_time": "wait_id", "order_error": "error_id"}[table]
    rows = pl.read_parquet(sorted((made.folder / table).glob("*.parquet")))
    return rows.filter(~pl.col(key).str.ends_with("b")).unique(key, keep="first", maintain_order=True)


def contacts(made):
    rows = read(made, "wait_time").filter(pl.col("wait_type") != "delivery").sort("started_at", "wait_id")
    over = pl.col("ended_at") + pl.duration(seconds=pl.col("handled_seconds").fill_null(0))
    again = pl.col("started_at").shift(-1).over("customer_id", "reason")
    rows = rows.with_columns(repeated=(again - over <= pl.duration(days=7)).fill_null(value=False))
    return rows.filter(pl.col("started_at") < END - timedelta(days=11)).select(
        visit_id=pl.lit("support:") + pl.col("wait_id"),
        stage=pl.lit("support"),
        place="queue",
        stratum=pl.lit("all"),
        lost=(pl.col("outcome") == "abandoned") | pl.col("repeated"),
    )


def orders(made):
    lost = pl.concat(
        [
            read(made, "order_error").filter(pl.col("error_type") == "return").select("order_id"),
            read(made, "wait_time").filter(pl.col("wait_type") != "delivery").select("order_id").drop_nulls(),
        ]
    )["order_id"]
    rows = read(made, "wait_time").filter(pl.col("wait_type") == "delivery")
    return rows.filter(pl.col("started_at") < END - timedelta(days=21)).select(
        visit_id=pl.lit("fulfilment:") + pl.col("order_id"),
        stage=pl.lit("fulfilment"),
        place=pl.col("queue") + "/" + pl.col("team"),
        stratum=pl.col("queue") + "/" + pl.col("team"),
        lost=pl.col("order_id").is_in(lost.unique().implode()),
    )


def exposed(large, visits, plant: Plant):
    """Visits that touch the plant's place, with `met` and what the truth says of those."""
    here = visits.filter(pl.col("stage") == plant.stage)
    if plant.stage == "fulfilment":
        here = here.filter(pl.col("place").str.contains(plant.locus.split(" @ ")[-1], literal=True))
    elif plant.stage == "support":
        here = here.filter(pl.col("place") == plant.locus)
    if plant.device:
        here = here.filter(pl.col("stratum").str.starts_with(plant.device))
    told = large.truth.filter(
        "is_planted", pl.col("signal") == plant.signal, pl.col("stage") == plant.stage, pl.col("locus") == plant.locus
    ).select("visit_id", "caused_loss", "effect", told_lost="lost")
    return here.join(told, on="visit_id", how="left").with_columns(met=pl.col("effect").is_not_null())


@pytest.mark.parametrize("plant", PLANTS, ids=IDS)
def test_friction_is_met_by_the_planted_share_of_visits(large, visits, plant):
    here = exposed(large, visits, plant)
    error = sqrt(plant.share * (1 - plant.share) / here.height)
    assert abs(here["met"].mean() - plant.share) < ERRORS_ALLOWED * error


@pytest.mark.parametrize("plant", PLANTS, ids=IDS)
def test_friction_causes_the_planted_share_of_losses(large, visits, plant):
    met = exposed(large, visits, plant).filter("met")
    assert met.height >= 10
    effect = met["effect"][0]
    assert 0 <= effect <= plant.kill_share
    assert (effect == 0) == (plant.kill_share == 0)
    error = sqrt(effect * (1 - effect) / met.height)
    assert abs(met["caused_loss"].mean() - effect) <= ERRORS_ALLOWED * error
    assert met["told_lost"].to_list() == met["lost"].to_list()


@pytest.mark.parametrize("plant", PLANTS, ids=IDS)
def test_visits_that_meet_friction_are_lost_more_often_by_its_effect(large, visits, plant):
    here = exposed(large, visits, plant)
    difference, variance, count = 0.0, 0.0, here["met"].sum()
    for _, rows in here.group_by("stratum", maintain_order=True):
        with_it, without = rows.filter("met")["lost"], rows.filter(~rows["met"])["lost"]
        if len(with_it) and len(without):
            weight = len(with_it) / count
            difference += weight * (with_it.mean() - without.mean())
            variance += weight**2 * sum(max(s.mean() * (1 - s.mean()), 0.05) / len(s) for s in (with_it, without))
    assert abs(difference - here["effect"].drop_nulls()[0]) < ERRORS_ALLOWED * sqrt(variance)
    assert sqrt(variance) < 0.2, "too few visits to tell"


def test_visits_complete_by_nature_less_often_on_a_mobile(visits):
    lost = {
        device: visits.filter(pl.col("stage") == "payment", pl.col("stratum") == f"{device}/web")["lost"].mean()
        for device in ("mobile", "desktop")
    }
    assert lost["mobile"] > lost["desktop"] + 0.03

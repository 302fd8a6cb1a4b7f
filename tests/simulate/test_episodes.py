"""Worlds of the whole catalogue: the same for the same arguments, realistic in their noise, true to their journeys."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline import settings
from pipeline.contracts import contract
from pipeline.errors import FrictionError
from pipeline.journeys import stages
from pipeline.journeys.journey import BUILT_IN, load
from pipeline.simulate import simulate
from pipeline.simulate.episodes.book import SCRIPTS, book
from pipeline.simulate.episodes.people import REST
from pipeline.simulate.episodes.places import PLACES
from pipeline.simulate.episodes.tables import SCHEMAS
from tests.simulate.conftest import Made
from tests.simulate.test_simulate import hashes

pytestmark = pytest.mark.xdist_group("simulate_episodes")
DAYS, CUSTOMERS = 21, 3000
END = datetime(2026, 1, 22, tzinfo=ZoneInfo("Europe/Istanbul")).astimezone(UTC)

by_journey = pytest.mark.parametrize("journey", PLACES)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Made:
    folder = tmp_path_factory.mktemp("shop")
    summary = simulate(DAYS, CUSTOMERS, 3, folder, signals="all")
    return Made(folder, DAYS, summary, pl.read_parquet(folder / "truth.parquet"))


def rows(made: Made, table: str) -> pl.DataFrame:
    """The good rows of all days, each once."""
    found = pl.read_parquet(sorted((made.folder / table).glob("*.parquet")))
    key = found.columns[0]
    return found.filter(~pl.col(key).str.ends_with("b")).unique(key, keep="first", maintain_order=True)


@by_journey
@pytest.mark.parametrize("form", ["parquet", "ndjson", "csv"])
def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(tmp_path, journey, form):
    for name, seed in (("one", 7), ("two", 7), ("other", 8)):
        simulate(3, 150, seed, tmp_path / name, format=form, signals="all", journey=journey)
    one, two, other = (hashes(tmp_path / name) for name in ("one", "two", "other"))
    assert len(one) >= 9, "too few files to have looked at anything"
    assert one == two
    assert all(one[name] != other[name] for name in one if name.startswith("clickstream") and name in other)


def test_the_bytes_do_not_depend_on_the_number_of_threads(tmp_path):
    code = (
        "import sys, pathlib, pipeline.simulate as s; s.simulate(9, 2000, 9, pathlib.Path(sys.argv[1]), signals='all')"
    )
    for threads in ("1", "4"):
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / threads)],
            check=True,
            env={**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
    assert hashes(tmp_path / "1") == hashes(tmp_path / "4")


def test_every_built_in_journey_has_a_world():
    assert {path.stem for path in BUILT_IN.glob("*.toml")} == set(PLACES)


@by_journey
def test_the_places_are_of_the_stages_that_the_journey_file_says(journey):
    plan, places = load(journey, Path()), PLACES[journey]
    pages = [(place.stage, page) for place in places.roles.values() for page in place.pages]
    visited = pl.DataFrame(
        {
            "session": range(len(pages)),
            "event_name": ["page_view"] * len(pages),
            "page_path": [page for _, page in pages],
        }
    )
    first = plan.of_sessions[0].name  # of what comes before any sign of a stage
    assert stages.staged(visited, plan)["stage"].to_list() == [stage or first for stage, _ in pages]
    for stage in plan.of_sessions:
        if stage.name in places.done:
            assert places.done[stage.name][0] in stage.completed_by
    assert {place.stage for place in places.roles.values()} - {""} == set(places.done)
    for name, seconds in places.targets.items():
        kind, channel = name.split("/")
        assert plan.targets[kind][channel] == seconds
    order = plan.made_of("order")
    assert places.order_stage == (order.name if order else "")


def test_scripts_say_what_they_plant_and_near_misses_plant_nothing_of_their_own():
    assert max(Counter(script.name for script in SCRIPTS).values()) == 1
    for script in SCRIPTS:
        assert (script.planted is not None) == (script.kind == "planted"), script.name
    used = {script.name for journey in PLACES for script in book(journey).scripts}
    assert used == {script.name for script in SCRIPTS}
    assert sum(script.kind == "near_miss" for script in SCRIPTS) >= 40


@pytest.mark.parametrize("table", SCHEMAS)
def test_the_columns_are_those_of_the_contract(table):
    known = {column.name for column in contract.load(table).columns}
    assert set(SCHEMAS[table]) <= known


@by_journey
def test_the_settings_name_the_journey_and_the_files(tmp_path, journey):
    simulate(2, 200, 1, tmp_path, signals="all", journey=journey)
    read_back = settings.load(tmp_path / "friction.toml")
    assert read_back.project.journey == journey
    assert read_back.signals["dead_click_proxy"] == {"captures_everything": True}
    assert all(list(tmp_path.glob(source.path.replace("{day}", "*"))) for source in read_back.sources[:2])


def test_the_note_tells_each_script_with_what_came_of_it(shop):
    note = (shop.folder / "README.md").read_text(encoding="utf-8")
    assert "--signals all --journey ecommerce" in note
    planted = dict(shop.truth.filter("is_planted").group_by("script").len().iter_rows())
    looked_at = 0
    for script in book("ecommerce").scripts:
        if script.planted:
            line = next(line for line in note.splitlines() if f"| {script.planted.signal} | {script.how} |" in line)
            assert line.endswith(f"| {planted[script.name]:,} |")
            looked_at += 1
    assert looked_at >= 50


def test_no_two_episodes_of_a_customer_meet(shop):
    starts = (
        rows(shop, "wait_time")
        .filter(pl.col("wait_type") == "queue", pl.col("reason").is_not_null())
        .group_by("customer_id")
        .agg(span=pl.col("started_at").max() - pl.col("started_at").min())
    )
    assert starts.height > 500
    assert starts.filter(pl.col("span") >= timedelta(days=REST["contacts"])).rows() == []


def test_nothing_is_told_that_was_not_known_at_the_end(shop):
    waits = rows(shop, "wait_time")
    assert waits.filter((pl.col("started_at") >= END) | (pl.col("ended_at") >= END)).rows() == []
    assert (waits["ended_at"].is_null() == (waits["outcome"] == "open")).all()
    assert waits["ended_at"].null_count() > 20
    assert rows(shop, "clickstream").filter(pl.col("occurred_at") >= END).rows() == []
    assert shop.truth.filter(pl.col("flagged_at") >= END).rows() == []


def test_fewer_come_at_night_and_on_sundays(shop):
    local = rows(shop, "clickstream")["occurred_at"].dt.convert_time_zone("Europe/Istanbul")
    hours, weekdays = Counter[int](local.dt.hour()), Counter[int](local.dt.weekday())
    assert 0 < hours[4] < hours[20] / 4
    assert weekdays[7] < 0.9 * weekdays[5]


def test_few_pages_are_seen_often_and_many_seldom(shop):
    items = rows(shop, "clickstream").filter(pl.col("page_path").str.starts_with("/p/"))["page_path"]
    counts = sorted(Counter(items).values())
    assert len(counts) == 12
    assert counts[-1] > 5 * counts[0]


def test_families_kiosks_and_robots_are_among_the_visitors(shop):
    clicks = rows(shop, "clickstream")
    per_device = clicks.drop_nulls("customer_id").group_by("anonymous_id").agg(people=pl.col("customer_id").n_unique())
    families = per_device.filter(pl.col("people") == 2, pl.col("anonymous_id").str.ends_with("-tablet"))
    assert families.height > 10
    assert per_device.filter(anonymous_id="kiosk-1")["people"].item() > 10
    assert clicks.filter(pl.col("user_agent").str.contains("Googlebot")).height > 100
    doubles = clicks.filter(event_name="click").with_columns(
        pause=pl.col("occurred_at") - pl.col("occurred_at").shift(1).over("anonymous_id", "element")
    )
    assert doubles.filter(pl.col("pause") < timedelta(milliseconds=300)).height > 100


def test_without_signals_the_rest_stays(tmp_path, shop):
    told = simulate(DAYS, CUSTOMERS, 3, tmp_path, signals="none")
    truth = pl.read_parquet(tmp_path / "truth.parquet")
    assert truth.filter("is_planted").rows() == []
    assert 0.5 < told.events / shop.summary.events < 1.5
    scripts = {script.name: script.kind for script in SCRIPTS}
    assert {scripts[name] for name in truth["script"]} <= {"near_miss", "noise"}


def test_few_signals_are_the_default_in_the_shop(tmp_path):
    simulate(2, 80, 4, tmp_path / "default")
    simulate(2, 80, 4, tmp_path / "few", signals="few")
    assert hashes(tmp_path / "default") == hashes(tmp_path / "few")
    one, other = (pl.read_parquet(tmp_path / name / "truth.parquet") for name in ("default", "few"))
    assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"journey": "bankin"}, "there is no world of a journey 'bankin'. Did you mean 'banking'"),
        ({"signals": "some"}, "signals is 'some'; known are few, all, none"),
        ({"signals": "few", "journey": "travel"}, "few signals are planted in ecommerce only; choose all or none"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_with_a_sentence(tmp_path, given, said):
    with pytest.raises(FrictionError, match=said):
        simulate(2, 30, 1, tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("days", "customers"), [(1, 1), (1, 40), (3, 2), (70, 25)])
def test_the_smallest_worlds_work(tmp_path, days, customers):
    simulate(days, customers, 1, tmp_path, start=date(2026, 3, 1), signals="all")
    assert pl.read_parquet(tmp_path / "truth.parquet").columns[:4] == ["signal", "stage", "locus_type", "locus"]


def test_progress_is_told_day_by_day(tmp_path):
    told = []
    simulate(3, 50, 1, tmp_path, progress=lambda done, total: told.append((done, total)), journey="banking")
    assert told == [(1, 3), (2, 3), (3, 3)]

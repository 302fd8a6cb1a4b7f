"""Where a rise sits: what was planted is named first, what rises everywhere is named nowhere."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.scoring.segments import DIMENSIONS, OF_VISITS, SMALLEST, segments

TODAY = date(2026, 1, 28)
DAYS = [TODAY - timedelta(days=ago) for ago in range(28, -1, -1)]
POINT = {"stage": "checkout", "signal": "rage", "locus_type": "element", "locus": "pay"}


def point(visits: pl.DataFrame, flags: pl.DataFrame, exposure: str = "stage") -> pl.DataFrame:
    """The one point of a world: its rate of before, over the visits of its stage."""
    before = visits.filter(pl.col("day") < TODAY).height
    rate = flags.filter(pl.col("day") < TODAY).height / before if before else None
    return pl.DataFrame([POINT | {"point_id": "p", "place": "element:pay", "exposure": exposure}]).with_columns(
        rate_expected=pl.lit(rate, pl.Float64)
    )


def drawn(groups: list[dict[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Visits and flags of groups: `exposed` and `affected` a `before` and `today`, each of the dimensions told."""
    visits: list[dict[str, Any]] = []
    flags: list[dict[str, Any]] = []
    for group in groups:
        told = {name: group.get(name) for name in OF_VISITS}
        for day in DAYS:
            exposed, affected = group["today"] if day == TODAY else group["before"]
            for number in range(exposed):
                visit_id = f"v{len(visits)}"
                row = told | {"day": day, "visit_id": visit_id, "stage": "checkout", "loci": group.get("loci") or []}
                visits.append(row)
                if number < affected:
                    flags.append(POINT | {"day": day, "visit_id": visit_id})
    schema = dict.fromkeys(OF_VISITS, pl.String) | {"loci": pl.List(pl.String)}
    return pl.DataFrame(visits, schema_overrides=schema), pl.DataFrame(
        flags, schema=dict.fromkeys(POINT, pl.String) | {"day": pl.Date, "visit_id": pl.String}
    )


def told(groups: list[dict[str, Any]]) -> pl.DataFrame:
    visits, flags = drawn(groups)
    return segments(point(visits, flags), visits, flags, TODAY)


MOBILE = {"device": "mobile", "before": (40, 2), "today": (40, 22)}
DESKTOP = {"device": "desktop", "before": (60, 3), "today": (60, 3)}


def test_a_value_explains_its_excess_as_a_share_of_the_point_s():
    rows = told([MOBILE, DESKTOP]).rows_by_key("value", named=True, unique=True)
    assert list(rows) == ["mobile", "desktop"]
    mobile = rows["mobile"]
    assert (mobile["exposed_today"], mobile["affected_today"], mobile["rank"]) == (40, 22, 1)
    assert mobile["rate_today"] == pytest.approx(22 / 40)
    assert mobile["rate_expected"] == pytest.approx(0.05)
    assert mobile["excess"] == pytest.approx(20)
    # both had the rate of the point: the whole excess is 25 - 5, and 40 % of it is what 40 % of the visits would have
    assert mobile["explained"] == pytest.approx(1.0)
    assert mobile["explained_alike"] == pytest.approx(0.4)
    assert rows["desktop"]["explained"] == pytest.approx(0.0)
    assert rows["desktop"]["rank"] is None


def test_a_rise_that_is_alike_everywhere_is_named_nowhere():
    rows = told([MOBILE | {"today": (40, 10)}, DESKTOP | {"today": (60, 15)}])
    assert rows["rank"].null_count() == rows.height == 2
    assert (rows["q_value"] > 0.2).all()


@pytest.mark.parametrize(("exposed", "is_told"), [(SMALLEST - 1, False), (SMALLEST, True)])
def test_of_a_small_part_nothing_is_told(exposed, is_told):
    small = {"device": "watch", "before": (exposed, 0), "today": (exposed, exposed)}
    assert ("watch" in told([MOBILE, DESKTOP, small])["value"]) == is_told


def test_a_part_that_is_all_of_the_visits_is_no_part():
    rows = told([MOBILE | {"channel": "web"}, DESKTOP | {"channel": "web"}])
    assert rows["dimension"].unique().to_list() == ["device"]


def test_of_a_device_and_the_one_version_on_it_that_fails_the_version_is_named_first():
    old = {"device": "mobile", "app_version": "5.1", "before": (100, 5), "today": (60, 3)}
    new = {"device": "mobile", "app_version": "5.2", "before": (0, 0), "today": (40, 22)}
    rows = told([old, new, DESKTOP | {"app_version": "web"}])
    named = rows.drop_nulls("rank").select("dimension", "value").rows()
    assert named[:2] == [("app_version", "5.2"), ("device", "mobile")]


def test_a_visit_that_touches_two_queues_counts_in_both():
    both = {"loci": ["queue:a", "queue:b"], "before": (40, 2), "today": (40, 20)}
    only = {"loci": ["queue:b", "page:/x"], "before": (60, 3), "today": (60, 3)}
    rest = {"before": (60, 3), "today": (60, 3)}
    rows = told([both, only, rest]).rows_by_key("value", named=True, unique=True)
    assert {name: row["exposed_today"] for name, row in rows.items()} == {"a": 40, "b": 100}
    assert {row["dimension"] for row in rows.values()} == {"queue"}
    assert rows["a"]["rank"] == 1


def test_at_a_place_only_visits_that_touched_it_or_were_flagged_there_are_exposed():
    at = {"device": "mobile", "loci": ["element:pay"], "before": (40, 2), "today": (40, 20)}
    elsewhere = {"device": "mobile", "loci": ["element:home"], "before": (40, 0), "today": (40, 0)}
    others = {"device": "desktop", "loci": ["element:pay"], "before": (60, 3), "today": (60, 3)}
    untouched = {"device": "desktop", "before": (5, 1), "today": (5, 1)}
    visits, flags = drawn([at, elsewhere, others, untouched])
    rows = segments(point(visits, flags, "locus"), visits, flags, TODAY)
    assert dict(rows.select("value", "exposed_today").rows()) == {"mobile": 40, "desktop": 61}


def test_a_point_that_is_new_sits_where_its_visits_are_more_than_their_part():
    rows = told([MOBILE | {"before": (40, 0), "today": (40, 12)}, DESKTOP | {"before": (60, 0), "today": (60, 0)}])
    first = rows.row(0, named=True)
    assert (first["value"], first["rank"], first["explained"]) == ("mobile", 1, pytest.approx(1.0))


def test_no_visits_no_segments():
    visits, flags = drawn([MOBILE, DESKTOP])
    asked = point(visits, flags)
    assert segments(asked, visits.clear(), flags, TODAY).is_empty()
    assert segments(asked.clear(), visits, flags, TODAY).is_empty()
    assert segments(asked, visits, flags.clear(), TODAY)["rank"].null_count() == 2


def test_the_order_of_rows_is_irrelevant():
    visits, flags = world(3, planted={"device": "mobile"})
    straight = segments(point(visits, flags), visits, flags, TODAY)
    turned = segments(point(visits, flags), visits[::-1], flags[::-1], TODAY)
    assert straight.equals(turned)
    assert straight.height > 10


VALUES = {
    "device": (["mobile", "desktop", "tablet"], [0.5, 0.4, 0.1]),
    "app_version": (["5.0", "5.1", "5.2", "5.3"], [0.4, 0.3, 0.2, 0.1]),
    "country": (["TR", "DE", "FR", "GB", "US"], [0.4, 0.2, 0.2, 0.1, 0.1]),
    "segment": (["gold", "silver", "bronze"], [0.2, 0.3, 0.5]),
    "carrier": (["north", "south", "east", "west"], [0.4, 0.3, 0.2, 0.1]),
}
OFTEN = {"mobile": 1.5, "tablet": 2.0, "TR": 0.6, "west": 1.6, "gold": 0.5}  # times as often flagged, always


def world(
    seed: int,
    planted: dict[str, str] | None = None,
    rate: float = 0.06,
    *,
    times: float = 1.0,
    on_top: float = 0.0,
    differs: float = 0.15,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """About 700 visits a day of five dimensions whose values differ in rate, and in that from day to day (`differs`).

    Today the rate is `times` as high and has `on_top` more: everywhere, or where `planted` says.
    """
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(len(DAYS)), rng.poisson(700, len(DAYS)))
    codes = {name: rng.choice(len(values), day.size, p=weights) for name, (values, weights) in VALUES.items()}
    chance = np.full(day.size, rate)
    for name, (values, _) in VALUES.items():
        usual = np.array([OFTEN.get(value, 1.0) for value in values])
        chance *= (usual * rng.lognormal(0, differs, (len(DAYS), len(values))))[day, codes[name]]
    is_there = day == len(DAYS) - 1
    for name, value in (planted or {}).items():
        is_there &= codes[name] == VALUES[name][0].index(value)
    chance = np.where(is_there, chance * times + on_top, chance).clip(0, 1)
    flagged = rng.random(day.size) < chance
    columns = {name: np.array(values)[codes[name]] for name, (values, _) in VALUES.items()}
    visits = pl.DataFrame(columns).with_columns(
        day=pl.Series([DAYS[number] for number in day]),
        visit_id=pl.Series(range(day.size)).cast(pl.String),
        stage=pl.lit("checkout"),
        loci=pl.concat_list("carrier:" + pl.col("carrier")),
        **{name: pl.lit(None, pl.String) for name in OF_VISITS if name not in columns},
    )
    flags = visits.filter(pl.Series(flagged)).select("day", "visit_id", **{k: pl.lit(v) for k, v in POINT.items()})
    return visits, flags


def named(seed: int, **how: Any) -> list[tuple[str, str]]:
    visits, flags = world(seed, **how)
    found = segments(point(visits, flags), visits, flags, TODAY).drop_nulls("rank")
    return found.sort("rank").select("dimension", "value").rows()


SEEDS = 20


@pytest.mark.parametrize("planted", [{"device": "mobile"}, {"app_version": "5.2"}, {"carrier": "south"}], ids=str)
def test_what_was_planted_in_one_place_is_named_first(planted, figure):
    found = [named(seed, planted=planted, on_top=0.30) for seed in range(SEEDS)]
    first = sum(each[:1] == list(planted.items()) for each in found) / SEEDS
    figure(f"excess planted in {planted}, named first", f"{100 * first:.1f} %", ">= 90 %")
    assert first >= 0.9


NIGHTS = 60
# 5 %, and two standard errors of a share of so many nights
ALLOWED = 0.05 + 2 * (0.05 * 0.95 / NIGHTS) ** 0.5


@pytest.mark.parametrize(
    ("how", "rise"),
    [
        ("nothing rose", {}),
        ("every rate doubled", {"times": 2.0}),
        ("every visit had 15 points more", {"on_top": 0.15}),
        ("every rate doubled, days alike", {"times": 2.0, "differs": 0.0}),
        ("every rate of 30 % rose by half", {"times": 1.5, "rate": 0.2, "differs": 0.0}),
    ],
)
def test_where_nothing_was_planted_hardly_a_night_names_anything(how, rise, figure):
    nights = sum(bool(named(1000 + seed, **rise)) for seed in range(NIGHTS)) / NIGHTS
    figure(f"nights that name a place, {how}", f"{100 * nights:.1f} %", "<= 5 % (± 6)")
    assert nights <= ALLOWED


def test_every_dimension_is_one_of_visits_or_of_places():
    assert len(set(DIMENSIONS)) == len(DIMENSIONS) == len(OF_VISITS) + 3

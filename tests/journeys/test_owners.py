"""Which team a point goes to: the first rule that fits, else its stage's; what is wrong in a rule is told."""

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.detectors import all_signals, families
from pipeline.errors import SettingsError
from pipeline.journeys.journey import BUILT_IN, load
from pipeline.journeys.owners import Rule, owner, rules

JOURNEYS = sorted(path.stem for path in BUILT_IN.glob("*.toml"))
FAMILIES = {"rage": "clickstream", "late": "orders", "wait": "wait_time"}

STAGES = """
name = "mine"

[[stages]]
name = "cart"
made_of = "session"
owner = "product"

[[stages]]
name = "delivery"
made_of = "order"
"""


def journey(tmp_path: Path, more: str) -> Path:
    (tmp_path / "mine.toml").write_text(STAGES + more, encoding="utf-8")
    return tmp_path


def owners(given: tuple[Rule, ...], points: list[tuple[str, str, str]]) -> list[str | None]:
    rows = [(stage, signal, *place.split(":", 1)) for stage, signal, place in points]
    frame = pl.DataFrame(rows, schema=["stage", "signal", "locus_type", "locus"], orient="row")
    return frame.select(owner=owner(given, FAMILIES)).to_series().to_list()


def test_the_first_rule_that_fits_decides_and_the_stage_s_owner_is_the_last(tmp_path):
    more = """
    [[owners]]
    owner = "web"
    signals = ["rage"]
    places = ["element:#pay*"]

    [[owners]]
    owner = "logistics"
    families = ["orders"]

    [[owners]]
    owner = "never"
    signals = ["rage"]
    places = ["element:#pay-now"]
    """
    given = rules(load("mine.toml", journey(tmp_path, more)))
    assert owners(
        given,
        [
            ("cart", "rage", "element:#pay-now"),
            ("cart", "rage", "element:#home"),
            ("delivery", "late", "carrier:north"),
            ("delivery", "wait", "carrier:north"),
            ("elsewhere", "unheard_of", "page:/"),
        ],
    ) == ["web", "product", "logistics", None, None]


@pytest.mark.parametrize(
    ("pattern", "place", "fits"),
    [
        ("carrier:north", "carrier:north", True),
        ("carrier:north", "carrier:north sea", False),
        ("carrier:*", "carrier:north", True),
        ("carrier:*", "queue:carrier:north", False),
        ("page:/a.b*", "page:/a.b/c", True),
        ("page:/a.b*", "page:/aXb/c", False),
        ("*:/pay", "page:/pay", True),
        ("page:*\n", "page:x", False),
    ],
)
def test_a_place_is_its_type_and_name_with_a_star_for_any_text(pattern, place, fits):
    given = (Rule(owner="us", places=(pattern,)),)
    assert owners(given, [("cart", "rage", place)]) == ["us" if fits else None]


def test_a_rule_fits_where_all_that_it_names_does():
    draw = random.Random(4)
    stages, signals, places = ["cart", "delivery"], list(FAMILIES), ["page:/", "carrier:north"]

    def some(names: list[str]) -> tuple[str, ...]:
        return tuple(draw.sample(names, draw.randint(0, len(names))))

    given = tuple(
        Rule(
            owner=f"team {n}",
            stages=some(stages),
            signals=some(signals),
            families=some(sorted(FAMILIES.values())),
            places=some(places),
        )
        for n in range(12)
    )
    points = [(stage, signal, place) for stage in stages for signal in signals for place in places]

    def slowly(stage: str, signal: str, place: str) -> str | None:
        for rule in given:
            asked: list[tuple[tuple[str, ...], Any]] = [
                (rule.stages, stage), (rule.signals, signal), (rule.families, FAMILIES[signal]), (rule.places, place)
            ]  # fmt: skip
            if all(not names or found in names for names, found in asked):
                return rule.owner
        return None

    assert owners(given, points) == [slowly(*each) for each in points]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ('owner = "a"\nstages = ["crat"]', "line 15: owners.0.stages: there is no stage 'crat'. Did you mean 'cart'?"),
        (
            'owner = "a"\nsignals = ["rage_clik"]',
            "line 15: owners.0.signals: there is no signal 'rage_clik'. Did you mean 'rage_click'?",
        ),
        (
            'owner = "a"\nfamilies = ["waittime"]',
            "line 15: owners.0.families: there is no family of signals 'waittime'. Did you mean 'wait_time'?",
        ),
        (
            'owner = "a"\nplaces = ["carrier"]',
            "line 15: owners.0.places: 'carrier' is no place. Write its type and its name",
        ),
        ('owner = "a"', "line 14: owners.0.owner: it names no stages, signals, families or places"),
        ('signals = ["rage_click"]', "line 13: owners.0.owner: Field required"),
        (
            'owner = "a"\nsignal = ["rage_click"]',
            "line 15: owners.0.signal: Extra inputs are not permitted. Did you mean 'signals'?",
        ),
        ('owner = ""\nstages = ["cart"]', "line 14: owners.0.owner: String should have at least 1 character"),
    ],
)
def test_what_is_wrong_in_a_rule_is_told_with_its_line_and_the_nearest_name(tmp_path, rule, told):
    folder = journey(tmp_path, f"\n[[owners]]\n{rule}\n")
    with pytest.raises(SettingsError) as error:
        load("mine.toml", folder, families())
    assert f"mine.toml, {told}" in str(error.value)


@pytest.mark.parametrize("name", JOURNEYS)
def test_the_rules_of_the_built_in_journeys_name_what_there_is(name):
    known = load(name, Path(), families())
    assert known.owners
    assert len({rule.owner for rule in rules(known)}) >= 3
    rows = [(stage.name, signal, "page", "/") for stage in known.stages for signal in all_signals()]
    frame = pl.DataFrame(rows, schema=["stage", "signal", "locus_type", "locus"], orient="row")
    assert frame.select(owner=owner(rules(known), families())).to_series().null_count() == 0


@pytest.mark.parametrize(
    ("stage", "signal", "locus_type", "team"),
    [
        ("payment", "payment_failure", "error_code", "payments"),
        ("fulfilment", "payment_declined", "payment_method", "payments"),
        ("checkout", "shipping_shock", "cost_share_band", "commercial"),
        ("fulfilment", "late_delivery", "carrier", "logistics"),
        ("support", "long_wait", "queue", "service"),
        ("support", "error_to_contact", "page", "product"),
        ("discover", "page_error", "page", "product"),
        ("discover", "zero_result_search", "query", "marketing"),
    ],
)
def test_points_of_a_shop_go_to_the_team_that_can_mend_them(stage, signal, locus_type, team):
    frame = pl.DataFrame({"stage": [stage], "signal": [signal], "locus_type": [locus_type], "locus": ["x"]})
    given = rules(load("ecommerce", Path(), families()))
    assert frame.select(owner=owner(given, families())).to_series().to_list() == [team]


def test_a_signal_s_family_is_the_input_that_it_is_found_in():
    found = families()
    assert {found[name] for name in ("rage_click", "long_wait", "order_defect", "error_to_contact")} == {
        "clickstream", "wait_time", "order_error", "across",
    }  # fmt: skip
    assert set(found.values()) <= {"clickstream", "wait_time", "order_error", "orders", "across"}

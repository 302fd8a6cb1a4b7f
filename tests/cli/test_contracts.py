"""`friction contracts`: what is printed, and how it ends."""

import json
from pathlib import Path

import pytest

from pipeline.contracts.contract import folder, load, load_all
from tests.cli.command import CONTROL, Friction
from tests.contracts.files import described, write


def copy(tmp_path: Path, name: str, *changes: tuple[str, str]) -> str:
    """A contract of the product with something changed."""
    text = (folder() / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    return "mine.yaml"


@pytest.mark.parametrize("name", ["lint", "diff", "show"])
def test_each_has_help_with_an_example_of_itself(friction: Friction, name):
    done = friction("contracts", name, "--help")
    assert done.code == 0
    assert f"Example: friction contracts {name}" in " ".join(done.out.split())


# --- lint -------------------------------------------------------------------------------------------------------------


def test_the_product_s_contracts_are_linted_by_default(friction: Friction):
    done = friction("contracts", "lint")
    assert (done.code, done.out) == (0, f"{len(load_all())} contracts, nothing wrong\n")


def test_problems_are_told_with_file_and_place(friction: Friction, tmp_path):
    write(tmp_path, described("a", primaryKey=True), described("b", customProperties=[]))
    sound = copy(tmp_path, "orders")
    done = friction("contracts", "lint", "x.yaml", sound)
    assert done.code == 10
    assert done.out.splitlines() == [
        "x.yaml: column a: is part of the key and may be empty. Say required: true.",
        "x.yaml: column b: has no a unit (or none).",
    ]
    told = json.loads(friction("contracts", "lint", "x.yaml", sound, "--json").out)
    assert [(each["file"], each["where"]) for each in told] == [("x.yaml", "column a"), ("x.yaml", "column b")]


def test_a_sound_file_has_no_problems(friction: Friction, tmp_path):
    done = friction("contracts", "lint", copy(tmp_path, "orders"))
    assert (done.code, done.out) == (0, "1 contract, nothing wrong\n")
    assert json.loads(friction("contracts", "lint", "mine.yaml", "--json").out) == []


def test_a_hostile_file_is_told_escaped(friction: Friction, tmp_path):
    write(tmp_path, described("\x1b[31m[red]\u202e", customProperties=[]))
    done = friction("contracts", "lint", "x.yaml", "none.yaml")
    assert done.code == 10
    assert CONTROL.search(done.out + done.err) is None
    assert "[red]" in done.out
    assert "none.yaml: cannot be read as an ODCS v3 contract: [Errno 2]" in done.out


# --- diff -------------------------------------------------------------------------------------------------------------


def test_what_breaks_somebody_ends_with_ten(friction: Friction, tmp_path):
    version = load("orders").version
    mine = copy(
        tmp_path, "orders", ("maximum: 1000000000000", "maximum: 1000"), (f"version: {version}", "version: 2.0.0")
    )
    done = friction("contracts", "diff", "orders", mine)
    assert done.code == 10
    lines = done.out.splitlines()
    assert lines[0].split() == ["change", "breaks", "where", "what"]
    assert lines[1].split() == ["breaking", "producers", "column", "value", "maximum", "1e+12", "is", "now", "1000"]
    assert lines[-1] == f"version {version} is now 2.0.0: which says so"


def test_what_breaks_nobody_ends_well_if_the_version_says_so(friction: Friction, tmp_path):
    version = load("orders").version
    change = ("maximum: 1000000000000", "maximum: 2000000000000")
    mine = copy(tmp_path, "orders", change)
    hidden = friction("contracts", "diff", "orders", mine)
    assert hidden.code == 10
    assert hidden.out.splitlines()[-1] == f"version {version} is now {version}: raise it to 1.3.0 or above"
    mine = copy(tmp_path, "orders", change, (f"version: {version}", "version: 1.3.0"))
    told = friction("contracts", "diff", "orders", mine, "--json")
    assert told.code == 0
    found = json.loads(told.out)
    assert (found["kind"], found["is_raised"], found["needed"]) == ("compatible", True, "1.3.0")
    assert [each["where"] for each in found["changes"]] == ["column value", "column shipping_cost"]


def test_the_same_is_no_difference(friction: Friction):
    done = friction("contracts", "diff", "orders", "orders", "--json")
    assert done.code == 0
    assert json.loads(done.out)["changes"] == []
    version = load("orders").version
    told = f"version {version} is now {version}: nothing that matters has changed\n"
    assert friction("contracts", "diff", "orders", "orders").out == told


@pytest.mark.parametrize("arguments", [("diff", "orders", "ordes"), ("show", "ordes")])
def test_a_contract_that_is_not_there_is_an_error_with_a_hint(friction: Friction, arguments):
    done = friction("contracts", *arguments)
    assert done.code == 10
    assert "there is no contract 'ordes'. Did you mean 'orders'?" in done.err


# --- show -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", load_all())
def test_the_dictionary_fits_eighty_columns_and_tells_all(friction: Friction, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    done = friction("contracts", "show", name)
    assert done.code == 0
    assert [line for line in done.out.splitlines() if len(line) > 80] == []
    for column in load(name).columns:
        assert column.name in done.out


def test_the_dictionary_tells_type_unit_example_and_rules(friction: Friction):
    said = " ".join(friction("contracts", "show", "wait_time").out.split())
    for words in (
        "events.wait_time, version",
        "Grain: one row per wait.",
        "wait_id VARCHAR The source's id of the wait. Key, required. Has at most 200 characters. E.g. w-000017",
        "handled_seconds DOUBLE How long the customer was served after the wait [seconds]. >= 0. <= 1e+09. E.g. 240",
        "is_test BOOLEAN The source says that this is a test, not a customer; kept, set aside and counted. E.g. false",
        "Made by the pipeline. E.g. 3f9a1c20b7d4",
        "ends_after_start error a wait ends no earlier than it starts",
        "freshness warning somebody has waited within the last four days: a long weekend may be quiet (<= 96 hours)",
    ):
        assert words in said


def test_the_dictionary_for_scripts(friction: Friction):
    found = json.loads(friction("contracts", "show", "orders", "--json").out)
    assert (found["table"], found["columns"][0]["column"], found["columns"][0]["is_key"]) == (
        "events.orders", "order_id", True,
    )  # fmt: skip
    assert ["order_id.unique", "error", "order_id stands once (0 repeated rows)"] in found["rules"]

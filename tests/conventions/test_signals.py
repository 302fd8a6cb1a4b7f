"""A signal is one file and one test: found by its name, described, and measurable from columns that exist."""

import importlib
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from pipeline.contracts.contract import load
from pipeline.detectors import _measurable, _pages, all_signals
from tests.detectors.nights import shop

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path.stem for path in (ROOT / "pipeline" / "detectors").glob("[!_]*.py"))
each_signal = pytest.mark.parametrize("name", FILES)


def test_every_file_is_a_signal():
    assert FILES
    assert list(all_signals()) == FILES
    assert [signal.name for signal in all_signals().values()] == FILES


@each_signal
def test_every_signal_has_a_test_of_its_own(name):
    test = ROOT / "tests" / "detectors" / f"test_{name}.py"
    assert test.is_file(), f"draw tables for {name} in {test}"
    assert f'flags("{name}"' in test.read_text(encoding="utf-8")


def test_no_test_is_left_of_a_signal_that_is_gone():
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "detectors").glob("test_[!_]*.py")}
    assert tests == set(FILES)


@each_signal
def test_every_signal_needs_columns_that_its_contracts_have(name):
    signal = all_signals()[name]
    assert signal.needs
    for alternative in signal.needs:
        for source, columns in alternative.items():
            assert set(columns) <= set(load(_measurable.TABLES[source]).names)


@each_signal
def test_every_signal_tells_its_definition_its_source_and_the_reason_of_each_threshold(name):
    signal = all_signals()[name]
    module = importlib.import_module(f"pipeline.detectors.{name}")
    assert len(str(module.__doc__)) > 60
    assert signal.title
    assert signal.source
    assert is_dataclass(signal.parameters)
    lines = (ROOT / "pipeline" / "detectors" / f"{name}.py").read_text(encoding="utf-8").splitlines()
    for field in fields(signal.parameters):
        told = next(line for line in lines if line.strip().startswith(f"{field.name}:"))
        assert "  # " in told, f"{name}.{field.name} gives no reason"
    known = _pages.page(signal)
    assert known["definition"].split() == str(module.__doc__).split()
    assert all(known[f"parameter {field.name}"].partition(" – ")[2] for field in fields(signal.parameters))


@each_signal
def test_outcomes_claim_no_share_and_obstacles_are_believed_to_cost_something(name):
    signal = all_signals()[name]
    assert (signal.prior_effect == 0) == (signal.kind == "outcome")
    assert 0 <= signal.prior_effect < 1
    assert signal.prior_error > 0


@each_signal
def test_every_stage_of_a_signal_is_one_of_the_built_in_journey(name):
    assert all_signals()[name].stage in {stage.name for stage in shop().stages} | {"any"}


def test_the_reference_page_is_what_the_code_says():
    told = (ROOT / "pipeline" / "detectors" / "README.md").read_text(encoding="utf-8")
    assert told == _pages.markdown(all_signals().values()), "friction signals --markdown > pipeline/detectors/README.md"


def test_the_readme_names_every_signal_and_marks_the_outcomes():
    told = (ROOT / "README.md").read_text(encoding="utf-8")
    told = told[told.index("## Signals") : told.index("## What analysts read")]
    named = set(re.findall(r"`([a-z_]+)`", told))
    assert set(FILES) <= named
    assert set(re.findall(r"\*`([a-z_]+)`\*", told)) == {
        name for name, each in all_signals().items() if each.kind == "outcome"
    }

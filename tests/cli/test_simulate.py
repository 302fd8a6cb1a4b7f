"""Worlds of every signal and of every journey, from the command line."""

from pathlib import Path

import pytest

from tests.cli.command import Friction

SIMULATE = ("simulate", "--days", 2, "--customers", 1500, "--seed", 1, "--out", "sim")


@pytest.mark.parametrize("journey", ["travel", "banking"])
def test_a_journey_has_what_it_has_the_places_for(friction: Friction, tmp_path: Path, journey: str) -> None:
    done = friction(*SIMULATE, "--journey", journey)
    assert done.code == 0, done.err
    assert "Run it:  friction --config sim/friction.toml backfill --from 2026-01-01 --to 2026-01-02" in done.out
    for signal in ("rage_click", "transfer", "error_to_contact"):
        assert signal in done.out
    assert f'journey   = "{journey}"' in (tmp_path / "sim" / "friction.toml").read_text(encoding="utf-8")


def test_signals_are_few_all_or_none(friction: Friction) -> None:
    listed = {choice: friction(*SIMULATE, "--signals", choice).out for choice in ("few", "all", "none")}
    assert "unowned_case" not in listed["few"]
    assert "unowned_case" in listed["all"]
    assert "unowned_case" not in listed["none"]
    assert "waits" in listed["none"]


def test_a_journey_without_a_world_is_refused_with_a_hint(friction: Friction, tmp_path: Path) -> None:
    done = friction(*SIMULATE, "--journey", "ecomerce")
    assert done.code == 2
    assert "there is no world of a journey 'ecomerce'. Did you mean 'ecommerce'" in done.err
    assert not (tmp_path / "sim").exists()

"""Two simulated worlds: a small one in text, for slow checks row by row, and a larger one for shares and effects."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from pipeline.simulate import Summary, simulate


@dataclass(frozen=True)
class Made:
    folder: Path
    days: int
    summary: Summary
    truth: pl.DataFrame


def make(folder: Path, days: int, customers: int, seed: int, form: str) -> Made:
    summary = simulate(days, customers, seed, folder, format=form)  # type: ignore[arg-type]
    return Made(folder, days, summary, pl.read_parquet(folder / "truth.parquet"))


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Made:
    return make(tmp_path_factory.mktemp("small"), 21, 400, 5, "ndjson")


@pytest.fixture(scope="session")
def large(tmp_path_factory) -> Made:
    return make(tmp_path_factory.mktemp("large"), 48, 2500, 6, "parquet")

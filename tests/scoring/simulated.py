"""Worlds whose truth is known: frames to score, and what each point was made to cost.

Loss is a sum of parts, so that the truth is a difference of risks: what a visit's kind loses anyway, and the effect of
each point that it was flagged at. A visit touches one place and may be flagged there by several signals.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from pipeline.scoring.points import Period
from tests.scoring.periods import DAY, of_frames, signal

STAGES = ["discover", "evaluate", "cart", "checkout", "payment", "support"]
COMMON = [f"common_{number}" for number in range(8)]
RARE = [f"rare_{number}" for number in range(1)]  # too few flags in all: nothing but the prior to go by
PRIOR, SPREAD, ERROR = 0.10, 0.07, 0.05  # true mean of signals' effects; spread of places around it; of means
SIGNALS = {name: signal(name, prior=PRIOR) for name in COMMON + RARE}
PLACES = 24  # in each stage
KINDS = ["desktop", "mobile", "tablet", "kiosk"]
BASE = np.array([0.05, 0.15, 0.25, 0.35])  # lost anyway, by kind
FLAGGED = np.array([2.0, 1.2, 0.8, 0.4])  # times as often flagged, by kind: who is lost more is flagged less
END = datetime(DAY.year, DAY.month, DAY.day, 20, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """`truth`: stage, signal, locus, planted effect, how many were affected, and the visits lost to it."""

    period: Period
    truth: pl.DataFrame


def world(seed: int) -> World:
    """Some 600,000 visits at 144 places of 200 to 20,000 visits; 9 signals: more than 1,200 points."""
    rng = np.random.default_rng(seed)
    stages, signals = len(STAGES), COMMON + RARE
    sizes = np.exp(rng.uniform(np.log(200), np.log(20_000), stages * PLACES)).astype(int)
    place = np.repeat(np.arange(len(sizes)), sizes)
    kind = rng.choice(4, place.size, p=[0.4, 0.35, 0.15, 0.1])
    means = rng.normal(PRIOR, ERROR, (stages, len(signals)))
    effects = np.repeat(means, PLACES, axis=0) + rng.normal(0, SPREAD, (len(sizes), len(signals)))
    effects = effects.clip(-0.05, 0.35)
    rates = np.exp(rng.uniform(np.log(0.005), np.log(0.2), (len(sizes), len(signals))))
    # three visits or so at each place, so that even the places of a stage together do not make up a measurement
    rates[:, len(COMMON) :] = np.minimum(3 / sizes[:, None] / stages, 0.2)
    flagged = rng.random((place.size, len(signals))) < rates[place] * FLAGGED[kind][:, None]
    risk = BASE[kind] + (effects[place] * flagged).sum(axis=1)
    lost = rng.random(place.size) < risk.clip(0, 1)

    visits = pl.DataFrame(
        {
            "visit": np.arange(place.size),
            "stage": pl.Series(STAGES).gather(place // PLACES),
            "locus": "p" + pl.Series(place % PLACES).cast(pl.String),
            "stratum": pl.Series(KINDS).gather(kind),
            "is_lost": lost,
            "value": rng.lognormal(4, 1, place.size).round(2),
        }
    ).with_columns(visit_id="v" + pl.col("visit").cast(pl.String))
    row, which = np.nonzero(flagged)
    flags = visits[row].with_columns(
        signal=pl.Series(signals).gather(which), effect=pl.Series(effects[place[row], which])
    )
    truth = flags.group_by("stage", "signal", "locus", maintain_order=True).agg(
        planted=pl.col("effect").first(), truly_lost=pl.col("effect").sum().clip(lower_bound=0)
    )
    return World(_period(visits, flags), truth)


def confounded(seed: int, effect: float) -> Period:
    """200,000 visits: people who come back are flagged ten times as often, and are lost far less."""
    rng = np.random.default_rng(seed)
    returning = rng.random(200_000) < 0.5
    flagged = rng.random(returning.size) < np.where(returning, 0.3, 0.03)
    lost = rng.random(returning.size) < np.where(returning, 0.1, 0.5) + effect * flagged
    visits = _visits(lost).with_columns(stratum=pl.Series(np.where(returning, "web|returning", "web|new")))
    return _period(visits, visits.filter(pl.Series(flagged)).with_columns(signal=pl.lit(COMMON[0])))


def selected(seed: int, effect: float, often: float) -> Period:
    """300,000 visits, three in ten of which leave after 100 s on average; `often` of them are flagged if they stay.

    A flag falls on whoever is still there, and costs `effect` on top of what was to be lost from then on anyway; whom
    it costs leaves soon after it. There is no place: the whole stage could have been flagged.
    """
    rng, count = np.random.default_rng(seed), 300_000
    is_lost = rng.random(count) < 0.3
    left = np.where(is_lost, rng.exponential(100, count), 600 * rng.lognormal(0, 0.3, count))
    at = np.where(rng.random(count) < often, rng.exponential(150, count), np.inf)
    flagged = at <= left
    staying = 0.7 / (0.7 + 0.3 * np.exp(-np.where(flagged, at, 0) / 100))
    harmed = flagged & ~is_lost & (rng.random(count) < effect / staying)
    left = np.where(harmed, at + rng.exponential(30, count), left)
    visits = _visits(is_lost | harmed).with_columns(
        lasted=pl.Series(left), after=pl.Series(np.where(flagged, at, 0.0)), stratum=pl.lit("all")
    )
    return _period(visits, visits.filter(pl.Series(flagged)).with_columns(signal=pl.lit("decline")))


def _visits(lost: np.ndarray) -> pl.DataFrame:
    row = pl.int_range(len(lost), eager=True).cast(pl.String)
    return pl.DataFrame({"is_lost": lost, "visit_id": "v" + row}).with_columns(
        stage=pl.lit("checkout"), locus=pl.lit("p0"), value=pl.lit(50.0)
    )


def _period(visits: pl.DataFrame, flags: pl.DataFrame) -> Period:
    """Visits with what they `lasted` and flags that came `after` so many seconds, where these are told."""
    entered = END - timedelta(days=1)

    def later(name: str) -> pl.Expr:
        seconds = pl.col(name) if name in visits.columns else pl.lit(0.0)
        return pl.lit(entered) + pl.duration(microseconds=seconds * 1_000_000)

    decided = visits.with_columns(
        person_id="visit_id", entered_at=pl.lit(entered), reached_at=later("lasted"), decided_at=pl.lit(END),
        is_exposure=True, is_valued=True, loci=pl.concat_list("page:" + pl.col("locus")),
    )  # fmt: skip
    numbered = flags.with_row_index("number").select(
        "signal", "stage", "locus", "visit_id", day=pl.lit(DAY), flagged_at=later("after"), person_id="visit_id",
        flag_id="f" + pl.col("number").cast(pl.String), locus_type=pl.lit("page"), severity=pl.lit(1.0),
    )  # fmt: skip
    return of_frames(decided, decided.head(0).with_columns(day=pl.lit(DAY)), numbered, stages=STAGES)

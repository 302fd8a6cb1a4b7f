"""Worlds of the whole catalogue for twenty seeds at once, and what the nights make of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipeline.calendar import Day, day_in
from pipeline.detectors._signal import Signal
from pipeline.flagging import seen_before
from pipeline.journeys.journey import load
from pipeline.settings import Traffic
from pipeline.simulate.calendar import calendar
from pipeline.simulate.catalogue import play
from pipeline.simulate.episodes.people import Catalogue
from pipeline.simulate.truth import truth
from pipeline.warehouse.traffic import bots
from tests.detectors.nights import World, night, world

FIRST = date(2026, 1, 1)
ZONE = ZoneInfo("Europe/Istanbul")
IDS = ("customer_id", "anonymous_id", "event_id", "wait_id", "error_id", "order_id", "contact_id", "case_id")


@dataclass(frozen=True)
class Made:
    """Rows of some seeds, whose people and ids are apart, and the truth of them (`seed`, `script`)."""

    journey: str
    days: int
    rows: World
    truth: pl.DataFrame
    bots: int  # rows set aside


def made(
    journey: str, seeds: range, days: int, customers: int, *, planted: bool = True, of: Catalogue | None = None
) -> Made:
    """The worlds of some seeds in one; whose traffic is a bot's is set aside, as the warehouse does."""
    time = calendar(FIRST, days)
    parts, instances = [], []
    for seed in seeds:
        kept: dict[str, list[pl.DataFrame]] = {"clickstream": [], "wait_time": [], "order_error": []}

        def write_day(_day: int, rows: dict[str, pl.DataFrame], kept: dict[str, list[pl.DataFrame]] = kept) -> None:
            for name, frame in rows.items():
                kept[name].append(frame)

        played = play(of or Catalogue(), journey, customers, time, seed, planted=planted, write_day=write_day)
        parts.append({name: _apart(pl.concat(frames).drop("at"), seed) for name, frames in kept.items()})
        instances.append(_told(truth(played.truth, time, keep=["script"]), seed))
    every = {name: pl.concat([part[name] for part in parts]) for name in parts[0]}
    clicks = every["clickstream"]
    of_bots = bots(clicks["user_agent"].unique().sort().to_list(), Traffic())
    people = clicks.filter(~pl.col("user_agent").is_in(of_bots))
    rows = world(people, every["wait_time"], every["order_error"])
    return Made(journey, days, rows, pl.concat(instances), clicks.height - people.height)


def _apart(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    return rows.with_columns(
        pl.concat_str(pl.lit(f"{seed}/"), name).alias(name) for name in IDS if name in rows.columns
    )


def _told(instances: pl.DataFrame, seed: int) -> pl.DataFrame:
    visit = pl.col("visit_id").str.splitn(":", 2)
    return instances.with_columns(
        seed=pl.lit(seed),
        visit_id=pl.concat_str(visit.struct[0], pl.lit(f":{seed}/"), visit.struct[1]),
        evidence=pl.col("evidence").list.eval(pl.concat_str(pl.lit(f"{seed}/"), pl.element())),
    )


def flagged(worlds: Made, signals: Mapping[str, Signal] | None = None) -> pl.DataFrame:
    """The flags of all nights, of all signals or of these; each night knows what the nights before it have seen."""
    journey = load(worlds.journey, Path())
    flags = []
    with duckdb.connect() as con:
        con.execute("create schema journeys")
        for number in range(worlds.days):
            day = day_in(ZONE, FIRST + timedelta(days=number))
            usual, counted = _seen_before(con, day)
            found = night(worlds.rows, day, journey=journey, signals=signals, usual=usual, counted=counted)
            con.register("seen", found.usual.to_arrow())
            con.execute("insert into journeys.usual from seen" if number else _NEW)
            flags.append(found.flags)
    return pl.concat(flags)


_NEW = "create table journeys.usual as from seen"


def _seen_before(con: duckdb.DuckDBPyConnection, day: Day) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    return (None, None) if day.date == FIRST else seen_before(con, day, ZONE)


def outcomes(worlds: Made) -> pl.DataFrame:
    """What became of the visits that were decided: visit_id, lost."""
    journey = load(worlds.journey, Path())
    days = (day_in(ZONE, FIRST + timedelta(days=number)) for number in range(worlds.days))
    nights = (night(worlds.rows, day, journey=journey, signals={}).stage_visits for day in days)
    decided = pl.concat([visits.filter("is_decided").select("visit_id", "outcome") for visits in nights])
    first = decided.unique("visit_id", keep="first", maintain_order=True)
    return first.select("visit_id", was_lost=pl.col("outcome") == "lost")

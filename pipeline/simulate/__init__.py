"""Journeys with friction planted at known places, of known strength and with known effect on completion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from pipeline.errors import SettingsError, hint
from pipeline.simulate.calendar import Calendar, calendar
from pipeline.simulate.catalogue import play
from pipeline.simulate.clickstream import events
from pipeline.simulate.columns import CLICKSTREAM, ERRORS, WAITS, Columns
from pipeline.simulate.episodes.noting import note as catalogue_note
from pipeline.simulate.episodes.people import Catalogue
from pipeline.simulate.episodes.places import PLACES
from pipeline.simulate.episodes.tables import SCHEMAS
from pipeline.simulate.notes import note, settings
from pipeline.simulate.service import error_rows, service, wait_rows
from pipeline.simulate.truth import of_clickstream, of_contacts, of_orders, truth
from pipeline.simulate.visits import people, visits
from pipeline.simulate.world import World
from pipeline.simulate.writing import ENDINGS, TABLES, Flaws, Format, with_flaws, write

__all__ = ["Format", "Signals", "Summary", "World", "simulate"]

Signals = Literal["few", "all", "none"]
SIGNALS = ("few", "all", "none")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Summary:
    """What was written. The files hold `events + waits + errors + duplicates + broken` rows."""

    events: int
    waits: int
    errors: int
    duplicates: int
    broken: int
    planted: Mapping[str, int]  # instances in the truth by signal: planted ones and those that follow
    folder: Path


def simulate(
    days: int,
    customers: int,
    seed: int,
    out: Path,
    start: date = date(2026, 1, 1),
    format: Format = "parquet",  # noqa: A002 – the word of the command line
    progress: Callable[[int, int], None] | None = None,
    world: World | None = None,
    signals: Signals | None = None,
    journey: str = "ecommerce",
) -> Summary:
    """Write `days` days of clickstream, waits and order errors, the truth, settings and a note into the folder `out`.

    `signals`: `few` are planted in whole journeys of a shop, as `world` says; `all` are planted in episodes of any
    `journey`; with `none`, there are only ordinary days and near misses. By default few in the shop, all elsewhere.
    Few: about 6 clickstream events per customer and day; 1,000 customers make 120,000 events in 21 days. All or none:
    about 0.6, as customers rest between two episodes. The same arguments give the same bytes. Works day by day: memory
    grows with the customers and orders, not with the events.
    `progress(done, total)` is called after each day and at the end.

    Raises SettingsError where an argument makes no sense or `out` holds files that are not the simulator's to replace.
    """
    _check(days, customers, seed, out, start, format)
    chosen = _chosen(signals, journey)
    out.mkdir(parents=True, exist_ok=True)
    _clear(out)
    files = _Files(out, calendar(start, days), seed, format)
    if chosen == "few":
        known = _few(files, customers, world or World(), progress)
    else:
        known = _all(files, customers, journey, progress, is_planted=chosen == "all")
    known.write_parquet(out / "truth.parquet", compression="zstd")
    by_signal = dict(known.group_by("signal").len().sort("signal").iter_rows())
    return files.summary(by_signal)


@dataclass(frozen=True)
class _Files:
    """The folder that is written, and how many rows of what it holds by now."""

    out: Path
    time: Calendar
    seed: int
    format: Format
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*TABLES, "duplicates", "broken"), 0))

    def write_day(self, world: Flaws, table: str, day: int, rows: pl.DataFrame, schema: Columns) -> None:
        """A day's file of a table, with a few flaws."""
        flawed, duplicates, broken = with_flaws(world, table, day, rows, self.seed)
        write(flawed, schema, table, self.out / table / f"{self.time.days[day]}.{ENDINGS[self.format][table]}")
        for name, count in ((table, rows.height), ("duplicates", duplicates), ("broken", broken)):
            self.counts[name] += count

    def facts(self, customers: int) -> dict[str, str]:
        """What the note says of the world's size."""
        return {
            "days": f"{len(self.time.days)}, from {self.time.days[0]}",
            "customers": f"{customers:,}",
            "clickstream events": f"{self.counts['clickstream']:,}",
            "waits": f"{self.counts['wait_time']:,}",
            "order errors": f"{self.counts['order_error']:,}",
            "seed": str(self.seed),
        }

    def commands(self, customers: int, choice: str = "") -> tuple[str, str]:
        """How the folder is made again, and worked through."""
        days = self.time.days
        made_by = (
            f"friction simulate --days {len(days)} --customers {customers} --seed {self.seed} --start {days[0]} "
            f"--out sample_data --format {self.format}{choice}"
        )
        return made_by, f"friction --config friction.toml backfill --from {days[0]} --to {days[-1]}"

    def summary(self, planted: Mapping[str, int]) -> Summary:
        """What was written."""
        rows = self.counts
        return Summary(
            rows["clickstream"], rows["wait_time"], rows["order_error"], rows["duplicates"], rows["broken"],
            planted, self.out,
        )  # fmt: skip


def _few(files: _Files, customers: int, world: World, progress: Progress | None) -> pl.DataFrame:
    """Whole journeys of a shop, with friction at a few places; gives the truth."""
    time, seed = files.time, files.seed

    def write_day(table: str, day: int, rows: pl.DataFrame, schema: Columns) -> None:
        files.write_day(world, table, day, rows, schema)

    purchases, instances = _clickstream(world, customers, time, seed, write_day, progress)
    bought, made, errors = service(world, purchases, customers, time, seed)
    for table, rows, schema in (
        ("wait_time", wait_rows(bought, made, time), WAITS),
        ("order_error", error_rows(bought, errors), ERRORS),
    ):
        positions = pl.Series(time.day_of(rows["at"].to_numpy()))
        for day in range(len(time.days)):
            write_day(table, day, rows.filter(positions == day), schema)
    instances += [of_contacts(world, bought, made, time), of_orders(world, bought, made, errors, time)]
    known = truth(instances, time)
    (files.out / "friction.toml").write_text(settings(files.format), encoding="utf-8")
    told = note(world, known, files.facts(customers), *files.commands(customers))
    (files.out / "README.md").write_text(told, encoding="utf-8")
    return known


def _all(files: _Files, customers: int, journey: str, progress: Progress | None, *, is_planted: bool) -> pl.DataFrame:
    """Episodes of every kind that the journey has the places for; gives the truth."""
    world, total = Catalogue(), len(files.time.days)

    def write_day(day: int, rows: dict[str, pl.DataFrame]) -> None:
        for table, today in rows.items():
            files.write_day(world, table, day, today, SCHEMAS[table])
        if progress is not None:
            progress(day + 1, total)

    played = play(world, journey, customers, files.time, files.seed, planted=is_planted, write_day=write_day)
    known = truth(played.truth, files.time, keep=["script"])
    captures = ["", "[signals.dead_click_proxy]  # every page tells what it does", "captures_everything = true"]
    (files.out / "friction.toml").write_text(settings(files.format, journey, captures), encoding="utf-8")
    choice = f" --signals {'all' if is_planted else 'none'} --journey {journey}"
    told = catalogue_note(played.scripts, known, files.facts(customers), *files.commands(customers, choice))
    (files.out / "README.md").write_text(told, encoding="utf-8")
    return known


def _chosen(signals: str | None, journey: str) -> str:
    """Which signals are planted, where that can be."""
    if journey not in PLACES:
        raise SettingsError(f"simulate: there is no world of a journey {journey!r}.{hint(journey, PLACES)}")
    chosen = signals or ("few" if journey == "ecommerce" else "all")
    if chosen not in SIGNALS:
        raise SettingsError(f"simulate: signals is {chosen!r}; known are {', '.join(SIGNALS)}.")
    if chosen == "few" and journey != "ecommerce":
        raise SettingsError(f"simulate: few signals are planted in ecommerce only; choose all or none for {journey}.")
    return chosen


def _clickstream(
    world: World,
    customers: int,
    time: Calendar,
    seed: int,
    write_day: Callable[[str, int, pl.DataFrame, Columns], None],
    progress: Callable[[int, int], None] | None,
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Write the clickstream; give back its purchases (order_id, customer, at, value) and the truth of each day."""
    base, total = people(world, customers, seed), len(time.days)
    seen = np.zeros(base.devices.size + 1, dtype=np.bool_)
    purchases, instances = [], []
    waiting = pl.DataFrame()
    for day in range(total):
        plan = visits(world, base, day, seed)
        made = events(world, plan, time, seed)
        instances.append(of_clickstream(world, plan, made, seen[plan.anonymous]))
        logged_in = made.filter("known")["visit"].unique().to_numpy()
        seen[plan.anonymous[logged_in]] = True
        bought = made.filter(pl.col("event_name") == "purchase")
        customer = pl.Series("customer", plan.customer).gather(bought["visit"])
        purchases.append(bought.select("order_id", customer, "at", "value"))
        made = made.drop("visit", "plant", "known")
        is_today = made["at"] < int(time.midnights[day + 1])
        today = made.filter(is_today) if waiting.is_empty() else pl.concat([waiting, made.filter(is_today)])
        waiting = made.filter(~is_today)
        write_day("clickstream", day, today, CLICKSTREAM)
        if progress is not None:
            progress(day + 1, total)
    return pl.concat(purchases).sort("at", "order_id"), instances


def _check(days: int, customers: int, seed: int, out: Path, start: date, form: str) -> None:
    for name, value, least, most in (
        ("days", days, 1, 3660),
        ("customers", customers, 1, 100_000_000),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if not least <= value <= most:
            raise SettingsError(f"simulate: {name} is {value:,}; it must lie between {least:,} and {most:,}.")
    if not 2000 <= start.year <= 2080:
        raise SettingsError(f"simulate: start is {start}; choose a day between 2000 and 2080.")
    if form not in ENDINGS:
        raise SettingsError(f"simulate: format is {form!r}; known are {', '.join(ENDINGS)}.")
    if out.is_file():
        raise SettingsError(f"simulate: {out} is a file; name a folder.")
    if not (out / "truth.parquet").exists():
        for table in TABLES:
            if (out / table).exists():
                raise SettingsError(f"simulate: {out / table} was not made by the simulator; name another folder.")


def _clear(out: Path) -> None:
    """Take away what an earlier simulation wrote, so that no day of it stays between the new ones."""
    for table in TABLES:
        for ending in {form[table] for form in ENDINGS.values()}:
            for path in sorted((out / table).glob(f"????-??-??.{ending}")):
                path.unlink()

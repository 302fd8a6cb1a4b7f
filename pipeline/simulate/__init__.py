"""Journeys with friction planted at known places, of known strength and with known effect on completion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.errors import SettingsError
from pipeline.simulate.calendar import Calendar, calendar
from pipeline.simulate.clickstream import events
from pipeline.simulate.columns import CLICKSTREAM, ERRORS, WAITS, Columns
from pipeline.simulate.notes import note, settings
from pipeline.simulate.service import error_rows, service, wait_rows
from pipeline.simulate.truth import of_clickstream, of_contacts, of_orders, truth
from pipeline.simulate.visits import people, visits
from pipeline.simulate.world import World
from pipeline.simulate.writing import ENDINGS, TABLES, Format, with_flaws, write

__all__ = ["Format", "Summary", "World", "simulate"]


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
) -> Summary:
    """Write `days` days of clickstream, waits and order errors, the truth, settings and a note into the folder `out`.

    About 6 clickstream events per customer and day: 1,000 customers make 120,000 events in 21 days. The same arguments
    give the same bytes. Works day by day: memory grows with the customers and orders, not with the events.
    `progress(done, total)` is called after each day and at the end.

    Raises SettingsError where an argument makes no sense or `out` holds files that are not the simulator's to replace.
    """
    _check(days, customers, seed, out, start, format)
    world = world or World()
    time = calendar(start, days)
    out.mkdir(parents=True, exist_ok=True)
    _clear(out)
    counts = {"clickstream": 0, "wait_time": 0, "order_error": 0, "duplicates": 0, "broken": 0}

    def write_day(table: str, day: int, rows: pl.DataFrame, schema: Columns) -> None:
        flawed, duplicates, broken = with_flaws(world, table, day, rows, seed)
        write(flawed, schema, table, out / table / f"{time.days[day]}.{ENDINGS[format][table]}")
        for name, count in ((table, rows.height), ("duplicates", duplicates), ("broken", broken)):
            counts[name] += count

    purchases, instances = _clickstream(world, customers, time, seed, write_day, progress)
    bought, made, errors = service(world, purchases, customers, time, seed)
    for table, rows, schema in (
        ("wait_time", wait_rows(bought, made, time), WAITS),
        ("order_error", error_rows(bought, errors), ERRORS),
    ):
        positions = pl.Series(time.day_of(rows["at"].to_numpy()))
        for day in range(days):
            write_day(table, day, rows.filter(positions == day), schema)
    instances += [of_contacts(world, bought, made, time), of_orders(world, bought, made, errors, time)]
    known = truth(instances, time)
    known.write_parquet(out / "truth.parquet", compression="zstd")
    facts = {
        "days": f"{days}, from {start}",
        "customers": f"{customers:,}",
        "clickstream events": f"{counts['clickstream']:,}",
        "waits": f"{counts['wait_time']:,}",
        "order errors": f"{counts['order_error']:,}",
        "seed": str(seed),
    }
    made_by = (
        f"friction simulate --days {days} --customers {customers} --seed {seed} --start {start} --out sample_data "
        f"--format {format}"
    )
    run_by = f"friction --config friction.toml backfill --from {time.days[0]} --to {time.days[-1]}"
    (out / "friction.toml").write_text(settings(format), encoding="utf-8")
    (out / "README.md").write_text(note(world, known, facts, made_by, run_by), encoding="utf-8")
    planted = dict(known.group_by("signal").len().sort("signal").iter_rows())
    return Summary(
        counts["clickstream"], counts["wait_time"], counts["order_error"], counts["duplicates"], counts["broken"],
        planted, out,
    )  # fmt: skip


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

"""The proof that planted friction is found and nothing else: one table over twenty seeds.

`python -m tests.planted.proof` writes it anew to tests/golden/planted_friction.md, which a test compares with what it
finds: a change of the table is a change to be looked at, and to be committed with what caused it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path

import polars as pl

from pipeline.calendar import day_in
from pipeline.detectors import all_signals
from tests.drawn import Dtype
from tests.planted.oracles import OF_PAGES, sessions_of
from tests.planted.oracles_of_surges import contact_surge, placed
from tests.planted.oracles_of_tasks import OF_TASKS
from tests.planted.oracles_of_usual import OF_USUAL
from tests.planted.oracles_of_waits import OF_WAITS
from tests.planted.worlds import FIRST, ZONE, Made, flagged, made

GOLDEN = Path(__file__).parents[1] / "golden" / "planted_friction.md"
SEEDS, DAYS, CUSTOMERS = range(1, 21), 12, 800
OF_ALL = "contact_surge"  # a matter of everybody's contacts: each world is judged apart, the others work side by side
CALLING = 3200  # customers of a world that is judged apart: of fewer, one day's orders are too few to compare with
ORACLES = {OF_ALL, *OF_PAGES, *OF_TASKS, *OF_USUAL, *OF_WAITS}  # signals that have one
READ = (
    "event_id", "event_name", "occurred_at", "page_path", "element", "form_id", "field_id", "query", "result_count",
    "metric", "value", "outcome", "error_code", "device", "y",
)  # fmt: skip
FLAG = ["signal", "stage", "locus_type", "locus", "visit_id", "flagged_at"]

HEADER = f"""# Planted friction, found

{len(SEEDS)} worlds of a shop, each of {DAYS} days and {CUSTOMERS} customers: what the simulator planted, and what the
nights flagged. *Follows*: what is true by definition where something else was planted (whoever leaves a form in the
checkout leaves the checkout, too), or of a near miss. *By oracle*: flags of nothing planted that a plain reading of the
rows confirms: walks without a goal, fast fingers, slow pages, waits of any length, and what goes beyond the days before
(one stay in twenty, where that is a minute or more; Sundays with few orders, on which contacts per order are many).
What is compared with the days before is planted from the eighth day on; surges of contacts are judged world by world,
in worlds of {CALLING:,} customers, all else in all at once. What is missing to 1 are transfers in the last minutes
before midnight: at the day's end nobody knows yet to whom they lead.

Written by `python -m tests.planted.proof`.

"""


def found_by_oracles(worlds: Made) -> pl.DataFrame:
    """What plain readings find until the last midnight: signal, locus, flagged_at, first_id."""
    end = day_in(ZONE, FIRST + timedelta(days=worlds.days - 1)).end
    clicks = worlds.rows.clickstream.with_columns(who=pl.coalesce("customer_id", "anonymous_id"))
    sessions = sessions_of(clicks.select("who", *READ).to_dicts())
    found = [
        (name, *instance)
        for session in sessions
        for name, oracle in {**OF_PAGES, **OF_TASKS}.items()
        for instance in oracle(session, worlds.journey)
    ]
    found += [
        (name, *instance) for name, usually in OF_USUAL.items() for instance in usually(sessions, worlds.journey, ZONE)
    ]
    waits = worlds.rows.wait_time.sort("customer_id", "started_at", "wait_id").to_dicts()
    found += [
        (name, *instance)
        for _, rows in groupby(waits, key=lambda row: row["customer_id"])
        for theirs in [list(rows)]
        for name, reading in OF_WAITS.items()
        for instance in reading(theirs, worlds.journey, end)
    ]
    return _instances(found).filter(pl.col("flagged_at") < end)


def surges_by_oracle(worlds: Made) -> pl.DataFrame:
    """What a plain reading finds of surges: signal, locus, flagged_at, first_id."""
    days = [FIRST + timedelta(days=number) for number in range(worlds.days)]
    waits, errors = worlds.rows.wait_time.to_dicts(), worlds.rows.order_error.to_dicts()
    purchases = worlds.rows.clickstream.filter(
        pl.col("event_name") == "purchase", pl.col("customer_id").is_not_null()
    ).to_dicts()
    orders = placed(purchases, waits, errors, ZONE)
    return _instances([(OF_ALL, *instance) for instance in contact_surge(waits, orders, days, ZONE)])


def _instances(found: list[tuple[str, str, datetime, str]]) -> pl.DataFrame:
    schema: dict[str, Dtype] = dict.fromkeys(("signal", "locus", "flagged_at", "first_id"), pl.String)
    schema["flagged_at"] = pl.Datetime("us", "UTC")
    return pl.DataFrame(found, schema=schema, orient="row")


def judged(flags: pl.DataFrame, truth: pl.DataFrame, oracle: pl.DataFrame) -> pl.DataFrame:
    """The flags with what is true of each: `told` by the truth, or `confirmed` by an oracle."""
    told = truth.select(FLAG).unique().with_columns(told=pl.lit(value=True))
    confirmed = oracle.unique().with_columns(confirmed=pl.lit(value=True))
    return (
        flags.with_columns(first_id=pl.col("evidence").list.first())
        .join(told, on=FLAG, how="left")
        .join(confirmed, on=["signal", "locus", "flagged_at", "first_id"], how="left")
        .with_columns(pl.col("told", "confirmed").fill_null(value=False))
    )


def table(worlds: Made, flags: pl.DataFrame, oracle: pl.DataFrame) -> pl.DataFrame:
    """One row per signal: planted, follows, flags, by_oracle, recall, precision."""
    truth = worlds.truth.with_columns(pl.col("flagged_at").cast(pl.Datetime("us", "UTC")))
    found = truth.join(flags, on=FLAG, how="semi")
    known = judged(flags, truth, oracle)
    counts = [
        truth.group_by("signal").agg(
            planted=pl.col("is_planted").sum().cast(pl.Int64), follows=(~pl.col("is_planted")).sum().cast(pl.Int64)
        ),
        found.group_by("signal").agg(found=pl.len().cast(pl.Int64)),
        known.group_by("signal").agg(
            flags=pl.len().cast(pl.Int64),
            by_oracle=(pl.col("confirmed") & ~pl.col("told")).sum().cast(pl.Int64),
            right=(pl.col("confirmed") | pl.col("told")).sum().cast(pl.Int64),
        ),
    ]
    every = pl.DataFrame({"signal": sorted(all_signals())})
    for each in counts:
        every = every.join(each, on="signal", how="left")
    return (
        every.fill_null(0)
        .with_columns(
            recall=pl.col("found") / (pl.col("planted") + pl.col("follows")),
            precision=pl.col("right") / pl.col("flags"),
        )
        .sort("signal")
    )


def shown(found: pl.DataFrame) -> str:
    """The table as text."""
    lines = [
        "| signal | planted | follows | flags | by oracle | recall | precision |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    columns = ("signal", "planted", "follows", "flags", "by_oracle", "recall", "precision")
    for signal, planted, follows, flags, by_oracle, recall, precision in found.select(columns).iter_rows():
        lines.append(f"| {signal} | {planted} | {follows} | {flags} | {by_oracle} | {recall:.4f} | {precision:.4f} |")
    return HEADER + "\n".join(lines) + "\n"


@cache
def shop() -> tuple[Made, pl.DataFrame, pl.DataFrame]:
    """The twenty worlds, all their flags, and what plain readings find in them."""
    worlds = made("ecommerce", SEEDS, DAYS, CUSTOMERS)
    signals = {name: signal for name, signal in all_signals().items() if name != OF_ALL}
    of_all = {OF_ALL: all_signals()[OF_ALL]}
    apart = [made("ecommerce", range(seed, seed + 1), DAYS, CALLING) for seed in SEEDS]
    told = [worlds.truth.filter(pl.col("signal") != OF_ALL), *(each.truth.filter(signal=OF_ALL) for each in apart)]
    flags = [flagged(worlds, signals), *(flagged(each, of_all) for each in apart)]
    oracle = [found_by_oracles(worlds), *(surges_by_oracle(each) for each in apart)]
    return replace(worlds, truth=pl.concat(told)), pl.concat(flags), pl.concat(oracle)


if __name__ == "__main__":
    GOLDEN.write_text(shown(table(*shop())), encoding="utf-8")

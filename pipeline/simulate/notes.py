"""The two files for people beside the data: settings that make it run at once, and a note of what is planted."""

from collections.abc import Sequence

import polars as pl

from pipeline.simulate.world import CURRENCY, TIMEZONE, World
from pipeline.simulate.writing import ENDINGS, TABLES, Format

SOURCE_NAMES = {"clickstream": "web", "wait_time": "waits", "order_error": "orders"}
NATURE = {
    "checkout_abandonment": "every checkout that was begun and not bought from",
    "queue_abandonment": "hung up after more than 5 s: by nature, or because of a long wait",
    "repeat_contact": "same person, same reason, within 7 days: by nature, or because of a long wait",
}


def settings(form: Format, journey: str = "ecommerce", signals: Sequence[str] = ()) -> str:
    """A `friction.toml` for the folder; `signals` are lines about signals."""
    lines = [
        "[project]",
        f'timezone  = "{TIMEZONE}"',
        f'currency  = "{CURRENCY}"',
        'language  = "en"',
        'warehouse = "warehouse/friction.duckdb"',
        'reports   = "reports"',
        f'journey   = "{journey}"',
    ]
    for table in TABLES:
        lines += [
            "",
            "[[sources]]",
            f'name     = "{SOURCE_NAMES[table]}"',
            f'contract = "{table}"',
            'adapter  = "canonical"',
            f'path     = "{table}/{{day}}.{ENDINGS[form][table]}"',
        ]
    return "\n".join([*lines, *signals]) + "\n"


def made_again(made_by: str, run_by: str) -> str:
    """What every note says of the commands."""
    return f"""Made again, byte for byte, with

```
{made_by}
```

and worked through, in this folder, with

```
{run_by}
```"""


def note(world: World, truth: pl.DataFrame, facts: dict[str, str], made_by: str, run_by: str) -> str:
    """The README of the folder: what it is, what is planted where and how strong, and how to make it again."""
    rows = []
    for plant in world.plants:
        found = truth.filter(
            "is_planted",
            pl.col("signal") == plant.signal,
            pl.col("stage") == plant.stage,
            pl.col("locus") == plant.locus,
        )
        effects = found["effect"].to_list()
        effect = f"{effects[0]:+.3f}" if effects else "none met it"
        only = f" ({plant.device} only)" if plant.device else ""
        rows.append(
            f"| {plant.signal} | {plant.stage} | {plant.locus_type} `{plant.locus}`{only} | {plant.how} "
            f"| {plant.share:.0%} | {effect} | {found.height:,} |"
        )
    arising = [
        f"| {signal} | {meaning} | {truth.filter(pl.col('signal') == signal).height:,} |"
        for signal, meaning in NATURE.items()
    ]
    listed = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return f"""# Simulated days

An online shop with known friction, made by the simulator: no real customer, order or call is in it.

{listed}

{made_again(made_by, run_by)}

## What is planted

*Met by*: share of the stage visits that touch the place and meet the friction there. *Effect*: by how much the friction
raises the probability that such a visit is lost, against the same visit without it (risk difference).

| signal | stage | place | how it shows | met by | effect | instances |
|---|---|---|---|---:|---:|---:|
{chr(10).join(rows)}

What follows from it, and from customers' nature:

| signal | what it is here | instances |
|---|---|---:|
{chr(10).join(arising)}

`truth.parquet` lists every instance with its evidence, whether the visit was lost, and whether this friction was why.

## How the world is made

- A file holds the rows of one day in {TIMEZONE}, by their event time, in order of time and id. A visit that is begun
  before midnight goes on in the next file.
- Waits and orders are as they were known at the end of the last day: what had not ended by then is `open`.
- A customer is named from `login` on; who does not log in is a device only.
- An order's delivery is a wait for its carrier (`queue`), sent from a warehouse (`team`).
- An order that is lost ends in a return or in a contact that names the order; contacts about orders that are kept, and
  everyday contacts, name none.
- A few rows are there twice, and a few are broken (a time that cannot be read, no event name, nobody named); a day
  without rows of a kind has no file.
"""

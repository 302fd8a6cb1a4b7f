"""The note beside the data of a whole catalogue: what is planted where, how often, and how the world is made."""

import polars as pl

from pipeline.simulate.episodes.book import Book
from pipeline.simulate.episodes.script import Script
from pipeline.simulate.episodes.surges import SURGES
from pipeline.simulate.notes import made_again

WORDS = {"near_miss": "just under a definition", "noise": "ordinary days"}


def _effect(script: Script) -> str:
    """What it costs; where the visit is lost anyhow, there is nothing that it could cost."""
    return f"{script.nature * script.kill_share:+.3f}" if script.nature else "–"


def note(book: Book, truth: pl.DataFrame, facts: dict[str, str], made_by: str, run_by: str) -> str:
    """The README of the folder."""
    counts = dict(truth.filter("is_planted").group_by("script").len().iter_rows())
    scripts = [(script.planted.signal, script) for script in book.scripts if script.planted]
    planted = [
        f"| {signal} | {script.how} | {_effect(script)} | {counts.get(script.name, 0):,} |"
        for signal, script in sorted(scripts, key=lambda each: (each[0], each[1].name))
    ]
    planted += [
        f"| contact_surge | {surge.how} | – | {counts.get(surge.name, 0):,} |" for surge in SURGES if surge.is_planted
    ]
    arising = [
        f"| {signal} | {count:,} |"
        for signal, count in truth.filter(~pl.col("is_planted")).group_by("signal").len().sort("signal").iter_rows()
    ]
    kinds = [(script.kind, script.how) for script in book.scripts] + [(surge.kind, surge.how) for surge in SURGES]
    others = [
        f"| {WORDS[kind]} | {how} |"
        for kind in WORDS
        for how in dict.fromkeys(how for known, how in kinds if known == kind)
    ]
    listed = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return f"""# Simulated days

A world with known friction of every kind, made by the simulator: no real customer, order or call is in it.

{listed}

{made_again(made_by, run_by)}

## What is planted

*Effect*: by how much the friction raises the probability that such a visit is lost, against the same visit without it.

| signal | how it shows | effect | instances |
|---|---|---:|---:|
{chr(10).join(planted)}

What follows from it by definition:

| signal | instances |
|---|---:|
{chr(10).join(arising)}

`truth.parquet` lists every instance with its evidence, whether the visit was lost, whether this
friction was why, and the script that it came of.

## What is no friction

| kind | what happens |
|---|---|
{chr(10).join(others)}

Walks without a goal now and then meet a definition truly (a page loop, a quick back): these stand not in the truth.

## How the world is made

- What happens to a customer is an episode; of one customer, two never lie so near that they could be one story.
- What is compared with the days before (a long stay, turns up and down a page, a surge of contacts) is planted from the
  eighth day on. Of fewer than about 5,000 customers too few visits are seen by then for anything to be usual.
- A file holds the rows of one day, by their event time, in order of time and id.
- Waits are as they were known at the end of the last day: what had not ended by then is `open`.
- A few rows are there twice, and a few are broken; a day without rows of a kind has no file.
"""

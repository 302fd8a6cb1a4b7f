"""All scripts of a journey as tables of numbers and texts, so that a million episodes are played at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from pipeline.simulate.episodes import across, chance, clicks, contacts, noise, orders, pages, tasks, usual
from pipeline.simulate.episodes.places import ITEMS, PLACES, Places
from pipeline.simulate.episodes.script import ALL, Cell, Script, Step
from pipeline.simulate.randomness import Floats, Ints

SCRIPTS: tuple[Script, ...] = (
    *clicks.SCRIPTS,
    *pages.SCRIPTS,
    *tasks.SCRIPTS,
    *contacts.SCRIPTS,
    *orders.SCRIPTS,
    *across.SCRIPTS,
    *noise.SCRIPTS,
    *chance.SCRIPTS,
    *usual.SCRIPTS,
)
STAGE = "@stage"  # as evidence: every row of the flag's stage
TABLES = ("clickstream", "wait_time", "order_error")
WHEN = ("always", "lost", "kept")
PARTS = ("visits", "contacts", "orders")
KINDS = ("planted", "near_miss", "noise")
MOMENTS = ("at", "until", "promised")
OF_ORDERS = ("delivery", "refund")  # types of waits that stand on the order
KNOWN = ("usual", "always", "never")
NUMBERS = ("result_count", "x", "y")
DECIMALS = ("value", "shipping_cost", "handled_seconds")
TEXTS = (
    "what", "page_path", "element", "query", "product_id", "form_id", "field_id", "coupon", "outcome", "error_code",
    "error_class", "metric", "device", "anonymous_id", "user_agent", "channel", "order", "contact", "case", "queue",
    "team", "agent_id", "reason", "carrier", "warehouse", "payment_method", "item_id",
)  # fmt: skip


@dataclass(frozen=True)
class Book:
    """`variants`: one row per script and place; `steps`: one row per variant and step, in order; `plants`: likewise.

    `first` and `count` say which steps a variant has. `weight` of a variant is its share among those of its part and
    kind.
    """

    scripts: tuple[Script, ...]
    variants: pl.DataFrame
    steps: pl.DataFrame
    plants: pl.DataFrame
    first: Ints
    count: Ints

    def weights(self, shares: Mapping[str, float], part: str, day: int) -> Floats:
        """How often each variant is played in a part on a day, given the shares of kinds."""
        rows = self.variants.with_columns(
            share=pl.col("kind").replace_strict(dict(shares), return_dtype=pl.Float64) * (pl.col("part") == part),
            weight=pl.col("weight") * (pl.col("warm_up") <= day),
        )
        total = pl.col("weight").sum().over("part", "kind")
        return rows.select(pl.col("share") * pl.col("weight") / total).to_series().to_numpy()


@cache
def book(journey: str) -> Book:
    """The scripts that a journey has the places for."""
    return book_of(SCRIPTS, PLACES[journey])


def book_of(scripts: tuple[Script, ...], places: Places) -> Book:
    """Those of the scripts that fit the places."""
    kept = tuple(script for script in scripts if _fits(script, places))
    variants, steps, plants = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for number, script in enumerate(kept):
        width = _width(script, places)
        chances = 1 / np.arange(1, width + 1)  # Zipf: the second place is met half as often as the first
        for position in range(width):
            variant = len(variants)
            words = _words(script, places, position)
            rows = _steps(script, places, words, variant)
            variants.append(
                {
                    "script": number,
                    "part": script.part,
                    "kind": script.kind,
                    "weight": script.share * float(chances[position] / chances.sum()),
                    "nature": script.nature,
                    "kill_share": script.kill_share,
                    "known": KNOWN.index(script.known),
                    "warm_up": script.warm_up,
                }
            )
            plants += _plants(script, places, words, rows, variant)
            steps += rows
    step_frame = pl.DataFrame(steps, infer_schema_length=None)
    counts = step_frame.group_by("variant", maintain_order=True).len()["len"].to_numpy().astype(np.int64)
    return Book(
        kept,
        pl.DataFrame(variants),
        step_frame,
        pl.DataFrame(plants, infer_schema_length=None),
        np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64),
        counts,
    )


def _fits(script: Script, places: Places) -> bool:
    if script.journeys and places.journey not in script.journeys:
        return False
    if script.part == "orders" and not places.order_stage:
        return False
    roles = {_role(step.place)[0] for step in script.steps if step.place} | set(script.needs)
    return roles <= set(places.roles)


def _whole(script: Script) -> tuple[Step, ...]:
    return (*clicks.ARRIVAL, *script.steps) if script.steps[0] is clicks.HOME else script.steps


def _role(place: str) -> tuple[str, int]:
    """`item2` is the second item after the one of the episode."""
    name = place.rstrip("0123456789")
    return name, int(place[len(name) :] or 0)


def _width(script: Script, places: Places) -> int:
    used = {_role(step.place)[0] for step in script.steps if step.place}
    return max([len(places.roles[role].pages) for role in used] + [len(each) for each in script.draws.values()] + [1])


def _words(script: Script, places: Places, position: int) -> dict[str, str]:
    words = {name: each[position % len(each)] for name, each in script.draws.items()}
    for role, place in places.roles.items():
        words[f"stage_{role}"] = place.stage
        for shift in range(4):
            name = f"{role}{shift or ''}"
            words[name] = place.pages[(position + shift) % len(place.pages)]
    for shift in range(4):
        words[f"product{shift or ''}"] = ITEMS[(position + shift) % len(ITEMS)]
    return words


def _steps(script: Script, places: Places, words: dict[str, str], variant: int) -> list[dict[str, Any]]:
    labels = _labels(script)
    rows: list[dict[str, Any]] = []
    stage, session = places.roles["home"].stage, 0
    main = script.planted
    for step in _whole(script):
        what, place = step.what.format(**words), step.place
        if what == "done":  # what completes the stage that the script is about, else the one where it has come to
            known = [row["stage"] for row in rows if main and row["bit"] & labels[main.of or main.known]]
            what, place = places.done[known[0] if known else stage]
        session += step.opens
        if step.opens:
            stage = places.roles["home"].stage
        if step.table == "clickstream" and place:
            stage = places.roles[_role(place)[0]].stage or stage
        is_of_order = step.table == "order_error" or (step.table == "wait_time" and what in OF_ORDERS)
        own = places.order_stage if is_of_order else "support" if step.table == "wait_time" else stage
        factor = places.targets[step.per] if step.per else 1.0
        lasts = step.lasts or (0.0, 0.0)
        columns: dict[str, Any] = {name: _cell(name, value, words) for name, value in step.columns.items()}
        if what == "purchase":
            columns = {"order": "bought", "value": 180.0} | columns
        blank: dict[str, Any] = dict.fromkeys((*TEXTS, *NUMBERS, *DECIMALS))
        row = blank | columns | {
            "variant": variant,
            "table": TABLES.index(step.table),
            "what": what,
            "page_path": words[place] if place else columns.get("page_path"),
            "stage": own,
            "session": session,
            "bit": labels.get(step.label, 0),
            "when": WHEN.index(step.when),
            "after_from": step.after[0], "after_to": step.after[1],
            "every_from": step.every[0], "every_to": step.every[1],
            "least": step.times[0], "most": step.times[1],
            "lasts_from": lasts[0] * factor, "lasts_to": lasts[1] * factor,
            "promised_from": (step.promised or (0.0, 0.0))[0], "promised_to": (step.promised or (0.0, 0.0))[1],
            "is_open": step.table == "wait_time" and step.lasts is None,
            "is_aside": step.is_aside,
            "is_partner": step.by == "partner",
            "target": factor,
        }  # fmt: skip
        rows.append(row)
    return rows


def _cell(name: str, value: Cell, words: dict[str, str]) -> Cell:
    told = value.format(**words) if isinstance(value, str) else value
    if told is None or name not in (*DECIMALS, *NUMBERS):
        return told
    return float(told) if name in DECIMALS else int(told)


def _labels(script: Script) -> dict[str, int]:
    names = dict.fromkeys(step.label for step in script.steps if step.label)
    return {name: 1 << number for number, name in enumerate(names)}


def _mask(labels: dict[str, int], names: Iterable[str]) -> int:
    return sum(labels[name] for name in names)


def _plants(
    script: Script, places: Places, words: dict[str, str], rows: list[dict[str, Any]], variant: int
) -> list[dict[str, Any]]:
    labels = _labels(script)
    found = []
    for plant in script.plants:
        if any(_stage(places, one) == _stage(places, other) for one, other in plant.needs_stages):
            continue
        of = plant.of or plant.known
        its = next(row for row in rows if row["bit"] & labels[of])
        if plant.only_stage and its["stage"] != plant.only_stage:
            continue
        measured = next((row for row in rows if plant.known != ALL and row["bit"] & labels[plant.known]), its)
        found.append(
            {
                "variant": variant,
                "signal": plant.signal,
                "stage": its["stage"],
                "of_table": its["table"],
                "locus_type": plant.locus_type,
                "locus": plant.locus.format(**words),
                "of": labels[of],
                "known": -1 if plant.known == ALL else labels[plant.known],
                "nth": plant.nth,
                "moment": MOMENTS.index(plant.moment),
                "plus": plant.plus + plant.plus_targets * measured["target"],
                "evidence": 0 if plant.evidence == (STAGE,) else _mask(labels, plant.evidence or (plant.known,)),
                "ends_only": plant.ends_only,
                "when": WHEN.index(plant.when),
                "becomes": plant.visit,
                "is_planted": not plant.arises,
            }
        )
    return found


def _stage(places: Places, role: str) -> str:
    return places.roles[role].stage if role in places.roles else ""

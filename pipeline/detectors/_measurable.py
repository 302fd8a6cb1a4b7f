"""Whether the day's input holds what a signal needs; if not, it is skipped and reported, never guessed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipeline.contracts.contract import load as contract
from pipeline.detectors._signal import Input, Signal
from pipeline.journeys.journey import Journey

# The tables that the inputs of a signal are made of.
TABLES: Mapping[Input, str] = {
    "events": "clickstream",
    "waits": "wait_time",
    "errors": "order_error",
    "orders": "orders",
}
# What the journey must have a stage of, by the stage that a signal says it is of: without, its flags are on no visit.
MADE_OF = {"support": "contact", "fulfilment": "order"}


@dataclass(frozen=True)
class Seen:
    """What the inputs have brought lately, as far back as flags of the day may lie.

    `counts`: rows with a value, by table and column; `events`: names of the events; `waits`: types of the waits;
    `usual`: measures that journeys.usual has of the 28 days before.
    """

    counts: Mapping[str, Mapping[str, int]]
    events: Collection[str]
    waits: Collection[str]
    usual: Collection[str]
    has_milliseconds: bool


def needed(signals: Mapping[str, Signal]) -> dict[str, set[str]]:
    """Columns that some signal needs, by table."""
    found: dict[str, set[str]] = {table: set() for table in TABLES.values()}
    for signal in signals.values():
        for alternative in signal.needs:
            for name, columns in alternative.items():
                found[TABLES[name]].update(columns)
    return found


def needing(signals: Mapping[str, Signal], table: str, column: str) -> tuple[str, ...]:
    """Names of the signals that need a column of an input, be it only in one of their alternatives; in order.

    Where such a column vanishes, these are the signals that may not be measurable any more.
    """
    return tuple(
        name
        for name, signal in sorted(signals.items())
        if any(
            TABLES[each] == table and column in columns
            for alternative in signal.needs
            for each, columns in alternative.items()
        )
    )


def missing(signal: Signal, seen: Seen, journey: Journey) -> str | None:
    """What a signal lacks, or None where it is measurable."""
    if signal.needs_setting and not getattr(signal.parameters, signal.needs_setting):
        return f"signals.{signal.name}.{signal.needs_setting} is not set"
    lacks = [_lacks(alternative, seen.counts) for alternative in signal.needs]
    if all(lacks):
        return " or ".join(dict.fromkeys(lacks))
    if signal.needs_events and not set(signal.needs_events) & set(seen.events):
        return f"no events named {', '.join(signal.needs_events)}"
    if signal.needs_waits and not set(signal.needs_waits) & set(seen.waits):
        return f"no waits of type {', '.join(signal.needs_waits)}"
    if signal.needs_usual and signal.needs_usual not in seen.usual:
        return f"nothing to compare with in the 28 days before: {signal.needs_usual}"
    if signal.needs_milliseconds and not seen.has_milliseconds:
        return "times tell no parts of a second"
    return _lacks_stage(signal, journey)


def _lacks_stage(signal: Signal, journey: Journey) -> str | None:
    made_of = MADE_OF.get(signal.stage)
    if made_of and journey.made_of(made_of) is None:
        return f"no stage of the journey is made of {made_of}"
    named = getattr(signal.parameters, signal.needs_stage) if signal.needs_stage else None
    if named is not None and named not in [stage.name for stage in journey.stages]:
        return f"no stage of the journey is named {named} (signals.{signal.name}.{signal.needs_stage})"
    return None


def _lacks(alternative: Mapping[Input, tuple[str, ...]], counts: Mapping[str, Mapping[str, int]]) -> str:
    found = []
    for name, columns in alternative.items():
        table = TABLES[name]
        empty = [column for column in columns if not counts[table][column]]
        if not counts[table]["*"]:
            found.append(f"no rows in {table}")
        elif empty:
            found.append(f"no values in {table}.{', '.join(empty)}")
    return " and ".join(found)


def report(
    day: date, signals: Mapping[str, Signal], lacks: Mapping[str, str | None], flags: pl.DataFrame
) -> pl.DataFrame:
    """Rows of ops.signals."""
    counts = dict(flags.group_by("signal").len().iter_rows())
    rows = [(day, name, why is None, why, counts.get(name, 0), signals[name].rules) for name, why in lacks.items()]
    return pl.DataFrame(rows, schema=contract("signals").schema(), orient="row")

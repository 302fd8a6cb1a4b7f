"""Whether the day's input holds what a signal needs; if not, it is skipped and reported, never guessed."""

from collections.abc import Collection, Mapping
from datetime import date

import polars as pl

from pipeline.contracts.contract import load as contract
from pipeline.detectors._signal import Input, Signal

# The tables that the inputs of a signal are made of.
TABLES: Mapping[Input, str] = {
    "events": "clickstream",
    "waits": "wait_time",
    "errors": "order_error",
    "orders": "orders",
}


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


def missing(
    signal: Signal,
    counts: Mapping[str, Mapping[str, int]],
    names: Collection[str],
    usual: Collection[str],
    *,
    has_milliseconds: bool,
) -> str | None:
    """What a signal lacks, or None where it is measurable.

    `counts`: rows with a value, by table and column; `names`: the names of the day's events; `usual`: the
    measures of journeys.usual that the days before have.
    """
    if signal.needs_events and not set(signal.needs_events) & set(names):
        return f"no events named {' or '.join(signal.needs_events)}"
    if signal.needs_setting and not getattr(signal.parameters, signal.needs_setting):
        return f"signals.{signal.name}.{signal.needs_setting} is not set"
    lacks = [_lacks(alternative, counts) for alternative in signal.needs]
    if all(lacks):
        return " or ".join(dict.fromkeys(lacks))
    if signal.needs_usual and signal.needs_usual not in usual:
        return f"nothing to compare with: the 28 days before have no {signal.needs_usual} in journeys.usual"
    if signal.needs_milliseconds and not has_milliseconds:
        return "times tell no parts of a second"
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

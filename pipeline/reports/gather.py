"""A day's report out of the warehouse: what is shown is read, and nothing more."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from pipeline.detectors import all_signals
from pipeline.detectors._measurable import needing
from pipeline.reports.report import EXAMPLES, Report, Stage
from pipeline.resources import root

EVIDENCE_POINTS = 20  # as many as a reader will open; the others stand in the tables
EXAMPLES_PER_POINT = 3  # one may be an accident, three are a pattern
STEPS_PER_EXAMPLE = 12  # a screenful
AROUND = timedelta(minutes=10)  # of the visit before and after the evidence: how it came to it, what followed
HISTORY_DAYS = 28  # four whole weeks, so that weekdays compare


def gather(
    con: duckdb.DuckDBPyConnection,
    day: date,
    *,
    language: str,
    currency: str,
    timezone: str,
    stages: Sequence[Stage],
    window_days: int,
) -> Report:
    """Read the report of `day` from a warehouse; changes nothing, shows nothing that was not known by the day's end.

    `stages` are those of the journey, in order. A day without rows gives a report with empty frames.
    """
    loads, signals = _read(con, "loads", day=day), _read(con, "signals", day=day)
    return Report(
        day=day,
        window_days=window_days,
        language=language,
        currency=currency,
        timezone=timezone,
        stages=tuple(stages),
        points=_read(con, "points", day=day),
        segments=_read(con, "segments", day=day),
        stage_scores=_read(con, "stage_scores", day=day),
        flags=_read(con, "flags", day=day),
        history=_read(con, "history", day=day, from_day=day - timedelta(days=HISTORY_DAYS - 1)),
        examples=_examples(con, day, ZoneInfo(timezone), window_days),
        signals=signals,
        loads=loads,
        drift=drift(con, loads.filter("came_in")["load_id"].to_list(), signals),
        failures=_read(con, "source_failures", day=day),
        broken_rules=_read(con, "broken_rules", load_ids=loads["load_id"].to_list()),
        expectations=_read(con, "expectations", day=day, run_ids=loads["run_id"].unique().sort().to_list()),
        kinds=_read(con, "kinds", day=day),
        loyal=_read(con, "loyal", day=day),
        later_outcomes=_read(con, "later_outcomes", day=day),
        calibration=_read(con, "calibration", day=day, from_day=day - timedelta(days=HISTORY_DAYS - 1)),
    )


def drift(con: duckdb.DuckDBPyConnection, load_ids: Sequence[str], signals: pl.DataFrame) -> pl.DataFrame:
    """Columns that are new or gone with some loads, one row per source and column.

    `signals` are rows of ops.signals of a day: of a column that is gone, those that need it and are not measurable then
    are named. A column that no signal misses is gone only where it was always there before: the others come and go.
    """
    found = _read(con, "drift", load_ids=list(load_ids))
    lacks = dict(signals.filter(~pl.col("is_measurable")).select("signal", "why").iter_rows())
    missed = [
        [
            name
            for name in needing(all_signals(), row["contract"], row["column_name"])
            if "no values in" in lacks.get(name, "")  # others are not measurable for another reason
        ]
        if row["change"] == "gone"
        else []
        for row in found.to_dicts()
    ]
    told = found.with_columns(signals=pl.Series(missed, dtype=pl.List(pl.String)))
    is_chance = (pl.col("change") == "gone") & (pl.col("signals").list.len() == 0) & ~pl.col("was_steady")
    return told.filter(~is_chance).drop("was_steady")


def _read(con: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> pl.DataFrame:
    query = (root() / "sql" / "reports" / f"{name}.sql").read_text(encoding="utf-8")
    found: pl.DataFrame = con.sql(query, params=parameters).pl()
    return found


def _examples(con: duckdb.DuckDBPyConnection, day: date, zone: ZoneInfo, window_days: int) -> pl.DataFrame:
    chosen = _read(
        con,
        "examples",
        day=day,
        from_day=day - timedelta(days=window_days - 1),
        points=EVIDENCE_POINTS,
        examples=EXAMPLES_PER_POINT,
    )
    flags = chosen.to_dicts()
    if not flags:
        return pl.DataFrame(schema=EXAMPLES)
    first = min(flag["started_at"] for flag in flags) - AROUND
    last = max(flag["ended_at"] for flag in flags) + AROUND
    limits: dict[str, object] = {
        "days": sorted({found for flag in flags for found in _days(flag, zone)}),
        "from_at": first,
        "to_at": last,
        "end_at": datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC),
    }
    ids = sorted({found for flag in flags for found in flag["evidence"]})
    evidence = _read(con, "steps", ids=ids, customers=[], anonymous=[], **limits).to_dicts()
    customers = {row["customer_id"] for row in [*flags, *evidence]}
    anonymous = {row["anonymous_id"] for row in evidence}
    around = _read(
        con,
        "steps",
        ids=[],
        customers=sorted(customers - {None}),
        anonymous=sorted(anonymous - {None}),
        **limits,
    ).to_dicts()
    rows = [step for flag in flags for step in _steps(flag, evidence, around)]
    return pl.DataFrame(rows, schema=EXAMPLES, orient="row")


def _days(flag: Mapping[str, Any], zone: ZoneInfo) -> set[date]:
    """Days on which a flag's clicks may lie: those around its first and its last evidence.

    A flag that spans more has its clicks at an end (an error in a page, a call days later) and waits in between.
    """
    moments = [flag[end] + shift for end in ("started_at", "ended_at") for shift in (-AROUND, timedelta(0), AROUND)]
    return {moment.astimezone(zone).date() for moment in moments}


def _steps(
    flag: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]], around: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One row per step of the flag's visit, in order of time: its evidence and what the person did around it."""
    shown = _evidence_of(flag, evidence)
    if not shown:
        return []
    anonymous = {row["anonymous_id"] for row in shown.values()} - {None}
    has_clicks = any(kind == "clickstream" for kind, _ in shown)
    marked = set(shown)
    for row in around:
        is_near = flag["started_at"] - AROUND <= row["occurred_at"] <= flag["ended_at"] + AROUND
        if is_near and (has_clicks or row["kind"] != "clickstream") and _is_same_person(flag, anonymous, row):
            shown.setdefault((row["kind"], row["event_id"]), row)
    steps = sorted(shown.items(), key=lambda step: (step[1]["occurred_at"], step[0]))
    marks = [place for place, (key, _) in enumerate(steps) if key in marked]
    nearest = sorted(range(len(steps)), key=lambda place: (min(abs(place - mark) for mark in marks), place))
    kept = set(nearest[:STEPS_PER_EXAMPLE])
    return [
        {name: step.get(name, flag.get(name)) for name in EXAMPLES}
        | {"is_evidence": key in marked, "events": len(steps)}
        for place, (key, step) in enumerate(steps)
        if place in kept
    ]


def _evidence_of(
    flag: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The rows that a flag names, by kind and id; a click and a wait may bear the same id, the flag's own is meant."""

    def distance(row: Mapping[str, Any]) -> tuple[bool, timedelta, str]:
        is_other = None not in (row["customer_id"], flag["customer_id"]) and row["customer_id"] != flag["customer_id"]
        moment = row["occurred_at"]
        return is_other, max(flag["started_at"] - moment, moment - flag["ended_at"], timedelta(0)), row["kind"]

    found = {}
    for event_id in flag["evidence"]:
        if candidates := [row for row in evidence if row["event_id"] == event_id]:
            row = min(candidates, key=distance)
            found[row["kind"], row["event_id"]] = row
    return found


def _is_same_person(flag: Mapping[str, Any], anonymous: set[str], row: Mapping[str, Any]) -> bool:
    """The flag's customer, or its device as long as no other customer is known on it."""
    if row["customer_id"] is not None and flag["customer_id"] is not None:
        return bool(row["customer_id"] == flag["customer_id"])
    return row["anonymous_id"] in anonymous

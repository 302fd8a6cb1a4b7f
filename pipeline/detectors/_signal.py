"""What a signal is: a record about it, a frozen set of parameters, and a function from inputs to flags."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Literal

import polars as pl

from pipeline.contracts.contract import load as contract
from pipeline.journeys.hours import Hours

Input = Literal["events", "waits", "errors", "orders"]

FAMILIES: Mapping[Input, str] = {
    "events": "clickstream", "waits": "wait_time", "errors": "order_error", "orders": "orders",
}  # fmt: skip

# What `finished` adds to the columns that `detect` gives, to make rows of friction.flags of them.
ADDED = frozenset({"day", "flag_id", "signal", "signal_version"})


@cache
def flag_columns() -> dict[str, pl.DataType]:
    """What `detect` gives, one row per flag: friction.flags without the columns that `finished` adds."""
    return {name: kind for name, kind in contract("flags").schema().items() if name not in ADDED}


@dataclass(frozen=True)
class Inputs:
    """What a signal may look at: all as known at the end of the day, `start` <= day < `end`.

    `events`: clickstream of the sessions that were open on the day, one person's after the other's, each in order of
    (occurred_at, event_id), with person_id, session_id, visit_id, stage, closed_at. `pages`: the pages that these
    sessions came to, as journeys.pages gives them. `recent`: clickstream of all sessions from sessions.LOOK_BACK (two
    days and an hour) before the day, with person_id, session_id and stage, but no visit_id: a visit that began before
    is not known in full. `visits`: rows of journeys.stage_visits, also of visits on which nothing happened on the day,
    and of sessions of the day before that put something in the cart. `contacts`, `orders`: as journeys.contacts and
    journeys.orders give them.
    `waits`, `errors`: events.wait_time and events.order_error. The last four have person_id, visit_id and stage (null
    where the journey has no such stage). `stages`: names of the journey's stages in order; `targets`: seconds by wait
    type and channel; `business_hours`: the journey's, if any.

    What was usual, of all people: `usual` has the columns of journeys.usual without `day`, added up over the 28 days
    before each day on which a session of `events` may have begun; `since` is the instant at which that day began.
    `counts` has rows of journeys.usual of contacts, orders and people, of the day and the 28 days before; it is for
    signals of all people together, which find of the other frames only `contacts`: those that began on the day.
    """

    start: datetime
    end: datetime
    events: pl.LazyFrame
    pages: pl.LazyFrame
    recent: pl.LazyFrame
    visits: pl.LazyFrame
    waits: pl.LazyFrame
    errors: pl.LazyFrame
    orders: pl.LazyFrame
    contacts: pl.LazyFrame
    usual: pl.LazyFrame
    counts: pl.LazyFrame
    stages: tuple[str, ...] = ()
    targets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    business_hours: Hours | None = None

    def named(self, *names: str) -> pl.LazyFrame:
        """The `events` with one of these names, in their order."""
        return self.events.filter(pl.col("event_name").is_in(names))


@dataclass(frozen=True)
class Signal:
    """A kind of friction: `detect` gives one row per instance, with the columns of `flag_columns`.

    `needs`: the columns that must hold values for the signal to be measurable, by input; one of the alternatives is
    enough; `needs_events`, `needs_waits`: names of events and types of waits of which one must have been seen lately;
    `needs_setting`: a parameter that must be set to true, because the columns cannot tell; `needs_stage`: a parameter
    that names a stage, which the journey must have; `needs_usual`: a measure that journeys.usual must have of the days
    before. `of_all`: it is found in what all people do together. `exposure`: whether a visit that could have shown the
    signal is one of the stage (`stage`), or one that touched the place (`locus`).
    `prior_effect`: how many visits per affected one it is believed to cost before there are data (share, 0–1), give
    or take `prior_error` (standard error). `by_stage`: other parameters than `parameters` for the flags of a stage.
    """

    name: str
    title: str
    kind: Literal["obstacle", "outcome"]
    stage: str
    locus_type: str
    exposure: Literal["stage", "locus"]
    needs: tuple[Mapping[Input, tuple[str, ...]], ...]
    look_back: timedelta
    source: str
    prior_effect: float
    parameters: Any
    detect: Callable[[Inputs, Any], pl.LazyFrame]
    prior_error: float = 0.10
    needs_milliseconds: bool = False
    needs_events: tuple[str, ...] = ()
    needs_waits: tuple[str, ...] = ()
    needs_setting: str | None = None
    needs_usual: str | None = None
    of_all: bool = False
    needs_stage: str | None = None
    version: int = 1
    by_stage: Mapping[str, Any] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """The input that it is found in, by its contract; `across` where it takes several together."""
        if any(len(each) > 1 for each in self.needs):
            return "across"
        return next((FAMILIES[source] for each in self.needs for source in each), "across")

    @property
    def stamp(self) -> str:
        """Version of the definition and a hash of the parameters: which rule made a flag."""
        return f"{self.version}+{hashlib.sha256(_told(self.parameters).encode()).hexdigest()[:6]}"

    @property
    def rules(self) -> str:
        """JSON: the parameters of each stamp; spans of time in seconds."""
        return json.dumps(
            {each.stamp: json.loads(_told(each.parameters)) for each, _ in variants(self)}, sort_keys=True
        )


def _told(parameters: Any) -> str:
    def plain(value: object) -> object:
        return value.total_seconds() if isinstance(value, timedelta) else str(value)

    return json.dumps(asdict(parameters), sort_keys=True, default=plain)


def variants(signal: Signal) -> list[tuple[Signal, pl.Expr]]:
    """The signal with each set of its parameters, and which of its flags are judged by it: a stage's, or all others."""
    others = ~pl.col("stage").is_in(list(signal.by_stage))
    own = [
        (replace(signal, parameters=parameters, by_stage={}), pl.col("stage") == stage)
        for stage, parameters in signal.by_stage.items()
    ]
    return [(replace(signal, by_stage={}), others), *own]


# What a flag takes over from the row that it is found in; outside a session it names neither session nor device.
OF_EVENT = ("stage", "person_id", "customer_id", "session_id", "visit_id", "currency", "channel", "device")
WHO = ("stage", "person_id", "customer_id", "visit_id", "currency", "channel")
NO_SESSION = {"session_id": pl.lit(None, pl.String), "device": pl.lit(None, pl.String)}


def detected(signal: Signal, inputs: Inputs, which: pl.Expr) -> pl.LazyFrame:
    """What the signal finds, with its name and stamp; of that only the flags `which`."""
    return (
        signal.detect(inputs, signal.parameters)
        .filter(which)
        .select(
            *(pl.col(name).cast(kind) for name, kind in flag_columns().items()),
            signal=pl.lit(signal.name),
            signal_version=pl.lit(signal.stamp),
        )
    )


def finished(flags: pl.DataFrame, day: date, start: datetime, end: datetime) -> pl.DataFrame:
    """Rows of friction.flags: those of `flags` whose evidence was complete on the day, with their ids.

    A flag belongs to the day on which its definition was first met, so that it is written once; its count and its
    severity are those known at the end of that day. `flags`: what `detected` gives, of all signals.
    """
    rows = flags.filter(pl.col("flagged_at").is_between(start, end, closed="left") & pl.col("stage").is_not_null())
    return rows.with_columns(
        day=pl.lit(day, pl.Date),
        flag_id=pl.concat_str("signal", pl.col("evidence").list.first(), separator=":"),
        severity=pl.col("severity").clip(0, 1).round(6),
    ).sort("signal", "flag_id")


def seconds(span: pl.Expr) -> pl.Expr:
    """A duration in seconds, to the microsecond: the division alone differs in the last digit with a frame's length."""
    return (span.dt.total_microseconds() / 1_000_000).round(6)


def saturating(excess: pl.Expr, scale: pl.Expr | float) -> pl.Expr:
    """Severity of an excess over what is acceptable: 0 at none, 0.63 at one `scale`, never above 1."""
    return 1 - (-(excess / scale)).exp()

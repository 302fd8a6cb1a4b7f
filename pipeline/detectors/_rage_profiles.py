"""Rage clicks as others count them: one small record per rule, and the bursts that a rule finds.

Vendors differ in more than a number: in whether the time is that between neighbours or that of the whole, in the place,
and in whether a burst that goes on is told again. Each record is the rule as the vendor's code has it, without what no
clickstream shows (selected text, scrolling).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import polars as pl


@dataclass(frozen=True)
class Profile:
    """When clicks of a visit that follow one another are a rage click.

    `time`: what is `within`: the `gap` to the click before, the `span` of `min_clicks` in a row, both (`chain`), or all
    since the `first`. `place`: the same `element`, no further than `radius_px` from the click before (`manhattan`,
    `euclid`; `near`: on an element, too), or all in a `box` so wide and high, on an element. `either`: the element, or
    the distance where none is known. `tells`: a run `once`, whole; its `stretches` that are quick enough, each or all
    as `one`; or `again` and again, from nought each time. `is_strict`: limits themselves are outside.
    """

    min_clicks: int
    within: timedelta
    radius_px: float = 0.0
    time: Literal["gap", "span", "chain", "first"] = "span"
    place: Literal["element", "manhattan", "euclid", "near", "box", "either"] = "element"
    tells: Literal["once", "stretches", "one", "again"] = "once"
    is_strict: bool = False
    is_dead: bool = False


def _ms(milliseconds: int) -> timedelta:
    return timedelta(milliseconds=milliseconds)


PROFILES: Mapping[str, Profile] = {
    "friction": Profile(4, _ms(1000), 30.0, place="either", tells="stretches"),
    "posthog": Profile(3, _ms(1000), 30.0, time="gap", place="manhattan", is_strict=True),
    "mixpanel": Profile(4, _ms(1000), 30.0, time="gap", place="euclid", tells="again", is_strict=True),
    "amplitude": Profile(4, _ms(1000), 50.0, place="box"),
    "datadog": Profile(3, _ms(1000), 100.0, time="chain", place="near"),
    "newrelic": Profile(4, _ms(1000), tells="one", is_strict=True),
    "openreplay": Profile(3, _ms(300), time="gap", is_strict=True),
    "splunk": Profile(4, _ms(1000), tells="again"),
    "conviva": Profile(3, _ms(2000), tells="again"),
    "sentry": Profile(5, _ms(7000), time="first", is_dead=True),
}


def profile(name: str, min_clicks: int, within: timedelta, radius_px: float) -> Profile:
    """The rule of a name, with other limits where they are not 0."""
    rule = PROFILES[name]
    return replace(
        rule,
        min_clicks=min_clicks or rule.min_clicks,
        within=within or rule.within,
        radius_px=radius_px or rule.radius_px,
    )


def bursts(clicks: pl.DataFrame, rule: Profile) -> pl.DataFrame:
    """The clicks of bursts, with `burst` (a number) and `is_met`: with this click it was one. `clicks` in order."""
    time, others = pl.col("occurred_at"), rule.min_clicks - 1
    runs = clicks.with_columns(starts=~_goes_on(rule)).with_columns(run=pl.col("starts").cum_sum())
    runs = runs.filter(pl.len().over("run") >= rule.min_clicks)  # the others are none, however they are cut
    nth = pl.int_range(pl.len()).over("run") + 1
    is_quick = (pl.col("run") == pl.col("run").shift(others)) & _within(time - time.shift(others), rule)

    if rule.time == "gap" and rule.tells == "again":
        runs = runs.with_columns(run=(pl.col("starts") | ((nth - 1) % rule.min_clicks == 0)).cum_sum())
    elif rule.tells == "again":
        met_before = is_quick.shift(1).fill_null(value=False) & (pl.col("run") == pl.col("run").shift(1))
        runs = _cut(runs, met_before).filter(pl.len().over("run") - nth < rule.min_clicks)
    elif rule.place == "box":
        before = pl.coalesce(time.shift(others).over("run"), time.first().over("run"))
        sides = [(pl.col(side).cum_max() - pl.col(side).cum_min()).over("run") for side in ("x", "y")]
        outside = pl.any_horizontal(pl.max_horizontal(sides) > rule.radius_px, ~_within(time - before, rule))
        runs = _cut(runs, outside.fill_null(value=False))
    elif rule.time == "first":
        runs = _cut(runs, ~_within(time - time.first().over("run"), rule))

    met = is_quick if rule.time in {"span", "chain"} else nth == rule.min_clicks
    runs = runs.with_columns(is_met=met.fill_null(value=False), burst="run")
    if rule.tells in {"stretches", "one"}:
        joined = _any_ahead("is_met", others)  # it and the click before it are of one stretch
        number = (~joined).cum_sum() if rule.tells == "stretches" else pl.col("run")
        runs = runs.with_columns(in_burst=_any_ahead("is_met", others + 1), burst=number).filter("in_burst")
    return runs.filter(pl.col("is_met").any().over("burst"))


def _goes_on(rule: Profile) -> pl.Expr:
    """Whether a click goes on with the run of the click before it."""
    x, y = (pl.col(side) - pl.col(side).shift(1) for side in ("x", "y"))
    length = x.abs() + y.abs() if rule.place == "manhattan" else (x**2 + y**2).sqrt()
    near = length < rule.radius_px if rule.is_strict else length <= rule.radius_px
    same = pl.col("element") == pl.col("element").shift(1)
    unknown = pl.col("element").is_null() & pl.col("element").shift(1).is_null()
    at = {
        "element": same,
        "box": same,
        "near": same & near.fill_null(value=True),  # on a known element an unknown position is no other place
        "manhattan": near,
        "euclid": near,
        "either": pl.when(unknown).then(near).otherwise(same),
    }[rule.place]
    goes_on = at & (pl.col("visit_id") == pl.col("visit_id").shift(1))
    if rule.time in {"gap", "chain"}:
        goes_on &= _within(pl.col("occurred_at") - pl.col("occurred_at").shift(1), rule)
    return goes_on.fill_null(value=False)


def _within(span: pl.Expr, rule: Profile) -> pl.Expr:
    return span < rule.within if rule.is_strict else span <= rule.within


def _cut(runs: pl.DataFrame, ends_before: pl.Expr) -> pl.DataFrame:
    """Begin a new run at the first click that the run before it cannot hold, until each run holds all of its own."""
    while True:
        runs = runs.with_columns(run=pl.col("starts").cum_sum()).with_columns(is_out=ends_before)
        if not runs["is_out"].any():
            return runs
        is_first = pl.col("is_out") & (pl.col("is_out").cum_sum().over("run") == 1)
        runs = runs.with_columns(starts=pl.col("starts") | is_first)


def _any_ahead(name: str, rows: int) -> pl.Expr:
    """Whether the row or one of those after it is so: `rows` of them in all."""
    return pl.any_horizontal(pl.col(name).shift(-ahead).fill_null(value=False) for ahead in range(rows))

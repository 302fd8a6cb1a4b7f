"""Why a point scored what it scored, and what a flag is made of: every number with where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import polars as pl

from pipeline import periods
from pipeline.contracts.contract import load as load_contract
from pipeline.detectors import all_signals, configured
from pipeline.detectors._signal import Signal
from pipeline.errors import NotFoundError
from pipeline.journeys import journey
from pipeline.scoring.points import Period
from pipeline.scoring.segments import NEWS
from pipeline.scoring.workings import workings
from pipeline.settings import Settings

COMPARED = (
    "What is compared: affected visits by kind and how long they were under way when first flagged, and the unaffected "
    "that were still there; weight = affected x unaffected / (affected + unaffected), apart = difference of lost shares"
)
CLAIMED = (
    "What is claimed: lost visits by the points they were flagged at; strongest = the most that one of them claims "
    "(effect / lost_share_affected, at most 1), part = this point's effect of theirs; visits x strongest x part"
)

SITS = (
    "Where it sits: parts of the visits, named ones first. excess = affected_today - exposed_today x rate_expected, "
    "explained = excess / ({affected} - {exposed} x {expected}), explained_alike = what that would be if the rise were "
    "alike everywhere; named at q_value <= 0.05 over {over}"
)


@dataclass(frozen=True)
class Table:
    """Counts to work through by hand."""

    title: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Explanation:
    """`about`: what it is; `numbers`: (name, value, how it comes about); `rows`: the evidence, columns first;
    `workings`: the counts that the numbers are made of.
    """

    about: str
    numbers: list[tuple[str, Any, str]]
    columns: list[str]
    rows: list[tuple[Any, ...]]
    workings: list[Table] = field(default_factory=list)


def explain(con: duckdb.DuckDBPyConnection, settings: Settings, name: str, day: date | None) -> Explanation:
    """Explain a point (its id) or a flag (its id), as of a day, by default the last one that has it.

    Raises NotFoundError where neither is known.
    """
    for table, key, told in (("points", "point_id", _point), ("flags", "flag_id", _flag)):
        found = con.execute(
            f"select * from friction.{table} where {key} = $name and day = coalesce($day, day) "
            "order by day desc limit 1",
            {"name": name, "day": day},
        )
        columns = [column[0] for column in found.description or []]
        if rows := found.fetchall():
            return told(con, settings, dict(zip(columns, rows[0], strict=True)))
    on = f" on {day}" if day else ""
    raise NotFoundError(
        f'there is no point or flag {name!r}{on}. Points: friction sql "select point_id, stage, signal, locus from '
        'friction.points order by day desc, rank"'
    )


def _signal(name: str) -> Signal:
    if name not in all_signals():
        raise NotFoundError(f"it was made by the signal {name!r}, which this version does not have.")
    return all_signals()[name]


def _point(con: duckdb.DuckDBPyConnection, settings: Settings, row: dict[str, Any]) -> Explanation:
    signal = _signal(row["signal"])
    touched = f"visits that touched {row['locus_type']} {row['locus']}" if signal.exposure == "locus" else "all visits"
    entered, lost = con.execute(
        "select entered, lost from friction.stage_scores where day = $day and stage = $stage",
        {"day": row["day"], "stage": row["stage"]},
    ).fetchall()[0]
    days = row["window_days"]
    numbers = [
        ("exposed_today", row["exposed_today"], f"{touched} of {row['stage']} that were active on {row['day']}"),
        ("affected_today", row["affected_today"], "those of them with a flag of the day"),
        ("rate_today", row["rate_today"], f"{row['affected_today']} / {row['exposed_today']}"),
        ("baseline_rate", row["baseline_rate"], f"the same over the {days} days before"),
        ("rate_expected", row["rate_expected"], "baseline_rate x what such weekdays have more or less in this stage"),
        (
            "trend",
            row["trend"],
            f"beta-binomial against rate_expected; q = {_short(row['q_value'])}, news at q <= 0.05",
        ),
        ("is_forming", row["is_forming"], "a slow rise (CUSUM) that no single night shows yet"),
        ("exposed", row["exposed"], f"{touched} of {row['stage']} decided in the last {days} days"),
        ("affected", row["affected"], "those of them with a flag before they were decided"),
        (
            "rate",
            row["rate"],
            f"{row['affected']} / {row['exposed']}; Wilson: {_short(row['rate_low'])} to {_short(row['rate_high'])}",
        ),
        ("lost_share_affected", row["lost_share_affected"], "lost / all, among the affected"),
        ("lost_share_unaffected", row["lost_share_unaffected"], "lost / all, among the exposed and unaffected"),
    ]
    tables = []
    plan = journey.load(settings.project.journey, settings.folder)
    known = configured(settings.signals, [stage.name for stage in plan.stages])
    of_day = periods.of_day(con, settings, plan, row["day"])
    if row["effect"] is not None:
        found = workings(of_day, known, row["stage"], row["point_id"])
        numbers += _effect(row, signal)
        tables = [_table(COMPARED, found.compared), _table(CLAIMED, found.claimed)]
    elif row["kind"] == "outcome":
        numbers.append(("effect", None, "an outcome says that a visit was lost; it has no effect of its own"))
    elif not row["exposed"]:
        numbers.append(("effect", None, "the data hold no denominator: no visit that could have shown it"))
    numbers += [
        (
            "score",
            row["score"],
            f"100 x {_short(row['lost_visits'])} lost_visits / {entered} visits of {row['stage']} ({lost} lost)",
        ),
        ("rank", row["rank"], "by score; from 30 exposed visits on, obstacles only"),
    ]
    tables += _sits(con, of_day, known, row)
    flags = con.execute(
        """
        select flag_id, flagged_at, severity, person_id, visit_id from friction.flags
        where stage = $stage and signal = $signal and locus_type = $locus_type and locus = $locus
          and day <= $day and day > $day - $window_days::integer
        order by flagged_at desc, flag_id limit 10
        """,
        {name: row[name] for name in ("stage", "signal", "locus_type", "locus", "day", "window_days")},
    ).fetchall()
    about = f"{signal.title}: {row['signal']} at {row['locus_type']} {row['locus']}, {row['stage']}, {row['day']}"
    return Explanation(about, numbers, ["flag_id", "flagged_at", "severity", "person_id", "visit_id"], flags, tables)


def _sits(
    con: duckdb.DuckDBPyConnection, of_day: Period, signals: Mapping[str, Signal], row: dict[str, Any]
) -> list[Table]:
    """The parts of the point's visits: of news as the night judged them, of any other point as they are judged now."""
    if row["trend"] is None:
        return []
    on = {"day": row["day"], "point_id": row["point_id"]}
    if row["trend"] in NEWS:
        found = con.sql(
            "select * from friction.point_segments where day = $day and point_id = $point_id "
            "order by rank nulls last, excess desc, dimension, value",
            params=on,
        ).pl()
    else:
        itself = con.sql("select * from friction.points where day = $day and point_id = $point_id", params=on).pl()
        found = periods.segments_of(con, of_day, signals, itself)
    title = SITS.format(
        affected=row["affected_today"],
        exposed=row["exposed_today"],
        expected=_short(row["rate_expected"]),
        over="all points of the night" if row["trend"] in NEWS else "this point alone, whose trend is no news",
    )
    columns = [each for each in load_contract("point_segments").names if each not in on]
    return [_table(title, found.select(columns))] if found.height else []


def _effect(row: dict[str, Any], signal: Signal) -> list[tuple[str, Any, str]]:
    """The numbers from the comparison to the money, each with what it is made of."""
    weight, own, mean = (row[name] for name in ("own_weight", "own_effect", "signal_effect"))
    basis = {
        "measured": "30 visits or more on either side: the place's own",
        "pooled": "few visits here: drawn towards the signal's places in this stage",
        "prior": f"few visits in all: drawn towards the prior {signal.prior_effect} +- {signal.prior_error}",
    }[row["effect_basis"]]
    drawn = f"{_short(weight)} x {_short(own or 0.0)} + {_short(1 - weight)} x {_short(mean)}"
    between = f"{_short(row['effect_low'])} to {_short(row['effect_high'])}"
    expected = _short(row["lost_share_expected"])
    return [
        ("affected_compared", row["affected_compared"], f"of {row['affected']}: those with anybody alike beside them"),
        ("unaffected_compared", row["unaffected_compared"], "unaffected - unaffected_later in these rows"),
        (
            "own_effect",
            own,
            "sum of weight x apart / sum of weight x (unaffected - unaffected_later) / unaffected, in the table below",
        ),
        (
            "lost_share_expected",
            row["lost_share_expected"],
            "lost among the affected there (weighted), less own_effect",
        ),
        ("signal_effect", mean, "mean over the signal's places in this stage, itself drawn towards the prior"),
        ("own_weight", weight, "1 from 30 compared on either side; else spread of places / (spread + own error)"),
        ("effect", row["effect"], f"{drawn}; {basis}; 95 %: {between}"),
        ("e_value", row["e_value"], f"RR + sqrt(RR x (RR - 1)), RR = ({expected} + effect) / {expected}"),
        ("e_value_low", row["e_value_low"], "the same for the end of the interval nearer to 0; 1 where it holds 0"),
        ("lost_visits", row["lost_visits"], "sum of lost_visits in the table of claims below"),
        ("lost_visits_low", row["lost_visits_low"], "lost_visits x effect_low / effect, from 0 to lost_visits"),
        ("lost_visits_high", row["lost_visits_high"], "lost_visits x effect_high / effect, at most what was lost here"),
        ("revenue_at_risk", row["revenue_at_risk"], f"each claim x the value at stake in its visit, {row['currency']}"),
    ]


def _table(title: str, rows: pl.DataFrame) -> Table:
    return Table(title, rows.columns, rows.rows())


def _short(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.3g}"


def _flag(con: duckdb.DuckDBPyConnection, _settings: Settings, row: dict[str, Any]) -> Explanation:
    signal = _signal(row["signal"])
    numbers = [
        ("severity", row["severity"], "0-1; longer, more often, later is never less"),
        ("detail", row["detail"], "what the signal has to say"),
        ("flagged_at", row["flagged_at"], "when the last evidence that the definition needs was in"),
        ("signal_version", row["signal_version"], "definition and hash of the parameters that made it"),
        ("value_at_stake", row["value_at_stake"], str(row["currency"] or "no currency")),
    ]
    steps = con.execute(
        """
        with steps as (
            select occurred_at as moment, event_id as id, event_name as what, coalesce(element, page_path) as place,
                   customer_id, anonymous_id
            from events.clickstream
            where day between $started_at::date - 1 and $ended_at::date + 1 and set_aside is null
            union all by name
            select started_at as moment, wait_id as id, wait_type || ' wait, ' || outcome as what, queue as place,
                   customer_id
            from events.wait_time
            where day between $started_at::date - 1 and $ended_at::date + 1 and set_aside is null
            union all by name
            select occurred_at as moment, error_id as id, error_type as what, order_id as place, customer_id
            from events.order_error
            where day between $started_at::date - 1 and $ended_at::date + 1 and set_aside is null
            union all by name
            select placed_at as moment, order_id as id,
                   'order, promised by ' || coalesce(promised_at::varchar, '?') as what,
                   carrier as place, customer_id
            from events.orders where list_contains($evidence, order_id)
        ),
        people as (select distinct customer_id, anonymous_id from steps where list_contains($evidence, id))
        select case when list_contains($evidence, id) then '>' else '' end as mark, moment, id, what, place
        from steps s
        where list_contains($evidence, id) or (
            moment between $started_at - interval 10 minutes and $ended_at + interval 10 minutes
            and exists (
                select 1 from people p where p.customer_id = s.customer_id
                or (p.anonymous_id = s.anonymous_id and (s.customer_id is null or p.customer_id is null))
            )
        )
        order by moment, id limit 200
        """,
        {name: row[name] for name in ("started_at", "ended_at", "evidence")},
    ).fetchall()
    place = f"{row['signal']} at {row['locus_type']} {row['locus']}"
    about = f"{signal.title}: {place}, visit {row['visit_id']} of {row['person_id']}"
    return Explanation(about, numbers, ["", "when", "id", "what", "where"], steps)

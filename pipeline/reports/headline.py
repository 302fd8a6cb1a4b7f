"""What changed and what it costs: the facts of the head line, and the words for them."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipeline.reports.formats import Formats
from pipeline.reports.report import Report
from pipeline.reports.words import Words

WORSE = ("new", "worsening")
BETTER = ("improving", "resolved")


@dataclass(frozen=True)
class Estimate:
    """A sum of estimates; its interval adds up the ends of theirs, as they are not independent."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Cost:
    """What the obstacles of the period cost; `money` by currency, without those that have no amount."""

    lost: Estimate
    money: Mapping[str, Estimate]
    entered: int


def cost(report: Report) -> Cost:
    """Visits lost to all obstacles, ranked or not, and the value at stake in them. Scores are additive, so sums are."""
    obstacles = report.points.filter(pl.col("kind") == "obstacle")
    paid = obstacles.drop_nulls("revenue_at_risk").with_columns(pl.col("currency").fill_null(report.currency))
    return Cost(
        lost=_sum(obstacles, "lost_visits"),
        money={
            str(currency): _sum(paid.filter(pl.col("currency") == currency), "revenue_at_risk")
            for currency in paid["currency"].unique().sort()
        },
        entered=int(report.stage_scores["entered"].sum()),
    )


def changes(report: Report) -> pl.DataFrame:
    """Points that are new or worsening, one row each, the costliest first; none where nothing has a baseline."""
    if not has_baseline(report):
        return report.points.clear()
    return report.points.filter(pl.col("trend").is_in(WORSE)).sort(
        ["lost_visits", "affected_today", "point_id"], descending=[True, True, False]
    )


def has_baseline(report: Report) -> bool:
    """At least one point has earlier days to be compared with."""
    return bool(report.points["baseline_rate"].is_not_null().any())


def is_empty(report: Report) -> bool:
    """No visit was decided and nothing was flagged."""
    return report.points.is_empty() and not report.stage_scores["entered"].sum()


def title(report: Report, words: Words, formats: Formats) -> str:
    """The head line: what changed."""
    if is_empty(report):
        return words.say("nothing_here")
    if not has_baseline(report):
        return words.say("no_baseline")
    found = changes(report)["trend"]
    new, worsening = int((found == "new").sum()), int((found == "worsening").sum())
    if worsening and not new:
        return words.count("worsening_points_alone", worsening, formats.count(worsening))
    if new:
        parts = [words.count("new_points", new, formats.count(new))]
        if worsening:
            parts.append(words.count("worsening_points", worsening, formats.count(worsening)))
        return words.joined(parts)
    return words.say("only_better") if _better(report) else words.say("nothing_changed")


def sentences(report: Report, words: Words, formats: Formats) -> list[str]:
    """What it costs, and why the head line says what it says."""
    if is_empty(report):
        has_events = bool(report.kinds["rows"].sum())
        return [words.say("nothing_here_why"), *([] if has_events else [words.say("no_events")])]
    said = [cost_sentence(report, words, formats)]
    if not has_baseline(report):
        said.append(words.say("no_baseline_why"))
    elif better := _better(report):
        said.append(words.count("better_points", better, formats.count(better)))
    elif changes(report).is_empty():
        said.append(words.say("nothing_changed_why", window=report.window_days))
    return said


def cost_sentence(report: Report, words: Words, formats: Formats) -> str:
    """Lost visits and money of the period, with their intervals."""
    found = cost(report)
    common = {
        "window": report.window_days,
        "day": formats.short_day(report.day),
        "entered": formats.count(found.entered),
    }
    if found.lost.value <= 0:
        return words.say("cost_none", **common)
    common |= {
        "lost": formats.visits(found.lost.value),
        "interval": interval(words, formats.visits(found.lost.low), formats.visits(found.lost.high)),
    }
    if not found.money:
        return words.say("cost_no_money", **common)
    return words.say(
        "cost", **common, money=money(found, formats), money_interval=money_interval(found, words, formats)
    )


def money(found: Cost, formats: Formats) -> str:
    """Revenue at risk, an amount per currency."""
    return " + ".join(formats.money(amount.value, currency) for currency, amount in found.money.items())


def money_interval(found: Cost, words: Words, formats: Formats) -> str:
    """Its interval, one per currency."""
    return " + ".join(
        interval(words, formats.money(amount.low, currency), formats.money(amount.high, currency))
        for currency, amount in found.money.items()
    )


def interval(words: Words, low: str, high: str) -> str:
    """An interval in words; empty where both ends are missing."""
    return "" if low == high == "–" else words.say("interval", low=low, high=high)


def _better(report: Report) -> int:
    return report.points.filter(pl.col("trend").is_in(BETTER)).height


def _sum(frame: pl.DataFrame, column: str) -> Estimate:
    value, low, high = (float(frame[name].fill_nan(None).sum()) for name in (column, f"{column}_low", f"{column}_high"))
    return Estimate(value, low, high)

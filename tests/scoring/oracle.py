"""The whole score by hand: plain Python over rows, as slow and as close to the definitions as can be.

Only rates' and points' plumbing is done again here; the p-values of the trend have their own exact sums in test_trend.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import prod, sqrt
from statistics import median
from typing import Any

from scipy.stats import beta

from pipeline.detectors._signal import Signal
from pipeline.scoring.exact import FEW
from pipeline.scoring.points import Period
from pipeline.scoring.pooling import BELIEF, ENOUGH, RAREST, SPREAD

Z = 1.959963984540054
Row = dict[str, Any]
Key = tuple[str, str, str, str]
Stratum = tuple[int, int, Fraction, Fraction, Fraction]  # affected, lost; unaffected, lost, flagged later on


def expected(period: Period, signals: dict[str, Signal]) -> tuple[dict[Key, Row], dict[str, Row], dict[str, Row]]:
    """Rows of points by (stage, signal, locus_type, locus), of stages and of persons, as far as they are not trends."""
    visits = {row["visit_id"]: row for row in period.decided.iter_rows(named=True)}
    flags = [row for row in period.flags.iter_rows(named=True) if row["signal"] in signals]
    exposures = {name: row for name, row in visits.items() if row["is_exposure"]}
    known = [f for f in flags if f["visit_id"] in visits]
    timely = [
        f
        for f in known
        if f["flagged_at"] <= visits[f["visit_id"]]["decided_at"] or signals[f["signal"]].kind == "outcome"
    ]
    first: dict[Key, dict[str, Any]] = {_key(f): {} for f in flags}
    for flag in sorted(timely, key=lambda f: f["flagged_at"], reverse=True):
        first[_key(flag)][flag["visit_id"]] = flag["flagged_at"]
    flagged = {key: set(of_point) for key, of_point in first.items()}

    counts = {key: _counts(key, signals, exposures, of_point) for key, of_point in flagged.items()}
    strata = {key: _strata(key, signals, exposures, of_point) for key, of_point in first.items()}
    points = {key: _effect(key, signals[key[1]], counts[key], strata) for key in flagged}
    for key, row in points.items():
        of_point = flagged[key]
        affected = [visits[name] for name in of_point if name in exposures]
        row["affected"] = len(affected) if row["exposed"] else len(of_point)
        row["affected_lost"] = sum(visit["is_lost"] for visit in affected)
        row |= _rate(row["affected"], row["exposed"])
    _share(points, flagged, exposures)
    _today(points, period, flags, signals)
    return points, _stages(period, points, flagged, exposures, signals), _persons(period, points, timely, signals)


def _key(flag: Row) -> Key:
    return flag["stage"], flag["signal"], flag["locus_type"], flag["locus"]


def _is_exposed(key: Key, signal: Signal, visit: Row, flagged: set[Any], name: Any) -> bool:
    stage, _, locus_type, locus = key
    touched = signal.exposure == "stage" or f"{locus_type}:{locus}" in (visit["loci"] or [])
    return bool(visit["stage"] == stage and (touched or name in flagged))


def _counts(key: Key, signals: dict[str, Signal], exposures: dict[str, Row], flagged: set[str]) -> list[int]:
    """Affected, of these lost, unaffected, of these lost."""
    counts = [0, 0, 0, 0]
    for name, visit in exposures.items():
        if _is_exposed(key, signals[key[1]], visit, flagged, name):
            side = 0 if name in flagged else 2
            counts[side] += 1
            counts[side + 1] += visit["is_lost"]
    return counts


def _level(visit: Row, until: Any, signal: Signal) -> int:
    if signal.exposure == "locus":
        return 0
    seconds = int((until - visit["entered_at"]).total_seconds())
    return sum(seconds >= 2 ** (half / 2) for half in range(34))


def _strata(
    key: Key, signals: dict[str, Signal], exposures: dict[str, Row], first: dict[str, Any]
) -> dict[tuple[str, int], Stratum]:
    """At each level of progress at which visits of a stratum were flagged: they, and who had come as far unflagged."""
    here = {n: v for n, v in exposures.items() if _is_exposed(key, signals[key[1]], v, set(first), n)}
    begun = {n: _level(v, min(first[n], v["reached_at"]), signals[key[1]]) for n, v in here.items() if n in first}
    found = {}
    for stratum, level in {(here[name]["stratum"], level) for name, level in begun.items()}:
        alike = {name: visit for name, visit in here.items() if visit["stratum"] == stratum}
        now = [visit for name, visit in alike.items() if begun.get(name) == level]
        share = Fraction(len(now), sum(name in begun for name in alike))
        n0 = lost = later = Fraction(0)
        for name, visit in alike.items():
            reach = _level(visit, visit["reached_at"], signals[key[1]])
            if name in begun:
                weight = share * (begun[name] > level)
                later += weight
            else:
                weight = share * (Fraction(1, 2) if reach == level > 0 else int(reach >= level))
            n0 += weight
            lost += weight * visit["is_lost"]
        found[stratum, level] = (len(now), sum(visit["is_lost"] for visit in now), n0, lost, later)
    return found


@dataclass(frozen=True)
class Difference:
    """`apart`: how far the sides are, with the two parts of its variance; `unharmed`: how much of it is to be seen."""

    apart: float
    p: float
    q: float
    unharmed: float
    expected: float
    affected: int
    unaffected: float

    @property
    def effect(self) -> float:
        return max(-1.0, min(1.0, self.apart / self.unharmed))

    @property
    def is_enough(self) -> bool:
        return min(self.affected, self.unaffected) >= ENOUGH


def _difference(strata: Iterable[Stratum]) -> Difference | None:
    both = [row for row in strata if row[0] and row[2] > row[4]]
    if not both:
        return None
    weight = sum(Fraction(n1 * n0) / (n1 + n0) for n1, _, n0, _, _ in both)
    apart = sum(Fraction(a * n0 - b * n1) / (n1 + n0) for n1, a, n0, b, _ in both) / weight
    unharmed = sum(n1 * (n0 - later) / (n1 + n0) for n1, _, n0, _, later in both) / weight
    p = sum(
        Fraction(2 * (n1 * n1 * b - n0 * n0 * a) + n1 * n0 * (n0 - n1)) / (2 * (n1 + n0) ** 2)
        for n1, a, n0, b, _ in both
    )
    q = sum(Fraction(a * (n0 - b) + b * (n1 - a)) / (2 * (n1 + n0)) for n1, a, n0, b, _ in both)
    lost = sum(Fraction(a * n0) / (n1 + n0) for n1, a, n0, _, _ in both) / weight
    return Difference(
        float(apart),
        float(p / weight**2),
        float(q / weight**2),
        float(unharmed),
        max(0.0, min(1.0, float(lost - apart / unharmed))),
        sum(row[0] for row in both),
        float(sum(row[2] - row[4] for row in both)),
    )


def _effect(key: Key, signal: Signal, counts: list[int], strata: dict[Key, dict[tuple[str, int], Stratum]]) -> Row:
    n1, a, n0, b = counts
    row: Row = {
        "kind": signal.kind,
        "exposed": n1 + n0,
        "lost_share_affected": a / n1 if n1 else None,
        "lost_share_unaffected": b / n0 if n0 else None,
        "effect": None,
        "effect_low": None,
        "effect_high": None,
        "effect_basis": None,
        "own_effect": None,
        "own_weight": None,
        "signal_effect": None,
        "e_value": None,
        "e_value_low": None,
    }
    if signal.kind == "outcome" or not n1:
        return row
    of_signal = {other: _difference(rows.values()) for other, rows in strata.items() if other[:2] == key[:2]}
    pooled = _difference(cell for other in of_signal for cell in strata[other].values())
    own = of_signal[key]
    is_known = pooled is not None and pooled.is_enough
    widest = {other: _error2(found, pooled if is_known else None) for other, found in of_signal.items() if found}
    mean, mean_error2, spread2 = _signal(signal, {other: (of_signal[other], e) for other, e in widest.items()})
    weight = spread2 / (spread2 + widest[key]) if own else 0.0
    if own and own.is_enough:
        middle = own.apart + Z**2 * own.p / 2
        half = sqrt(max(middle**2 - own.apart**2 + Z**2 * own.q, 0.0))
        low, high = _widened(own, (middle - half) / own.unharmed, (middle + half) / own.unharmed)
        effect, weight, basis = own.effect, 1.0, "measured"
    else:
        effect = weight * (own.effect if own else 0.0) + (1 - weight) * mean
        error = sqrt((1 - weight) * spread2 + (1 - weight) ** 2 * mean_error2)
        low, high, basis = effect - Z * error, effect + Z * error, "pooled" if is_known else "prior"
    low, high = max(-1.0, min(1.0, low)), max(-1.0, min(1.0, high))
    expected = own.expected if own else row["lost_share_unaffected"]
    return row | {
        "effect": effect,
        "effect_low": low,
        "effect_high": high,
        "effect_basis": basis,
        "own_effect": own.effect if own else None,
        "own_weight": weight,
        "signal_effect": mean,
        "affected_compared": own.affected if own else 0.0,
        "unaffected_compared": own.unaffected if own else 0.0,
        "lost_share_expected": expected,
        "e_value": _e_value(expected, effect),
        "e_value_low": 1.0 if low <= 0 <= high else _e_value(expected, low if low > 0 else high),
    }


def _widened(own: Difference, low: float, high: float) -> tuple[float, float]:
    """With fewer than five lost or kept on a side: no narrower than exact limits of both, added in squares."""
    share1 = max(0.0, min(1.0, own.expected + own.effect))
    ends, few = [], False
    for share, n in ((share1, own.affected), (own.expected, own.unaffected)):
        lost, kept = share * n, (1 - share) * n
        few = few or min(lost, kept) < FEW - 1e-9
        ends.append(
            (
                share - (beta.ppf(0.025, lost, kept + 1) if lost > 1e-9 else 0.0),
                (beta.ppf(0.975, lost + 1, kept) if kept > 1e-9 else 1.0) - share,
            )
        )
    if not few:
        return low, high
    (down1, up1), (down0, up0) = ends
    return min(low, own.effect - sqrt(down1**2 + up0**2)), max(high, own.effect + sqrt(up1**2 + down0**2))


def _error2(own: Difference, pooled: Difference | None) -> float:
    pq1 = pq0 = 0.25
    if pooled:
        share1, share0 = (
            max(RAREST, min(1 - RAREST, share)) for share in (pooled.expected + pooled.effect, pooled.expected)
        )
        pq1, pq0 = share1 * (1 - share1), share0 * (1 - share0)
    return pq1 / own.affected + pq0 / own.unaffected


def _signal(signal: Signal, places: dict[Key, tuple[Any, float]]) -> tuple[float, float, float]:
    """Mean effect of a signal's places, its variance, and the variance of the places around it."""
    others, w = len(places) - 1, [1 / error2 for _, error2 in places.values()]
    spread2 = SPREAD**2
    if others > 0:
        middle = sum(each.effect / error2 for each, error2 in places.values()) / sum(w)
        scatter = sum((each.effect - middle) ** 2 / error2 for each, error2 in places.values())
        found = max(0.0, (scatter - others) / (sum(w) - sum(x * x for x in w) / sum(w)))
        spread2 = (others * found + BELIEF * SPREAD**2) / (others + BELIEF)
    weights = [1 / (error2 + spread2) for _, error2 in places.values()]
    total = sum(weights) + 1 / signal.prior_error**2
    mean = sum(x * each.effect for x, (each, _) in zip(weights, places.values(), strict=True))
    return (mean + signal.prior_effect / signal.prior_error**2) / total, 1 / total, spread2


def _e_value(expected: float | None, effect: float) -> float | None:
    if expected is None:
        return None
    ends = sorted((expected, max(0.0, min(1.0, expected + effect))))
    if not ends[0]:
        return None
    ratio = ends[1] / ends[0]
    return ratio + sqrt(ratio * (ratio - 1))


def _rate(affected: int, exposed: int) -> Row:
    if not exposed:
        return {"rate": None, "rate_low": None, "rate_high": None}
    share, scale = affected / exposed, 1 + Z**2 / exposed
    half = Z * sqrt(share * (1 - share) / exposed + Z**2 / (4 * exposed**2)) / scale
    middle = (share + Z**2 / (2 * exposed)) / scale
    return {"rate": share, "rate_low": max(middle - half, 0.0), "rate_high": min(middle + half, 1.0)}


def _share(points: dict[Key, Row], flagged: dict[Key, set[str]], exposures: dict[str, Row]) -> None:
    """Lost visits, money and score of each point."""
    values: dict[str, list[float]] = defaultdict(list)
    for visit in exposures.values():
        if visit["value"] is not None:
            values[visit["stage"]].append(visit["value"])
    claims: dict[Key, list[tuple[float, float | None]]] = {key: [] for key in points}
    for name, visit in exposures.items():
        here = {k: points[k] for k, names in flagged.items() if name in names and points[k]["effect"] is not None}
        if not visit["is_lost"] or not here:
            continue
        usual = median(values[visit["stage"]]) if values[visit["stage"]] else None
        worth = (usual if visit["value"] is None else visit["value"]) if visit["is_valued"] else None
        effects = {key: max(row["effect"], 0.0) for key, row in here.items()}
        strongest = max(min(effects[key] / row["lost_share_affected"], 1.0) for key, row in here.items())
        for key, effect in effects.items():
            claims[key].append((strongest * effect / sum(effects.values()) if effect else 0.0, worth))
    for key, row in points.items():
        entered = sum(visit["stage"] == key[0] for visit in exposures.values())
        lost = sum(share for share, _ in claims[key])
        row["lost_visits"] = lost
        row["score"] = 100 * lost / entered if entered else 0.0
        low = high = 0.0
        if row["effect"] is not None:
            kept = lost / (row["effect"] * row["affected"]) if row["effect"] > 0 else 1.0
            low, high = (max(row[end], 0.0) * row["affected"] * kept for end in ("effect_low", "effect_high"))
        row["lost_visits_low"] = min(low, lost)
        row["lost_visits_high"] = max(min(high, row["affected_lost"]), lost)
        valued = [(share, worth) for share, worth in claims[key] if worth is not None]
        if lost > 0:
            each = sum(share * worth for share, worth in valued) / lost if valued else None
        elif row["effect"] is not None and not row["affected_lost"]:
            each = median(values[key[0]]) if values[key[0]] else None
        else:
            each = sum(worth for _, worth in valued) / len(valued) if valued else None
        for end in ("", "_low", "_high"):
            row[f"revenue_at_risk{end}"] = None if each is None else row[f"lost_visits{end}"] * each


def _today(points: dict[Key, Row], period: Period, flags: list[Row], signals: dict[str, Signal]) -> None:
    active = list(period.active.iter_rows(named=True))
    for key, row in points.items():
        flagged = {(flag["visit_id"], flag["day"]) for flag in flags if _key(flag) == key}
        exposed = [v for v in active if _is_exposed(key, signals[key[1]], v, flagged, (v["visit_id"], v["day"]))]
        affected = [visit for visit in exposed if (visit["visit_id"], visit["day"]) in flagged]
        row["exposed_today"] = sum(visit["day"] == period.day for visit in exposed)
        row["affected_today"] = sum(visit["day"] == period.day for visit in affected)
        row["rate_today"] = row["affected_today"] / row["exposed_today"] if row["exposed_today"] else None
        before = len(exposed) - row["exposed_today"]
        row["baseline_rate"] = (len(affected) - row["affected_today"]) / before if before else None


def _stages(
    period: Period,
    points: dict[Key, Row],
    flagged: dict[Key, set[str]],
    exposures: dict[str, Row],
    signals: dict[str, Signal],
) -> dict[str, Row]:
    struck = {name for key, names in flagged.items() if signals[key[1]].kind == "obstacle" for name in names}
    found = {}
    for stage in period.stages:
        visits = [row for row in exposures.values() if row["stage"] == stage]
        score = sum(row["score"] for key, row in points.items() if key[0] == stage)
        found[stage] = {
            "entered": len(visits),
            "completed": sum(not row["is_lost"] for row in visits),
            "lost": sum(row["is_lost"] for row in visits),
            "affected": sum(row["visit_id"] in struck for row in visits),
            "score": score,
            "health": 100 - score,
        }
    return found


def _persons(period: Period, points: dict[Key, Row], timely: list[Row], signals: dict[str, Signal]) -> dict[str, Row]:
    segments = dict(period.segments.rows())
    weighed: dict[str, list[tuple[float, str, Row]]] = defaultdict(list)
    for flag in timely:
        if signals[flag["signal"]].kind == "obstacle":
            effect = round(points[_key(flag)]["effect"] or 0.0, 9)
            weighed[flag["person_id"]].append((-min(max(effect, 0.0), 1.0) * flag["severity"], flag["flag_id"], flag))
    return {
        person: {
            "score": 100 * (1 - prod(1 + weight for weight, _, _ in rows)),
            "flags": len(rows),
            "worst_stage": min(rows, key=lambda row: row[:2])[2]["stage"],
            "worst_signal": min(rows, key=lambda row: row[:2])[2]["signal"],
            "segment": segments.get(person),
        }
        for person, rows in weighed.items()
    }

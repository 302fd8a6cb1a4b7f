"""The whole score by hand: plain Python over rows, as slow and as close to the definitions as can be.

Only rates' and points' plumbing is done again here; the p-values of the trend have their own exact sums in test_trend.
"""

from collections import defaultdict
from fractions import Fraction
from math import prod, sqrt
from statistics import median
from typing import Any

from pipeline.detectors._signal import Signal
from pipeline.scoring.effects import ENOUGH, SPREAD
from pipeline.scoring.points import Period

Z = 1.959963984540054
Row = dict[str, Any]
Key = tuple[str, str, str, str]
Strata = list[tuple[int, int, int, int]]


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
    flagged: dict[Key, set[str]] = {_key(f): set() for f in flags}
    for flag in timely:
        flagged[_key(flag)].add(flag["visit_id"])

    strata = {key: _strata(key, signals, exposures, of_point) for key, of_point in flagged.items()}
    points = {key: _effect(key, signals[key[1]], strata) for key in flagged}
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


def _strata(key: Key, signals: dict[str, Signal], exposures: dict[str, Row], flagged: set[str]) -> Strata:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for name, visit in exposures.items():
        if _is_exposed(key, signals[key[1]], visit, flagged, name):
            side = 0 if name in flagged else 2
            counts[visit["stratum"]][side] += 1
            counts[visit["stratum"]][side + 1] += visit["is_lost"]
    return [(n1, a, n0, b) for n1, a, n0, b in counts.values()]


def _difference(strata: Strata) -> tuple[float, float, float, int, int] | None:
    """Difference, the two parts of its variance, and how many visits it compares."""
    both = [row for row in strata if row[0] and row[2]]
    if not both:
        return None
    weight = sum(Fraction(n1 * n0, n1 + n0) for n1, _, n0, _ in both)
    difference = sum(Fraction(a * n0 - b * n1, n1 + n0) for n1, a, n0, b in both) / weight
    p = sum(
        Fraction(2 * (n1 * n1 * b - n0 * n0 * a) + n1 * n0 * (n0 - n1), 2 * (n1 + n0) ** 2) for n1, a, n0, b in both
    )
    q = sum(Fraction(a * (n0 - b) + b * (n1 - a), 2 * (n1 + n0)) for n1, a, n0, b in both)
    sizes = sum(row[0] for row in both), sum(row[2] for row in both)
    return float(difference), float(p / weight**2), float(q / weight**2), *sizes


def _effect(key: Key, signal: Signal, strata: dict[Key, Strata]) -> Row:
    n1, a, n0, b = (sum(row[i] for row in strata[key]) for i in range(4))
    row: Row = {
        "kind": signal.kind,
        "exposed": n1 + n0,
        "lost_share_affected": a / n1 if n1 else None,
        "lost_share_unaffected": b / n0 if n0 else None,
        "effect": None,
        "effect_low": None,
        "effect_high": None,
        "effect_basis": None,
    }
    if signal.kind == "outcome" or not n1:
        return row
    own = _difference(strata[key])
    pooled = _difference([counts for other, rows in strata.items() if other[:2] == key[:2] for counts in rows])
    if own and min(own[3:]) >= ENOUGH:
        difference, p, q, *_ = own
        middle = difference + Z**2 * p / 2
        half = sqrt(max(middle**2 - difference**2 + Z**2 * q, 0.0))
        low, high, basis = middle - half, middle + half, "measured"
        effect = difference
    else:
        if pooled and min(pooled[3:]) >= ENOUGH:
            middle, basis = pooled[0], "pooled"
            spread = max(pooled[0] * pooled[1] + pooled[2], 0.0) + SPREAD**2
        else:
            middle, spread, basis = signal.prior_effect, signal.prior_error**2, "prior"
        precision = 1 / (0.25 / own[3] + 0.25 / own[4]) if own else 0.0
        total = precision + 1 / spread
        effect = (precision * (own[0] if own else 0.0) + middle / spread) / total
        low, high = effect - Z / sqrt(total), effect + Z / sqrt(total)
    ends = {"effect_low": max(-1.0, min(1.0, low)), "effect_high": max(-1.0, min(1.0, high))}
    return row | ends | {"effect": effect, "effect_basis": basis}


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

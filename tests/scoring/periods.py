"""Periods to score, drawn as groups of visits that are alike."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from pipeline.detectors._signal import Inputs, Signal
from pipeline.journeys.owners import Rule
from pipeline.scoring.points import Period
from tests.drawn import table

DAY = date(2026, 1, 28)
INSTANT = pl.Datetime("us", "UTC")
NOON = time(12, tzinfo=UTC)

DECIDED: dict[str, Any] = {
    "visit_id": pl.String,
    "stage": pl.String,
    "person_id": pl.String,
    "entered_at": INSTANT,
    "reached_at": INSTANT,
    "decided_at": INSTANT,
    "is_lost": pl.Boolean,
    "is_exposure": pl.Boolean,
    "stratum": pl.String,
    "value": pl.Float64,
    "is_valued": pl.Boolean,
    "loci": pl.List(pl.String),
}
ACTIVE: dict[str, Any] = {
    "day": pl.Date,
    "visit_id": pl.String,
    "stage": pl.String,
    "is_lost": pl.Boolean,
    "loci": pl.List(pl.String),
}
FLAGS: dict[str, Any] = {
    "day": pl.Date,
    "flag_id": pl.String,
    "flagged_at": INSTANT,
    "signal": pl.String,
    "stage": pl.String,
    "locus_type": pl.String,
    "locus": pl.String,
    "person_id": pl.String,
    "visit_id": pl.String,
    "severity": pl.Float64,
}
DRAWN: dict[str, Any] = {
    "visits": pl.Int64(),
    "lost": pl.Int64(),
    "touched": pl.List(pl.String),
    "flagged": pl.List(pl.String),
    "severity": pl.Float64(),
    "value": pl.Float64(),
    "is_exposure": pl.Boolean(),
    "is_valued": pl.Boolean(),
    "is_late": pl.Boolean(),
    "lasted": pl.Int64(),
    "after": pl.Int64(),
    "day": pl.Date(),
}


def _nothing(_inputs: Inputs, _parameters: object) -> pl.LazyFrame:
    return pl.LazyFrame()


def signal(name: str, kind: Any = "obstacle", exposure: Any = "locus", prior: float = 0.1) -> Signal:
    """A signal of which only the definition matters."""
    return Signal(
        name=name, title=name, kind=kind, stage="", locus_type="element", exposure=exposure, needs=(),
        look_back=timedelta(0), source="", prior_effect=prior, parameters=None, detect=_nothing,
    )  # fmt: skip


SIGNALS = {
    "rage": signal("rage"),
    "slow": signal("slow"),
    "decline": signal("decline", exposure="stage", prior=0.3),
    "left": signal("left", kind="outcome", prior=0.0),
}


def period(decided: str, active: str = "", *, stages: str = "cart checkout", decisive: str = "") -> Period:
    """The period of drawn groups of visits.

        stage    | visits | lost | touched     | flagged
        ---------+--------+------+-------------+-----------------
        checkout |     40 |   20 | element:pay | rage@element:pay

    `active` draws groups with a `day`. Not drawn: nothing was touched or flagged; severity 1; value unknown; is_valued
    and is_exposure true; one stratum; a person of its own for each visit; flagged before the visit was decided (not
    `is_late`); visits that `lasted` no time and were flagged `after` none (seconds). The first of a group's visits are
    the lost ones.
    """
    visits: list[dict[str, Any]] = []
    flags: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    for group in _groups(decided):
        for number in range(group["visits"]):
            visit_id = f"{group['stage']}:{len(visits):05d}"
            entered_at = datetime.combine(DAY, NOON) - timedelta(hours=1)
            person_id = group.get("person") or f"c:{len(visits):05d}"
            visits.append(
                {
                    "visit_id": visit_id,
                    "stage": group["stage"],
                    "person_id": person_id,
                    "entered_at": entered_at,
                    "reached_at": entered_at + timedelta(seconds=group.get("lasted") or 0),
                    "decided_at": datetime.combine(DAY, NOON),
                    "is_lost": number < (group["lost"] or 0),
                    "is_exposure": group.get("is_exposure") is not False,
                    "stratum": group.get("stratum") or "all",
                    "value": group.get("value"),
                    "is_valued": group.get("is_valued") is not False,
                    "loci": group.get("touched") or [],
                }
            )
            flags += _flags(group, DAY, visit_id, person_id)
    for group in _groups(active):
        for number in range(group["visits"]):
            visit_id = f"{group['stage']}:{group['day']}:{len(seen):06d}"
            places = group.get("touched") or []
            seen.append(
                {"day": group["day"], "visit_id": visit_id, "stage": group["stage"], "is_lost": False, "loci": places}
            )
            if number < group["affected"]:
                flags += _flags(group, group["day"], visit_id, "c:someone")
    return of_rows(visits, seen, flags, stages=stages.split(), decisive=decisive.split())


def of_rows(
    decided: list[dict[str, Any]],
    active: list[dict[str, Any]],
    flags: list[dict[str, Any]],
    *,
    stages: list[str],
    decisive: list[str] | None = None,
    segments: Mapping[str, str] | None = None,
) -> Period:
    of_person = segments or {}
    return of_frames(
        pl.DataFrame(decided, schema=DECIDED),
        pl.DataFrame(active, schema=ACTIVE),
        pl.DataFrame(flags, schema=FLAGS),
        stages=stages,
        decisive=decisive,
        segments=pl.DataFrame(
            {"person_id": list(of_person), "segment": list(of_person.values())},
            schema={"person_id": pl.String, "segment": pl.String},
        ),
    )


def of_frames(
    decided: pl.DataFrame,
    active: pl.DataFrame,
    flags: pl.DataFrame,
    *,
    stages: list[str],
    decisive: list[str] | None = None,
    segments: pl.DataFrame | None = None,
) -> Period:
    nobody = pl.DataFrame(schema={"person_id": pl.String, "segment": pl.String})
    return Period(
        day=DAY,
        window_days=28,
        currency="EUR",
        stages=stages,
        moments_of_truth=frozenset(decisive or []),
        owners=[Rule(owner="payments team", stages=("checkout",))],
        decided=decided,
        active=active,
        flags=flags,
        segments=nobody if segments is None else segments,
    )


def _groups(text: str) -> list[dict[str, Any]]:
    if not text:
        return []
    names = [name.strip() for name in text.strip().splitlines()[0].split("|")]
    kinds = DRAWN | {"affected": pl.Int64()}
    return table(text, **{name: kinds[name] for name in names if name in kinds}).to_dicts()


def _flags(group: dict[str, Any], day: date, visit_id: str, person_id: str) -> list[dict[str, Any]]:
    found = []
    for told in group.get("flagged") or []:
        name, where = told.split("@")
        locus_type, locus = where.split(":")
        since_noon = (
            timedelta(hours=1) if group.get("is_late") else timedelta(hours=-1, seconds=group.get("after") or 0)
        )
        found.append(
            {
                "day": day,
                "flag_id": f"{told}:{visit_id}",
                "flagged_at": datetime.combine(day, NOON) + since_noon,
                "signal": name,
                "stage": group["stage"],
                "locus_type": locus_type,
                "locus": locus,
                "person_id": person_id,
                "visit_id": visit_id,
                "severity": 1.0 if group.get("severity") is None else group["severity"],
            }
        )
    return found

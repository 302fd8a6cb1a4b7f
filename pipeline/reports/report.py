"""What a report of one day holds: frames of the day's tables and the few settings that shape the words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

INSTANT = pl.Datetime("us", "UTC")

# A frame made for the report; `points`, `stage_scores`, `flags` and `signals` have the columns of their contracts.
EXAMPLES: Mapping[str, pl.DataType] = {
    "point_id": pl.String(),
    "example": pl.Int64(),
    "flag_id": pl.String(),
    "visit_id": pl.String(),
    "visit_outcome": pl.String(),
    "person_id": pl.String(),
    "event_id": pl.String(),
    "occurred_at": INSTANT,
    "kind": pl.String(),
    "what": pl.String(),
    "where": pl.String(),
    "detail": pl.String(),
    "seconds": pl.Float64(),
    "outcome": pl.String(),
    "is_evidence": pl.Boolean(),
    "events": pl.Int64(),
}


@dataclass(frozen=True)
class Stage:
    """A stage of the journey as the report shows it. An empty label: the report's own word for the name."""

    name: str
    label: str = ""
    is_moment_of_truth: bool = False


@dataclass(frozen=True)
class Report:
    """All that the writers need to know about one day, in fixed order; they read nothing else.

    - `stages`: in the order of the journey
    - `points`: `friction.points` of the day, one row per point, ranked ones first
    - `segments`: `point_id`, `dimension`, `value`, `explained`, `exposed_share`; where new and worsening points sit,
      one row per point of which a part is named: the first of them
    - `stage_scores`: `friction.stage_scores` of the day, one row per stage
    - `flags`: `friction.flags` of the day, one row per flag
    - `history`: `day`, `point_id`, `rate_today`; one row per day and point of the day, up to 28 days
    - `examples`: one row per step of an example visit, ordered by point, example and time (see `EXAMPLES`); `kind` is
      the input that the step comes from, `what` its event name, wait type or error type, `events` how many steps the
      visit had before the middle was kept
    - `signals`: `ops.signals` of the day, one row per signal
    - `loads`: `ops.loads` of the files that hold rows of the day, one row per file, without hash and time of loading,
      and how many of its kept rows are set aside for each reason: `test`, `internal`, `bot`, `impossible_rate`
    - `drift`: columns that are new or gone with the day's files, one row per source and column; `signals` names those
      that need it and are not measurable on the day
    - `failures`: `source`, `contract`, `file`, `error`; sources that stopped, one row per source and file
    - `broken_rules`: `contract`, `rule`, `rows`; the commonest first
    - `expectations`: failed rows of `ops.contract_results`, one row per contract and expectation
    - `kinds`: `kind`, `rows`; how many events of each of the three kinds the day holds
    - `calibration`: sums of `friction.calibration` over the last 28 days and all stages, one row per bin
    - `loyal`: loyal customers under friction, one row per person, the hardest hit first
    - `later_outcomes`: `friction.later_outcomes` of the day, one row per outcome and horizon
    """

    day: date
    window_days: int
    language: str
    currency: str
    timezone: str
    stages: tuple[Stage, ...]
    points: pl.DataFrame
    segments: pl.DataFrame
    stage_scores: pl.DataFrame
    flags: pl.DataFrame
    history: pl.DataFrame
    examples: pl.DataFrame
    signals: pl.DataFrame
    loads: pl.DataFrame
    drift: pl.DataFrame
    failures: pl.DataFrame
    broken_rules: pl.DataFrame
    expectations: pl.DataFrame
    kinds: pl.DataFrame
    calibration: pl.DataFrame
    loyal: pl.DataFrame
    later_outcomes: pl.DataFrame

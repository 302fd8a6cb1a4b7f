"""A run may be a part of a backfill: then it leaves to the later parts what they compute anyway."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Part:
    """On which day the backfill begins that a run is part of, and which days its later parts will compute."""

    since: date
    later: frozenset[date] = frozenset()


ALONE = Part(date.max)  # a run that is part of nothing

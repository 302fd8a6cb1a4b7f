"""What a weekday has to do with it: how much higher or lower the rates of a stage's points are on each.

A Saturday is compared with Saturdays as far as Saturdays are different. How different they are is learnt from all
points of a stage together – observed over expected flags of each day – and believed as far as days of the same weekday
agree more with each other than with the rest (one-way analysis of variance; the positive-part shrinkage of B. Efron and
C. Morris, JASA 1975, 70: 311–319). Where weekdays do not differ, or two weeks are not known, all factors are 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WEEK = 7
FEWEST = 2  # days of a weekday: one alone does not tell a pattern from chance


@dataclass(frozen=True)
class Weekdays:
    """`factors`: points x weekdays, of the expected rate; `errors2`: their relative variance; `spent`: degrees of
    freedom that they have cost each point.
    """

    factors: Floats
    errors2: Floats
    spent: Floats


def weekdays(exposed: Floats, affected: Floats, weekday: NDArray[np.int64], stage: NDArray[np.int64]) -> Weekdays:
    """Factors of each point. `exposed`, `affected`: points x days; `weekday`: of each day; `stage`: of each point."""
    points = len(exposed)
    found = Weekdays(np.ones((points, WEEK)), np.zeros((points, WEEK)), np.zeros(points))
    total = exposed.sum(axis=1)
    rate = np.divide(affected.sum(axis=1), total, out=np.zeros(points), where=total > 0)
    for each in np.unique(stage):
        of = stage == each
        expected = (exposed[of] * rate[of, None]).sum(axis=0)
        known = expected > 0
        if not known.any():
            continue
        ratio = np.divide(affected[of].sum(axis=0), expected, out=np.ones_like(expected), where=known)
        factors, error2, belief = _factors(ratio[known], weekday[known])
        found.factors[of], found.errors2[of] = factors, error2
        found.spent[of] = belief * (WEEK - 1) / of.sum()
    return found


def _factors(ratio: Floats, weekday: NDArray[np.int64]) -> tuple[Floats, Floats, float]:
    """Factors of the weekdays, their variance, and how far they are believed (0 – 1)."""
    none = np.ones(WEEK), np.zeros(WEEK), 0.0
    days = np.bincount(weekday, minlength=WEEK).astype(float)
    if days.min() < FEWEST:
        return none
    means = np.bincount(weekday, ratio, minlength=WEEK) / days
    within = ((ratio - means[weekday]) ** 2).sum() / (len(ratio) - WEEK)
    between = (days * (means - ratio.mean()) ** 2).sum() / (WEEK - 1)
    if between <= within:
        return none
    belief = float(1 - within / between)
    return 1 + belief * (means - ratio.mean()) / ratio.mean(), belief * within / days, belief

"""Slow drifts, before any one night shows them: a cumulative sum of what the days exceed what was usual before.

E. S. Page, Biometrika 1954, 41: 100–115. What was usual is the rate of the first half of the trailing days; from then
on each day's excess, in its own standard errors, adds up as far as it is more than ALLOWED, and never below 0.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ALLOWED = 0.75  # standard errors a day: a shift of twice that is what is looked for
ALARM = 7.0  # standard errors in all: see tests/scoring/test_drift.py for how seldom chance comes so far
FEWEST = 14  # days: fewer do not show what is usual and a drift from it


def is_forming(exposed: Floats, expected: Floats, affected: Floats, excess: Floats) -> NDArray[np.bool_]:
    """Whether each point's rate is drifting upwards.

    `exposed`, `expected` (share, up to a factor of the point's own), `affected`: points x days, the last of them today;
    `excess`: correlation of the visits of a day, by point.
    """
    points, days = exposed.shape
    if days < FEWEST:
        return np.zeros(points, dtype=bool)
    before = slice(0, days // 2)
    usual = (exposed[:, before] * expected[:, before]).sum(axis=1)
    level = (affected[:, before].sum(axis=1) + 0.5) / (usual + 0.5)
    share = np.clip(level[:, None] * expected[:, days // 2 :], 1e-9, 0.999)
    n = exposed[:, days // 2 :]
    variance = n * share * (1 - share) * (1 + np.maximum(n - 1, 0) * excess[:, None])
    # what is usual is not known for certain either, and whatever it is wrong by comes back every day
    variance = variance + (n * share) ** 2 / (affected[:, before].sum(axis=1) + 0.5)[:, None]
    away = np.divide(affected[:, days // 2 :] - n * share, np.sqrt(variance), out=np.zeros_like(n), where=n > 0)
    total = np.zeros(points)
    for day in away.T:
        total = np.maximum(0.0, total + day - ALLOWED * (day != 0))
    return np.asarray((total > ALARM) & (usual > 0))

"""Whether what is more today lies in one part of the visits, beyond the part that would fall to it anyway.

A part is held against the rest of its point. If the rise were alike everywhere, the day's affected visits would fall to
the part with a known probability; `alike` is the larger of two readings of that, so that neither makes news by itself:
the rise came on top with the same probability for each visit, or it multiplied the odds of each by the same factor.
The count in the part, given the day's, is then beta-binomial (as in `scoring.trend`): over-dispersed as much as the
trailing days' counts were split (J. C. Kleinman, JASA 1973, 68: 46–54), and as much as the rates of before are unsure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import betabinom, norm, t

Floats = NDArray[np.float64]
LARGEST_CORRELATION = 0.5
OWN = 1.0  # affected visits that a part must have had until its own rate counts as much as that of its point


@dataclass(frozen=True)
class Parts:
    """Parts of the visits of points, one element each: counts in the part and in all of its point.

    `exposed`, `affected`, `exposed_all`, `affected_all`: of the day; with `_before`: of the trailing days. `expected`:
    the rate of the whole point that the trailing days lead to expect on the day.
    """

    exposed: Floats
    affected: Floats
    exposed_all: Floats
    affected_all: Floats
    exposed_before: Floats
    affected_before: Floats
    exposed_all_before: Floats
    affected_all_before: Floats
    expected: Floats


def times_usual(affected: Floats, exposed: Floats, rate: Floats) -> Floats:
    """How many times the rate of its point a part had before; drawn to once where little was seen of it."""
    return np.asarray((affected + OWN) / (exposed * rate + OWN))


def rate_before(parts: Parts) -> Floats:
    """Rate of the whole points over the trailing days; 0 where nothing was seen of them."""
    return np.asarray(parts.affected_all_before / np.maximum(parts.exposed_all_before, 1.0))


def alike(parts: Parts) -> Floats:
    """Probability that an affected visit of the day is one of the part, if the rise is alike everywhere."""
    rate = rate_before(parts)
    # what was never seen is not impossible (Jeffreys)
    today = np.where(parts.expected > 0, parts.expected, 0.5 / (parts.exposed_all_before + 1.0))
    inside, outside = (
        np.clip(today * times_usual(affected, exposed, rate), 1e-9, 0.999)
        for affected, exposed in (
            (parts.affected_before, parts.exposed_before),
            (parts.affected_all_before - parts.affected_before, parts.exposed_all_before - parts.exposed_before),
        )
    )
    n, m, x = parts.exposed, parts.exposed_all - parts.exposed, parts.affected_all
    # on top: each visit that was not affected anyway is, with the same probability
    more = np.clip((x - n * inside - m * outside) / (n * (1 - inside) + m * (1 - outside)), 0.0, 1.0)
    on_top = n * (inside + more * (1 - inside))
    rest = m * (outside + more * (1 - outside))
    # multiplied: the factor of the odds at which both together have the count of the day, from its quadratic
    a, b = inside / (1 - inside), outside / (1 - outside)
    square, linear = a * b * (n + m - x), n * a + m * b - x * (a + b)
    with np.errstate(divide="ignore", invalid="ignore"):
        # the form of the positive root that does not cancel
        root = np.sqrt(linear**2 + 4 * square * x)
        factor = np.where(linear >= 0, 2 * x / (linear + root), (root - linear) / (2 * square))
        multiplied = n * factor * a / (1 + factor * a) / x
        found = np.fmax(on_top / (on_top + rest), multiplied)
    return np.asarray(np.clip(np.nan_to_num(found, nan=1.0), 1e-9, 1 - 1e-9))


def unsure(parts: Parts, probability: Floats) -> Floats:
    """Correlation that stands for what is not known of the rates before: none where all there is to go by is alike."""
    rate = rate_before(parts)
    spread = np.zeros_like(rate)
    for affected, exposed in (
        (parts.affected_before, parts.exposed_before),
        (parts.affected_all_before - parts.affected_before, parts.exposed_all_before - parts.exposed_before),
    ):
        usual = exposed * rate
        spread += usual / (usual + OWN) / (affected + OWN)
    return np.asarray(probability * (1 - probability) * spread)


def p_values(parts: Parts, correlation: Floats, days: Floats) -> Floats:
    """Probability of as many of the day's affected in the part, or more, if the rise is alike everywhere.

    `correlation`: by how much more than chance the trailing days were split differently; `days`: how many of them it
    was estimated from.
    """
    probability = alike(parts)
    # at least a trace: beta-binomial with no correlation is the binomial, which it is numerically at this one
    whole = np.clip(correlation + unsure(parts, probability), 1e-7, LARGEST_CORRELATION)
    strength = 1.0 / whole - 1.0
    found = betabinom.sf(parts.affected - 1, parts.affected_all, probability * strength, (1 - probability) * strength)
    # what was estimated from a month of days has the longer tails of Student's distribution
    inflation = 1.0 + np.maximum(parts.affected_all - 1, 0) * correlation
    freedom = np.maximum(days - 1, 1.0) / np.maximum(1.0 - 1.0 / inflation, 1e-9)
    return np.asarray(t.sf(norm.isf(np.clip(found, 0.0, 1.0)), freedom))

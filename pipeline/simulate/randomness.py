"""Where chance comes from: one stream per purpose and day, so that no part of the world moves another's draws."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PEOPLE, VISITS, EVENTS, PURCHASES, ORDERS, CONTACTS, FLAWS, EPISODES, SURGES = range(9)


def stream(seed: int, purpose: int, *position: int) -> np.random.Generator:
    """The generator of one purpose (and day, table …): the same for the same arguments, unrelated otherwise."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, purpose, *position])))


def choose(rng: np.random.Generator, shares: Sequence[float], count: int) -> Ints:
    """`count` positions in `shares`, drawn with these weights."""
    limits = np.cumsum(np.asarray(shares, dtype=np.float64))
    return np.searchsorted(limits / limits[-1], rng.random(count), side="right").astype(np.int64)


def hits(rng: np.random.Generator, share: float | Floats, count: int) -> Bools:
    """`count` independent draws, true with probability `share`."""
    return np.asarray(rng.random(count) < share, dtype=np.bool_)

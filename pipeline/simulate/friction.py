"""What a planted friction does to a visit: who meets it, whom it costs the visit, and what it costs on average."""

from dataclasses import dataclass

import numpy as np

from pipeline.simulate.randomness import Bools, Floats, hits
from pipeline.simulate.world import Plant


@dataclass(frozen=True)
class Fate:
    """One stage for a number of visits: arrays with one entry per visit; `met`, `caused` and `risk` by plant."""

    completes: Bools  # by nature, and not killed by a friction
    chance: Floats  # probability of completing, over all that chance may decide
    met: dict[int, Bools]
    caused: dict[int, Bools]  # lost, and would not have been lost without this friction
    risk: dict[int, Floats]  # planted risk difference for this visit, whether it meets it or not


def fate(rng: np.random.Generator, nature: Floats, plants: dict[int, tuple[Plant, Bools]]) -> Fate:
    """Decide one stage for visits that complete it by nature with probability `nature`.

    `plants`: by number, the plant and which visits touch its place. The risk difference of a friction is
    kill_share * P(the same visit completes without it), over all that chance may decide about the other frictions.
    """
    count = len(nature)
    by_nature = hits(rng, nature, count)
    met, kills = {}, {}
    for number, (plant, touching) in plants.items():
        met[number] = touching & hits(rng, plant.share, count)
        kills[number] = met[number] & hits(rng, plant.kill_share, count)
    killers = np.zeros(count, dtype=np.int64)
    survival = {}
    for number, (plant, touching) in plants.items():
        killers += kills[number]
        survival[number] = np.where(touching, 1 - plant.share * plant.kill_share, 1.0)
    chance = nature.astype(np.float64)
    for each in survival.values():
        chance = chance * each
    caused, risk = {}, {}
    for number, (plant, _) in plants.items():
        caused[number] = by_nature & kills[number] & (killers == 1)
        risk[number] = plant.kill_share * chance / survival[number]
    return Fate(by_nature & (killers == 0), chance, met, caused, risk)

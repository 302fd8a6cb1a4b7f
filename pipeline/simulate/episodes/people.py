"""The customers of a catalogue's world: who is on which device, who is named, and who comes on which day."""

from dataclasses import dataclass

import numpy as np

from pipeline.simulate.calendar import Calendar
from pipeline.simulate.randomness import PEOPLE, Bools, Ints, choose, hits, stream

# Days from one episode of a customer to the next: longer than what a signal of the part looks back and than an episode
# lasts, so that two of them never meet.
REST = {"visits": 4, "contacts": 30, "orders": 60}


@dataclass(frozen=True)
class Catalogue:
    """How often things happen in the world of the whole catalogue; shares are 0–1."""

    kinds: tuple[float, ...] = (0.40, 0.20, 0.40)  # of episodes: planted friction, near misses, ordinary days
    parts: tuple[float, ...] = (0.22, 0.46, 0.32)  # of customers: of whom visits, contacts or orders are told
    device_shares: tuple[float, ...] = (0.60, 0.32, 0.08)
    named_share: float = 0.7  # of customers who are logged in all the time; the others never are
    hour_weights: tuple[float, ...] = (2, 1, 1, 0.5, 0.5, 0.5, 1, 2, 3, 4, 5, 5, 6, 5, 4, 4, 5, 6, 7, 8, 9, 8, 6, 4)
    weekday_shares: tuple[float, ...] = (0.95, 0.9, 0.9, 0.92, 1.0, 0.8, 0.7)  # who come when it is their day
    late_event_share: float = 0.005
    duplicate_share: float = 0.002
    broken_share: float = 0.001


@dataclass(frozen=True)
class People:
    """One entry per customer; `part` by position in PARTS, `turn`: the first day on which they may come."""

    world: Catalogue
    part: Ints
    turn: Ints
    device: Ints
    is_named: Bools

    def coming(self, part: str, day: int, time: Calendar, rng: np.random.Generator) -> Ints:
        """Customers of a part who come on a day."""
        due = np.flatnonzero((self.part == list(REST).index(part)) & ((day - self.turn) % REST[part] == 0))
        share = self.world.weekday_shares[time.days[day].weekday()]
        return due[hits(rng, share, len(due))].astype(np.int64)


def people(world: Catalogue, customers: int, days: int, seed: int) -> People:
    """The customer base of a seed. In a world shorter than their rest, all come once."""
    rng = stream(seed, PEOPLE)
    part = choose(rng, world.parts, customers)
    turns = np.minimum(np.asarray(list(REST.values())), days)[part]
    return People(
        world,
        part,
        np.floor(rng.random(customers) * turns).astype(np.int64),
        choose(rng, world.device_shares, customers),
        hits(rng, world.named_share, customers),
    )

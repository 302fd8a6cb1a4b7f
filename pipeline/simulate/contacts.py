"""Contacts with the service: the first ones about a matter, and those that follow because it was not settled."""

from dataclasses import dataclass

import numpy as np

from pipeline.simulate.calendar import DAY, HOUR, SECOND, Calendar
from pipeline.simulate.friction import fate
from pipeline.simulate.randomness import CONTACTS, Bools, Floats, Ints, choose, hits, stream
from pipeline.simulate.world import PHONE_QUEUES, REASONS, REPEAT_DAYS, World

PHONE, CHAT, EMAIL = range(3)
QUEUES = (*sorted(set(PHONE_QUEUES)), "chat", "mail")
# Shortest and longest wait in seconds by channel: as it should be, and with friction (both clear of the target).
USUAL = np.asarray([(3, 18), (5, 50), (1800, 20 * 3600)], dtype=np.float64)
LONG = np.asarray([(30, 600), (80, 900), (26 * 3600, 58 * 3600)], dtype=np.float64)
SHORT_HANG_UP = (1.0, 4.5)
HANG_UP_FROM = 6.0
# A matter that was let rest comes up again only clearly later than a repeat contact would.
REST = (REPEAT_DAYS + 1) * DAY


@dataclass(frozen=True)
class Matters:
    """First contacts about a matter: one entry each. `order` is the position of the order it names, -1 for none."""

    customer: Ints
    reason: Ints
    at: Ints
    order: Ints


@dataclass(frozen=True)
class Contacts:
    """Contacts with how each ended; one entry per contact. `root` is the position of the matter's first contact."""

    root: Ints
    customer: Ints
    reason: Ints
    order: Ints
    channel: Ints
    queue: Ints
    at: Ints
    ended: Ints
    handled: Ints  # seconds; -1 where nobody was served
    abandoned: Bools
    again: Ints  # when the customer contacts us again about it; -1 for never
    plant: Ints  # number of the friction met, -1 for none
    caused: Bools
    risk: Floats


def everyday(world: World, customers: int, calendar: Calendar, seed: int) -> Matters:
    """First contacts that no order is the matter of."""
    who, when = [], []
    for day in range(len(calendar.days)):
        rng = stream(seed, CONTACTS, day)
        callers = np.flatnonzero(hits(rng, world.contact_share, customers))
        who.append(callers)
        when.append(calendar.at(np.full(len(callers), day), rng.uniform(8, 21, len(callers)) * 3600))
    customer, at = np.concatenate(who), np.concatenate(when)
    reason = choose(stream(seed, CONTACTS, 0, 1), world.reason_shares, len(customer))
    return Matters(customer, reason, at, np.full(len(customer), -1))


def together(parts: list[Matters]) -> Matters:
    """Several lists of matters as one."""
    return Matters(*[np.concatenate([getattr(part, name) for part in parts]) for name in Matters.__annotations__])


def contacts(world: World, matters: Matters, calendar: Calendar, seed: int) -> tuple[Contacts, Bools]:
    """All contacts about the matters by the end of the simulated time, by time, and which matters came up at all.

    A matter that the same customer has about the same reason while an earlier one is still fresh does not come up:
    so contacts of one person about one reason are a repeat, or clearly apart.
    """
    generations = []
    root = np.arange(len(matters.at), dtype=np.int64)
    now, rank = matters, 0
    while len(root):
        made = _generation(world, root, now, calendar, stream(seed, CONTACTS, rank, 2))
        generations.append(made)
        more = (made.again >= 0) & (made.again < calendar.end)
        root, rank = made.root[more], rank + 1
        now = Matters(made.customer[more], made.reason[more], made.again[more], made.order[more])
    if not generations:
        generations = [_generation(world, root, now, calendar, stream(seed, CONTACTS, 0, 2))]
    every = _stack(generations)
    come_up = _spaced(matters, every, calendar)
    keep = come_up[every.root] & (every.at < calendar.end)
    kept = _pick(every, np.flatnonzero(keep))
    return _pick(kept, np.lexsort((kept.customer, kept.root, kept.at))), come_up


def _generation(world: World, root: Ints, now: Matters, calendar: Calendar, rng: np.random.Generator) -> Contacts:
    count = len(root)
    channel = choose(rng, world.contact_channel_shares, count)
    phone_queue = np.asarray([QUEUES.index(name) for name in PHONE_QUEUES])[now.reason]
    queue = np.select([channel == PHONE, channel == CHAT], [phone_queue, QUEUES.index("chat")], QUEUES.index("mail"))
    plants = {
        number: (plant, np.asarray(queue == QUEUES.index(plant.locus)))
        for number, plant in enumerate(world.plants)
        if plant.signal in {"long_wait", "slow_first_response"}
    }
    outcome = fate(rng, np.full(count, 1 - world.support_lost), plants)
    plant, caused, risk = _met(outcome.met, outcome.caused, outcome.risk, count)
    is_long, lost = plant >= 0, ~outcome.completes
    can_hang_up = channel != EMAIL
    abandoned = lost & can_hang_up & hits(rng, world.hang_up_share, count)
    bounds = np.where(is_long[:, None], LONG[channel], USUAL[channel])
    bounds[:, 0] = np.where(abandoned, np.maximum(bounds[:, 0], HANG_UP_FROM), bounds[:, 0])
    short = abandoned & ~is_long & hits(rng, world.short_hang_up_share, count)
    bounds[short] = SHORT_HANG_UP
    waited = np.exp(rng.uniform(np.log(bounds[:, 0]), np.log(bounds[:, 1]), size=count))
    ended = now.at + (waited * SECOND).astype(np.int64)
    handled = np.where(abandoned, -1, rng.integers(60, 900, count))
    comes_back = lost & (~abandoned | hits(rng, world.call_again_share, count))
    days_later = rng.integers(1, np.where(channel == EMAIL, 4, 6), count)
    again = calendar.at(np.maximum(calendar.day_of(ended), 0) + days_later, rng.uniform(9, 20, count) * 3600)
    # After the end of the simulated time days are not told apart any more, and nothing is written.
    again = np.where(comes_back & (ended < calendar.end), again, -1)
    return Contacts(
        root, now.customer, now.reason, now.order, channel, np.asarray(queue, np.int64), now.at, ended, handled,
        abandoned, again, plant, caused, risk,
    )  # fmt: skip


def _met(
    met: dict[int, Bools], caused: dict[int, Bools], risk: dict[int, Floats], count: int
) -> tuple[Ints, Bools, Floats]:
    """A contact is in one queue, so it meets at most one friction: its number, whether it cost the visit, its risk."""
    plant, was_cause, its_risk = np.full(count, -1), np.zeros(count, dtype=np.bool_), np.zeros(count)
    for number, here in met.items():
        plant[here] = number
        was_cause |= caused[number]
        its_risk[here] = risk[number][here]
    return plant, was_cause, its_risk


def _spaced(matters: Matters, every: Contacts, calendar: Calendar) -> Bools:
    until = np.zeros(len(matters.at), dtype=np.int64)
    np.maximum.at(until, every.root, np.maximum(every.ended, every.at) + HOUR)
    fresh: dict[int, int] = {}
    come_up = np.zeros(len(matters.at), dtype=np.bool_)
    key = matters.customer * len(REASONS) + matters.reason
    for position in np.lexsort((matters.order, matters.at)).tolist():
        begins = int(matters.at[position])
        if begins < calendar.end and begins > fresh.get(int(key[position]), -1):
            come_up[position] = True
            fresh[int(key[position])] = int(until[position]) + REST
    return come_up


def _pick(every: Contacts, positions: Ints) -> Contacts:
    return Contacts(*[getattr(every, name)[positions] for name in Contacts.__annotations__])


def _stack(parts: list[Contacts]) -> Contacts:
    return Contacts(*[np.concatenate([getattr(part, name) for part in parts]) for name in Contacts.__annotations__])

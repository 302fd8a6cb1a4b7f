"""Episodes played: who has which when, and the rows and flags that come of it."""

from dataclasses import dataclass

import numpy as np

from pipeline.simulate.calendar import Calendar
from pipeline.simulate.episodes.book import KNOWN, PARTS, WHEN, Book
from pipeline.simulate.episodes.people import People
from pipeline.simulate.randomness import Bools, Floats, Ints, choose, hits


@dataclass(frozen=True)
class Episodes:
    """One entry per episode, in order of day and customer."""

    customer: Ints
    day: Ints
    start: Ints  # milliseconds since 1970
    variant: Ints
    by_nature: Bools  # would complete the visit
    is_killed: Bools
    is_named: Bools  # the customer is named in clicks
    device: Ints

    @property
    def is_lost(self) -> Bools:
        """Lost by nature, or because of the friction."""
        return ~self.by_nature | self.is_killed


@dataclass(frozen=True)
class Rows:
    """One entry per row of any input, in order of episode and step."""

    episode: Ints
    step: Ints  # position in the book's steps
    at: Ints
    until: Ints  # end of a wait, else `at`
    promised: Ints


def episodes(
    book: Book, base: People, days: range, time: Calendar, shares: dict[str, float], rng: np.random.Generator
) -> Episodes:
    """Draw who comes on some days, and what happens to them."""
    customers, dates, variants = list[Ints](), list[Ints](), list[Ints]()
    for number in days:
        for part in PARTS:
            who = base.coming(part, number, time, rng)
            weights = book.weights(shares, part, number)
            if weights.sum() == 0:
                continue
            customers.append(who)
            dates.append(np.full(len(who), number, dtype=np.int64))
            variants.append(choose(rng, list(weights), len(who)))
    customer, day, variant = (np.concatenate(each).astype(np.int64) for each in (customers, dates, variants))
    count = len(customer)
    of = book.variants[variant]
    seconds = (choose(rng, base.world.hour_weights, count) + rng.random(count)) * 3600.0
    how = of["known"].to_numpy()
    return Episodes(
        customer=customer,
        day=day,
        start=time.at(day, seconds),
        variant=variant,
        by_nature=hits(rng, of["nature"].to_numpy(), count),
        is_killed=hits(rng, of["kill_share"].to_numpy(), count),
        is_named=(how == KNOWN.index("always")) | ((how == KNOWN.index("usual")) & base.is_named[customer]),
        device=base.device[customer],
    )


def rows(book: Book, played: Episodes, rng: np.random.Generator) -> Rows:
    """The rows of the episodes, with their times."""
    steps = {name: book.steps[name].to_numpy() for name in book.steps.columns if book.steps[name].dtype.is_numeric()}
    count = book.count[played.variant]
    episode = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(episode)) - np.repeat(np.cumsum(count) - count, count)
    step = book.first[played.variant][episode] + place
    when = steps["when"][step]
    is_lost = played.is_lost[episode]
    happens = (when == WHEN.index("always")) | ((when == WHEN.index("lost")) == is_lost)
    episode, step = episode[happens], step[happens]

    least, most = steps["least"][step], steps["most"][step]
    times = least + np.floor(rng.random(len(step)) * (most - least + 1)).astype(np.int64)
    is_again = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times) > 0
    episode, step = np.repeat(episode, times), np.repeat(step, times)

    total = len(step)
    after = _drawn(rng, *(np.where(is_again, steps[f"every_{end}"][step], steps[f"after_{end}"][step]) for end in ENDS))
    lasts = _drawn(rng, *(steps[f"lasts_{end}"][step] for end in ENDS))
    promised = _drawn(rng, *(steps[f"promised_{end}"][step] for end in ENDS))
    is_first = np.ones(total, dtype=np.bool_)
    is_first[1:] = episode[1:] != episode[:-1]
    after[is_first] = 0
    passed = after.copy()
    passed[1:] += np.where(book.steps["is_aside"].to_numpy()[step], 0, lasts)[:-1]
    so_far = np.cumsum(passed)
    begun = np.repeat(so_far[is_first], np.diff(np.append(np.flatnonzero(is_first), total)))
    at = played.start[episode] + so_far - begun
    return Rows(episode, step, at, at + lasts, at + promised)


ENDS = ("from", "to")


def _drawn(rng: np.random.Generator, least: Floats, most: Floats) -> Ints:
    """Milliseconds between two spans of seconds, each tenfold as likely as the next; 0 where there is no span."""
    is_span = most > 0
    low, high = np.where(is_span, least, 1.0), np.where(is_span, most, 1.0)
    drawn = low * (high / low) ** rng.random(len(least)) * 1000
    return np.where(is_span, np.clip(np.round(drawn), np.ceil(low * 1000), np.floor(high * 1000)), 0).astype(np.int64)

"""The visits of one day to site and app, decided before a single event is written."""

from dataclasses import dataclass

import numpy as np

from pipeline.simulate.friction import Fate, fate
from pipeline.simulate.randomness import PEOPLE, VISITS, Bools, Floats, Ints, choose, hits, stream
from pipeline.simulate.world import CHANNELS, DEVICES, Plant, World


@dataclass(frozen=True)
class People:
    """The customer base: arrays with one entry per customer; `devices` numbers each customer's three devices."""

    usual_device: Ints
    devices: Ints  # shape (customers, 3); a number says nothing about the customer


@dataclass(frozen=True)
class Visits:
    """The sessions of one day: one entry per session; a customer has at most one session per day."""

    day: int
    customer: Ints
    device: Ints
    channel: Ints
    anonymous: Ints
    start_seconds: Floats  # after local midnight
    logs_in_early: Bools
    views: Bools
    adds: Bools
    begins: Bools
    pays: Bools  # reaches payment
    buys: Bools
    met: dict[int, Bools]  # by plant: meets it
    caused: dict[int, Bools]
    risk: dict[int, Floats]


def people(world: World, customers: int, seed: int) -> People:
    """The customer base of a seed."""
    rng = stream(seed, PEOPLE)
    usual = choose(rng, world.device_shares, customers)
    numbers = rng.permutation(customers * len(DEVICES)).reshape(customers, len(DEVICES)) + 1
    return People(usual, numbers.astype(np.int64))


def visits(world: World, base: People, day: int, seed: int) -> Visits:
    """Draw who comes on the day, how far each gets, and which friction each meets on the way."""
    rng = stream(seed, VISITS, day)
    customer = np.flatnonzero(hits(rng, world.visit_share, len(base.usual_device))).astype(np.int64)
    count = len(customer)
    other = hits(rng, world.other_device_share, count)
    device = np.where(other, choose(rng, world.device_shares, count), base.usual_device[customer])
    app = hits(rng, np.asarray(world.app_shares)[device], count)
    bonus = np.where(app, world.app_bonus, 0.0)

    def stage(name: str, nature: tuple[float, ...], here: Bools) -> Fate:
        return fate(rng, np.asarray(nature)[device] + bonus, _touching(world, name, device, here))

    everyone = np.ones(count, dtype=np.bool_)
    views = stage("discover", world.discover, everyone).completes
    evaluate = stage("evaluate", world.evaluate, views)
    adds = views & evaluate.completes
    begins = adds & stage("cart", world.cart, adds).completes
    checkout = stage("checkout", world.checkout, begins)
    # Payment is drawn for everyone who begins a checkout: what would have been, for those whom the form turned away.
    payment = stage("payment", world.payment, begins)
    pays = begins & checkout.completes
    # The purchase completes the checkout visit, so what a form costs counts only where payment would have gone well.
    met = evaluate.met | checkout.met | {number: each & pays for number, each in payment.met.items()}
    caused = (
        evaluate.caused
        | {number: each & payment.completes for number, each in checkout.caused.items()}
        | {number: each & pays for number, each in payment.caused.items()}
    )
    risk = evaluate.risk | {number: each * payment.chance for number, each in checkout.risk.items()} | payment.risk
    return Visits(
        day=day,
        customer=customer,
        device=device,
        channel=np.where(app, CHANNELS.index("app"), CHANNELS.index("web")).astype(np.int64),
        anonymous=base.devices[customer, device],
        start_seconds=(choose(rng, world.hour_weights, count) + rng.random(count)) * 3600.0,
        logs_in_early=hits(rng, world.login_early_share, count),
        views=views,
        adds=adds,
        begins=begins,
        pays=pays,
        buys=pays & payment.completes,
        met=met,
        caused=caused,
        risk=risk,
    )


def _touching(world: World, stage: str, device: Ints, here: Bools) -> dict[int, tuple[Plant, Bools]]:
    found = {}
    for number, plant in enumerate(world.plants):
        if plant.stage == stage:
            right_device = True if plant.device is None else device == DEVICES.index(plant.device)
            found[number] = (plant, here & right_device)
    return found

"""What becomes of orders: delivery, defects, and whether the customer keeps them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.simulate.calendar import DAY, HOUR, SECOND, Calendar
from pipeline.simulate.friction import Fate, fate
from pipeline.simulate.randomness import ORDERS, Bools, Ints, choose, hits, stream
from pipeline.simulate.world import CARRIERS, REASONS, WAREHOUSES, Plant, World

# Why an order goes back, in the shop's own codes: one per reason.
RETURN_CODES = ("UNWANTED", "UNWANTED", "TOO_LATE", "UNWANTED", "WRONG_ITEM", "DAMAGED", "INCOMPLETE")
PROMISE_DAYS = 3  # delivery is promised by the end of the third day after the order's


@dataclass(frozen=True)
class Orders:
    """All orders of the simulated time: arrays with one entry per order, in the order of their purchases."""

    order_id: pl.Series
    customer: Ints
    placed: Ints  # instants here are milliseconds since 1970
    value: pl.Series
    carrier: Ints
    warehouse: Ints
    promised: Ints
    delivered: Ints
    fate: Fate
    is_late: Bools
    defects: dict[int, Bools]  # by plant
    reported: Ints  # when a defect is reported, if there is one
    returned: Ints  # when it goes back, if it does
    returns: Bools  # lost, and by a return
    reason: Ints  # what a contact about the order would be about


def orders(world: World, purchases: pl.DataFrame, calendar: Calendar, seed: int) -> Orders:
    """Decide the fate of each purchase (columns order_id, customer, at, value)."""
    rng = stream(seed, ORDERS)
    count = purchases.height
    placed = purchases["at"].to_numpy()
    carrier, warehouse = choose(rng, world.carrier_shares, count), choose(rng, world.warehouse_shares, count)
    outcome = fate(rng, np.full(count, 1 - world.fulfilment_lost), _touching(world, carrier, warehouse))
    is_late = _any(outcome, world, "late_delivery", count)
    day = calendar.day_of(placed)
    promised = calendar.at(day + PROMISE_DAYS + 1, np.zeros(count)) - SECOND
    takes = np.where(is_late, PROMISE_DAYS, 0) + rng.integers(1, PROMISE_DAYS + 1, count)
    delivered = calendar.at(day + takes, rng.uniform(9.0, 20.0, count) * 3600)
    defects = {number: met for number, met in outcome.met.items() if world.plants[number].signal == "order_defect"}
    reason = np.full(count, REASONS.index("return"))
    reason[is_late] = REASONS.index("where_is_my_order")
    for number, met in defects.items():
        reason[met] = REASONS.index(world.plants[number].locus.split(" @ ")[0])
    return Orders(
        order_id=purchases["order_id"],
        customer=purchases["customer"].to_numpy(),
        placed=placed,
        value=purchases["value"],
        carrier=carrier,
        warehouse=warehouse,
        promised=promised,
        delivered=delivered,
        fate=outcome,
        is_late=is_late,
        defects=defects,
        reported=delivered + (rng.uniform(1, 20, count) * HOUR).astype(np.int64),
        returned=delivered + (rng.uniform(2, 10, count) * DAY).astype(np.int64),
        returns=~outcome.completes & hits(rng, world.return_share, count),
        reason=reason,
    )


def _touching(world: World, carrier: Ints, warehouse: Ints) -> dict[int, tuple[Plant, Bools]]:
    found = {}
    for number, plant in enumerate(world.plants):
        if plant.signal == "late_delivery":
            found[number] = (plant, carrier == CARRIERS.index(plant.locus))
        elif plant.signal == "order_defect":
            found[number] = (plant, warehouse == WAREHOUSES.index(plant.locus.split(" @ ")[1]))
    return found


def _any(outcome: Fate, world: World, signal: str, count: int) -> Bools:
    found = np.zeros(count, dtype=np.bool_)
    for number, met in outcome.met.items():
        if world.plants[number].signal == signal:
            found |= met
    return found


def deliveries(bought: Orders, calendar: Calendar) -> pl.DataFrame:
    """The waits for delivery as they were known at the end of the simulated time, one row per order."""
    is_open = bought.delivered >= calendar.end
    return pl.DataFrame(
        {
            "wait_id": pl.Series(bought.order_id).str.replace("o", "d", literal=True),
            "customer": bought.customer,
            "wait_type": pl.Series(["delivery"]).gather(np.zeros(len(is_open), dtype=np.int64)),
            "channel": pl.Series(["courier"]).gather(np.zeros(len(is_open), dtype=np.int64)),
            "at": bought.placed,
            "ended": pl.Series(bought.delivered).set(pl.Series(is_open), None),
            "outcome": pl.Series(["served", "open"]).gather(is_open.astype(np.int64)),
            "promised": bought.promised,
            "order_id": bought.order_id,
            "queue": pl.Series(CARRIERS).gather(bought.carrier),
            "team": pl.Series(WAREHOUSES).gather(bought.warehouse),
            "value": bought.value,
        }
    )


def order_errors(world: World, bought: Orders, returns: Bools, calendar: Calendar, seed: int) -> pl.DataFrame:
    """Everything that went wrong with the orders by the end of the simulated time, one row per error, by time.

    `returns`: which orders go back. Columns: error_id, order (position), plant (-1: none), at, error_type, error_code.
    """
    count = len(bought.customer)
    rejected = hits(stream(seed, ORDERS, 1), world.promo_rejected_share, count)
    positions, plants, instants, types = [], [], [], []

    def add(which: Bools, plant: int, at: Ints, error_type: str) -> None:
        found = np.flatnonzero(which)
        positions.append(found)
        plants.append(np.full(len(found), plant))
        instants.append(at[found])
        types.extend([error_type] * len(found))

    add(rejected, -1, bought.placed, "promo_rejected")
    for rank, (number, met) in enumerate(bought.defects.items()):
        add(met, number, bought.reported + rank * SECOND, world.plants[number].locus.split(" @ ")[0])
    add(returns, -1, bought.returned, "return")
    codes = pl.Series(RETURN_CODES).gather(bought.reason)
    found = pl.DataFrame(
        {"order": np.concatenate(positions), "plant": np.concatenate(plants), "at": np.concatenate(instants)},
        schema={"order": pl.Int64, "plant": pl.Int64, "at": pl.Int64},
    ).with_columns(
        error_type=pl.Series(types, dtype=pl.String),
        error_code=pl.when(pl.Series(types, dtype=pl.String) == "return").then(codes.gather(np.concatenate(positions))),
    )
    return (
        found.filter(pl.col("at") < calendar.end)
        .sort("at", "order", "error_type")
        .with_row_index("row")
        .with_columns(error_id=pl.format("x{}", pl.col("row") + 1))
        .drop("row")
    )

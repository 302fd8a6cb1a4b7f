"""Orders and contacts together: an unhappy customer calls about the order, and who cannot call sends it back."""

import numpy as np
import polars as pl

from pipeline.simulate.calendar import Calendar
from pipeline.simulate.columns import ERRORS, TIME, WAITS
from pipeline.simulate.contacts import QUEUES, Contacts, Matters, contacts, everyday, together
from pipeline.simulate.orders import Orders, deliveries, order_errors, orders
from pipeline.simulate.randomness import ORDERS, Ints, hits, stream
from pipeline.simulate.world import CARRIERS, CONTACT_CHANNELS, CURRENCY, REASONS, WAREHOUSES, World


def service(
    world: World, purchases: pl.DataFrame, customers: int, calendar: Calendar, seed: int
) -> tuple[Orders, Contacts, pl.DataFrame]:
    """Orders of the purchases (columns order_id, customer, at, value), all contacts, and the order errors."""
    bought = orders(world, purchases, calendar, seed)
    lost, count = ~bought.fate.completes, len(bought.customer)
    rng = stream(seed, ORDERS, 2)
    calls = np.flatnonzero(lost & ~bought.returns)
    after = calendar.day_of(bought.delivered) + rng.integers(1, 9, count)
    complaint = _about(bought, calls, bought.reason, calendar.at(after, rng.uniform(9, 20, count) * 3600))
    asks = np.flatnonzero(lost & bought.is_late & hits(rng, world.where_is_it_share, count))
    morning = calendar.at(calendar.day_of(bought.promised) + 1, rng.uniform(8, 9, count) * 3600)
    question = _about(bought, asks, np.full(count, REASONS.index("where_is_my_order")), morning)
    matters = together([complaint, question, everyday(world, customers, calendar, seed)])
    made, come_up = contacts(world, matters, calendar, seed)
    returns = bought.returns.copy()
    returns[calls[~come_up[: len(calls)] & (complaint.at < calendar.end)]] = True
    return bought, made, order_errors(world, bought, returns, calendar, seed)


def _about(bought: Orders, which: Ints, reason: Ints, at: Ints) -> Matters:
    return Matters(bought.customer[which], reason[which], at[which], which)


def wait_rows(bought: Orders, made: Contacts, calendar: Calendar) -> pl.DataFrame:
    """The columns of WAITS and `at`: one row per delivery and per contact, by time and id."""
    contact = contact_frame(bought, made, calendar)
    rows = pl.concat([deliveries(bought, calendar), contact], how="diagonal").sort("at", "wait_id")
    return rows.with_columns(
        customer_id=pl.format("c{}", pl.col("customer") + 1),
        started_at=pl.col("at").cast(TIME),
        ended_at=pl.col("ended").cast(TIME),
        promised_at=pl.col("promised").cast(TIME),
        currency=pl.when(pl.col("value").is_not_null()).then(pl.lit(CURRENCY)),
    ).select(*[pl.col(name).cast(kind) for name, kind in WAITS.items()], "at")


def contact_frame(bought: Orders, made: Contacts, calendar: Calendar) -> pl.DataFrame:
    """One row per contact, as it was known at the end of the simulated time, in the order of `made`."""
    count = len(made.at)
    number = pl.Series(np.arange(1, count + 1))
    order = np.where(made.order < 0, len(bought.customer), made.order)
    kinds = pl.Series(["queue", "queue", "first_response"]).gather(made.channel)
    is_open = made.ended >= calendar.end
    outcome = np.where(is_open, 2, made.abandoned.astype(np.int64))
    known = pl.DataFrame({"number": number, "is_open": is_open, "handled": made.handled, "ended": made.ended})
    known = known.select(
        wait_id=pl.format("w{}", "number"),
        contact_id=pl.format("k{}", "number"),
        ended=pl.when(~pl.col("is_open")).then("ended"),
        handled_seconds=pl.when((pl.col("handled") >= 0) & ~pl.col("is_open")).then("handled"),
    )
    return known.with_columns(
        customer=pl.Series(made.customer),
        wait_type=kinds,
        channel=pl.Series(CONTACT_CHANNELS).gather(made.channel),
        at=pl.Series(made.at),
        outcome=pl.Series(["served", "abandoned", "open"]).gather(outcome),
        order_id=pl.concat([bought.order_id, pl.Series([None], dtype=pl.String)]).gather(order),
        queue=pl.Series(QUEUES).gather(made.queue),
        reason=pl.Series(REASONS).gather(made.reason),
    )


def error_rows(bought: Orders, found: pl.DataFrame) -> pl.DataFrame:
    """The columns of ERRORS and `at`: one row per order error, by time and id."""
    order = found["order"]
    is_return = pl.col("error_type") == "return"
    return (
        found.with_columns(
            customer=pl.Series(bought.customer).gather(order),
            order_id=bought.order_id.gather(order),
            value=bought.value.gather(order),
            carrier=pl.Series(CARRIERS).gather(bought.carrier[order.to_numpy()]),
            warehouse=pl.Series(WAREHOUSES).gather(bought.warehouse[order.to_numpy()]),
        )
        .with_columns(
            customer_id=pl.format("c{}", pl.col("customer") + 1),
            occurred_at=pl.col("at").cast(TIME),
            currency=pl.lit(CURRENCY),
            resolution=pl.when(is_return).then(pl.lit("refunded")),
            refund_amount=pl.when(is_return).then("value"),
        )
        .select(*[pl.col(name).cast(kind) for name, kind in ERRORS.items()], "at")
        .sort("at", "error_id")
    )

"""The steps of a day as clickstream events with ids, times and everything else that a source would send."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.simulate.calendar import HOUR, MINUTE, SECOND, Calendar
from pipeline.simulate.randomness import EVENTS, Bools, Ints, choose, stream
from pipeline.simulate.steps import CODES, ELEMENTS, FIELDS, NAMES, PAGES, Steps, last_product, steps
from pipeline.simulate.visits import Visits
from pipeline.simulate.world import CHANNELS, CLOSE_MINUTES, CURRENCY, DEVICES, PRODUCTS, QUERIES, World

PRICES = np.round(49.9 + 37.0 * (np.arange(PRODUCTS) % 17) + 3.5 * (np.arange(PRODUCTS) % 5), 2)
VALUED = ("add_to_cart", "view_cart", "begin_checkout", "add_shipping_info", "add_payment_info", "purchase")
FREE_SHIPPING_FROM = 500.0  # lira
LONGEST_PAUSE = 240.0  # seconds; far below the silence that ends a session
SHORTEST_PAUSE = 1.2  # seconds; so that only planted bursts hold four clicks in one second


def events(world: World, plan: Visits, calendar: Calendar, seed: int) -> pl.DataFrame:
    """The events of the sessions that start on a day, in order of time.

    One row per event: the columns of CLICKSTREAM, and for the truth `visit` (position in the plan), `plant` (number
    of the friction that it is evidence of, else -1), `known` (the customer is named) and `at` (milliseconds since
    1970).
    """
    rng = stream(seed, EVENTS, plan.day)
    table = steps(world, plan, rng)
    by_visit = np.lexsort((table["order"], table["visit"]))
    table = {name: column[by_visit] for name, column in table.items()}
    at = _times(plan, table, calendar, rng)
    known = _known(plan, table)
    table |= {"at": at, "known": known.astype(np.int64)} | _amounts(plan, table, rng)
    by_time = np.lexsort((table["order"], table["visit"], at))
    return _frame(world, plan, {name: column[by_time] for name, column in table.items()}, rng)


def _times(plan: Visits, table: Steps, calendar: Calendar, rng: np.random.Generator) -> Ints:
    visit, count = table["visit"], len(table["visit"])
    pause = SHORTEST_PAUSE + np.minimum(rng.lognormal(2.2, 1.0, count), LONGEST_PAUSE)
    pause = np.where(table["quick"] == 1, rng.uniform(0.09, 0.15, count), pause)
    milliseconds = (pause * 1000).astype(np.int64)
    first = np.ones(count, dtype=np.bool_)
    first[1:] = visit[1:] != visit[:-1]
    milliseconds[first] = 0
    passed = np.cumsum(milliseconds)
    passed -= passed[first][visit]  # every visit has a step, so the n-th first step belongs to visit n
    start = calendar.at(np.full(len(plan.customer), plan.day), plan.start_seconds)
    if plan.day == len(calendar.days) - 1:  # all that happens on the last day is known by its end
        length = np.zeros(len(plan.customer), dtype=np.int64)
        np.maximum.at(length, visit, passed)
        start = np.minimum(start, calendar.end - (CLOSE_MINUTES + 5) * MINUTE - length)
    return np.asarray(start[visit] + passed, dtype=np.int64)


def _known(plan: Visits, table: Steps) -> Bools:
    never = np.iinfo(np.int64).max
    login = np.full(len(plan.customer), never)
    is_login = table["kind"] == NAMES.index("login")
    login[table["visit"][is_login]] = table["order"][is_login]
    return np.asarray(table["order"] >= login[table["visit"]], dtype=np.bool_)


def _amounts(plan: Visits, table: Steps, rng: np.random.Generator) -> dict[str, Ints]:
    """Value and shipping cost in hundredths, -1 where an event has none; x and y of clicks."""
    visits, count = len(plan.customer), len(table["visit"])
    adding = table["kind"] == NAMES.index("add_to_cart")
    product = last_product(visits, table["visit"][adding], table["product"][adding])
    cart = np.round(PRICES[product] * rng.integers(1, 4, visits) * 100).astype(np.int64)
    shipping = np.where(cart >= FREE_SHIPPING_FROM * 100, 0, rng.choice(np.asarray([2990, 3990, 5990]), visits))
    valued = np.isin(table["kind"], [NAMES.index(name) for name in VALUED])
    shows_shipping = np.isin(table["kind"], [NAMES.index("add_shipping_info"), NAMES.index("purchase")])
    visit, clicked = table["visit"], table["element"] >= 0
    return {
        "value": np.where(valued, cart[visit], -1),
        "shipping": np.where(shows_shipping, shipping[visit], -1),
        "x": np.where(clicked, 100 + 60 * table["element"] + rng.integers(0, 8, count), -1),
        "y": np.where(clicked, 200 + 90 * table["element"] + rng.integers(0, 8, count), -1),
    }


def _look_up(names: Sequence[str], positions: Ints) -> pl.Series:
    return pl.Series([*names, None], dtype=pl.String).gather(np.where(positions < 0, len(names), positions))


def _frame(world: World, plan: Visits, table: Steps, rng: np.random.Generator) -> pl.DataFrame:
    visit, count = table["visit"], len(table["visit"])
    kind = table["kind"]
    late = choose(rng, (1 - world.late_event_share, world.late_event_share), count)
    # A batch leaves the device at the next full second and is there a second later; late ones wait for a connection.
    received = (table["at"] // SECOND + 2) * SECOND + late * rng.integers(1, 49, count) * HOUR
    is_purchase = kind == NAMES.index("purchase")
    is_form = np.isin(kind, [NAMES.index(name) for name in ("form_start", "form_change", "form_error", "form_submit")])
    codes = table["code"]
    raw = pl.DataFrame(
        {
            "number": np.arange(1, count + 1),
            "customer": plan.customer[visit] + 1,
            "anonymous": plan.anonymous[visit],
            "order_number": np.cumsum(is_purchase),
            "is_purchase": is_purchase,
            "is_form": is_form,
            "at": table["at"],
            "received": received,
            "visit": visit,
            "plant": table["plant"],
            "known": table["known"] == 1,
            **{name: table[name] for name in ("x", "y", "value", "shipping", "product", "results", "kind")},
        }
    ).with_columns(
        event_name=_look_up(NAMES, kind),
        page_path=_look_up(PAGES, table["page"]),
        element=_look_up(ELEMENTS, table["element"]),
        query=_look_up(QUERIES, table["query"]),
        field_id=_look_up(FIELDS, table["field"]),
        error_code=_look_up(list(CODES), codes),
        error_class=_look_up(list(CODES.values()), codes),
        device=_look_up(DEVICES, plan.device[visit]),
        channel=_look_up(CHANNELS, plan.channel[visit]),
    )
    prefix = plan.day + 1
    return raw.select(
        pl.format(f"e{prefix}-{{}}", "number").alias("event_id"),
        pl.col("at").cast(pl.Datetime("ms", "UTC")).alias("occurred_at"),
        pl.col("received").cast(pl.Datetime("ms", "UTC")).alias("received_at"),
        "event_name",
        pl.when("known").then(pl.format("c{}", "customer")).alias("customer_id"),
        pl.format("a{}", "anonymous").alias("anonymous_id"),
        "page_path",
        "element",
        *[pl.when(pl.col(name) >= 0).then(name).alias(name) for name in ("x", "y")],
        "query",
        pl.when(pl.col("results") >= 0).then("results").alias("result_count"),
        pl.when(pl.col("product") >= 0).then(pl.format("p{}", pl.col("product") + 1)).alias("product_id"),
        pl.when("is_purchase").then(pl.format(f"o{prefix}-{{}}", "order_number")).alias("order_id"),
        pl.when("is_form").then(pl.lit("shipping")).alias("form_id"),
        "field_id",
        pl.when(pl.col("value") >= 0).then((pl.col("value") / 100).round(2)).alias("value"),
        pl.when(pl.col("shipping") >= 0).then((pl.col("shipping") / 100).round(2)).alias("shipping_cost"),
        pl.when(pl.col("value") >= 0).then(pl.lit(CURRENCY)).alias("currency"),
        pl.when(pl.col("event_name").is_in(["form_error", "payment_error"])).then(pl.lit("error")).alias("outcome"),
        "error_code",
        "error_class",
        "device",
        "channel",
        "visit",
        "plant",
        "known",
        "at",
    )

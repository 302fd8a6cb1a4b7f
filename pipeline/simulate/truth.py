"""The truth beside the data: every instance that meets a signal's definition, planted or not, and what it cost.

One row per instance. `lost` is null where the end of the simulated time came before the visit was decided, and
`caused_loss` (lost, and would have been kept without this friction) is null with it.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from pipeline.simulate.calendar import DAY, MINUTE, SECOND, Calendar
from pipeline.simulate.columns import TIME, TRUTH
from pipeline.simulate.contacts import Contacts
from pipeline.simulate.orders import Orders
from pipeline.simulate.randomness import Bools
from pipeline.simulate.service import contact_frame
from pipeline.simulate.visits import Visits
from pipeline.simulate.world import (
    CLOSE_MINUTES,
    CONTACT_CHANNELS,
    KEEP_DAYS,
    OPEN_TARGETS,
    REPEAT_DAYS,
    SHORT_ABANDON_SECONDS,
    TARGET_SECONDS,
    World,
)

# What the functions below give: `plant` (-1: none), `flagged` and `started` in milliseconds, `risk` of the one visit.
EVIDENCE_NEEDED = {"rage_click": 4, "payment_failure": 1, "form_error_repeat": 2}
ENTERED_BY = {"evaluate": "view_item", "checkout": "begin_checkout", "payment": "add_payment_info"}
CHECKOUT_PAGE = "/checkout"  # payment has a page of its own


def of_clickstream(world: World, plan: Visits, events: pl.DataFrame, was_known: Bools) -> pl.DataFrame:
    """Instances in the sessions of a day. `was_known`: visits on a device that its customer had logged in on before."""
    persons = events.group_by("visit").agg(
        pl.col("known").any(), pl.col("anonymous_id").first(), last=pl.col("at").max()
    )
    persons = persons.sort("visit").with_columns(
        customer_id=pl.when(pl.col("known") | pl.Series(was_known)).then(pl.format("c{}", pl.Series(plan.customer + 1)))
    )
    return pl.concat(
        [_bursts_and_errors(world, plan, events, persons), _abandonments(plan, events, persons)], how="diagonal"
    )


def _bursts_and_errors(world: World, plan: Visits, events: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    lost = {"evaluate": ~plan.adds, "checkout": ~plan.buys, "payment": ~plan.buys}
    found = []
    for number, met in plan.met.items():
        plant = world.plants[number]
        visit = pl.DataFrame(
            {
                "visit": np.arange(len(met), dtype=np.int64),
                "lost": lost[plant.stage],
                "caused_loss": plan.caused[number],
                "risk": plan.risk[number],
            }
        ).filter(pl.Series(met))
        entry = (
            events.filter(pl.col("event_name") == ENTERED_BY[plant.stage])
            .group_by("visit")
            .agg(visit_id=pl.lit(plant.stage + ":") + pl.col("event_id").first())
        )
        evidence = (
            events.filter(pl.col("plant") == number)
            .group_by("visit")
            .agg(
                evidence="event_id",
                started=pl.col("at").first(),
                flagged=pl.col("at").get(EVIDENCE_NEEDED[plant.signal] - 1),
            )
        )
        rows = visit.join(evidence, on="visit").join(entry, on="visit").join(persons, on="visit").sort("visit")
        found.append(
            _named(rows, plant.signal, plant.stage, plant.locus_type, number).with_columns(locus=pl.lit(plant.locus))
        )
    return pl.concat(found)


def _abandonments(plan: Visits, events: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    left = pl.DataFrame({"visit": np.flatnonzero(plan.begins & ~plan.buys).astype(np.int64)})
    steps = (
        events.filter(pl.col("page_path") == CHECKOUT_PAGE)
        .group_by("visit")
        .agg(first=pl.col("event_id").first(), last_step=pl.col("event_id").last(), started=pl.col("at").first())
    )
    rows = left.join(steps, on="visit").join(persons, on="visit").sort("visit")
    rows = rows.with_columns(
        evidence=pl.concat_list("first", "last_step").list.unique(maintain_order=True),
        flagged=pl.col("last") + CLOSE_MINUTES * MINUTE,
        visit_id=pl.lit("checkout:") + pl.col("first"),
        locus=pl.lit(CHECKOUT_PAGE),
        lost=pl.lit(True),
        caused_loss=pl.lit(False),
        risk=pl.lit(None, pl.Float64),
    )
    return _named(rows, "checkout_abandonment", "checkout", "page", -1)


def _named(rows: pl.DataFrame, signal: str, stage: str, locus_type: str, plant: int) -> pl.DataFrame:
    names = pl.lit(signal).alias("signal"), pl.lit(stage).alias("stage"), pl.lit(locus_type).alias("locus_type")
    kept = ["customer_id", "evidence", "started", "flagged", "visit_id", "lost", "caused_loss", "risk"]
    kept += [name for name in ("locus", "anonymous_id") if name in rows.columns]
    return rows.select(*names, *kept, pl.lit(plant, pl.Int64).alias("plant"))


def of_contacts(world: World, bought: Orders, made: Contacts, calendar: Calendar) -> pl.DataFrame:
    """Long waits, hang-ups and repeat contacts as they were known at the end of the simulated time."""
    target = np.asarray([TARGET_SECONDS[name] for name in CONTACT_CHANNELS])[made.channel] * SECOND
    rows = contact_frame(bought, made, calendar).with_columns(
        pl.Series("plant", made.plant),
        pl.Series("caused", made.caused),
        pl.Series("risk", made.risk),
        pl.Series("target", target),
        pl.Series("until", made.ended + np.maximum(made.handled, 0) * SECOND),
        customer_id=pl.format("c{}", pl.col("customer") + 1),
        visit_id=pl.lit("support:") + pl.col("wait_id"),
        known=pl.min_horizontal("ended", pl.col("at") + OPEN_TARGETS * pl.Series(target)),
    )
    same = ["customer", "reason"]
    rows = rows.sort("at", "customer").with_columns(
        next_at=pl.col("at").shift(-1).over(same), next_wait=pl.col("wait_id").shift(-1).over(same)
    )
    pause = pl.col("next_at") - pl.col("until")
    repeated = ((pause > 0) & (pause <= REPEAT_DAYS * DAY)).fill_null(False)
    is_lost = (pl.col("outcome") == "abandoned") | repeated
    is_kept = pl.col("until") + REPEAT_DAYS * DAY <= calendar.end
    rows = rows.with_columns(
        repeated=repeated, lost=pl.when(is_lost).then(True).when(is_kept).then(False).otherwise(None)
    ).with_columns(caused_loss=pl.when(pl.col("lost").is_not_null()).then(pl.col("lost") & pl.col("caused")))
    nothing = {"risk": pl.lit(None, pl.Float64), "plant": pl.lit(-1, pl.Int64), "caused_loss": pl.lit(False)}
    is_long = (pl.col("known") - pl.col("at") > pl.col("target")) & (pl.col("known") < calendar.end)
    long = rows.filter(is_long).with_columns(
        signal=pl.when(pl.col("wait_type") == "first_response").then(pl.lit("slow_first_response"))
        .otherwise(pl.lit("long_wait")), locus_type=pl.lit("queue"), locus="queue", evidence=pl.concat_list("wait_id"),
        started="at", flagged="known",
    )  # fmt: skip
    waited = pl.col("ended") - pl.col("at")
    hung_up = rows.filter((pl.col("outcome") == "abandoned") & (waited > SHORT_ABANDON_SECONDS * SECOND)).with_columns(
        signal=pl.lit("queue_abandonment"), locus_type=pl.lit("queue"), locus="queue",
        evidence=pl.concat_list("wait_id"), started="at", flagged="ended", **nothing,
    )  # fmt: skip
    repeats = rows.filter("repeated").with_columns(
        signal=pl.lit("repeat_contact"), locus_type=pl.lit("reason"), locus="reason",
        evidence=pl.concat_list("wait_id", "next_wait"), started="at", flagged="next_at", **nothing,
    )  # fmt: skip
    columns = [
        "signal",
        "locus_type",
        "locus",
        "customer_id",
        "evidence",
        "started",
        "flagged",
        "visit_id",
        "lost",
        "caused_loss",
        "risk",
        "plant",
    ]
    every = pl.concat([each.select(columns) for each in (long, hung_up, repeats)])
    return every.with_columns(stage=pl.lit("support"))


def of_orders(world: World, bought: Orders, made: Contacts, errors: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Late deliveries and defects as they were known at the end of the simulated time."""
    lost, is_decided = _kept_or_lost(bought, made, errors, calendar)
    found = []
    for number, met in bought.fate.met.items():
        plant = world.plants[number]
        caused = bought.fate.caused[number]
        rows = pl.DataFrame(
            {
                "order": np.arange(len(met), dtype=np.int64),
                "order_id": bought.order_id,
                "customer": bought.customer,
                "known": bought.promised,
                "placed": bought.placed,
                "lost": lost,
                "is_decided": is_decided,
                "caused": caused & lost,
                "risk": bought.fate.risk[number],
            }
        ).filter(pl.Series(met))
        if plant.signal == "late_delivery":
            shown = rows.filter(pl.col("known") < calendar.end).with_columns(
                started="placed",
                flagged="known",
                evidence=pl.concat_list(pl.col("order_id").str.replace("o", "d", literal=True)),
            )
        else:
            reports = errors.filter(pl.col("plant") == number).select("order", "error_id", started="at", flagged="at")
            shown = rows.join(reports, on="order").with_columns(evidence=pl.concat_list("error_id"))
        shown = shown.sort("order").with_columns(
            customer_id=pl.format("c{}", pl.col("customer") + 1),
            visit_id=pl.lit("fulfilment:") + pl.col("order_id"),
            lost=pl.when("is_decided").then("lost"),
            caused_loss=pl.when("is_decided").then("caused"),
            locus=pl.lit(plant.locus),
        )
        found.append(_named(shown, plant.signal, "fulfilment", plant.locus_type, number))
    return pl.concat(found)


def _kept_or_lost(bought: Orders, made: Contacts, errors: pl.DataFrame, calendar: Calendar) -> tuple[Bools, Bools]:
    lost = np.zeros(len(bought.customer), dtype=np.bool_)
    lost[made.order[made.order >= 0]] = True
    lost[errors.filter(pl.col("error_type") == "return")["order"].to_numpy()] = True
    return lost, lost | (bought.delivered + KEEP_DAYS * DAY <= calendar.end)


def truth(parts: list[pl.DataFrame], calendar: Calendar, keep: Sequence[str] = ()) -> pl.DataFrame:
    """All instances in one table with the columns of TRUTH, and those to `keep`, by time of flag, signal, evidence."""
    every = pl.concat(parts, how="diagonal").with_columns(
        effect=pl.when(pl.col("plant") >= 0).then(pl.col("risk").mean().over("plant").round(6)),
        is_planted=pl.col("plant") >= 0,
    )
    position = calendar.day_of(every["flagged"].to_numpy())
    days = pl.Series([*calendar.days, None], dtype=pl.Date).gather(np.asarray(position, dtype=np.int64))
    every = every.with_columns(
        day=days, flagged_at=pl.col("flagged").cast(TIME), started_at=pl.col("started").cast(TIME)
    )
    every = every.sort("flagged", "signal", pl.col("evidence").list.first(), pl.col("evidence").list.last(), "locus")
    return every.select(*[pl.col(name).cast(kind) for name, kind in TRUTH.items()], *keep)

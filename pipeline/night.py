"""One day's work on the people of one bucket: events in, journeys and flags out; no database, no file, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from pipeline.calendar import Day
from pipeline.contracts.contract import load as contract
from pipeline.detectors._signal import Inputs, Signal, detected, finished, variants
from pipeline.journeys import contacts as contacting
from pipeline.journeys import orders as ordering
from pipeline.journeys import pages, sessions, stages
from pipeline.journeys import usual as comparing
from pipeline.journeys.identities import person_of
from pipeline.journeys.journey import Journey
from pipeline.journeys.waits import errors_as_known, orders_as_known, waits_as_known


@dataclass(frozen=True)
class Bucket:
    """Rows of some people, complete for each of them: columns as in events.*, as far back as the day's work reaches.

    `events`: from sessions.LOOK_BACK before the day, with the customers of anonymous ones (identities.resolve);
    `purchases`: purchase events from orders.LOOK_BACK before the day, `waits`, `errors`, `orders` likewise.
    """

    events: pl.DataFrame
    purchases: pl.DataFrame
    waits: pl.DataFrame
    errors: pl.DataFrame
    orders: pl.DataFrame


@dataclass(frozen=True)
class Found:
    """The day's rows of journeys.sessions, .stage_visits, .cases and .usual and of friction.flags, of some people.

    `begun`: the contacts that began on the day, for what can only be found in all people together.
    """

    sessions: pl.DataFrame
    stage_visits: pl.DataFrame
    cases: pl.DataFrame
    usual: pl.DataFrame
    flags: pl.DataFrame
    begun: pl.DataFrame


def judge(bucket: Bucket, journey: Journey, signals: Mapping[str, Signal], day: Day, usual: pl.DataFrame) -> Found:
    """The journeys of a bucket's people as known at the end of the day, and the flags of the day.

    `usual`: what was seen of all people before, as in Inputs. Signals of all people together are left to `together`.
    """
    waits = waits_as_known(bucket.waits, day.end)
    errors = errors_as_known(bucket.errors, day.end)
    orders = orders_as_known(bucket.orders, day.end)

    recent = stages.staged(sessions.sessionize(bucket.events), journey)
    pending = stages.attempted(sessions.pending(recent, day.start), journey)
    events = sessions.active(pending, day.start)
    visits = [stages.visits(pending, journey, day.date, day.start, day.end)] if journey.of_sessions else []
    of_sessions = visits[0] if visits else None

    service = journey.made_of("contact")
    contacts = contacting.contacts(waits, service).with_columns(
        # a service that lasts into the next day is not over yet
        over_at=pl.when(pl.col("over_at") < day.end).then("over_at")
    )
    if service:
        visits.append(contacting.visits(contacts, service, day.date, day.start, day.end))

    delivery = journey.made_of("order")
    deliveries = waits.filter(pl.col("wait_type") == "delivery")
    known = ordering.ordered(orders, bucket.purchases, deliveries, errors, delivery.name if delivery else None)
    if delivery:
        lost = ordering.losses(known, errors, contacts, delivery)
        visits.append(ordering.fulfilments(known, lost, delivery, day.date, day.start, day.end))
    if again := journey.made_of("next_order"):
        visits.append(ordering.next_orders(known, again, day.date, day.start, day.end))

    columns = contract("stage_visits").names
    every = pl.concat([each.select(columns) for each in visits], how="vertical_relaxed")
    inputs = Inputs(
        start=day.start,
        end=day.end,
        events=events.lazy(),
        pages=pages.pages(events).lazy(),
        recent=recent.lazy(),
        visits=every.lazy(),
        waits=_with_visits(waits, contacts).lazy(),
        errors=_with_orders(errors, delivery.name if delivery else None).lazy(),
        orders=known.lazy(),
        contacts=contacts.lazy(),
        usual=usual.lazy(),
        counts=pl.LazyFrame(schema=contract("usual").schema()),
        stages=tuple(stage.name for stage in journey.stages),
        targets=journey.targets,
        business_hours=journey.business_hours,
    )
    flags = flagged(inputs, {name: signal for name, signal in signals.items() if not signal.of_all}, day)
    # a wait that goes on may be flagged on a day on which nothing else happened: that is a day of the visit, too
    is_flagged = pl.col("visit_id").is_in(flags["visit_id"].unique().to_list())
    return Found(
        sessions=sessions.closed(events, day.date, day.start, day.end, [stage.name for stage in journey.stages]),
        stage_visits=every.with_columns(pl.col("is_active") | is_flagged).filter(
            pl.col("is_active") | pl.col("is_decided")
        ),
        cases=contacting.cases(contacts, day.date, day.start),
        usual=comparing.seen(events, of_sessions, contacts, known, day),
        flags=flags,
        begun=contacts.filter(pl.col("started_at") >= day.start),
    )


def together(found: Sequence[Found], signals: Mapping[str, Signal], day: Day, counted: pl.DataFrame) -> Found:
    """What was found of all people: of each bucket, and what is found only in all of them together.

    `counted`: rows of journeys.usual of the time before the day that are counts.
    """
    rows = {
        name: pl.concat([getattr(each, name) for each in found], how="vertical_relaxed")
        for name in ("sessions", "stage_visits", "cases", "usual", "flags", "begun")
    }
    every = Found(**rows | {"usual": comparing.added_up(rows["usual"])})
    of_all = {name: signal for name, signal in signals.items() if signal.of_all}
    if not of_all:
        return every
    today = every.usual.filter(pl.col("device") == comparing.ALL)
    counts = pl.concat([counted, today]).with_columns(is_today=pl.col("day") == day.date)
    none = pl.LazyFrame()
    inputs = Inputs(
        start=day.start,
        end=day.end,
        events=none,
        pages=none,
        recent=none,
        visits=every.stage_visits.lazy(),
        waits=none,
        errors=none,
        orders=none,
        contacts=every.begun.lazy(),
        usual=none,
        counts=counts.lazy(),
    )
    return replace(every, flags=pl.concat([every.flags, flagged(inputs, of_all, day)]))


def flagged(inputs: Inputs, signals: Mapping[str, Signal], day: Day) -> pl.DataFrame:
    """friction.flags of the day: what the signals find, with value and place of the visit where they name none."""
    plans = [detected(each, inputs, its) for signal in signals.values() for each, its in variants(signal)]
    found = pl.concat(pl.collect_all(plans)) if plans else pl.DataFrame(schema=contract("flags").schema())
    flags = finished(found, day.date, day.start, day.end)
    # an order that two customers name has a visit of each: a flag is of its own customer's
    own = ["visit_id", "person_id"]
    visits = inputs.visits.select(*own, "value", "currency", "channel", "device").collect()
    known = flags.join(visits, on=own, how="left", suffix="_of_visit", maintain_order="left")
    return known.with_columns(
        value_at_stake=pl.coalesce("value_at_stake", "value"),
        currency=pl.coalesce("currency", "currency_of_visit"),
        channel=pl.coalesce("channel", "channel_of_visit"),
        device=pl.coalesce("device", "device_of_visit"),
    ).select(contract("flags").names)


def _with_visits(waits: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Waits with the contact that they belong to: person_id, stage, visit_id."""
    of_contact = contacts.select("person_id", "stage", "visit_id", wait_id="wait_ids").explode("wait_id")
    return waits.join(of_contact, on="wait_id", how="left", maintain_order="left")


def _with_orders(errors: pl.DataFrame, stage: str | None) -> pl.DataFrame:
    """Order errors with the visit of their order: person_id, stage, visit_id."""
    return errors.with_columns(
        person_id=person_of(pl.col("customer_id"), pl.col("customer_id")),
        stage=pl.lit(stage, pl.String),
        visit_id=pl.lit(f"{stage}:") + pl.col("order_id"),
    )

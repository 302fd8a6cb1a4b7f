"""Orders: visits to the stages that come after the purchase."""

from datetime import date, datetime, timedelta

import polars as pl

from pipeline.journeys.identities import person_of
from pipeline.journeys.journey import Stage

LOOK_BACK = timedelta(days=90)  # the longest `decided_days` of a stage: an order older than that is decided


TIME = pl.Datetime("us", "UTC")
UNKNOWN = "unknown"  # a place that the data do not name is a place too: those that it is unknown of compare
FACTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "placed_at": TIME,
    "promised_at": TIME,
    "delivered_at": TIME,
    "cancelled_at": TIME,
    "value": pl.Float64,
    "currency": pl.String,
    "carrier": pl.String,
    "queue": pl.String,  # in which a delivery was waited for
    "channel": pl.String,
    "device": pl.String,
}


def ordered(
    orders: pl.DataFrame, purchases: pl.DataFrame, deliveries: pl.DataFrame, errors: pl.DataFrame, stage: str | None
) -> pl.DataFrame:
    """One row per order that is known from any input, as known at the end of the day.

    `orders`: events.orders; `purchases`: purchase events with an order id; `deliveries`: delivery waits; `errors`:
    order errors. Where several know of an order, orders come first, then purchases, then deliveries. `is_exposure` is
    false for an order that is known only from its own error: it gives a rate no denominator. `promised_by` is the id
    of what made the promise. `stage` and `visit_id` are those of the journey's stage that is made of orders, if any.
    """
    rows = pl.concat(
        [
            _known(orders, 0, known_by=pl.col("order_id")),
            _known(purchases, 1, known_by=pl.col("event_id"), placed_at=pl.col("occurred_at")),
            _known(
                deliveries.with_columns(order_id=pl.coalesce("order_id", "wait_id")),
                2,
                known_by=pl.col("wait_id"),
                placed_at=pl.col("started_at"),
                delivered_at=pl.when(pl.col("outcome") == "served").then("ended_at"),
                carrier=pl.col("queue"),
                channel=pl.lit(None, pl.String),  # a courier is no channel of sale
            ),
            _known(errors, 3, known_by=pl.col("error_id"), placed_at=pl.col("occurred_at")),
        ]
    ).sort("customer_id", "order_id", "source", "placed_at", "known_by")
    is_promise = pl.col("promised_at").is_not_null()
    return (
        rows.group_by("customer_id", "order_id", maintain_order=True)
        .agg(
            *(pl.col(name).drop_nulls().first() for name in FACTS),
            is_exposure=(pl.col("source") < 3).any(),
            reported_at=pl.col("placed_at").filter(pl.col("source") == 3).max(),
            # whether anybody would tell us of its delivery: without, nothing can be said about its not arriving
            is_tracked=((pl.col("source") == 2) | is_promise | pl.col("delivered_at").is_not_null()).any(),
            promised_by=pl.col("known_by").filter(is_promise).last(),
        )
        .with_columns(
            person_id=person_of(pl.col("customer_id"), pl.col("customer_id")),
            stage=pl.lit(stage, pl.String),
            visit_id=pl.lit(f"{stage}:") + pl.col("order_id"),
        )
        .sort("customer_id", "placed_at", "order_id")
    )


def _known(frame: pl.DataFrame, source: int, **given: pl.Expr) -> pl.DataFrame:
    blank = {name: pl.lit(None, kind) for name, kind in FACTS.items() if name not in frame.columns}
    rows = frame.filter(pl.col("order_id").is_not_null() & pl.col("customer_id").is_not_null())
    return rows.with_columns(**(blank | given)).select(
        "order_id",
        "customer_id",
        "known_by",
        *(pl.col(name).cast(kind) for name, kind in FACTS.items()),
        source=pl.lit(source),
    )


def losses(found: pl.DataFrame, errors: pl.DataFrame, contacts: pl.DataFrame, stage: Stage) -> pl.DataFrame:
    """What happened to orders that means that they were lost: `order_id`, `customer_id`, `lost_at`, `lost_by`.

    A return or cancellation, or a complaint: a contact about the order. In order of time, one row per loss.
    """
    keys = ["customer_id", "order_id"]
    returned = errors.filter(pl.col("error_type").is_in(list(stage.lost_by_errors))).select(
        *keys, lost_at="occurred_at", lost_by="error_type"
    )
    cancelled = found.drop_nulls("cancelled_at").select(*keys, lost_at="cancelled_at", lost_by=pl.lit("cancelled"))
    complained = contacts.drop_nulls("order_id").select(*keys, lost_at="started_at", lost_by=pl.lit("contact"))
    return pl.concat([returned, cancelled, complained]).sort(*keys, "lost_at", "lost_by")


def fulfilments(
    found: pl.DataFrame, lost: pl.DataFrame, stage: Stage, day: date, start: datetime, end: datetime
) -> pl.DataFrame:
    """Rows of `journeys.stage_visits` of the stage in which an order is delivered, as known then; also inactive ones.

    Completed when the order was delivered and kept for `quiet_days` without a complaint; lost at the first loss until
    then; decided `decided_days` after the order at the latest. `found` as `ordered` gives it, `lost` as `losses`.
    """
    keys = ["customer_id", "order_id"]
    quiet = timedelta(days=stage.quiet_days)
    quiet_at = pl.col("delivered_at") + quiet
    latest = pl.col("placed_at") + timedelta(days=stage.decided_days)
    due = found.with_columns(until=pl.min_horizontal(quiet_at, latest))
    first_loss = (
        lost.join(due.select(*keys, "until"), on=keys)
        .filter(pl.col("lost_at") <= pl.col("until"))
        .group_by(keys, maintain_order=True)
        .agg(pl.col("lost_at", "lost_by").first(), last_at=pl.col("lost_at").last(), losses=pl.len())
    )
    is_due = pl.col("until") < end
    is_kept = (pl.col("delivered_at") <= pl.col("until")).fill_null(value=False) | ~pl.col("is_tracked")
    rows = due.join(first_loss, on=keys, how="left").with_columns(
        outcome=pl.when(pl.col("lost_at").is_not_null() | (is_due & ~is_kept))
        .then(pl.lit("lost"))
        .when(is_due)
        .then(pl.lit("completed"))
        .otherwise(pl.lit("open")),
        decided_at=pl.coalesce("lost_at", pl.when(is_due).then("until")),
        reason=pl.coalesce(
            "lost_by", pl.when(is_due & ~is_kept).then(pl.lit("not_delivered")).when(is_due).then(pl.lit("quiet"))
        ),
        due_at=pl.min_horizontal(pl.coalesce("delivered_at", "promised_at", "placed_at") + quiet, latest),
        left_at=pl.max_horizontal("placed_at", "delivered_at", "last_at", "reported_at"),
        is_promised_today=pl.col("promised_at").is_between(start, end, closed="left"),
        loci=pl.concat_list(
            pl.lit("carrier:") + pl.col("carrier").fill_null(UNKNOWN), pl.lit("queue:") + pl.col("queue")
        ).list.drop_nulls(),
        events=1 + pl.col("losses").fill_null(0).cast(pl.Int64) + pl.col("delivered_at").is_not_null().cast(pl.Int64),
    )
    return _day_rows(rows, stage, day, start, end)


def next_orders(found: pl.DataFrame, stage: Stage, day: date, start: datetime, end: datetime) -> pl.DataFrame:
    """Rows of `journeys.stage_visits` of the stage that is completed by buying again, as known at the day's end."""
    orders = found.filter("is_exposure").sort("customer_id", "placed_at", "order_id")
    within = timedelta(days=stage.decided_days)
    due_at = pl.col("placed_at") + within
    again = pl.col("placed_at").shift(-1).over("customer_id")
    rows = (
        orders.with_columns(again_at=again)
        .with_columns(again_at=pl.when(pl.col("again_at") <= due_at).then("again_at"))
        .with_columns(
            outcome=pl.when(pl.col("again_at").is_not_null())
            .then(pl.lit("completed"))
            .when(due_at < end)
            .then(pl.lit("lost"))
            .otherwise(pl.lit("open")),
            decided_at=pl.coalesce("again_at", pl.when(due_at < end).then(due_at)),
            reason=pl.when(pl.col("again_at").is_not_null())
            .then(pl.lit("bought_again"))
            .when(due_at < end)
            .then(pl.lit("not_bought_again")),
            due_at=due_at,
            left_at=pl.col("placed_at"),
            is_promised_today=pl.lit(value=False),
            loci=pl.lit([], pl.List(pl.String)),
            events=pl.lit(1, pl.Int64),
        )
    )
    return _day_rows(rows, stage, day, start, end)


def _day_rows(rows: pl.DataFrame, stage: Stage, day: date, start: datetime, end: datetime) -> pl.DataFrame:
    return rows.with_columns(
        day=pl.lit(day),
        visit_id=pl.lit(f"{stage.name}:") + pl.col("order_id"),
        stage=pl.lit(stage.name),  # of two stages that are made of orders, each has its own visits
        session_id=pl.lit(None, pl.String),
        dwell_seconds=pl.lit(None, pl.Float64),
        entered_at="placed_at",
        # the day on which the promise falls due is one of the visit's, whether the parcel comes or not
        is_active=(pl.col("left_at") >= start) | pl.col("is_promised_today").fill_null(value=False),
        is_decided=pl.col("decided_at").is_between(start, end, closed="left").fill_null(value=False),
    )

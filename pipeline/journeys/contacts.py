"""Contacts with the business, made of waits: visits to the support stage, and the cases that they belong to."""

from datetime import date, datetime, timedelta

import polars as pl

from pipeline.journeys.chains import chained
from pipeline.journeys.identities import person_of
from pipeline.journeys.journey import Stage
from pipeline.journeys.orders import UNKNOWN

CASE_GAP = timedelta(days=7)  # the usual window of first-contact resolution
CASE_CAP = timedelta(days=28)
LOOK_BACK = CASE_CAP + 2 * CASE_GAP


def contacts(waits: pl.DataFrame, stage: Stage | None) -> pl.DataFrame:
    """One row per contact of a customer: its waits, when it was over, and how it ended.

    `waits` as known at the end of the day. Waits of one `contact_id` are one contact, a wait without one is a contact
    of its own. `over_at` is null while the contact goes on; `is_left` says that the customer gave up, `is_short` that
    they did so before it counted as waiting. Gives also `visit_id`, and `wait_ids` and `starts` in order of time; no
    rows where the journey has no stage that is made of contacts.
    """
    service = pl.duration(microseconds=(pl.col("handled_seconds").fill_null(0) * 1_000_000).cast(pl.Int64))
    rows = (
        waits.filter(pl.col("wait_type").is_in(list(stage.wait_types) if stage else []))
        .with_columns(contact=pl.coalesce("contact_id", "wait_id"), over_at=pl.col("ended_at") + service)
        .sort("customer_id", "started_at", "wait_id")
    )
    last = pl.col("outcome").last()
    waited = (pl.col("ended_at") - pl.col("started_at")).last()
    short = timedelta(seconds=stage.short_abandon_seconds if stage else 0)
    return (
        rows.group_by("customer_id", "contact", maintain_order=True)
        .agg(
            visit_id=pl.lit(f"{stage.name if stage else None}:") + pl.col("wait_id").first(),
            started_at=pl.col("started_at").first(),
            over_at=pl.when(pl.col("ended_at").null_count() == 0).then(pl.col("over_at").max()),
            is_left=last.is_in(["abandoned", "timed_out"]),
            is_short=(last == "abandoned") & (waited <= short) & (pl.len() == 1),
            reason=pl.col("reason").drop_nulls().first(),
            case_id=pl.col("case_id").drop_nulls().first(),
            order_id=pl.col("order_id").drop_nulls().first(),
            channel=pl.col("channel").first(),
            value=pl.col("value").max(),
            currency=pl.col("currency").drop_nulls().first(),
            queues=pl.col("queue").fill_null(UNKNOWN).unique().sort(),
            teams=pl.col("team").drop_nulls().unique().sort(),
            wait_ids=pl.col("wait_id"),
            starts=pl.col("started_at"),
        )
        .with_columns(
            person_id=person_of(pl.col("customer_id"), pl.col("customer_id")),
            stage=pl.lit(stage.name if stage else None, pl.String),
        )
        .sort("customer_id", "started_at", "visit_id")
    )


def repeats(found: pl.DataFrame, within: timedelta) -> pl.DataFrame:
    """Contacts that the same person had to follow with another about the same reason within that time of their end.

    Gives `visit_id` of the first contact, `repeated_at`, `repeat_id` (visit of the first one that began after its end)
    and `repeat_wait`.
    A contact without a reason repeats nothing: it is not known what it was about.
    """
    same = ["customer_id", "reason"]
    told = found.filter(pl.col("reason").is_not_null()).sort(*same, "started_at", "visit_id").with_row_index("place")
    begins = told.select(*same, begins_at="started_at", first="place").sort("begins_at", "first")
    following = told.select(
        *same,
        next="place",
        repeated_at="started_at",
        repeat_id="visit_id",
        repeat_wait=pl.col("wait_ids").list.first(),
    )
    return (
        told.drop_nulls("over_at")
        .sort("over_at", "place")
        .join_asof(begins, left_on="over_at", right_on="begins_at", by=same, strategy="forward", check_sortedness=False)
        # the first that begins after the end; a contact that ends where it begins does not follow itself
        .with_columns(next=pl.max_horizontal("first", pl.col("place") + 1))
        .join(following, on=[*same, "next"])
        .filter((pl.col("repeated_at") - pl.col("over_at")).is_between(timedelta(0), within))
        .sort("place")
        .select("visit_id", "repeated_at", "repeat_id", "repeat_wait")
    )


def visits(found: pl.DataFrame, stage: Stage, day: date, start: datetime, end: datetime) -> pl.DataFrame:
    """Rows of `journeys.stage_visits` that are made of contacts, as known at the end of the day; also inactive ones.

    A contact is lost when the customer gives up or has to come back about the same reason within `quiet_days`, and
    completed when it was served and that time has passed quietly. `found` as `contacts` gives it.
    """
    quiet = timedelta(days=stage.quiet_days)
    repeated = repeats(found, quiet).select("visit_id", "repeated_at")
    quiet_at = pl.col("over_at") + quiet
    return (
        found.join(repeated, on="visit_id", how="left")
        .with_columns(
            outcome=pl.when(pl.col("over_at").is_not_null() & pl.col("is_left"))
            .then(pl.lit("lost"))
            .when(pl.col("repeated_at").is_not_null())
            .then(pl.lit("lost"))
            .when(quiet_at < end)
            .then(pl.lit("completed"))
            .otherwise(pl.lit("open")),
            reason=pl.when(pl.col("over_at").is_not_null() & pl.col("is_left"))
            .then(pl.when("is_short").then(pl.lit("short_abandon")).otherwise(pl.lit("abandoned")))
            .when(pl.col("repeated_at").is_not_null())
            .then(pl.lit("repeat_contact"))
            .when(quiet_at < end)
            .then(pl.lit("quiet")),
            decided_at=pl.when(pl.col("over_at").is_not_null() & pl.col("is_left"))
            .then("over_at")
            .when(pl.col("repeated_at").is_not_null())
            .then("repeated_at")
            .when(quiet_at < end)
            .then(quiet_at),
            loci=pl.concat_list(
                pl.col("queues").list.eval(pl.lit("queue:") + pl.element()),
                pl.col("teams").list.eval(pl.lit("team:") + pl.element()),
            ),
        )
        .with_columns(
            day=pl.lit(day),
            stage=pl.lit(stage.name),
            session_id=pl.lit(None, pl.String),
            device=pl.lit(None, pl.String),
            dwell_seconds=pl.lit(None, pl.Float64),
            entered_at="started_at",
            left_at=pl.coalesce("over_at", pl.col("starts").list.max()),
            events=pl.col("wait_ids").list.len().cast(pl.Int64),
            is_active=pl.col("starts").list.eval(pl.element() >= start).list.any()
            | (pl.max_horizontal("over_at", "repeated_at") >= start).fill_null(value=False),
            is_decided=pl.col("decided_at").is_between(start, end, closed="left").fill_null(value=False),
            is_exposure=~pl.col("is_short"),
            due_at=quiet_at,
        )
    )


def cases(found: pl.DataFrame, day: date, start: datetime) -> pl.DataFrame:
    """Rows of `journeys.cases`: cases with a contact on the day, as known at its end.

    Contacts of one `case_id` are one case; without it, contacts of one person about one reason that follow each other
    within seven days are.
    """
    rows = chained(
        found.with_columns(
            about=pl.struct("customer_id", case=pl.coalesce("case_id", "reason", "visit_id")).struct.json_encode()
        ),
        "about",
        "started_at",
        "visit_id",
        CASE_GAP,
        CASE_CAP,
    )
    is_given = pl.col("case_id").is_not_null()
    key = pl.when(is_given).then(pl.col("about")).otherwise(pl.col("piece").cast(pl.String))
    return (
        rows.with_columns(key=key)
        .group_by("key", maintain_order=True)
        .agg(
            case_id=pl.coalesce(pl.col("case_id").first(), pl.lit("case:") + pl.col("wait_ids").first().list.first()),
            person_id=pl.col("person_id").first(),
            customer_id=pl.col("customer_id").first(),
            reason=pl.col("reason").drop_nulls().first(),
            opened_at=pl.col("started_at").first(),
            last_contact_at=pl.col("started_at").last(),
            contacts=pl.len().cast(pl.Int64),
            channels=pl.col("channel").unique().sort(),
            visits=pl.col("visit_id"),
        )
        .filter(pl.col("last_contact_at") >= start)
        .with_columns(day=pl.lit(day))
        .drop("key")
    )

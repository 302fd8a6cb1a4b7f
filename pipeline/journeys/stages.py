"""Which stage an event belongs to, and the visits that a session pays to its stages."""

import re
from datetime import date, datetime

import polars as pl

from pipeline.journeys.journey import Journey, Stage

LOCI = {"page": ["page_path"], "element": ["element"], "form_field": ["form_id", "field_id"]}


def staged(events: pl.DataFrame, journey: Journey) -> pl.DataFrame:
    """Give each event its `stage`: that of its name, else that of its page, else that of the event before it.

    What comes before the first sign of any stage belongs to the journey's first stage that is made of sessions.
    `events` as `sessions.sessionize` gives them.
    """
    stages = journey.of_sessions
    if not stages:
        return events.with_columns(stage=pl.lit(None, pl.String))
    by_name = {name: stage.name for stage in reversed(stages) for name in stage.events}
    pages = events.select("page_path").unique().drop_nulls()
    by_page = pages.with_columns(
        of_page=pl.Series([_of_page(path, stages) for path in pages["page_path"]], dtype=pl.String)
    )
    own = pl.coalesce(pl.col("event_name").replace_strict(by_name, default=None, return_dtype=pl.String), "of_page")
    is_first = (pl.col("session") != pl.col("session").shift(1)).fill_null(value=True)
    return (
        events.join(by_page, on="page_path", how="left", maintain_order="left")
        .with_columns(stage=own)
        # each session's first event has a stage, so that filling forward never crosses into the next session
        .with_columns(
            stage=pl.when(is_first & pl.col("stage").is_null()).then(pl.lit(stages[0].name)).otherwise("stage")
        )
        .with_columns(pl.col("stage").forward_fill())
        .drop("of_page")
    )


def _of_page(path: str, stages: tuple[Stage, ...]) -> str | None:
    """The stage of the longest pattern that matches: /checkout/payment* before /checkout/*."""
    matching = [
        (len(pattern), stage.name)
        for stage in stages
        for pattern in stage.pages
        if re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), path, re.DOTALL)
    ]
    return max(matching)[1] if matching else None


def attempted(events: pl.DataFrame, journey: Journey) -> pl.DataFrame:
    """Give each event its `visit_id`, and number the attempts: a new one starts after a completed one.

    `events` as `staged` gives them; the visit's id is the stage and the id of its first event.
    """
    events = events.with_columns(attempt=pl.lit(0, pl.UInt32), row=pl.int_range(pl.len(), dtype=pl.UInt32))
    for stage in journey.of_sessions:
        completing = events.filter(_completes(stage))
        if not stage.starts_again_by or completing.is_empty():
            continue
        rows = events.join(completing.select("session").unique(), on="session", how="semi", maintain_order="left")
        completed = _completes(stage).cast(pl.UInt32)
        before = (completed.cum_sum() - completed).over("session")
        again = rows.select(
            "row",
            "stage",
            again=pl.when(pl.col("event_name").is_in(list(stage.starts_again_by)))
            .then(before)
            .forward_fill()
            .over("session")
            .fill_null(0),
        ).filter((pl.col("stage") == stage.name) & (pl.col("again") > 0))
        events = (
            events.join(again.select("row", "again"), on="row", how="left", maintain_order="left")
            .with_columns(attempt=pl.coalesce("again", "attempt"))
            .drop("again")
        )
    return events.with_columns(
        visit_id=pl.col("stage") + pl.lit(":") + pl.col("event_id").first().over("session", "stage", "attempt")
    ).drop("attempt", "row")


def visits(events: pl.DataFrame, journey: Journey, day: date, start: datetime, end: datetime) -> pl.DataFrame:
    """Rows of `journeys.stage_visits` that are made of sessions, as known at the end of the day.

    `events` as `attempted` gives them. One row per visit of theirs, also of one that was left and decided before the
    day: what is known of it only now is flagged on it.
    """
    rows = events.with_row_index("row")
    found = rows.group_by("visit_id", maintain_order=True).agg(
        pl.col("stage", "person_id", "customer_id", "session_id", "chain", "closed_at", "row").first(),
        entered_at=pl.col("occurred_at").first(),
        left_at=pl.col("occurred_at").last(),
        device=pl.col("device").drop_nulls().first(),
        channel=pl.col("channel").drop_nulls().first(),
        value=pl.col("value").filter(pl.col("metric").is_null()).max(),
        currency=pl.col("currency").drop_nulls().first(),
        events=pl.len().cast(pl.Int64),
    )
    none = found.clear().select("visit_id", completed_at="entered_at", completed_by="stage")
    completed = pl.concat([none, *(_completions(rows, found, stage) for stage in journey.of_sessions)])
    is_over = pl.col("closed_at") < end
    decided = (
        found.join(completed, on="visit_id", how="left")
        .with_columns(
            outcome=pl.when(pl.col("completed_at").is_not_null())
            .then(pl.lit("completed"))
            .when(is_over)
            .then(pl.lit("lost"))
            .otherwise(pl.lit("open")),
            decided_at=pl.coalesce("completed_at", pl.when(is_over).then("closed_at")),
            reason=pl.coalesce("completed_by", pl.when(is_over).then(pl.lit("session_end"))),
        )
        .with_columns(
            day=pl.lit(day),
            is_active=pl.col("left_at") >= start,
            is_decided=pl.col("decided_at").is_between(start, end, closed="left").fill_null(value=False),
            is_exposure=pl.lit(value=True),
            due_at=pl.lit(None, pl.Datetime("us", "UTC")),
        )
    )
    return decided.join(_loci(rows, decided), on="visit_id", how="left").with_columns(
        pl.col("loci").fill_null(pl.lit([], pl.List(pl.String)))
    )


def _completes(stage: Stage) -> pl.Expr:
    """Events that complete the stage: a purchase that failed is none."""
    is_failed = (pl.col("outcome") == "error").fill_null(value=False)
    return pl.col("event_name").is_in(list(stage.completed_by)) & ~is_failed


def _completions(rows: pl.DataFrame, found: pl.DataFrame, stage: Stage) -> pl.DataFrame:
    """The first completing event from the visit's entry on until it closes: visit_id, completed_at, completed_by.

    Where a long session is cut, the cut is known only later than where it is: what completed a visit until then counts,
    on either side, so that a visit is decided once.
    """
    completing = rows.filter(_completes(stage)).select(
        "chain", "row", completed_at="occurred_at", completed_by="event_name"
    )
    entries = found.filter(pl.col("stage") == stage.name).select("visit_id", "chain", "closed_at", "row").sort("row")
    return (
        entries.join_asof(completing, on="row", by="chain", strategy="forward", check_sortedness=False)
        .filter(pl.col("completed_at") < pl.col("closed_at"))
        .select("visit_id", "completed_at", "completed_by")
    )


def _loci(rows: pl.DataFrame, visited: pl.DataFrame) -> pl.DataFrame:
    """The places that each visit touched: visit_id, loci (sorted)."""
    wanted = rows.join(visited.select("visit_id"), on="visit_id", how="semi")
    touched = [
        wanted.select("visit_id", *columns)
        .drop_nulls()
        .unique()
        .select("visit_id", locus=pl.concat_str(pl.lit(f"{kind}:"), pl.concat_str(columns, separator="/")))
        for kind, columns in LOCI.items()
    ]
    return pl.concat(touched).sort("visit_id", "locus").group_by("visit_id").agg(loci="locus")

"""Which stage an event belongs to, and the visits that a session pays to its stages."""

from collections.abc import Collection
from datetime import date, datetime

import polars as pl

from pipeline.journeys.journey import Journey, Stage

LOCI = {"page": ["page_path"], "element": ["element"], "form_field": ["form_id", "field_id"]}


def staged(events: pl.DataFrame, journey: Journey) -> pl.DataFrame:
    """Give each event its `stage`: that of its name, else that of its page, else that of the event before it.

    Gives also `page`, the number of its page_path in this frame: numbers are told apart much faster than texts.
    What comes before the first sign of any stage belongs to the journey's first stage that is made of sessions.
    `events` as `sessions.sessionize` gives them.
    """
    stages = journey.of_sessions
    pages = events.select(pl.col("page_path").unique().drop_nulls().sort()).with_row_index("page")
    by_page = pages.with_columns(of_page=_of_page(stages))
    known = events.join(by_page, on="page_path", how="left", maintain_order="left")
    if not stages:
        return known.rename({"of_page": "stage"})
    by_name = {name: stage.name for stage in reversed(stages) for name in stage.events}
    own = pl.coalesce(pl.col("event_name").replace_strict(by_name, default=None, return_dtype=pl.String), "of_page")
    is_first = (pl.col("session") != pl.col("session").shift(1)).fill_null(value=True)
    return (
        known.with_columns(stage=own)
        # each session's first event has a stage, so that filling forward never crosses into the next session
        .with_columns(
            stage=pl.when(is_first & pl.col("stage").is_null()).then(pl.lit(stages[0].name)).otherwise("stage")
        )
        .with_columns(pl.col("stage").forward_fill())
        .drop("of_page")
    )


def _of_page(stages: tuple[Stage, ...]) -> pl.Expr:
    """The stage of the longest pattern that a page matches: /checkout/payment* before /checkout/*."""
    patterns = sorted(
        ((len(pattern), stage.name, pattern) for stage in stages for pattern in stage.pages), reverse=True
    )
    found = [
        pl.when(pl.col("page_path").str.contains(_regular(pattern))).then(pl.lit(name)) for _, name, pattern in patterns
    ]
    return pl.coalesce(*found, pl.lit(None, pl.String))


def _regular(pattern: str) -> str:
    """The pattern, in which * stands for any text, as a regular expression for the whole of a path."""
    return f"(?s)^{'.*'.join(map(pl.escape_regex, pattern.split('*')))}$"


def attempted(events: pl.DataFrame, journey: Journey) -> pl.DataFrame:
    """Give each event its `visit_id` and `visit`, the visit's number in this frame, from 0.

    A visit is what a session does in one stage; after it was completed, what starts it again starts another one.
    `events` as `staged` gives them; the visit's id is the stage and the id of its first event.
    """
    if not journey.of_sessions:
        return events.with_columns(visit=pl.lit(None, pl.UInt32), visit_id=pl.lit(None, pl.String))
    codes = {stage.name: code for code, stage in enumerate(journey.of_sessions)}
    # one number per session, stage and attempt: numbers are told apart many times faster than texts
    key = (
        pl.col("session").cast(pl.UInt64) * (2**32)
        + pl.col("stage").replace_strict(codes, return_dtype=pl.UInt64) * 2**24
        + _attempts(events, journey)
    )
    keys = events.select(key=key).to_series()
    visit = (keys.rank("dense") - 1).cast(pl.UInt32).alias("visit")
    first = keys.arg_unique()
    ids = events[first].select(visit_id=pl.concat_str("stage", "event_id", separator=":")).to_series()
    return events.with_columns(visit, ids.gather(visit.gather(first).arg_sort()).gather(visit))


def _attempts(events: pl.DataFrame, journey: Journey) -> pl.Series:
    """How often the event's stage had been completed in its session when it was last started again: mostly 0."""
    attempt = pl.zeros(events.height, pl.UInt64, eager=True).alias("attempt")
    told = {name for stage in journey.of_sessions for name in (*stage.starts_again_by, *stage.completed_by)}
    marks = events.select("session", "event_name", "outcome").with_row_index("row").filter(_is_one_of(told))
    for stage in (each for each in journey.of_sessions if each.starts_again_by):
        of_stage = (
            marks.select("session", "row", starts=_is_one_of(stage.starts_again_by), completes=_completes(stage))
            .filter(pl.col("starts") | pl.col("completes"))
            .with_columns(before=(pl.col("completes").cum_sum() - pl.col("completes")).over("session"))
            .filter("starts")
        )
        again = of_stage.filter(pl.col("before") > 0)["session"].unique()
        if again.is_empty():
            continue
        theirs = (
            events.select("session", "stage")
            .with_row_index("row")
            .filter((pl.col("stage") == stage.name) & pl.col("session").is_in(again.implode()))
            .join_asof(
                of_stage.select("session", "row", "before"),
                on="row",
                by="session",
                strategy="backward",
                check_sortedness=False,
            )
        )
        attempt = attempt.scatter(theirs["row"], theirs["before"].fill_null(0).cast(pl.UInt64))
    return attempt


def visits(events: pl.DataFrame, journey: Journey, day: date, start: datetime, end: datetime) -> pl.DataFrame:
    """Rows of `journeys.stage_visits` that are made of sessions, as known at the end of the day.

    `events` as `attempted` gives them. One row per visit of theirs, also of one that was left and decided before the
    day: what is known of it only now is flagged on it.
    """
    found = _found(events)
    none = found.clear().select("visit", completed_at="entered_at", completed_by="stage")
    completing = (
        events.select("chain", "event_name", "outcome", completed_at="occurred_at")
        .with_row_index("row")
        .filter(_is_one_of({name for stage in journey.of_sessions for name in stage.completed_by}))
    )
    completed = pl.concat([none, *(_completions(completing, found, stage) for stage in journey.of_sessions)])
    is_over = pl.col("closed_at") < end
    return (
        found.join(completed, on="visit", how="left", maintain_order="left")
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
        .join(_loci(events), on="visit", how="left", maintain_order="left")
        .with_columns(pl.col("loci").fill_null(pl.lit([], pl.List(pl.String))))
    )


def _found(events: pl.DataFrame) -> pl.DataFrame:
    """One row per visit, in order of their numbers: who, when and where, from the rows that it begins and ends with."""
    row = pl.int_range(pl.len(), dtype=pl.UInt32)
    told = ["device", "channel", "currency"]
    goes_on = pl.col("session") == pl.col("session").shift(-1)
    stays = (pl.col("occurred_at").shift(-1) - pl.col("occurred_at")).dt.total_microseconds()
    rows = (
        events.select(
            "visit",
            row=row,
            dwell=pl.when(goes_on).then(stays),
            value=pl.when(pl.col("metric").is_null()).then("value"),
            **{name: pl.when(pl.col(name).is_not_null()).then(row) for name in told},
        )
        .group_by("visit")
        .agg(
            pl.col("row", *told).min(),
            last=pl.col("row").max(),
            events=pl.len().cast(pl.Int64),
            value=pl.max("value"),
            dwell_seconds=pl.sum("dwell") / 1_000_000,
        )
        .sort("visit")
    )
    first = events.select(
        "visit_id", "stage", "person_id", "customer_id", "session_id", "chain", "closed_at", entered_at="occurred_at"
    )
    return first[rows["row"]].with_columns(
        *rows.select("visit", "row", "value", "events", "dwell_seconds"),
        events["occurred_at"].gather(rows["last"]).alias("left_at"),
        *(events[name].gather(rows[name]) for name in told),
    )


def _is_one_of(names: Collection[str]) -> pl.Expr:
    return pl.col("event_name").is_in(sorted(names))


def _completes(stage: Stage) -> pl.Expr:
    """Events that complete the stage: a purchase that failed is none."""
    is_failed = (pl.col("outcome") == "error").fill_null(value=False)
    return _is_one_of(stage.completed_by) & ~is_failed


def _completions(completing: pl.DataFrame, found: pl.DataFrame, stage: Stage) -> pl.DataFrame:
    """The first completing event from the visit's entry on until it closes: visit, completed_at, completed_by.

    Where a long session is cut, the cut is known only later than where it is: what completed a visit until then counts,
    on either side, so that a visit is decided once.
    """
    its = completing.filter(_completes(stage)).select("chain", "row", "completed_at", completed_by="event_name")
    entries = found.filter(pl.col("stage") == stage.name).select("visit", "chain", "closed_at", "row")
    return (
        entries.join_asof(its, on="row", by="chain", strategy="forward", check_sortedness=False)
        .filter(pl.col("completed_at") < pl.col("closed_at"))
        .select("visit", "completed_at", "completed_by")
    )


def _loci(events: pl.DataFrame) -> pl.DataFrame:
    """The places that each visit touched: visit, loci (sorted)."""
    names, touched, known = [], [], 0
    for kind, columns in sorted(LOCI.items()):
        code = pl.col("page") if columns == ["page_path"] else pl.concat_str(columns, separator="/").rank("dense")
        here = events.lazy().select("visit", "page", *columns).drop_nulls(columns).with_columns(code=code).collect()
        if here.is_empty():
            continue
        first = here["code"].arg_unique()
        places = here[first].select("code", place=pl.lit(f"{kind}:") + pl.concat_str(columns, separator="/"))
        places = places.sort("code").with_row_index("number", offset=known)
        # visit and place in one number: a million of them are sorted in no time, and names in their order
        numbers = places.select("code", "number")
        number = pl.col("visit").cast(pl.UInt64) * 2**32 + pl.col("number")
        touched.append(here.select("visit", "code").join(numbers, on="code").select(number.unique().alias("number")))
        names.append(places["place"])
        known += places.height
    if not names:
        return pl.DataFrame(schema={"visit": pl.UInt32, "loci": pl.List(pl.String)})
    every = pl.concat(touched).sort("number")["number"]
    rows = pl.DataFrame({"visit": (every // 2**32).cast(pl.UInt32), "place": pl.concat(names).gather(every % 2**32)})
    return (
        rows.with_columns(pl.col("visit").set_sorted())
        .group_by("visit", maintain_order=True)
        .agg(pl.col("place").alias("loci"))
    )

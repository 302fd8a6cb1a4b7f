"""The truth of episodes: each flag that must come of one, by its script and never by a detector."""

import numpy as np
import polars as pl

from pipeline.simulate.calendar import DAY, HOUR, MINUTE, SECOND, Calendar
from pipeline.simulate.episodes.book import MOMENTS, PARTS, TABLES, WHEN, Book
from pipeline.simulate.episodes.playing import Episodes, Rows
from pipeline.simulate.world import CLOSE_MINUTES, KEEP_DAYS, REPEAT_DAYS

# How long after its last row it is known what became of a visit; a contact is over when its service is.
SETTLED = {"visits": CLOSE_MINUTES * MINUTE, "contacts": REPEAT_DAYS * DAY + HOUR, "orders": KEEP_DAYS * DAY}


def instances(book: Book, played: Episodes, found: Rows, named: pl.Series, time: Calendar, prefix: int) -> pl.DataFrame:
    """One row per flag, with the columns that `simulate.truth` takes, and `script`."""
    moment = pl.col("moment")
    rows = _rows(book, found, named).filter(pl.col("at") < time.end)
    due = _due(book, played)
    mine = due.join(rows, on="episode")
    is_of = (pl.col("bit") & pl.col("of")) > 0
    is_known = pl.when(pl.col("known") < 0).then(pl.col("table") == 0).otherwise((pl.col("bit") & pl.col("known")) > 0)
    is_there = (pl.col("row_stage") == pl.col("stage")) & (pl.col("table") == 0)
    is_evidence = pl.when(pl.col("evidence") == 0).then(is_there).otherwise((pl.col("bit") & pl.col("evidence")) > 0)
    mine = mine.with_columns(
        is_of=is_of,
        is_evidence=is_evidence,
        when_known=pl.when(is_known).then(
            pl.when(moment == MOMENTS.index("at"))
            .then("at")
            .when(moment == MOMENTS.index("until"))
            .then("until")
            .otherwise("promised")
        ),
    )
    # a visit of a session is named by the first event of its stage in the session of the row that it stands on
    told = mine.group_by("due", maintain_order=True).agg(
        pl.col(
            "episode",
            "variant",
            "signal",
            "stage",
            "of_table",
            "locus_type",
            "locus",
            "is_planted",
            "ends_only",
            "becomes",
        ).first(),
        flagged=_nth(pl.col("when_known").drop_nulls(), pl.col("nth").first())
        + (pl.col("plus").first() * SECOND).cast(pl.Int64),
        evidence=pl.col("id").filter("is_evidence"),
        started=pl.col("at").filter("is_evidence").first(),
        session=pl.col("session").filter("is_of").first(),
        of_id=pl.col("id").filter("is_of").first(),
        of_contact=pl.col("contact").filter("is_of").first(),
        of_order=pl.col("order").filter("is_of").first(),
    )
    ends = pl.concat_list(pl.col("evidence").list.first(), pl.col("evidence").list.last())
    told = told.drop_nulls("flagged").with_columns(
        evidence=pl.when("ends_only").then(ends.list.unique(maintain_order=True)).otherwise("evidence")
    )
    told = _of_people(book, played, _with_visits(told, rows, prefix), rows, time)
    return told.filter(pl.col("flagged") < time.end)


def _nth(values: pl.Expr, nth: pl.Expr) -> pl.Expr:
    return values.get(pl.when(nth < 0).then(values.len().cast(pl.Int64) - 1).otherwise(nth), null_on_oob=True)


def _rows(book: Book, found: Rows, named: pl.Series) -> pl.DataFrame:
    of = book.steps.select("table", "bit", "session", "contact", "order", row_stage="stage")[found.step]
    told = pl.DataFrame(
        {"episode": found.episode, "id": named, "at": found.at, "until": found.until, "promised": found.promised}
    )
    return pl.concat([told, of], how="horizontal").sort("episode", "at", maintain_order=True)


def _due(book: Book, played: Episodes) -> pl.DataFrame:
    """One row per flag that must come: the episode and its plant."""
    every = pl.DataFrame({"episode": np.arange(len(played.variant)), "variant": played.variant, "lost": played.is_lost})
    due = every.join(book.plants, on="variant", maintain_order="left_right")
    happens = (pl.col("when") == WHEN.index("always")) | ((pl.col("when") == WHEN.index("lost")) == pl.col("lost"))
    return due.filter(happens).drop("lost").with_row_index("due")


def _with_visits(told: pl.DataFrame, rows: pl.DataFrame, prefix: int) -> pl.DataFrame:
    clicks = rows.filter(pl.col("table") == TABLES.index("clickstream"))
    entered = clicks.group_by("episode", "session", stage="row_stage", maintain_order=True).agg(
        entered=pl.col("id").first()
    )
    waits = rows.filter(pl.col("table") == TABLES.index("wait_time")).with_columns(
        of_contact=pl.coalesce("contact", "id")
    )
    begun = waits.group_by("episode", "of_contact", maintain_order=True).agg(first_wait=pl.col("id").first())
    table = pl.col("of_table")
    return (
        told.with_columns(of_contact=pl.coalesce("of_contact", "of_id"))
        .join(entered, on=["episode", "session", "stage"], how="left", maintain_order="left")
        .join(begun, on=["episode", "of_contact"], how="left", maintain_order="left")
        .with_columns(
            visit=pl.when(table == TABLES.index("clickstream"))
            .then("entered")
            .when(pl.col("stage") == "support")
            .then("first_wait")
            .otherwise(
                pl.concat_str(pl.lit(f"o{prefix}-"), pl.col("episode") + 1, pl.lit("-"), "of_order", ignore_nulls=False)
            )
        )
        .with_columns(visit_id=pl.concat_str("stage", "visit", separator=":"))
    )


def _of_people(book: Book, played: Episodes, told: pl.DataFrame, rows: pl.DataFrame, time: Calendar) -> pl.DataFrame:
    """Whose they are, and whether the visit was lost: not known before its outcome could be."""
    of = told["episode"].to_numpy()
    last = rows.group_by("episode").agg(last=pl.max_horizontal("at", "until").max()).sort("episode")
    variants: pl.DataFrame = book.variants.select("script", "part", "kill_share", "nature")[played.variant[of]]
    is_settled = pl.col("last") + pl.col("part").replace_strict(SETTLED, return_dtype=pl.Int64) <= time.end
    is_named = pl.Series(played.is_named[of]) | (variants["part"] != PARTS[0])
    kills = (pl.col("is_planted") & (pl.col("risk") > 0)).fill_null(value=False)
    names = [script.name for script in book.scripts]
    return (
        pl.concat([told, variants], how="horizontal")
        .join(last, on="episode", how="left", maintain_order="left")
        .with_columns(
            customer_id=pl.when(is_named).then(pl.format("c{}", pl.Series(played.customer[of] + 1))),
            # an outcome is a loss: nothing is left that it could cost
            risk=pl.when(pl.col("is_planted") & (pl.col("nature") > 0)).then(pl.col("kill_share") * pl.col("nature")),
            lost=pl.when(is_settled & (pl.col("becomes") != "open")).then(
                pl.when(pl.col("becomes") == "")
                .then(pl.Series(played.is_lost[of]))
                .otherwise(pl.col("becomes") == "lost")
            ),
            caused=pl.Series(played.by_nature[of] & played.is_killed[of]),
            plant=pl.when("is_planted").then("script").otherwise(-1).cast(pl.Int64),
        )
        .with_columns(
            script=pl.col("script").replace_strict(dict(enumerate(names)), return_dtype=pl.String),
            anonymous_id=pl.lit(None, pl.String),
            caused_loss=pl.when(pl.col("lost").is_not_null()).then(pl.col("caused") & kills),
        )
    )

"""The rows of episodes as a source would send them: ids, times and columns of the three inputs."""

from collections.abc import Callable

import numpy as np
import polars as pl

from pipeline.simulate.calendar import HOUR, SECOND, Calendar
from pipeline.simulate.columns import CLICKSTREAM, ERRORS, TIME, WAITS, Columns
from pipeline.simulate.episodes.book import TABLES, Book
from pipeline.simulate.episodes.people import Catalogue
from pipeline.simulate.episodes.playing import Episodes, Rows
from pipeline.simulate.randomness import hits
from pipeline.simulate.world import CURRENCY, DEVICES

AGENTS = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/604.1",
)
SCHEMAS: dict[str, Columns] = {
    "clickstream": CLICKSTREAM | {"coupon": pl.String, "metric": pl.String, "user_agent": pl.String},
    "wait_time": WAITS | {"case_id": pl.String, "agent_id": pl.String},
    "order_error": ERRORS | {"error_class": pl.String, "item_id": pl.String, "payment_method": pl.String},
}
IDS = {"clickstream": "e", "wait_time": "w", "order_error": "x"}


def ids(book: Book, found: Rows, prefix: int) -> pl.Series:
    """The id of each row: e, w or x, the chunk, and its number in order of time, episode and step."""
    number = np.empty(len(found.at), dtype=np.int64)
    number[np.lexsort((np.arange(len(found.at)), found.at))] = np.arange(1, len(found.at) + 1)
    table = book.steps["table"].gather(found.step)
    letter = table.replace_strict(dict(enumerate(IDS.values())), return_dtype=pl.String)
    frame = pl.DataFrame({"letter": letter, "number": number})
    return frame.select(pl.concat_str("letter", pl.lit(f"{prefix}-"), "number")).to_series()


def tables(
    world: Catalogue, book: Book, played: Episodes, found: Rows, named: pl.Series, prefix: int, time: Calendar,
    rng: np.random.Generator,
) -> dict[str, pl.DataFrame]:  # fmt: skip
    """Rows of each input by time and id, with the columns of SCHEMAS and `at` in milliseconds.

    What lies beyond the end of the simulated time is not known: such rows are left out, such ends blank.
    """
    is_late = hits(rng, world.late_event_share, len(found.at))
    delays = rng.integers(1, 49, len(found.at)) * HOUR
    table = book.steps["table"].to_numpy()[found.step]
    made = {}
    for number, name in enumerate(TABLES):
        mine = np.flatnonzero((table == number) & (found.at < time.end))
        own = Rows(*(getattr(found, each)[mine] for each in ("episode", "step", "at", "until", "promised")))
        # batches leave a device at the next full second and arrive a second later; late ones wait for a connection
        received = (own.at // SECOND + 2) * SECOND + is_late[mine] * delays[mine]
        rows = _common(book, played, own, prefix).with_columns(
            pl.Series("id", named.gather(mine)), pl.Series("received", received)
        )
        shaped = rows.with_columns(**SHAPES[name](time.end))
        schema = SCHEMAS[name]
        made[name] = shaped.select(*(pl.col(each).cast(kind) for each, kind in schema.items()), "at").sort(
            "at", next(iter(schema))
        )
    return made


def _common(book: Book, played: Episodes, own: Rows, prefix: int) -> pl.DataFrame:
    of = own.episode
    told = pl.DataFrame(
        {
            "at": own.at,
            "until": own.until,
            "promised": np.where(own.promised > own.at, own.promised, -1),
            "episode": of + 1,
            "number": played.customer[of] + 1,
            "is_named": played.is_named[of],
            "own_device": pl.Series(DEVICES).gather(played.device[of]),
            "own_agent": pl.Series(AGENTS).gather(played.device[of]),
        }
    )
    frame: pl.DataFrame = pl.concat([told, book.steps[own.step]], how="horizontal")
    number = pl.format("{}", "number")
    return frame.with_columns(
        customer_id=pl.when("is_partner").then(pl.format("c{}p", "number")).otherwise(pl.format("c{}", "number")),
        order_id=pl.when(pl.col("order").is_not_null()).then(
            pl.concat_str(pl.lit(f"o{prefix}-"), "episode", pl.lit("-"), "order")
        ),
        contact_id=pl.when(pl.col("contact").is_not_null()).then(
            pl.concat_str(pl.lit(f"k{prefix}-"), "episode", pl.lit("-"), "contact")
        ),
        case_id=pl.when(pl.col("case").is_not_null()).then(
            pl.concat_str(pl.lit(f"f{prefix}-"), "episode", pl.lit("-"), "case")
        ),
        device=pl.coalesce("device", "own_device"),
        user_agent=pl.coalesce("user_agent", "own_agent"),
        currency=pl.when(pl.col("value").is_not_null()).then(pl.lit(CURRENCY)),
        anonymous_id=pl.coalesce(
            "anonymous_id", pl.concat_str(pl.lit("d"), number, pl.lit("-"), pl.coalesce("device", "own_device"))
        ),
    )


def _clicks(_end: int) -> dict[str, pl.Expr]:
    fails = pl.col("what").is_in(["form_error", "payment_error", "login_error", "coupon_error"])
    return {
        "event_id": pl.col("id"),
        "occurred_at": pl.col("at").cast(TIME),
        "received_at": pl.col("received").cast(TIME),
        "event_name": pl.col("what"),
        "customer_id": pl.when(pl.col("is_named") | pl.col("is_partner")).then("customer_id"),
        "outcome": pl.when(pl.col("outcome").is_null() & fails).then(pl.lit("error")).otherwise("outcome"),
        "channel": pl.coalesce("channel", pl.lit("web")),
        "currency": pl.when(pl.col("metric").is_null()).then("currency"),  # a measurement is no money
    }


def _waits(end: int) -> dict[str, pl.Expr]:
    is_open = pl.col("is_open") | (pl.col("until") >= end)
    return {
        "wait_id": pl.col("id"),
        "wait_type": pl.col("what"),
        "started_at": pl.col("at").cast(TIME),
        "ended_at": pl.when(~is_open).then(pl.col("until").cast(TIME)),
        "outcome": pl.when(is_open).then(pl.lit("open")).otherwise("outcome"),
        "promised_at": pl.when(pl.col("promised") >= 0).then(pl.col("promised").cast(TIME)),
        "handled_seconds": pl.when(~is_open).then("handled_seconds"),
    }


def _errors(_end: int) -> dict[str, pl.Expr]:
    is_return = pl.col("what") == "return"
    return {
        "error_id": pl.col("id"),
        "error_type": pl.col("what"),
        "occurred_at": pl.col("at").cast(TIME),
        "resolution": pl.when(is_return).then(pl.lit("refunded")),
        "refund_amount": pl.when(is_return).then("value"),
    }


# What each input's own columns are made of; what ends at or after the given instant is not known to have ended.
SHAPES: dict[str, Callable[[int], dict[str, pl.Expr]]] = {
    "clickstream": _clicks,
    "wait_time": _waits,
    "order_error": _errors,
}

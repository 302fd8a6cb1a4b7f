"""Pages that a session came to, one after the other: what going in circles and turning back are found in."""

import polars as pl

SHOWN = ("page_view", "screen_view", "view_item", "view_item_list", "view_search_results", "view_cart", "web_vital")
ITEMS = ("view_item",)
KEPT = [
    "session", "session_id", "visit_id", "stage", "person_id", "customer_id", "event_id", "event_name", "occurred_at",
    "closed_at", "page", "page_path", "page_url", "value", "currency", "channel", "device",
]  # fmt: skip
LISTS = ("view_item_list", "view_search_results", "search")


def pages(events: pl.DataFrame) -> pl.DataFrame:
    """One row per page that a session came to, in the order of `events` (person_id, occurred_at, event_id).

    A page is entered by an event that names another page than the one named before it in the session, or by a further
    `page_view`: it was loaded again. The columns are those of KEPT, of the entering event, and `left_at` (when the next
    page was entered; null for the session's last), `acts` (events on it that the customer did: none that only shows
    something), `items` and `lists` (events on it that show a product, or a list of products).
    """
    lasting = events["session"].rle().struct.field("len").cum_sum()
    end = lasting.gather(events["session"].rle_id()).cast(pl.UInt32).alias("end")  # the row after the session's last
    same = (pl.col("session") == pl.col("session").shift(1)) & (pl.col("page_path") == pl.col("page_path").shift(1))
    entered = (
        events.select("session", "page_path", "event_name", end, row=pl.int_range(pl.len(), dtype=pl.UInt32))
        .filter(pl.col("page_path").is_not_null())
        .filter(~same.fill_null(value=False) | (pl.col("event_name") == "page_view"))
        .with_columns(goes_on=(pl.col("row").shift(-1) < pl.col("end")).fill_null(value=False))
        .with_columns(until=pl.when("goes_on").then(pl.col("row").shift(-1)).otherwise("end"))
    )
    kinds = {"acts": ~pl.col("event_name").is_in(SHOWN), "items": _is(ITEMS), "lists": _is(LISTS)}
    so_far = events.select(**{name: is_one.cum_sum().cast(pl.Int64) for name, is_one in kinds.items()})
    before = pl.concat([so_far.clear(1), so_far]).fill_null(0)  # how many there were before each row
    return (
        events.select(KEPT)[entered["row"]]
        .with_columns(before[entered["until"]] - before[entered["row"]])
        .with_columns(left_at=pl.when(entered["goes_on"]).then(pl.col("occurred_at").shift(-1)))
    )


def _is(names: tuple[str, ...]) -> pl.Expr:
    return pl.col("event_name").is_in(names)

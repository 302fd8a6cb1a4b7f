"""What was known of waits, errors and orders at the end of a day: what happened later is not known yet."""

from datetime import datetime

import polars as pl


def as_known(
    frame: pl.DataFrame, end: datetime, times: list[str], *, told: dict[str, str] | None = None
) -> pl.DataFrame:
    """Blank the `times` that lie at or after `end`; `told` names columns that only the first of them makes known.

    Of a wait that ends later it is not known how it will end: its outcome is what `told` gives, `open`.
    """
    later = {name: pl.col(name) >= end for name in times}
    blanked = [pl.when(is_later).then(None).otherwise(pl.col(name)).alias(name) for name, is_later in later.items()]
    is_later = later[times[0]].fill_null(value=False)
    unknown = [
        pl.when(is_later).then(pl.lit(value) if value else None).otherwise(pl.col(name)).alias(name)
        for name, value in (told or {}).items()
    ]
    return frame.with_columns(*blanked, *unknown)


def waits_as_known(waits: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Waits that had begun, with their end only where it had come: the others are open (censored)."""
    unknown = {"outcome": "open", "handled_seconds": ""}
    return as_known(waits.filter(pl.col("started_at") < end), end, ["ended_at"], told=unknown)


def errors_as_known(errors: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Order errors that had happened, with their resolution only where it had come."""
    unknown = {"resolution": "", "refund_amount": ""}
    return as_known(errors.filter(pl.col("occurred_at") < end), end, ["resolved_at"], told=unknown)


def orders_as_known(orders: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Orders that had been placed, with delivery and cancellation only where they had come."""
    known = as_known(orders.filter(pl.col("placed_at") < end), end, ["delivered_at"])
    return as_known(known, end, ["cancelled_at"])

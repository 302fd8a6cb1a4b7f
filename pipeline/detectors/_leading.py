"""What led to a contact: each cause belongs to the first contact that the person began after it, soon enough."""

from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import WHO, Inputs


def leading(causes: pl.LazyFrame, inputs: Inputs, within: timedelta, *, about_order: bool = False) -> pl.LazyFrame:
    """The `causes` with the contact that each led to, by contact and in order of time; without one, they are left out.

    `causes`: `person_id`, `at`, `cause_id`, and what else is to be kept. Adds what a flag takes over from a contact
    (WHO), `contact_at`, `contact_id` (its first wait), `reason` and `contact_value`. With `about_order`, a contact that
    names another order than the cause's `order_id` has nothing to do with it.
    """
    contacts = inputs.contacts.filter(
        pl.col("started_at").is_between(inputs.start - within, inputs.end, closed="left")
    ).select(
        *WHO,
        "reason",
        contact_at="started_at",
        contact_id=pl.col("wait_ids").list.first(),
        contact_value="value",
        about="order_id",
    )
    pairs = causes.join(contacts, on="person_id").filter(
        (pl.col("contact_at") - pl.col("at")).is_between(timedelta(0), within)
    )
    if about_order:
        pairs = pairs.filter((pl.col("about") == pl.col("order_id")).fill_null(value=True))
    # an order and its error may have one id: they are one cause, so that no two flags have the same first evidence
    return pairs.sort("contact_at", "contact_id", "at", "cause_id").unique(
        ["person_id", "cause_id"], keep="first", maintain_order=True
    )

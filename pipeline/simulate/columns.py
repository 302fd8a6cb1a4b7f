"""Columns of the files that are written, and their types."""

import polars as pl

Columns = dict[str, pl.DataType | type[pl.DataType]]

TIME = pl.Datetime("ms", "UTC")

CLICKSTREAM: Columns = {
    "event_id": pl.String,
    "occurred_at": TIME,
    "received_at": TIME,
    "event_name": pl.String,
    "customer_id": pl.String,
    "anonymous_id": pl.String,
    "page_path": pl.String,
    "element": pl.String,
    "x": pl.Int64,
    "y": pl.Int64,
    "query": pl.String,
    "result_count": pl.Int64,
    "product_id": pl.String,
    "order_id": pl.String,
    "form_id": pl.String,
    "field_id": pl.String,
    "value": pl.Float64,
    "shipping_cost": pl.Float64,
    "currency": pl.String,
    "outcome": pl.String,
    "error_code": pl.String,
    "error_class": pl.String,
    "device": pl.String,
    "channel": pl.String,
}

WAITS: Columns = {
    "wait_id": pl.String,
    "customer_id": pl.String,
    "wait_type": pl.String,
    "channel": pl.String,
    "started_at": TIME,
    "ended_at": TIME,
    "outcome": pl.String,
    "promised_at": TIME,
    "contact_id": pl.String,
    "order_id": pl.String,
    "queue": pl.String,
    "team": pl.String,
    "reason": pl.String,
    "handled_seconds": pl.Int64,
    "value": pl.Float64,
    "currency": pl.String,
}

ERRORS: Columns = {
    "error_id": pl.String,
    "customer_id": pl.String,
    "order_id": pl.String,
    "occurred_at": TIME,
    "error_type": pl.String,
    "error_code": pl.String,
    "value": pl.Float64,
    "currency": pl.String,
    "resolution": pl.String,
    "refund_amount": pl.Float64,
    "carrier": pl.String,
    "warehouse": pl.String,
}

TRUTH: Columns = {
    "signal": pl.String,
    "stage": pl.String,
    "locus_type": pl.String,
    "locus": pl.String,
    "customer_id": pl.String,  # null where nobody had logged in on the device by then
    "anonymous_id": pl.String,  # null for waits and orders
    "day": pl.Date,  # on which the last evidence that the definition needs was in
    "flagged_at": TIME,
    "started_at": TIME,
    "evidence": pl.List(pl.String),  # ids of events, waits or errors, in order of time
    "visit_id": pl.String,  # stage:id of the event, contact or order that entered it
    "is_planted": pl.Boolean,
    "lost": pl.Boolean,
    "caused_loss": pl.Boolean,
    "effect": pl.Float64,  # planted risk difference at the place; null where not planted
}

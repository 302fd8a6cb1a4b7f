"""Friction with orders: late, wrong, declined, cancelled, not delivered, sent back, paid back late."""

from typing import Any

from pipeline.simulate.episodes.script import DAY, HOUR, Planted, Script, Step, error, wait

CARRIERS = {
    "carrier": ("north-parcel", "south-post"),
    "warehouse": ("izmir", "ankara"),
    "item": ("lamp", "kettle", "boots"),
}
SENT_BACK = error(
    "return",
    (6 * HOUR, 3 * DAY),
    label="back",
    when="lost",
    order="a",
    item_id="{item}",
    error_code="DEFECTIVE",
    value=80.0,
)
RETURNED = Planted("order_return", "product", "{item} / DEFECTIVE", "back", when="lost", arises=True)


def _delivery(lasts: tuple[float, float], promised: tuple[float, float], **more: Any) -> Step:
    told: dict[str, Any] = {
        "label": "parcel",
        "queue": "{carrier}",
        "team": "{warehouse}",
        "order": "a",
        "value": 80.0,
    } | more
    return wait("delivery", "courier", lasts, promised=promised, **told)


IN_TIME = _delivery((20 * HOUR, 40 * HOUR), (44 * HOUR, 48 * HOUR))


def _faulty(
    name: str, how: str, mishap: Step, planted: Planted, *, share: float = 1.0, kills: float = 0.3, **more: Any
) -> Script:
    """An order that comes in time and has a fault; who loses patience sends it back."""
    return Script(
        name, "orders", "planted", how, (IN_TIME, mishap, SENT_BACK), (planted, RETURNED), share=share,
        kill_share=kills,
        nature=0.95, draws=CARRIERS | dict(more),
    )  # fmt: skip


AFTERWARDS = (HOUR, 20 * HOUR)

SCRIPTS = (
    Script(
        "late_delivery", "orders", "planted", "delivered 2–52 h after the promise",
        (_delivery((50 * HOUR, 100 * HOUR), (44 * HOUR, 48 * HOUR)), SENT_BACK),
        (Planted("late_delivery", "carrier", "{carrier}", "parcel", moment="promised"), RETURNED),
        share=0.8, kill_share=0.4, nature=0.95, draws=CARRIERS,
    ),
    Script(
        "never_delivered", "orders", "planted", "not delivered at all",
        (
            wait("delivery", "courier", None, promised=(44 * HOUR, 48 * HOUR), label="parcel", queue="{carrier}",
                team="{warehouse}", order="a"),
        ),
        (Planted("late_delivery", "carrier", "{carrier}", "parcel", moment="promised", visit="open"),),
        share=0.2, nature=0.0, draws=CARRIERS,
    ),
    Script(
        "just_in_time", "orders", "near_miss", "delivered shortly before the promise",
        (_delivery((40 * HOUR, 43.9 * HOUR), (44 * HOUR, 48 * HOUR)),), draws=CARRIERS,
    ),
    _faulty(
        "order_defect", "the parcel held something wrong, damaged or too little",
        error("{fault}", AFTERWARDS, label="fault", order="a", warehouse="{warehouse}", value=80.0),
        Planted("order_defect", "error_type", "{fault} @ {warehouse}", "fault"), kills=0.5,
        fault=("wrong_item", "damaged", "missing_item"),
    ),
    _faulty(
        "payment_declined", "the charge was declined 1–3 times after the order",
        error("payment_declined", AFTERWARDS, times=(1, 3), label="fault", order="a", payment_method="{method}",
            error_code="{code}", error_class="soft"),
        Planted("payment_declined", "payment_method", "{method} / {code}", "fault"),
        method=("card", "wallet"), code=("insufficient_funds", "expired"),
    ),
    _faulty(
        "merchant_cancellation", "a part of the order was out of stock",
        error("stock_out", AFTERWARDS, label="fault", order="a", item_id="{item}"),
        Planted("merchant_cancellation", "product", "{item}", "fault"),
    ),
    _faulty(
        "delivery_failure", "1–3 attempts to deliver failed",
        error("delivery_failed", AFTERWARDS, times=(1, 3), label="fault", order="a", carrier="{carrier}"),
        Planted("delivery_failure", "carrier", "{carrier}", "fault"),
    ),
    Script(
        "order_return", "orders", "planted", "sent back as defective",
        (IN_TIME, error("return", (HOUR, 2 * DAY), label="back", order="a", item_id="{item}", error_code="{code}")),
        (Planted("order_return", "product", "{item} / {code}", "back"),),
        nature=0.0, draws=CARRIERS | {"code": ("DEFECTIVE", "WRONG_SIZE")},
    ),
    Script(
        "change_of_mind", "orders", "near_miss", "sent back, not wanted any more",
        (IN_TIME, error("return", (HOUR, 2 * DAY), order="a", item_id="{item}", error_code="changed mind")),
        draws=CARRIERS,
    ),
    Script(
        "repeat_order_error", "orders", "planted", "two mishaps with two orders within a month",
        (
            error("promo_rejected", (1.0, 2.0), label="first", order="a"),
            error("address_invalid", (HOUR, 6 * DAY), label="second", order="b"),
        ),
        (Planted("repeat_order_error", "error_type", "address_invalid", "second", ("first", "second"), of="second",
            visit="open"),),
        share=1.6, nature=0.0, draws=CARRIERS,
    ),
    Script(
        "one_mishap", "orders", "near_miss", "the same mishap with the same order again",
        (error("promo_rejected", (1.0, 2.0), order="a"), error("promo_rejected", (HOUR, 6 * DAY), order="a")),
        draws=CARRIERS,
    ),
    Script(
        "small_mishap", "orders", "near_miss", "a mishap that is no defect, no refusal and no failed delivery",
        (IN_TIME, error("{mishap}", AFTERWARDS, order="a")),
        draws=CARRIERS | {"mishap": ("promo_rejected", "address_invalid")},
    ),
    Script(
        "slow_refund", "orders", "planted", "paid back 3–90 h later than promised",
        (
            error("return", (1.0, 2.0), order="a", error_code="UNWANTED", payment_method="{method}"),
            wait("refund", "app", (51 * HOUR, 140 * HOUR), promised=(40 * HOUR, 48 * HOUR), label="refund", order="a",
                queue="refunds"),
        ),
        (Planted("slow_refund", "payment_method", "{method}", "refund", moment="promised"),),
        share=1.2, nature=0.0, draws=CARRIERS | {"method": ("card", "wallet")},
    ),
    Script(
        "refund_in_time", "orders", "near_miss", "paid back shortly before it was promised",
        (
            error("return", (1.0, 2.0), order="a", error_code="UNWANTED", payment_method="card"),
            wait("refund", "app", (30 * HOUR, 39.9 * HOUR), promised=(40 * HOUR, 48 * HOUR), order="a",
                queue="refunds"),
        ),
        draws=CARRIERS,
    ),
)  # fmt: skip

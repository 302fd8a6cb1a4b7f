"""The simulated world in one place: how customers behave by nature, and which friction is planted where.

Every share is of the visits named beside it, 0–1. Nothing else in this package holds a number about behaviour.
"""

from dataclasses import dataclass

TIMEZONE = "Europe/Istanbul"
CURRENCY = "TRY"

DEVICES = ("mobile", "desktop", "tablet")
CHANNELS = ("web", "app")
CATEGORIES = ("shoes", "coats", "kitchen", "garden", "toys", "books")
QUERIES = ("red shoes", "winter coat", "kettle", "garden hose", "puzzle", "cook book", "kışlık mont", "çaydanlık")
PRODUCTS = 60

CONTACT_CHANNELS = ("phone", "chat", "email")
REASONS = ("invoice", "account", "where_is_my_order", "return", "wrong_item", "damaged", "missing_item")
PHONE_QUEUES = ("billing", "billing", "delivery", "returns", "returns", "returns", "returns")  # one per reason
CARRIERS = ("north-parcel", "south-post")
WAREHOUSES = ("izmir", "ankara")

TARGET_SECONDS = {"phone": 20, "chat": 60, "email": 24 * 3600}
SHORT_ABANDON_SECONDS = 5
REPEAT_DAYS = 7
KEEP_DAYS = 14  # an order is kept when neither a return nor a contact about it came within this time after delivery
OPEN_TARGETS = 4  # a wait that goes on is known to be long after so many times its target
CLOSE_MINUTES = 30  # silence that ends a session


@dataclass(frozen=True)
class Plant:
    """Friction at a known place.

    `share` of the stage visits that touch the place meet it; of those that meet it and would otherwise complete, it
    loses `kill_share`. `device` limits it to the visits on that device.
    """

    signal: str
    stage: str
    locus_type: str
    locus: str
    share: float
    kill_share: float
    how: str
    device: str | None = None


PLANTS = (
    Plant("rage_click", "evaluate", "element", "#gallery-next", 0.06, 0.0, "4–7 clicks within 1 s; harmless"),
    Plant("rage_click", "payment", "element", "#pay", 0.16, 0.35, "4–7 clicks within 1 s", device="mobile"),
    Plant("payment_failure", "payment", "error_code", "card_declined", 0.07, 0.60, "hard error, 1–3 attempts"),
    Plant("payment_failure", "payment", "error_code", "issuer_timeout", 0.07, 0.25, "soft error, 1–3 attempts"),
    Plant("form_error_repeat", "checkout", "form_field", "shipping/postcode", 0.14, 0.40, "2–4 errors on the field"),
    Plant("long_wait", "support", "queue", "billing", 0.35, 0.40, "30–600 s on the phone (target 20 s)"),
    Plant("long_wait", "support", "queue", "delivery", 0.10, 0.25, "30–600 s on the phone (target 20 s)"),
    Plant("long_wait", "support", "queue", "returns", 0.10, 0.25, "30–600 s on the phone (target 20 s)"),
    Plant("long_wait", "support", "queue", "chat", 0.15, 0.30, "80–900 s in chat (target 60 s)"),
    Plant("slow_first_response", "support", "queue", "mail", 0.20, 0.25, "26–58 h to the first reply (target 24 h)"),
    Plant("late_delivery", "fulfilment", "carrier", "south-post", 0.32, 0.40, "9–68 h after the promise"),
    Plant("late_delivery", "fulfilment", "carrier", "north-parcel", 0.05, 0.40, "9–68 h after the promise"),
    Plant(
        "order_defect", "fulfilment", "error_type", "wrong_item @ izmir", 0.14, 0.55, "reported 1–20 h after delivery"
    ),
    Plant(
        "order_defect", "fulfilment", "error_type", "wrong_item @ ankara", 0.01, 0.55, "reported 1–20 h after delivery"
    ),
    Plant("order_defect", "fulfilment", "error_type", "damaged @ izmir", 0.02, 0.45, "reported 1–20 h after delivery"),
    Plant("order_defect", "fulfilment", "error_type", "damaged @ ankara", 0.02, 0.45, "reported 1–20 h after delivery"),
    Plant(
        "order_defect", "fulfilment", "error_type", "missing_item @ izmir", 0.01, 0.45, "reported 1–20 h after delivery"
    ),
    Plant(
        "order_defect",
        "fulfilment",
        "error_type",
        "missing_item @ ankara",
        0.01,
        0.45,
        "reported 1–20 h after delivery",
    ),
)


@dataclass(frozen=True)
class World:
    """How customers behave where no friction is planted."""

    plants: tuple[Plant, ...] = PLANTS

    visit_share: float = 0.6  # of customers with a session on a day; with about 9 events each: 6 per customer and day
    device_shares: tuple[float, ...] = (0.60, 0.32, 0.08)  # a customer's usual device
    other_device_share: float = 0.15  # of sessions on another device than the usual one
    app_shares: tuple[float, ...] = (0.40, 0.0, 0.25)  # of sessions in the app, by device
    hour_weights: tuple[float, ...] = (0,) * 7 + (1, 3, 4, 5, 5, 6, 5, 4, 4, 5, 6, 7, 8, 9, 8, 6, 4)  # local time
    login_early_share: float = 0.35  # of sessions that log in on arrival; the others not before checkout

    # Completion by nature, per device (mobile, desktop, tablet); the app adds to each.
    discover: tuple[float, ...] = (0.74, 0.80, 0.76)
    evaluate: tuple[float, ...] = (0.38, 0.45, 0.40)
    cart: tuple[float, ...] = (0.68, 0.78, 0.72)
    checkout: tuple[float, ...] = (0.84, 0.92, 0.88)
    payment: tuple[float, ...] = (0.88, 0.95, 0.91)
    app_bonus: float = 0.03

    double_click_share: float = 0.06  # of ordinary clicks
    single_form_error_share: float = 0.12  # of checkout visits: one error on a field that goes well afterwards
    search_share: float = 0.35
    menu_click_share: float = 0.40
    gallery_click_share: float = 0.45

    contact_share: float = 0.04  # of customers who contact us on a day without an order's being the matter
    contact_channel_shares: tuple[float, ...] = (0.60, 0.25, 0.15)
    reason_shares: tuple[float, ...] = (0.45, 0.15, 0.20, 0.20, 0.0, 0.0, 0.0)
    support_lost: float = 0.10  # support visits lost by nature
    hang_up_share: float = 0.50  # of lost phone and chat visits that hang up; the others contact us again
    call_again_share: float = 0.35  # of those who hang up: they try again on a later day
    short_hang_up_share: float = 0.10  # of hang-ups by nature that come within the short-abandon time

    fulfilment_lost: float = 0.05  # fulfilment visits lost by nature
    return_share: float = 0.55  # of lost fulfilment visits that end in a return; the others in a contact with the order
    carrier_shares: tuple[float, ...] = (0.60, 0.40)
    warehouse_shares: tuple[float, ...] = (0.45, 0.55)
    where_is_it_share: float = 0.50  # of late orders that will be lost: a contact while still waiting
    promo_rejected_share: float = 0.04  # of orders: an order error that is no defect

    late_event_share: float = 0.005  # of events received hours or days after they happened
    duplicate_share: float = 0.002  # of rows of a file that are there twice
    broken_share: float = 0.001  # of rows of a file that are added with a broken value

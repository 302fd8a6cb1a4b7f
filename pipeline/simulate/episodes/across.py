"""Friction across clicks, contacts and orders."""

from dataclasses import replace

from pipeline.simulate.episodes.clicks import CLOSED, HOME
from pipeline.simulate.episodes.contacts import AGAIN, REASON, REPEATED, SOON, TALK, _call
from pipeline.simulate.episodes.orders import CARRIERS, IN_TIME
from pipeline.simulate.episodes.script import DAY, HOUR, Planted, Script, Step, error, event, view, wait

WITHIN_A_DAY, LATER = (600.0, 22 * HOUR), (26 * HOUR, 45 * HOUR)
SWITCHED = Planted(
    "repeat_contact", "reason", "{reason}", "then", ("call", "then"), of="call", visit="lost", arises=True
)
FAULT = error("damaged", (HOUR, 20 * HOUR), label="fault", order="a", warehouse="{warehouse}")
DEFECT = Planted("order_defect", "error_type", "damaged @ {warehouse}", "fault", visit="lost", arises=True)
FORGIVEN = replace(DEFECT, visit="kept")


def _about_order(after: tuple[float, float], order: str) -> Step:
    return wait(
        "queue",
        "phone",
        (2.0, 15.0),
        after,
        label="call",
        queue="delivery",
        reason="damaged",
        handled_seconds=TALK,
        team="delivery",
        order=order,
    )


def _identified(label: str) -> Step:
    return event("identify", "", (4.0, 20.0), label=label, channel="phone")


SCRIPTS = (
    Script(
        "self_service_failure", "contacts", "planted", "1–3 looks at help pages, and a call within a day",
        (HOME, event("help_view", "help", times=(1, 3), label="looks"), _call(SOON, WITHIN_A_DAY), AGAIN),
        (Planted("self_service_failure", "help_page", "{help}", "call", ("looks", "call")), REPEATED),
        share=1.2, kill_share=0.15, draws=REASON, known="always",
    ),
    Script(
        "help_helped", "contacts", "near_miss", "a look at a help page, and a call a day later",
        (HOME, event("help_view", "help"), _call(SOON, LATER)), draws=REASON, known="always",
    ),
    Script(
        "error_to_contact", "contacts", "planted", "a page error, and a call within a day",
        (HOME, view("item"), event("page_error", "item", label="errors", error_code="500"), _call(SOON, WITHIN_A_DAY),
            AGAIN),
        (
            REPEATED,
            Planted("error_to_contact", "page", "{item} → {reason}", "call", ("errors", "call")),
            Planted("page_error", "page", "{item}", "errors", visit="lost", arises=True),
        ),
        share=1.2, kill_share=0.25, draws=REASON, known="always",
    ),
    Script(
        "error_and_later_contact", "contacts", "near_miss", "a page error, and a call a day later",
        (HOME, view("item"), event("page_error", "item", label="errors", error_code="500"), _call(SOON, LATER)),
        (Planted("page_error", "page", "{item}", "errors", visit="lost", arises=True),),
        draws=REASON, known="always",
    ),
    Script(
        "channel_switch", "contacts", "planted", "a call, and a chat about the same reason within a week",
        (
            _call(SOON, contact="a"),
            wait("queue", "chat", SOON, (HOUR, 6.9 * DAY), label="then", per="queue/chat", queue="chat",
                reason="{reason}", handled_seconds=TALK, contact="b"),
        ),
        (Planted("channel_switch", "channel", "phone → chat", "then", ("call", "then"), of="then", visit="kept"),
            SWITCHED),
        share=1.6, nature=1.0, draws=REASON,
    ),
    Script(
        "other_channel_later", "contacts", "near_miss",
        "a call, and a chat about the same reason after more than a week",
        (
            _call(SOON, contact="a"),
            wait("queue", "chat", SOON, (7.1 * DAY, 9 * DAY), per="queue/chat", queue="chat", reason="{reason}",
                handled_seconds=TALK, contact="b"),
        ),
        draws=REASON,
    ),
    Script(
        "repeated_identification", "contacts", "planted", "identified again after being passed on",
        (
            _call(SOON, contact="a", outcome="transferred", team="sales"), _identified("first"),
            _call(SOON, (30.0, 300.0), contact="a", label="then", team="billing", queue="billing"),
            _identified("twice"), AGAIN,
        ),
        (
            Planted("repeated_identification", "team", "sales → billing", "twice", ("first", "twice"), of="call"),
            Planted("transfer", "team", "sales → billing", "call", moment="until", arises=True),
            REPEATED,
        ),
        share=1.2, kill_share=0.15, draws=REASON, known="always",
    ),
    Script(
        "identified_twice", "contacts", "near_miss", "identified twice by one team",
        (_call(SOON, contact="a"), _identified("first"), _identified("twice")), draws=REASON, known="always",
    ),
    Script(
        "order_error_to_contact", "orders", "planted", "a damaged parcel, and a call about it within a week",
        (IN_TIME, FAULT, _about_order((HOUR, 6.5 * DAY), "a")),
        (Planted("order_error_to_contact", "error_type", "damaged → damaged", "call", ("fault", "call")), DEFECT),
        share=1.6, nature=1.0, draws=CARRIERS,
    ),
    Script(
        "call_about_another_order", "orders", "near_miss", "a damaged parcel, and a call about another order",
        (IN_TIME, FAULT, _about_order((HOUR, 4 * DAY), "b")), (FORGIVEN,), draws=CARRIERS,
    ),
    Script(
        "call_much_later", "orders", "near_miss", "a damaged parcel, and a call about it after more than a week",
        (IN_TIME, FAULT, _about_order((7.05 * DAY, 9 * DAY), "a")), (DEFECT,), draws=CARRIERS,
    ),
    Script(
        "device_restart", "visits", "planted",
        "a checkout begun on the telephone and again on the desktop within a day",
        (
            event("begin_checkout", "form", label="form", value=100.0, device="mobile"),
            event("add_shipping_info", "form", label="left", value=100.0, device="mobile"),
            event("begin_checkout", "form", (0.7 * HOUR, 20 * HOUR), label="again", value=100.0, device="desktop",
                opens=True),
            event("done", after=(5.0, 60.0), when="kept", device="desktop"),
        ),
        (
            Planted("device_restart", "device", "mobile → desktop", "again", ("left", "again")),
            Planted("checkout_abandonment", "page", "{form}", "left", ("form", "left"), plus=CLOSED, visit="lost",
                arises=True),
            Planted("checkout_abandonment", "page", "{form}", "again", plus=CLOSED, when="lost", arises=True),
        ),
        share=1.4, kill_share=0.3, journeys=("ecommerce",), known="always",
    ),
    Script(
        "another_device_later", "visits", "near_miss", "a checkout begun on the telephone, and another a day later",
        (
            event("begin_checkout", "form", label="form", value=100.0, device="mobile"),
            event("begin_checkout", "form", (25 * HOUR, 30 * HOUR), label="again", value=100.0, device="desktop",
                opens=True),
        ),
        (
            Planted("checkout_abandonment", "page", "{form}", "form", plus=CLOSED, arises=True),
            Planted("checkout_abandonment", "page", "{form}", "again", plus=CLOSED, arises=True),
        ),
        nature=0.0, journeys=("ecommerce",), known="always",
    ),
    Script(
        "bought_in_between", "visits", "near_miss", "bought on the telephone, and a checkout begun on the desktop",
        (
            event("begin_checkout", "form", value=100.0, device="mobile"),
            event("purchase", "pay", value=100.0, device="mobile"),
            event("begin_checkout", "form", (HOUR, 20 * HOUR), label="again", value=100.0, device="desktop",
                opens=True),
        ),
        (Planted("checkout_abandonment", "page", "{form}", "again", plus=CLOSED, arises=True),),
        nature=0.0, journeys=("ecommerce",), known="always",
    ),
)  # fmt: skip

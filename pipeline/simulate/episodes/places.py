"""Where episodes happen: the pages, events and targets of each built-in journey, by the role that they play.

The stages are those of the journey files, written down once more: the simulator knows the world that it makes, not
what the product makes of it. A test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ITEMS = tuple(f"p{number}" for number in (7, 12, 31, 5, 44, 18, 52, 3, 27, 60, 9, 38))


@dataclass(frozen=True)
class Place:
    """A kind of page. `stage`: none where the journey file gives it none, so that it belongs to what came before."""

    stage: str
    pages: tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """A journey: its places by role, what completes a stage and where, targets of waits, and where orders stand."""

    journey: str
    roles: Mapping[str, Place]
    done: Mapping[str, tuple[str, str]]  # by stage: event and role of its page
    targets: Mapping[str, float]
    order_stage: str = ""


def _pages(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.format(item.removeprefix("p")) for item in ITEMS)


PLACES: Mapping[str, Places] = {
    each.journey: each
    for each in (
        Places(
            "ecommerce",
            {
                "home": Place("discover", ("/",)),
                "list": Place("discover", ("/c/shoes", "/c/coats", "/c/kitchen", "/c/garden", "/c/toys", "/c/books")),
                "offers": Place("discover", ("/c/sale",)),
                "search": Place("discover", ("/search",)),
                "item": Place("evaluate", _pages("/p/{}")),
                "cart": Place("cart", ("/cart",)),
                "form": Place("checkout", ("/checkout",)),
                "pay": Place("payment", ("/checkout/payment",)),
                "login": Place("", ("/login",)),
                "help": Place("", ("/help/delivery", "/help/returns", "/faq")),
            },
            {
                "discover": ("view_item", "item"),
                "evaluate": ("purchase", "pay"),
                "cart": ("purchase", "pay"),
                "checkout": ("purchase", "pay"),
                "payment": ("purchase", "pay"),
            },
            {"queue/phone": 20, "queue/chat": 60, "first_response/email": 86400, "first_response/social": 3600},
            "fulfilment",
        ),
        Places(
            "saas_onboarding",
            {
                "home": Place("explore", ("/",)),
                "list": Place("explore", ("/pricing", "/features", "/docs")),
                "offers": Place("explore", ("/demo",)),
                "search": Place("explore", ("/docs/search",)),
                "item": Place("explore", _pages("/features/{}")),
                "form": Place("sign_up", ("/signup",)),
                "pay": Place("subscribe", ("/billing",)),
                "login": Place("verify", ("/login",)),
                "help": Place("", ("/help/setup", "/faq")),
            },
            {
                "explore": ("login", "login"),
                "sign_up": ("sign_up", "form"),
                "verify": ("login", "login"),
                "subscribe": ("purchase", "pay"),
            },
            {"queue/phone": 60, "queue/chat": 60, "first_response/email": 86400, "first_response/social": 3600},
        ),
        Places(
            "banking",
            {
                "home": Place("discover", ("/",)),
                "list": Place("discover", ("/products", "/rates", "/accounts/open")),
                "offers": Place("discover", ("/rates/today",)),
                "search": Place("discover", ("/products/search",)),
                "item": Place("discover", _pages("/cards/{}")),
                "form": Place("apply", ("/apply",)),
                "pay": Place("pay", ("/transfer",)),
                "login": Place("log_in", ("/login",)),
                "help": Place("", ("/help/cards", "/faq")),
            },
            {
                "discover": ("generate_lead", "home"),
                "apply": ("application_submit", "form"),
                "log_in": ("login", "login"),
                "pay": ("transfer_complete", "pay"),
            },
            {"queue/phone": 20, "queue/chat": 60, "first_response/email": 86400, "first_response/social": 3600},
        ),
        Places(
            "travel",
            {
                "home": Place("search", ("/",)),
                "list": Place("search", ("/flights", "/hotels", "/cars")),
                "offers": Place("search", ("/deals",)),
                "search": Place("search", ("/search",)),
                "item": Place("select", _pages("/flights/{}")),
                "form": Place("passengers", ("/booking/passengers",)),
                "pay": Place("payment", ("/booking/payment",)),
                "login": Place("", ("/login",)),
                "help": Place("", ("/help/baggage", "/faq")),
            },
            {
                "search": ("view_item", "item"),
                "select": ("purchase", "pay"),
                "passengers": ("purchase", "pay"),
                "payment": ("purchase", "pay"),
            },
            {"queue/phone": 60, "queue/chat": 60, "first_response/email": 86400, "first_response/social": 1800},
            "trip",
        ),
        Places(
            "contact_centre",
            {
                "home": Place("self_service", ("/help",)),
                "list": Place("self_service", ("/help/topics", "/faq")),
                "offers": Place("self_service", ("/help/news",)),
                "search": Place("self_service", ("/help/search",)),
                "item": Place("self_service", _pages("/help/articles/{}")),
                "form": Place("self_service", ("/contact/form",)),
                "help": Place("self_service", ("/help/delivery", "/faq")),
            },
            {"self_service": ("help_resolved", "home")},
            {"queue/phone": 20, "queue/chat": 60, "first_response/email": 86400, "first_response/social": 3600},
        ),
    )
}

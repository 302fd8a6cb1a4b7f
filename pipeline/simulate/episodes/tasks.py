"""Friction in tasks: forms, coupons, searches, logins, payments, carts and checkouts."""

from pipeline.simulate.episodes.clicks import CHECKOUT_LEFT, CLOSED, DONE, HOME
from pipeline.simulate.episodes.script import ALL, DAY, HOUR, Planted, Script, Step, event, view

FORM_LEFT = Planted(
    "form_abandonment", "form", "address", ALL, ("start",), -1, plus=CLOSED, of="start", ends_only=True, when="lost",
    arises=True,
)  # fmt: skip
SENT = event("form_submit", "form", form_id="address", outcome="ok", when="kept")


def _field(name: str, label: str = "", what: str = "form_change", times: tuple[int, int] = (1, 1)) -> Step:
    return event(what, "form", label=label, times=times, every=(5.0, 30.0), field_id=name, form_id="address")


def _search(query: str, results: int, after: tuple[float, float] = (3.0, 40.0), label: str = "search") -> Step:
    return event("search", "search", after, label=label, query=query, result_count=results)


SCRIPTS = (
    Script(
        "form_error_repeat", "visits", "planted", "a field refused 2–4 times",
        (
            HOME, view("form", label="form"), event("form_start", "form", label="start", form_id="address"),
            _field("postcode", "errors", "form_error", (2, 4)), SENT, DONE,
        ),
        (Planted("form_error_repeat", "form_field", "address/postcode", "errors", nth=1), CHECKOUT_LEFT, FORM_LEFT),
        kill_share=0.4,
    ),
    Script(
        "two_fields_refused", "visits", "near_miss", "two fields refused once each",
        (
            HOME, view("form", label="form"), event("form_start", "form", form_id="address"),
            _field("postcode", what="form_error"), _field("phone", what="form_error"),
            event("form_submit", "form", form_id="address", outcome="ok"), DONE,
        ),
        (CHECKOUT_LEFT,),
    ),
    Script(
        "form_refill", "visits", "planted", "twice back to a field that had been filled in",
        (
            HOME, view("form", label="form"), _field("name", "entered"), _field("phone", "others"),
            _field("name", "returns"), _field("phone", "others"), _field("name", "returns"), SENT, DONE,
        ),
        (
            Planted("form_refill", "form_field", "address/name", "returns", ("entered", "returns"), nth=1),
            CHECKOUT_LEFT,
            Planted(
                "form_abandonment", "form_field", "address/name", ALL, ("entered", "others", "returns"), -1,
                plus=CLOSED,
                of="entered", ends_only=True, when="lost", arises=True,
            ),
        ),
        kill_share=0.2,
    ),
    Script(
        "one_correction", "visits", "near_miss", "once back to a field that had been filled in",
        (
            HOME, view("form", label="form"), _field("name"), _field("phone"), _field("name"),
            event("form_submit", "form", form_id="address", outcome="ok"), DONE,
        ),
        (CHECKOUT_LEFT,),
    ),
    Script(
        "form_abandonment", "visits", "planted", "a form begun and left at its second field",
        (HOME, view("form", label="form"), _field("name", "work"), _field("{field}", "work")),
        (
            Planted(
                "form_abandonment", "form_field", "address/{field}", ALL, ("work",), -1, plus=CLOSED, of="work",
                ends_only=True,
            ),
            CHECKOUT_LEFT,
        ),
        nature=0.0, draws={"field": ("phone", "city", "iban")},
    ),
    Script(
        "errors_only", "visits", "near_miss", "a form of which only an error is told",
        (HOME, view("form", label="form"), _field("name", what="form_error"), DONE),
        (CHECKOUT_LEFT,),
    ),
    Script(
        "coupon_failure", "visits", "planted", "a coupon denied 1–3 times",
        (
            HOME, view("form", label="form"),
            event("coupon_error", "form", times=(1, 3), label="denied", coupon="{coupon}", error_code="{code}"), DONE,
        ),
        (Planted("coupon_failure", "coupon", "{code}", "denied"), CHECKOUT_LEFT),
        kill_share=0.2, draws={"coupon": ("SPRING10", "VIP", "SHIPFREE"), "code": ("expired", "unknown", "min_value")},
    ),
    Script(
        "coupon_taken", "visits", "near_miss", "a coupon that is taken",
        (HOME, view("list"), event("coupon_applied", "list", coupon="SPRING10")),
    ),
    Script(
        "zero_result_search", "visits", "planted", "a search without results, 1–3 times in other spellings",
        (HOME, _search("{query}", 0), event("search", "search", times=(0, 2), label="search", query="{spelt}",
            result_count=0), DONE),
        (Planted("zero_result_search", "query", "{query}", "search"),),
        kill_share=0.3,
        draws={"query": ("red shoes", "kettle", "ilk yardım"), "spelt": ("Red   SHOES", "KETTLE ", "\u0130lk  yardım")},
    ),
    Script(
        "one_result", "visits", "near_miss", "a search with one result",
        (HOME, _search("{query}", 1), event("click", "search", element="#result"), view("item", (0.5, 20.0))),
        draws={"query": ("red shoes", "kettle", "puzzle")},
    ),
    Script(
        "repeated_search", "visits", "planted", "2–4 different searches one after the other",
        (
            HOME, _search("{query}", 40, label="first"), _search("{other}", 31, (3.0, 59.0), "next"),
            event("search", "search", (3.0, 59.0), times=(0, 2), every=(3.0, 50.0), label="next", query="{third}",
                result_count=9),
            DONE,
        ),
        (Planted("repeated_search", "query", "{query}", "next", ("first", "next")),),
        kill_share=0.15,
        draws={"query": ("boots", "kettle", "lamp"), "other": ("winter boots", "teapot", "desk lamp"),
            "third": ("shoes", "tea", "light")},
    ),
    Script(
        "searches_apart", "visits", "near_miss", "different searches more than a minute apart",
        (HOME, _search("boots", 40), _search("kettle", 31, (60.1, 300.0))),
    ),
    Script(
        "searches_with_a_look", "visits", "near_miss", "different searches with a look at an item between",
        (HOME, _search("boots", 40), event("view_item", "item", (2.0, 20.0), product_id="{product}"),
            _search("kettle", 3, (5.1, 20.0))),
    ),
    Script(
        "login_failure", "visits", "planted", "2–4 failed logins",
        (
            HOME, view("login"),
            event("login_error", "login", times=(2, 4), every=(5.0, 40.0), label="failed", error_code="{code}"),
            event("login", "login", when="kept"), DONE,
        ),
        (Planted("login_failure", "error_code", "{code}", "failed", nth=1),),
        share=1.2, kill_share=0.4, draws={"code": ("wrong_password", "locked", "unknown_user")},
    ),
    Script(
        "one_failed_login", "visits", "near_miss", "one failed login",
        (HOME, view("login"), event("login_error", "login", error_code="wrong_password"), event("login", "login")),
    ),
    Script(
        "card_declined", "visits", "planted", "a payment refused 1–3 times",
        (
            HOME, view("pay"), event("add_payment_info", "pay", label="entry"),
            event("payment_error", "pay", times=(1, 3), every=(8.0, 60.0), label="errors", error_code="{code}",
                error_class="{class}"),
            DONE,
        ),
        (Planted("payment_failure", "error_code", "{code}", "errors"),),
        share=1.2, kill_share=0.5,
        draws={"code": ("card_declined", "issuer_timeout", "limit"), "class": ("hard", "soft", "hard")},
    ),
    Script(
        "payment_given", "visits", "near_miss", "a payment that goes through",
        (HOME, view("pay"), event("add_payment_info", "pay", outcome="ok"), event("done")),
    ),
    Script(
        "shipping_shock", "visits", "planted", "a shipping cost of 12–60 % of the cart first seen in the checkout",
        (
            HOME, event("begin_checkout", "form", label="form", value=100.0),
            event("add_shipping_info", "form", label="seen", value=100.0, shipping_cost="{cost}"), DONE,
        ),
        (Planted("shipping_shock", "cost_share_band", "{band}", "seen"), CHECKOUT_LEFT),
        share=1.2, kill_share=0.4, journeys=("ecommerce",),
        draws={"cost": ("12", "25", "60"), "band": ("10–20 %", "20–30 %", "≥50 %")},
    ),
    Script(
        "cheap_shipping", "visits", "near_miss", "a shipping cost of just under a tenth of the cart",
        (
            HOME, event("begin_checkout", "form", label="form", value=100.0),
            event("add_shipping_info", "form", value=100.0, shipping_cost=9.99), DONE,
        ),
        (CHECKOUT_LEFT,), journeys=("ecommerce",),
    ),
    Script(
        "told_before", "visits", "near_miss", "a high shipping cost that stood on the item's page",
        (
            HOME, event("view_item", "item", product_id="{product}", shipping_cost=40.0),
            event("begin_checkout", "form", label="form", value=100.0),
            event("add_shipping_info", "form", value=100.0, shipping_cost=40.0), DONE,
        ),
        (CHECKOUT_LEFT,), journeys=("ecommerce",),
    ),
    Script(
        "cart_left", "visits", "planted", "a cart with 1–3 things in it that nobody returned to",
        (
            HOME, view("item"), event("add_to_cart", "cart", times=(1, 3), label="adds", value=90.0,
                product_id="{product}"),
            view("home"),
        ),
        (Planted("cart_abandonment", "page", "{home}", ALL, ("adds",), -1, plus=CLOSED + DAY, of="adds",
            ends_only=True),),
        share=1.2, nature=0.0, journeys=("ecommerce",),
    ),
    Script(
        "cart_returned_to", "visits", "near_miss", "a cart that was returned to within the day",
        (
            HOME, view("item"), event("add_to_cart", "cart", value=90.0, product_id="{product}"),
            event("view_cart", "cart", (HOUR, 23 * HOUR), opens=True),
        ),
        journeys=("ecommerce",),
    ),
    Script(
        "cart_emptied", "visits", "near_miss", "a cart that was emptied again",
        (
            HOME, view("item"), event("add_to_cart", "cart", value=90.0, product_id="{product}"),
            event("remove_from_cart", "cart", product_id="{product}"),
        ),
        journeys=("ecommerce",),
    ),
    Script(
        "checkout_left", "visits", "planted", "a checkout begun and not bought from",
        (
            HOME, event("begin_checkout", "form", label="form", value=100.0),
            event("add_shipping_info", "form", value=100.0, times=(0, 1)),
        ),
        (
            Planted(
                "checkout_abandonment", "page", "{form}", ALL, ("@stage",), -1, plus=CLOSED, of="form", ends_only=True,
            ),
        ),
        nature=0.0, journeys=("ecommerce",),
    ),
    Script(
        "item_gone", "visits", "planted", "an item out of stock, and nothing else looked at",
        (
            HOME, event("view_item", "item", times=(1, 2), label="out", product_id="{product}", outcome="error"),
            event("done", after=(5.0, 60.0), when="kept"),
        ),
        (Planted("unavailable_item", "product", "{product}", ALL, ("out",), -1, plus=CLOSED, of="out"),),
        share=1.2, kill_share=0.4,
    ),
    Script(
        "item_replaced", "visits", "near_miss", "an item out of stock, and then another that can be had",
        (
            HOME, event("view_item", "item", product_id="{product}", outcome="error"),
            event("view_item", "item1", product_id="{product1}"),
        ),
    ),
)  # fmt: skip

"""Ordinary days: what people do without meeting friction, and who is no customer at all.

Some of it looks like friction, and walks without a goal now and then meet a definition truly.
"""

from typing import Any

import numpy as np

from pipeline.simulate.episodes.clicks import DONE, HOME
from pipeline.simulate.episodes.contacts import REASON, SOON, _call
from pipeline.simulate.episodes.orders import CARRIERS, IN_TIME
from pipeline.simulate.episodes.script import DAY, HOUR, Script, Step, event, view

CRAWLER: dict[str, Any] = {
    "anonymous_id": "crawler",
    "user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
}
WALKS = 24


def _walk(number: int) -> tuple[Step, ...]:
    """A walk among the home page, the list and some items; the same for the same number."""
    rng = np.random.Generator(np.random.PCG64(number))
    ways = ("list", "item", "item1", "item2", "home")
    steps = [HOME]
    for way in rng.choice(5, size=int(rng.integers(3, 13)), p=(0.35, 0.3, 0.15, 0.1, 0.1)):
        steps.append(view(ways[way], (1.5, 60.0)))
        if rng.random() < 0.3:
            steps.append(event("scroll", ways[way], (0.8, 10.0)))
    return tuple(steps)


def _clicks(element: str, place: str, times: tuple[int, int], every: tuple[float, float]) -> tuple[Step, ...]:
    return (
        event("click", place, times=times, every=every, element=element, x=120, y=480),
        event("content_shown", place, (0.2, 1.5)),
    )


SCRIPTS = (
    *(
        Script(f"walk_{number}", "visits", "noise", "browsing without intent", _walk(number), share=1.5 / WALKS)
        for number in range(WALKS)
    ),
    Script(
        "shopper", "visits", "noise", "a visit that comes to its end",
        (
            HOME, view("list"), event("view_item_list", "list", (0.5, 2.0)), view("item"),
            event("view_item", "item", (0.5, 2.0), product_id="{product}"), view("pay"),
            event("add_payment_info", "pay"), DONE,
        ),
        nature=1.0, share=1.5,
    ),
    Script(
        "double_clicks", "visits", "noise", "double clicks on ordinary elements",
        (HOME, view("item"), *_clicks("#photo", "item", (2, 2), (0.08, 0.3)),
            *_clicks("#tab", "item", (2, 2), (0.08, 0.3))),
    ),
    Script(
        "stepper", "visits", "noise", "a quantity stepped up 2–9 times",
        (HOME, view("item"), *_clicks("#plus", "item", (2, 9), (0.34, 0.9))), share=0.6,
    ),
    Script(
        "gallery", "visits", "noise", "2–8 pictures of a gallery",
        (HOME, view("item"), *_clicks("#gallery-next", "item", (2, 8), (0.8, 2.9))),
    ),
    Script(
        "selection", "visits", "noise", "a text selected by three clicks",
        (HOME, view("item"), *_clicks("#description", "item", (3, 3), (0.08, 0.25))), share=0.6,
    ),
    Script(
        "good_vitals", "visits", "noise", "a page that is measured and found good",
        (
            HOME, event("web_vital", "home", (0.5, 2.0), metric="lcp", value=1800.0), view("item"),
            event("web_vital", "item", (0.5, 2.0), metric="lcp", value=2900.0),
            event("web_vital", "item", (0.5, 2.0), metric="cls", value=0.02),
        ),
        share=0.6,
    ),
    Script(
        "family_tablet", "visits", "noise", "two of a family on one tablet, one after the other",
        (
            event("page_view", "home", (1.0, 2.0), device="tablet"),
            event("login_error", "list", (2.0, 9.0), device="tablet"),
            *(event("page_view", "list", (1.0, 3.0), device="tablet", by=who) for who in ("partner", "customer",
                "partner")),
            event("login_error", "list", (2.0, 9.0), device="tablet", by="partner"),
        ),
        share=0.4, known="always",
    ),
    Script(
        "kiosk", "visits", "noise", "a customer at the kiosk of a shop",
        (
            event("page_view", "list", (1.0, 2.0), device="kiosk", anonymous_id="kiosk-1"),
            event("page_view", "item", (1.0, 9.0), device="kiosk", anonymous_id="kiosk-1"),
            event("view_item", "item", (0.5, 2.0), device="kiosk", anonymous_id="kiosk-1", product_id="{product}"),
        ),
        share=0.4, known="always",
    ),
    Script(
        "crawler", "visits", "noise", "a search engine's robot on many pages, and its errors",
        (
            event("page_view", "home", **CRAWLER), event("page_view", "item", (0.1, 0.5), times=(5, 20),
                every=(0.1, 0.5), **CRAWLER),
            event("page_error", "item", (0.1, 0.5), times=(1, 4), every=(0.1, 0.5), **CRAWLER),
        ),
        share=0.3, known="never",
    ),
    Script(
        "searcher", "visits", "noise", "a search that helps",
        (
            HOME, event("search", "search", query="{query}", result_count=24),
            event("click", "search", element="#result"), view("item", (0.3, 2.5)), DONE,
        ),
        draws={"query": ("red shoes", "winter coat", "kettle", "kışlık mont", "çaydanlık")},
    ),
    Script("call", "contacts", "noise", "a call that is answered in time",
        (_call(SOON, agent_id="agent-7"),), share=2.0, draws=REASON),
    Script(
        "two_calls", "contacts", "noise", "two calls about different things",
        (_call(SOON, contact="a"), _call(SOON, (HOUR, 5 * DAY), contact="b", reason="opening_hours")), draws=REASON,
    ),
    Script("parcel", "orders", "noise", "an order that comes in time", (IN_TIME,), share=2.0, draws=CARRIERS),
)  # fmt: skip

"""Ordinary days on which strengths lie on both sides of the definitions: some of it is friction, and none is planted.

How often a field is refused, how slow a page is, how long somebody waits: in life nobody plants it. What of it meets a
definition is for the definition to say, and for a plain reading of the rows to check.
"""

from pipeline.simulate.episodes.clicks import HOME
from pipeline.simulate.episodes.contacts import REASON, TALK
from pipeline.simulate.episodes.orders import CARRIERS
from pipeline.simulate.episodes.script import DAY, HOUR, Script, Step, event, view, wait

SPEEDS = ("900", "1300", "1700", "2100", "2600", "3100", "3600", "4000", "4001", "4800", "6200", "9000")


def _field(what: str, name: str, times: tuple[int, int]) -> Step:
    return event(what, "form", (1.0, 30.0), times=times, every=(1.0, 30.0), form_id="profile", field_id=name)


def _call(kind: str, channel: str, after: tuple[float, float] = (1.0, 2.0)) -> Step:
    """A wait of a tenth to three times its target, on no contact of another."""
    return wait(
        kind, channel, (0.1, 3.0), after, per=f"{kind}/{channel}", queue="{queue}", team="{queue}", reason="{reason}",
        handled_seconds=TALK,
    )  # fmt: skip


SCRIPTS = (
    Script(
        "fidget", "visits", "noise", "2–9 clicks on a stepper, quick and slow",
        (
            HOME, view("item"), event("click", "item", times=(2, 9), every=(0.12, 0.9), element="#plus"),
            event("content_shown", "item", (0.2, 1.5)),
        ),
    ),
    Script(
        "speeds", "visits", "noise", "pages of any speed",
        (HOME, view("item"), event("web_vital", "item", (0.5, 2.0), metric="lcp", value="{speed}")),
        draws={"speed": SPEEDS},
    ),
    Script(
        "errors", "visits", "noise", "pages with and without errors, clicked on and not",
        (
            HOME, view("item"), event("click", "item", times=(0, 2), every=(0.3, 2.0), element="#size"),
            event("page_error", "item", (0.2, 2.95), times=(0, 2), every=(1.0, 30.0), error_code="500"),
            event("content_shown", "item", (0.1, 0.5)),
        ),
        share=0.6,
    ),
    Script(
        "clumsy", "visits", "noise", "a form with any number of corrections and refusals",
        (
            HOME, view("form"), _field("form_change", "name", (0, 1)), _field("form_change", "phone", (0, 2)),
            _field("form_error", "phone", (0, 2)), _field("form_change", "name", (0, 2)),
            _field("form_change", "phone", (0, 1)), _field("form_error", "name", (0, 1)),
            _field("form_change", "name", (0, 1)), _field("form_error", "phone", (0, 1)),
            event("form_submit", "form", times=(0, 1), form_id="profile", outcome="ok"),
        ),
    ),
    Script(
        "seeker", "visits", "noise", "1–3 searches, soon and late, with and without results",
        (
            HOME, event("search", "search", query="{first}", result_count="{results}"),
            event("search", "search", (10.0, 240.0), times=(0, 1), query="{second}", result_count=4),
            event("view_item", "item", (5.5, 20.0), times=(0, 1), product_id="{product}"),
            event("search", "search", (10.0, 240.0), times=(0, 1), query="{first}", result_count=7),
        ),
        draws={"first": ("tent", "lamp ", "Lamp"), "second": ("tents", "lamp", "lamps"), "results": ("3", "0", "1")},
    ),
    Script(
        "forgetful", "visits", "noise", "any number of failed logins",
        (HOME, view("login"), event("login_error", "login", times=(0, 3), error_code="wrong_password")),
        share=0.6,
    ),
    Script(
        "waits", "contacts", "noise", "a call of any length, and perhaps another about the same reason",
        (_call("queue", "phone"), _call("queue", "phone", (HOUR, 12 * DAY))), share=1.5, draws=REASON,
    ),
    Script(
        "letters", "contacts", "noise", "a reply by mail after any time",
        (_call("first_response", "email"),), draws=REASON,
    ),
    Script(
        "impatient", "contacts", "noise", "hung up after any time",
        (wait("queue", "phone", (1.0, 60.0), outcome="abandoned", queue="{queue}", reason="{reason}"),), draws=REASON,
    ),
    Script(
        "parcels", "orders", "noise", "a parcel that comes before or after the promise",
        (wait("delivery", "courier", (20 * HOUR, 90 * HOUR), promised=(40 * HOUR, 48 * HOUR), queue="{carrier}",
            order="a"),),
        share=1.5, draws=CARRIERS,
    ),
)  # fmt: skip

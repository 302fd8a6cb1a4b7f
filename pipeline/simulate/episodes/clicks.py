"""Friction in clicks: rage, dead and error clicks, and what vendors' own scripts tell."""

from pipeline.simulate.episodes.script import ALL, MINUTE, Planted, Script, Step, event, view

HOME = event("page_view", "home")
# What most visits that come by the home page begin with, whatever happens then: offers looked at, and ordinary clicks.
ARRIVAL = (
    event("page_view", "offers", (1.0, 2.0), times=(0, 1)),
    event("scroll", "offers", (1.0, 20.0), times=(0, 2), every=(0.5, 8.0)),
    event("scroll", "offers", (1.0, 20.0), times=(0, 1), y=640),
    event("click", "offers", (1.0, 20.0), times=(0, 3), every=(0.08, 0.9), element="#banner", x=300, y=90),
    event("content_shown", "offers", (0.2, 1.5), times=(1, 2), every=(0.3, 2.0)),
)
ANSWERED = event("content_shown", "item", (0.3, 1.5))  # what a click brings about
DONE = event("done", after=(5.0, 60.0), when="kept")
CLOSED = 30 * MINUTE
CHECKOUT_LEFT = Planted(
    "checkout_abandonment", "page", "{form}", ALL, ("@stage",), -1, plus=CLOSED, of="form", ends_only=True,
    when="lost", arises=True, only_stage="checkout",
)  # fmt: skip


def _clicks(element: str, times: tuple[int, int], every: tuple[float, float], place: str = "item") -> tuple[Step, ...]:
    clicks = event("click", place, times=times, every=every, label="clicks", element=element, x=240, y=310)
    return clicks, event("content_shown", place, (0.3, 1.5))


SCRIPTS = (
    Script(
        "rage_gallery", "visits", "planted", "4–8 clicks within a second on the gallery; harmless",
        (HOME, view("item"), *_clicks("#gallery-next", (4, 8), (0.05, 0.2)), DONE),
        (Planted("rage_click", "element", "#gallery-next", "clicks", nth=3),),
        share=0.5,
    ),
    Script(
        "rage_form", "visits", "planted", "4–8 clicks within a second on the form's button",
        (HOME, view("form", label="form"), *_clicks("#continue", (4, 8), (0.05, 0.2), "form"), DONE),
        (Planted("rage_click", "element", "#continue", "clicks", nth=3), CHECKOUT_LEFT),
        share=0.5, kill_share=0.35,
    ),
    Script(
        "text_selection", "visits", "near_miss", "three clicks select a text",
        (HOME, view("item"), *_clicks("#description", (3, 3), (0.08, 0.2))),
    ),
    Script(
        "slow_fourth_click", "visits", "near_miss", "four clicks in a little more than a second",
        (HOME, view("item"), *_clicks("#sizes", (4, 4), (0.34, 0.6))),
    ),
    Script(
        "dead_click", "visits", "planted", "the vendor saw 1–3 clicks without effect",
        (HOME, view("item"), event("dead_click", "item", times=(1, 3), label="dead", element="#photo"), DONE),
        (Planted("dead_click", "element", "#photo", "dead"),),
        kill_share=0.15,
    ),
    Script(
        "click_answered", "visits", "near_miss", "a click that the page answers after two to three seconds",
        (
            HOME, view("item"), event("click", "item", element="#sizes"),
            event("content_shown", "item", (2.0, 2.95)), event("scroll", "item"),
        ),
    ),
    Script(
        "silent_click", "visits", "planted", "1–3 clicks after which nothing happens for 3–20 s",
        (
            HOME, view("item"), event("click", "item", times=(1, 3), every=(0.5, 2.0), label="clicks",
                element="#chart"),
            event("scroll", "item", (3.1, 20.0), label="then"), DONE,
        ),
        (Planted("dead_click_proxy", "element", "#chart", "then", ("clicks",), of="clicks"),),
        kill_share=0.1,
    ),
    Script(
        "silent_click_moves_on", "visits", "near_miss", "a click after which the next page takes its time",
        (HOME, view("item"), event("click", "item", element="#next"), view("item1", (3.5, 9.0))),
    ),
    Script(
        "error_click", "visits", "planted", "a page error within two seconds after a click",
        (
            HOME, view("item"), event("click", "item", label="clicks", element="#apply-filter"),
            event("page_error", "item", (0.1, 1.95), label="errors", error_code="500"), DONE,
        ),
        (
            Planted("error_click", "element", "#apply-filter", "errors", ("clicks", "errors"), of="clicks"),
            Planted("page_error", "page", "{item}", "errors", arises=True),
        ),
        kill_share=0.2,
    ),
    Script(
        "error_long_after_click", "visits", "near_miss", "a page error more than two seconds after a click",
        (
            HOME, view("item"), event("click", "item", element="#apply-filter"),
            event("page_error", "item", (2.05, 2.9), label="errors", error_code="500"),
        ),
        (Planted("page_error", "page", "{item}", "errors", visit="lost", arises=True),),
    ),
    Script(
        "thrashed_cursor", "visits", "planted", "the vendor saw the pointer going to and fro 1–3 times",
        (HOME, view("item"), event("thrashed_cursor", "item", times=(1, 3), label="told"), DONE),
        (Planted("thrashed_cursor", "page", "{item}", "told"),),
        kill_share=0.1,
    ),
    Script(
        "scrolling", "visits", "planted", "the vendor saw 1–3 times that somebody scrolled up and down",
        (HOME, view("list"), event("excessive_scroll", "list", times=(1, 3), label="told"), DONE),
        (Planted("excessive_scroll", "page", "{list}", "told"),),
        kill_share=0.05,
    ),
)  # fmt: skip

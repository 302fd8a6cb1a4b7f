"""Friction on pages and between them: errors, slowness, circles, going back and forth."""

from pipeline.simulate.episodes.clicks import CHECKOUT_LEFT, DONE, HOME
from pipeline.simulate.episodes.script import Planted, Script, Step, event, view

# Back and forth between a list and an item is two steps back in the journey, where they are of different stages.
FELL_BACK = Planted(
    "stage_regression", "stage", "{stage_item} → {stage_list}", "back", ("left", "back"), nth=1, of="item",
    visit="lost", arises=True, needs_stages=(("item", "list"),),
)  # fmt: skip


def _listed(label: str = "") -> tuple[Step, ...]:
    return view("list", label=label), event("view_item_list", "list", (0.3, 1.5))


def _shown(item: str) -> tuple[Step, ...]:
    shown = event("view_item", item, (0.3, 1.5), label="left", product_id=f"{{product{item[4:]}}}")
    return view(item, label="item"), shown


SCRIPTS = (
    Script(
        "page_error", "visits", "planted", "a page that fails 1–3 times",
        (
            HOME, view("item"),
            event("page_error", "item", times=(1, 3), every=(5.0, 60.0), label="errors", error_code="{code}"), DONE,
        ),
        (Planted("page_error", "page", "{item}", "errors"),),
        kill_share=0.3, draws={"code": ("404", "500", "TypeError")},
    ),
    Script(
        "slow_lcp", "visits", "planted", "the largest content came after 4.1–9 s",
        (HOME, view("item"), event("web_vital", "item", (0.5, 2.0), label="told", metric="lcp", value="{speed}"),
            DONE),
        (Planted("slow_page", "page", "{item}", "told"),),
        share=0.4, kill_share=0.1, draws={"speed": ("4100", "4700", "5600", "7100", "9000")},
    ),
    Script(
        "slow_inp", "visits", "planted", "the page answered after 501–1200 ms",
        (HOME, view("list"), event("web_vital", "list", (0.5, 2.0), label="told", metric="INP", value="{speed}"),
            DONE),
        (Planted("slow_page", "page", "{list}", "told"),),
        share=0.3, kill_share=0.1, draws={"speed": ("501", "560", "700", "1200")},
    ),
    Script(
        "slow_cls", "visits", "planted", "the page jumped about by 0.31",
        (
            HOME, view("item"), event("web_vital", "item", (0.5, 2.0), label="told", metric="cls", value=0.31),
            event("web_vital", "item", (0.5, 2.0), label="told", metric="lcp", value=4000.5), DONE,
        ),
        (Planted("slow_page", "page", "{item}", "told"),),
        share=0.3, kill_share=0.1,
    ),
    Script(
        "barely_good", "visits", "near_miss", "web vitals at their very limits",
        (
            HOME, view("item"), event("web_vital", "item", (0.5, 2.0), metric="lcp", value=4000.0),
            event("web_vital", "item", (0.5, 2.0), metric="inp", value=500.0),
            event("web_vital", "item", (0.5, 2.0), metric="cls", value=0.25),
            event("web_vital", "item", (0.5, 2.0), metric="ttfb", value=9000.0),
        ),
    ),
    Script(
        "quick_back", "visits", "planted", "on to an item and back within five seconds",
        (HOME, view("list"), view("item", label="item"), view("list", (0.8, 4.95), label="back"), DONE),
        (Planted("quick_back", "page", "{item}", "back", ("item", "back"), of="item"),),
        kill_share=0.1,
    ),
    Script(
        "looked_and_back", "visits", "near_miss", "on to an item and back after more than five seconds",
        (HOME, view("list"), view("item"), view("list", (5.05, 12.0))),
    ),
    Script(
        "did_and_back", "visits", "near_miss", "on to an item and soon back, having done something there",
        (HOME, view("list"), view("item"), event("scroll", "item", (0.5, 1.5)), view("list", (0.5, 2.5))),
    ),
    Script(
        "reloads", "visits", "planted", "the same page 3–5 times within seconds",
        (HOME, view("form", label="form"), event("page_view", "form", (0.8, 4.0), times=(2, 4), every=(0.8, 4.0),
            label="again"), DONE),
        (Planted("page_loop", "page", "{form}", "again", ("form", "again"), nth=1), CHECKOUT_LEFT),
        share=0.5, kill_share=0.2,
    ),
    Script(
        "circles", "visits", "planted", "a list, an item, the list and the item again",
        (
            HOME, view("list", label="circle"), view("item", label="item"), view("list", label="circle"),
            view("item", label="item"), DONE,
        ),
        (Planted("page_loop", "page", "{item}", "item", ("circle", "item"), nth=1),),
        share=0.5, kill_share=0.1,
    ),
    Script(
        "patient_reloads", "visits", "near_miss", "the same page three times in more than 15 seconds",
        (HOME, view("list"), event("page_view", "list", (7.6, 20.0), times=(2, 2), every=(7.6, 20.0))),
    ),
    Script(
        "other_item", "visits", "near_miss", "a list, an item, the list and another item",
        (HOME, view("list"), view("item"), view("list"), view("item1")),
    ),
    Script(
        "pogo_stick", "visits", "planted", "from a list to three items, one after the other",
        (
            HOME, *_listed(), *_shown("item"), *_listed("back"), *_shown("item1"), *_listed("back"), *_shown("item2"),
            *_listed("back"), DONE,
        ),
        (Planted("pogo_stick", "page", "{list}", "back", ("item", "back"), nth=2), FELL_BACK),
        nature=1.0,
    ),
    Script(
        "two_items", "visits", "near_miss", "two items of a list compared",
        (
            HOME, *_listed(), *_shown("item"), *_listed("back"), *_shown("item1"), *_listed("back"),
        ),
        (FELL_BACK,),
    ),
    Script(
        "stage_regression", "visits", "planted", "twice back to an earlier stage",
        (
            HOME, view("list"), view("form", label="form"), view("item", label="form"), view("form", label="form"),
            view("list", label="back"), DONE,
        ),
        (
            Planted(
                "stage_regression", "stage", "{stage_form} → {stage_list}", "back", ("form", "back"), of="form",
                needs_stages=(("form", "list"),),
            ),
            CHECKOUT_LEFT,
        ),
        share=1.4, kill_share=0.2, needs=("form", "item"),
        journeys=("ecommerce", "saas_onboarding", "banking", "travel"),
    ),
    Script(
        "one_step_back", "visits", "near_miss", "once back to an earlier stage",
        (HOME, view("form", label="form"), view("list"), DONE),
        (CHECKOUT_LEFT,),
        nature=0.0,
    ),
)  # fmt: skip

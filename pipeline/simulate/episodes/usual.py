"""Friction that is a matter of what is usual: staying much longer, and scrolling to and fro more often, than others.

How much is too much depends on everybody else. What is planted is far beyond what this world's ordinary days make
usual, so that it is known at the same row wherever the limit comes to lie; it is planted after a week, and on the two
kinds of device of which so many are there by then that something is usual.
"""

from dataclasses import replace

from pipeline.simulate.episodes.clicks import DONE
from pipeline.simulate.episodes.script import MINUTE, Planted, Script, Step, event

WEEK = 7
OWN = {"device": ("mobile", "desktop")}
USUAL_TURNS = 5  # how often the readers of ordinary days turn, one in ten of those who scroll the page


def _on(device: str, *steps: Step) -> tuple[Step, ...]:
    """The steps on one device."""
    return tuple(replace(step, columns={**step.columns, "device": device}) for step in steps)


def _arriving(*steps: Step) -> tuple[Step, ...]:
    return _on("{device}", event("page_view", "home"), *steps)


def _turning(turns: int, label: str = "") -> tuple[Step, ...]:
    """Scrolls down, up, down …: the third is the first that turns back after going somewhere."""
    places = (200, 1400, 350, 1600, 120, 1500, 90, 1700, 260, 1300, 40)
    plain = (event("scroll", "offers", (0.5, 3.0), y=y) for y in places[:2])
    turned = (event("scroll", "offers", (0.5, 3.0), label=label, y=y) for y in places[2 : turns + 2])
    return event("page_view", "offers"), *plain, *turned


SCRIPTS = (
    Script(
        "hesitation", "visits", "planted", "3–20 minutes on one item before anything else is done",
        _arriving(
            event("page_view", "list"), event("page_view", "item", label="come"),
            event("scroll", "item", (3 * MINUTE, 20 * MINUTE), label="then"), DONE,
        ),
        (Planted("hesitation", "page", "{item}", "then", ("come", "then"), of="come"),),
        share=2.5, kill_share=0.15, draws=OWN, warm_up=WEEK,
    ),
    Script(
        "thinking", "visits", "near_miss", "a little less than a minute on one item",
        _arriving(
            event("page_view", "list"), event("page_view", "item"), event("scroll", "item", (50.0, 58.0)),
            event("page_view", "home", (0.5, 1.9)),
        ),
        draws=OWN, warm_up=WEEK,
    ),
    Script(
        "to_and_fro", "visits", "planted", "7–8 turns up and down the offers",
        _arriving(
            *_turning(7, "turns"), event("scroll", "offers", (0.5, 3.0), times=(0, 1), label="turns", y=1760),
            DONE,
        ),
        (Planted("excessive_scroll", "page", "{offers}", "turns", nth=USUAL_TURNS),),
        kill_share=0.05, draws=OWN, warm_up=WEEK,
    ),
    Script(
        "thorough", "visits", "near_miss", "as many turns up and down the offers as thorough readers make",
        _arriving(*_turning(USUAL_TURNS)), draws=OWN, warm_up=WEEK,
    ),
    Script(
        "readers", "visits", "noise", "the offers read from top to bottom, and again",
        (event("page_view", "home", (1.0, 2.0)), *_turning(USUAL_TURNS)), share=2.0,
    ),
    Script(
        "rereaders", "visits", "noise", "the offers read again and again",
        (event("page_view", "home", (1.0, 2.0)), *_turning(USUAL_TURNS + 1)), share=0.3,
    ),
    Script(
        "skimmers", "visits", "noise", "the offers looked through once",
        (event("page_view", "home", (1.0, 2.0)), *_turning(1)),
    ),
)  # fmt: skip

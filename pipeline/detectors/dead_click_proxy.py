"""Dead click, as far as a clickstream tells: a click after which nothing happens for three seconds.

No event of the session follows a click on an element within 3 s, but for more clicks on the same element; and what
follows then is still on the same page, and no new view of it: a page that took its time is not a dead element. Clicks
on the element that nothing else comes between are one flag with a count. Silence at the end of a session says nothing –
the customer may just have left –, so that a click is dead only once the session goes on. Where the vendor's own
`dead_click` is there for the element in the session, it is that signal's. A proxy: a click may well do something that
is not captured. Only clicks that name element and page are judged, and only where `captures_everything` says that the
source sends whatever a page does (full autocapture): no column can tell.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating

TOLD = ("dead_click", "rage_click")  # vendors' own, which answer no click
VIEWS = ("page_view", "screen_view")


@dataclass(frozen=True)
class Parameters:
    """What makes a click dead."""

    captures_everything: bool = False  # true where the source sends whatever a page does; else silence says nothing
    silence: timedelta = timedelta(seconds=3)  # seconds without an event (Amplitude 3 s, Sentry's slow click 3 s)


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per run of clicks on an element in a visit, of which some met silence."""
    time, page = pl.col("occurred_at"), pl.col("page_path")
    name, element = pl.col("event_name"), pl.col("element")
    told = inputs.named("dead_click").select("session_id", "element").drop_nulls().unique()
    moves_on = (page.shift(-1) != page).fill_null(value=False) | name.shift(-1).is_in(VIEWS)
    again = (name.shift(-1) == "click") & (element.shift(-1) == element) & (page.shift(-1) == page)
    clicks = (
        inputs.events.filter(~name.is_in(TOLD))
        .select(*OF_EVENT, "event_id", "event_name", "occurred_at", "element", "page_path", "value")
        .with_columns(
            then_at=time.shift(-1),
            is_silent=(pl.col("session_id") == pl.col("session_id").shift(-1))
            & (time.shift(-1) - time > parameters.silence)
            & ~moves_on,
            goes_on=again & (pl.col("visit_id") == pl.col("visit_id").shift(-1)),
        )
        .filter((name == "click") & element.is_not_null() & page.is_not_null())
        .with_columns(pl.col("is_silent", "goes_on").fill_null(value=False))
        .with_columns(run=(~pl.col("goes_on").shift(1).fill_null(value=False)).cum_sum())
        # a click is as dead as the next on the element that comes soon after it
        .with_columns(
            is_dead=pl.when(pl.col("goes_on") & (pl.col("then_at") - time <= parameters.silence))
            .then(None)
            .otherwise("is_silent")
            .backward_fill()
        )
        .filter("is_dead")
        .join(told, on=["session_id", "element"], how="anti", maintain_order="left")
    )
    return (
        clicks.group_by("run", maintain_order=True)
        .agg(
            pl.col(*OF_EVENT).first(),
            locus_type=pl.lit("element"),
            locus=element.first(),
            started_at=time.first(),
            ended_at=pl.col("then_at").filter("is_silent").last(),
            flagged_at=pl.col("then_at").filter("is_silent").first(),
            value_at_stake=pl.col("value").first(),
            evidence=pl.col("event_id"),
            clicks=pl.len(),
        )
        .with_columns(
            severity=0.2 + 0.8 * saturating(pl.col("clicks") - 1, 3.0),
            detail=pl.struct("clicks").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="dead_click_proxy",
    title="A click after which nothing happens",
    kind="obstacle",
    stage="any",
    locus_type="element",
    exposure="locus",
    needs=({"events": ("element", "page_path")},),
    needs_setting="captures_everything",
    look_back=timedelta(0),
    source="friction_signals §1.3; the proxy, 3 s",
    prior_effect=0.01,
    parameters=Parameters(),
    detect=detect,
)

"""Rage click: many clicks on the same element in a moment.

Four clicks on the same element – or within 30 pixels where no element is known – spanning at most one second. A burst
is one flag with a count. Four, because three are still a text selection. Only clicks count, in their order within the
session; a click on another element ends the burst. `profile` counts as a vendor does instead (posthog, mixpanel,
amplitude, datadog, newrelic, openreplay, splunk, conviva, sentry); some of these tell a long burst more than once.
sentry's five clicks are on a dead element: the vendor's `dead_click` on it says so, or else that nothing but clicks on
it happened in the session for those seven seconds.

A vendor's own `rage_click` event is evidence, too: of the burst on the same element (on the same page, where one of
them names no element) that began before it and ended at most five seconds before; without such a burst it is a flag.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._rage_profiles import PROFILES, Profile, bursts, profile
from pipeline.detectors._signal import OF_EVENT, Inputs, Signal, saturating, seconds
from pipeline.errors import SettingsError, hint


@dataclass(frozen=True)
class Parameters:
    """What makes clicks a rage click: by default 4 clicks in 1 s, and 30 px where no element is known."""

    profile: str = "friction"  # whose rule; four of the nine vendors count to four, as ours does
    min_clicks: int = 0  # clicks; 0: the profile's (friction 4: three is still a text selection, Splunk raised 3 → 4)
    within: timedelta = timedelta(0)  # seconds; 0: the profile's (friction 1, first to last: New Relic, Splunk)
    radius_px: float = 0.0  # pixels; 0: the profile's (friction 30, from the click before: PostHog, Mixpanel)
    joins_within: timedelta = timedelta(seconds=5)  # vendors tell a burst when it is over: Amplitude 1 s after it

    def __post_init__(self) -> None:
        """Raises SettingsError for an unknown profile."""
        if self.profile not in PROFILES:
            where = "signals.rage_click.profile: "
            raise SettingsError(f"{where}there is no profile {self.profile!r}.{hint(self.profile, PROFILES)}")


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per burst, with the vendor's events on it; and one per vendor's event on none."""
    rule = profile(parameters.profile, parameters.min_clicks, parameters.within, parameters.radius_px)
    clicks = inputs.named("click").select(
        *OF_EVENT, "event_id", "occurred_at", "element", "page_path", "x", "y", "value"
    )
    found = bursts(clicks.collect(), rule)
    time = pl.col("occurred_at")
    own = (
        found.lazy()
        .group_by("burst", maintain_order=True)
        .agg(
            pl.col(*OF_EVENT, "element", "page_path").first(),
            started_at=time.first(),
            ended_at=time.last(),
            flagged_at=time.first() + rule.within if rule.is_dead else time.filter("is_met").first(),
            severity=0.5 + 0.5 * saturating(pl.len() - rule.min_clicks, rule.min_clicks),
            value_at_stake=pl.col("value").first(),
            evidence=pl.col("event_id"),
            clicks=pl.len(),
            span=seconds(time.last() - time.first()),
        )
    )
    if rule.is_dead:
        own = _dead(own, inputs, rule)
    return (
        _with_told(own, inputs.named("rage_click"), parameters.joins_within)
        .with_columns(
            locus_type=pl.when(pl.col("element").is_null()).then(pl.lit("page")).otherwise(pl.lit("element")),
            locus=pl.coalesce("element", "page_path", pl.lit("unknown")),
            detail=pl.struct("clicks", span_seconds="span", told="told").struct.json_encode(),
        )
        .drop("element", "page_path")
    )


def _dead(own: pl.LazyFrame, inputs: Inputs, rule: Profile) -> pl.LazyFrame:
    """The bursts on a dead element."""
    after = (
        inputs.events.join(own, on="session_id", how="semi")
        .select("session_id", "event_name", "occurred_at", at="element")
        .join(own.select("session_id", "burst", "element", "started_at"), on="session_id")
        .filter((pl.col("occurred_at") - pl.col("started_at")).is_between(timedelta(0), rule.within))
        .with_columns(is_there=(pl.col("at") == pl.col("element")).fill_null(value=False))
    )
    told = after.filter((pl.col("event_name") == "dead_click") & pl.col("is_there"))
    is_more = (pl.col("event_name") == "click") & pl.col("is_there")
    is_other = ~is_more & ~pl.col("event_name").is_in(["rage_click", "dead_click"])
    answered = after.filter(is_other & (pl.col("occurred_at") > pl.col("started_at")))
    return own.join(answered.join(told, on="burst", how="anti"), on="burst", how="anti")


def _with_told(own: pl.LazyFrame, told: pl.LazyFrame, joins_within: timedelta) -> pl.LazyFrame:
    """The bursts with the vendor's events on them, and those that are on none."""
    on_page = pl.col("page_path").eq_missing(pl.col("page_path_own"))
    pairs = (
        told.select("session_id", "event_id", "occurred_at", "element", "page_path")
        .join(own, on="session_id", suffix="_own")
        .filter(pl.col("occurred_at").is_between("started_at", pl.col("ended_at") + joins_within))
        .filter(pl.coalesce(pl.col("element") == pl.col("element_own"), on_page))
        .sort("occurred_at", "event_id", "started_at", "burst")
        .unique("event_id", keep="first", maintain_order=True)
    )
    by_burst = pairs.group_by("burst", maintain_order=True).agg(
        told_at=pl.col("occurred_at").first(), told_until=pl.col("occurred_at").last(), told_by="event_id"
    )
    none: pl.Expr = pl.lit([], pl.List(pl.String))
    joined = own.join(by_burst, on="burst", how="left", maintain_order="left").with_columns(
        flagged_at=pl.min_horizontal("flagged_at", "told_at"),
        ended_at=pl.max_horizontal("ended_at", "told_until"),
        evidence=pl.concat_list("evidence", pl.col("told_by").fill_null(none)),
        told=pl.col("told_by").fill_null(none).list.len(),
    )
    alone = told.join(pairs, on="event_id", how="anti").select(
        *OF_EVENT,
        "element",
        "page_path",
        started_at="occurred_at",
        ended_at="occurred_at",
        flagged_at="occurred_at",
        severity=pl.lit(0.5),
        value_at_stake="value",
        evidence=pl.concat_list("event_id"),
        told=pl.lit(1, pl.UInt32),
    )
    return pl.concat([joined.drop("burst", "told_at", "told_until", "told_by"), alone], how="diagonal")


SIGNAL = Signal(
    name="rage_click",
    title="Many clicks on the same element in a moment",
    kind="obstacle",
    stage="any",
    locus_type="element",
    exposure="locus",
    needs=({"events": ("element",)}, {"events": ("x", "y")}),
    needs_milliseconds=True,
    look_back=timedelta(0),
    source="friction_signals §1.1; 4 clicks in 1 s as New Relic and Splunk, 30 px as PostHog and Mixpanel",
    prior_effect=0.05,
    parameters=Parameters(),
    detect=detect,
    version=2,
)

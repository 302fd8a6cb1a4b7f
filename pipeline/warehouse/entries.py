"""What the first event or wait of each visit of a day tells besides what the visit does: journeys.entries.

Looked up by the ids that visits bear once they are made, so that the night's reading of the clickstream needs no more
columns.
"""

from datetime import datetime, timedelta

import duckdb
import polars as pl

from pipeline.calendar import Day
from pipeline.warehouse.connection import fetch

# The word that tells a browser's user agent, the first that is found: most also say that they are Chrome and Safari.
BROWSERS = (
    ("Edge", r"\bEdg(e|A|iOS)?/"),
    ("Opera", r"\b(OPR|OPT|Opera)/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Yandex", r"\bYaBrowser/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|CriOS)/"),
    ("Safari", r"\bVersion/[\d.]+.* Safari/"),
    ("Internet Explorer", r"\b(MSIE |Trident/)"),
)
# What is read for it besides what the journeys are made of.
COLUMNS = ("app_version", "user_agent")
ATTRIBUTES = ("app_version", "$app_version", "browser", "$browser")

AGENT_LENGTH = 1_000  # characters that are looked at, as where bots are told


def entries(con: duckdb.DuckDBPyConnection, day: Day, entered_since: datetime, waited_since: timedelta) -> pl.DataFrame:
    """Rows of journeys.entries of a day whose journeys.stage_visits are written.

    `entered_since`: no session of the day began before; `waited_since`: how long before the day a contact may have
    begun.
    """
    found = fetch(
        con,
        """
        with visits as (
            select day, visit_id, session_id is not null as is_of_session,
                   substr(visit_id, length(stage) + 2) as entered_by
            from journeys.stage_visits
            where day = $day
        ),
        clicks as (
            select v.day, visit_id, c.country,
                   coalesce(c.app_version, attributes ->> '$.app_version', attributes ->> '$."$app_version"')
                       as app_version,
                   coalesce(attributes ->> '$.browser', attributes ->> '$."$browser"') as browser,
                   substr(user_agent, 1, $agent_length::integer) as user_agent, null as reason
            from visits v join events.clickstream c on c.event_id = v.entered_by
            where is_of_session and c.set_aside is null and c.day between $since::date - 1 and $end::date + 1
              and occurred_at >= $since and occurred_at < $end
        ),
        waits as (
            select v.day, visit_id, null as country, null as app_version, null as browser, null as user_agent, w.reason
            from visits v join events.wait_time w on w.wait_id = v.entered_by
            where not is_of_session and w.set_aside is null and w.day between $waited::date - 1 and $end::date + 1
              and started_at >= $waited and started_at < $end
        )
        from clicks union all from waits
        """,
        {
            "day": day.date,
            "since": entered_since,
            "waited": day.start - waited_since,
            "end": day.end,
            "agent_length": AGENT_LENGTH,
        },
    )
    told = ["country", "app_version", "browser", "reason"]
    agents = found.select("user_agent").drop_nulls().unique()
    agents = agents.with_columns(read=browser(pl.col("user_agent")))
    return (
        found.join(agents, on="user_agent", how="left")
        .with_columns(browser=pl.coalesce("browser", "read"))
        # an id of which there are several events or waits is no reason for two rows
        .group_by("day", "visit_id")
        .agg(pl.col(told).min())
        .filter(pl.any_horizontal(pl.col(told).is_not_null()))
        .sort("visit_id")
        .select(pl.col("day").cast(pl.Date), "visit_id", pl.col(told).cast(pl.String))
    )


def browser(agent: pl.Expr) -> pl.Expr:
    """The browser that a user agent tells of; null where it is none of BROWSERS."""
    return pl.coalesce(pl.when(agent.str.contains(told)).then(pl.lit(name)) for name, told in BROWSERS)

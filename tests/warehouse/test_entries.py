"""What the first event or wait of a visit tells of it."""

from datetime import date
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from pipeline.calendar import day_in
from pipeline.journeys import contacts, sessions
from pipeline.warehouse import period
from pipeline.warehouse.entries import browser, entries
from tests.sql.worlds import warehouse

DAY = date(2026, 1, 15)

VISITS = """
    day        | visit_id     | stage    | session_id | customer_id | is_active | is_exposure | outcome | device
    -----------+--------------+----------+------------+-------------+-----------+-------------+---------+-------
    2026-01-15 | checkout:e-1 | checkout | s:e-1      | ada         | true      | true        | open    | mobile
    2026-01-15 | checkout:e-2 | checkout | s:e-2      |             | true      | true        | lost    |
    2026-01-15 | cart:e-3     | cart     | s:e-3      |             | true      | true        | lost    |
    2026-01-15 | support:w-1  | support  |            | ada         | true      | true        | open    |
    2026-01-14 | checkout:e-0 | checkout | s:e-0      |             | true      | true        | lost    |
    """
CLICKS = """
    event_id | occurred_at              | country | app_version | user_agent          | attributes
    e-0      | 2026-01-14T10:00:00.000Z | DE      |             |                     |
    e-1      | 2026-01-15T10:00:00.000Z | TR      | 5.2         | x Firefox/140       |
    e-2      | 2026-01-14T23:50:00.000Z |         |             | x Chrome/1 Safari/1 | {"$browser": "Vivaldi", "app_version": "5.1"}
    e-3      | 2026-01-15T10:00:00.000Z |         |             | my own client       | {"browser": null}
    """  # noqa: E501
WAITS = """
    wait_id | started_at               | reason
    w-1     | 2026-01-15T10:00:00.000Z | billing
    """


def test_a_visit_is_told_apart_by_what_it_was_entered_with():
    con = warehouse(stage_visits=VISITS, clickstream=CLICKS, wait_time=WAITS)
    day = day_in(ZoneInfo("UTC"), DAY)
    found = entries(con, day, day.start - sessions.LOOK_BACK, contacts.LOOK_BACK)
    assert found.drop("day").rows() == [
        ("checkout:e-1", "TR", "5.2", "Firefox", None),
        ("checkout:e-2", None, "5.1", "Vivaldi", None),
        ("support:w-1", None, None, None, "billing"),
    ]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36", "Chrome"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge"),
        (
            "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari",
        ),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome"),
        ("Mozilla/5.0 (Linux; Android 15) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36", "Samsung Internet"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox"),
        ("Mozilla/5.0 Chrome/140.0 Safari/537.36 OPR/120.0", "Opera"),
        ("okhttp/4.12", None),
    ],
)
def test_a_browser_is_told_by_its_own_word_in_the_user_agent(agent, name):
    assert pl.DataFrame({"agent": [agent]}).select(browser(pl.col("agent"))).item() == name


def test_visits_as_entered_are_those_that_the_trend_counts():
    con = warehouse(
        stage_visits=VISITS,
        customers="customer_id | segment | tier | region\nada | home | gold | north",
        entries="day | visit_id | country\n2026-01-15 | checkout:e-1 | TR\n2026-01-14 | checkout:e-1 | DE",
    )
    found = period.active_as_entered(con, DAY, 28, ["checkout", "support"]).sort("visit_id")
    keys = ["day", "visit_id", "stage"]
    active = period.active(con, DAY, 28).filter(pl.col("stage") != "cart")
    assert found.select(keys).sort(keys).equals(active.select(keys).sort(keys))
    first = found.filter(pl.col("visit_id") == "checkout:e-1").row(0, named=True)
    assert {name: first[name] for name in ("device", "country", "segment", "tier", "region", "reason")} == {
        "device": "mobile", "country": "TR", "segment": "home", "tier": "gold", "region": "north", "reason": None,
    }  # fmt: skip

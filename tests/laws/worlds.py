"""Generated worlds of some persons over some days: episodes of clicks, contacts and orders, many about midnight."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from operator import add
from typing import Any

import polars as pl
from hypothesis import strategies as st

from tests.detectors.nights import World, before, schema, world

Row = dict[str, Any]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

# What somebody does for a moment: (event, element or field or code, how often, how quickly one after the other).
EPISODES = [
    ("click", "pay", 4, 0.2),
    ("click", "pay", 6, 0.3),
    ("click", None, 5, 0.1),
    ("form_error", "postcode", 2, 20.0),
    ("form_error", "postcode", 3, 20.0),
    ("form_error", "postcode", 1, 20.0),
    ("click", "help", 1, 1.0),
    ("payment_error", "declined", 1, 30.0),
    ("payment_error", "timeout", 2, 30.0),
    ("begin_checkout", None, 1, 5.0),
    ("begin_checkout", None, 1, 5.0),
    ("add_payment_info", None, 1, 5.0),
    ("purchase", None, 1, 5.0),
    ("add_to_cart", None, 1, 5.0),
    ("view_item", None, 1, 5.0),
    ("page_view", None, 1, 5.0),
    ("login", None, 1, 5.0),
    ("login_error", "password", 2, 20.0),
    ("coupon_error", "expired", 2, 20.0),
    ("search", "boots", 1, 5.0),
    ("search", "shoes", 1, 60.0),
    ("form_change", "name", 1, 5.0),
    ("form_change", "city", 1, 5.0),
    ("form_submit", None, 1, 5.0),
    ("help_view", None, 1, 5.0),
    ("page_error", None, 1, 5.0),
    ("identify", None, 1, 5.0),
    ("remove_from_cart", None, 1, 5.0),
    ("add_shipping_info", None, 1, 5.0),
    ("page_view", None, 1, 2.0),
    ("page_view", None, 3, 2.0),
    ("page_error", None, 1, 1.0),
    ("web_vital", None, 1, 1.0),
    ("click", "sizes", 2, 4.0),
    ("rage_click", "pay", 1, 1.0),
    ("dead_click", "pay", 1, 1.0),
    ("error_click", "pay", 2, 1.0),
    ("thrashed_cursor", None, 1, 1.0),
    ("excessive_scroll", None, 1, 1.0),
]
VALUES = {"begin_checkout": 80.0, "add_shipping_info": 80.0, "purchase": 80.0, "web_vital": 4500.0}
WAITS = [
    ("queue", "phone"),
    ("queue", "phone"),
    ("queue", "chat"),
    ("first_response", "email"),
    ("resolution", "email"),
    ("hold", "phone"),
    ("callback", "phone"),
    ("refund", "email"),
    ("delivery", "courier"),
]
LENGTHS = [0.0, 5.0, 5.001, 20.0, 90.0, 3600.0, 30 * 3600.0, None]

# Hours after the first of January; many shortly before midnight.
moments = st.sampled_from([23.9, 23.7, 22.9, 9.0, 23.99, 23.9999, 24.0, 24.1, 30.0, 36.0, 47.6, 47.99, 48.0, 60.0])
PERSONS = ("ann", "bob", "cem", "dee", "eve")
persons = st.sampled_from(["ann", "ann", "bob", "cem"])
clicks = st.lists(
    st.tuples(
        persons,
        st.sampled_from([0.0, 0.0, 5.0, 60.0, 600.0, 1799.9, 1800.0]),
        st.sampled_from(EPISODES),
        st.sampled_from([None, None, "/", "/cart", "/checkout", "/p/1"]),
        st.sampled_from(["ok", None, None, "error"]),
        st.booleans(),
        st.booleans(),
    ),
    min_size=6,
    max_size=14,
)
waits = st.lists(
    st.tuples(
        persons,
        moments,
        st.sampled_from(WAITS),
        st.sampled_from(LENGTHS),
        st.sampled_from(["abandoned", "served", "transferred"]),
        st.sampled_from(["invoice", "invoice", None]),
        st.sampled_from([None, 0, 1]),
        st.sampled_from([None, 0.0, 1800.0]),
    ),
    min_size=3,
    max_size=6,
)
errors = st.lists(
    st.tuples(
        persons,
        moments,
        st.sampled_from(
            [
                "wrong_item",
                "damaged",
                "late_delivery",
                "return",
                "payment_declined",
                "delivery_failed",
                "refund_delayed",
            ]
        ),
        st.sampled_from(["hard", "soft", None]),
        st.sampled_from([0, 1, 2]),
    ),
    min_size=1,
    max_size=3,
)
orders = st.lists(
    st.tuples(
        persons,
        st.sampled_from([0, 1]),
        moments,
        st.sampled_from([12.0, 0.5, 24.0, None]),
        st.sampled_from([None, 0.4, 11.0, 12.0, 24.0, 50.0]),
        st.sampled_from([None, None, 10.0, 30.0]),
    ),
    min_size=2,
    max_size=4,
    unique_by=lambda order: order[:2],
)


@cache
def each_signal() -> World:
    """Every signal once on each of the first three days, all of them Dee's: so that no law holds for want of flags."""
    day = world(
        """
        customer_id | anonymous_id | event_id | event_name     | page_path | element | form_id | field_id | occurred_at
        ------------+--------------+----------+----------------+-----------+---------+---------+----------+--------------
                    | dee-phone    | 1        | begin_checkout | /checkout |         |         |          | 12:00
                    | dee-phone    | 2        | click          | /checkout | pay     |         |          | 12:00:01.0
                    | dee-phone    | 3        | click          | /checkout | pay     |         |          | 12:00:01.2
                    | dee-phone    | 4        | click          | /checkout | pay     |         |          | 12:00:01.4
        dee         | dee-phone    | 5        | click          | /checkout | pay     |         |          | 12:00:01.6
        dee         | dee-phone    | 6        | form_error     | /checkout |         | address | postcode | 12:01
        dee         | dee-phone    | 7        | form_error     | /checkout |         | address | postcode | 12:02
        dee         | dee-phone    | 8        | payment_error  | /checkout |         |         |          | 12:03
        """,
        """
        customer_id | wait_id | wait_type | channel | outcome   | reason  | started_at | ended_at
        dee         | 1       | queue     | phone   | served    | invoice | 13:00      | 13:01
        dee         | 2       | queue     | phone   | abandoned | invoice | 14:00      | 14:01
        """,
        """
        customer_id | error_id | order_id | error_type | occurred_at
        dee         | 1        | 1        | damaged    | 15:00
        """,
        """
        customer_id | order_id | placed_at | promised_at
        dee         | 1        | 09:00     | 16:00
        """,
    )
    parts = (day, in_contact(), with_the_order(), tasks(), clicking())
    return reduce(add, (_moved(part, days) for part in parts for days in range(3))) + carts()


# What was usual before each day: somebody who stays for more than a minute on a stage stays long.
USUAL = before(
    "\n".join(
        ["measure | place | device | value | times"]
        + [
            f"dwell_seconds | {stage} | {device} | 10 | 1000"
            for stage in ("discover", "evaluate", "cart", "checkout", "payment")
            for device in ("mobile", "desktop", "unknown")
        ]
        + [f"scroll_turns | /p/1 | {device} | 1 | 1000" for device in ("mobile", "desktop", "unknown")]
    )
)


def clicking() -> World:
    """Another session of Dee's on the same day: what shows in clicks and pages alone."""
    return world(
        """
        customer_id | event_id | event_name       | page_path | element | metric | value | occurred_at
        ------------+----------+------------------+-----------+---------+--------+-------+-------------
        dee         | c01      | page_view        | /c/shoes  |         |        |       | 17:00
        dee         | c02      | web_vital        | /c/shoes  |         | lcp    | 5000  | 17:00:01
        dee         | c03      | thrashed_cursor  | /c/shoes  |         |        |       | 17:00:02
        dee         | c04      | excessive_scroll | /c/shoes  |         |        |       | 17:00:03
        dee         | c05      | page_view        | /p/1      |         |        |       | 17:01
        dee         | c06      | page_view        | /c/shoes  |         |        |       | 17:01:04
        dee         | c07      | page_view        | /p/2      |         |        |       | 17:02
        dee         | c08      | page_view        | /c/shoes  |         |        |       | 17:02:04
        dee         | c09      | page_view        | /p/3      |         |        |       | 17:03
        dee         | c10      | page_view        | /c/shoes  |         |        |       | 17:03:04
        dee         | c11      | page_view        | /p/3      |         |        |       | 17:03:08
        dee         | c12      | click            | /p/3      | sizes   |        |       | 17:04
        dee         | c13      | click            | /p/3      | add     |        |       | 17:04:09
        dee         | c14      | page_error       | /p/3      |         |        |       | 17:04:10
        dee         | c15      | dead_click       | /p/3      | add     |        |       | 17:05
        """
    )


def in_contact() -> World:
    """Waits for each signal that is made of them: of a reopened case, a call that is held and passed on, and others."""
    drawn = world(
        wait_time="""
        customer_id | contact_id | wait_id | wait_type      | channel | team | promised_at | started_at       | ended_at
        dee         | a          | 3       | resolution     | email   | bill | 08:30       | 08:00            | 09:00
        dee         | a          | 4       | first_response | email   | bill | 10:30       | 10:00            | 11:00
        dee         | b          | 5       | hold           | phone   | bill |             | 13:30            | 13:32
        dee         | b          | 6       | hold           | phone   | ret  |             | 13:40            | 13:41
        dee         | c          | 7       | callback       | phone   |      | 13:00       | 12:00            | 14:00
        dee         | d          | 8       | queue          | chat    |      |             | 15:00            | 15:10
        dee         | e          | 9       | resolution     | email   |      |             | 2025-12-31 12:00 | 13:00
        """
    )
    told = {"case_id": pl.col("contact_id"), "outcome": pl.lit("served"), "handled_seconds": pl.lit(0.0)}
    return replace(drawn, wait_time=drawn.wait_time.with_columns(**told))


def with_the_order() -> World:
    """What goes wrong with the order, for each signal that is made of order errors."""
    return world(
        wait_time="""
        customer_id | order_id | wait_id | wait_type | channel | outcome | promised_at | started_at | ended_at
        dee         | 1        | 10      | refund    | email   | served  | 12:00       | 11:00      | 13:00
        """,
        order_error="""
        customer_id | error_id | order_id | error_type       | error_class | payment_method | item_id | occurred_at
        dee         | 2        | 1        | payment_declined | soft        | card           |         | 10:00
        dee         | 3        | 1        | stock_out        |             |                | lamp    | 11:00
        dee         | 4        | 1        | delivery_failed  |             |                |         | 12:00
        dee         | 5        | 1        | return           |             |                | lamp    | 17:00
        """,
    )


def tasks() -> World:
    """What goes wrong with a task: in forms, searches and logins, and what the customer then gets in touch about."""
    return world(
        """
        customer_id | event_id | event_name        | page_path | form_id | field_id | query | result_count | occurred_at
        ------------+----------+-------------------+-----------+---------+----------+-------+--------------+------------
        dee         | t01      | search            | /search   |         |          | boots | 0            | 05:00:00
        dee         | t02      | search            | /search   |         |          | shoes | 7            | 05:00:30
        dee         | t03      | login_error       | /login    |         |          |       |              | 05:01
        dee         | t04      | login_error       | /login    |         |          |       |              | 05:02
        dee         | t05      | coupon_error      | /cart     |         |          |       |              | 05:03
        dee         | t06      | form_change       | /account  | profile | name     |       |              | 05:04
        dee         | t07      | form_change       | /account  | profile | phone    |       |              | 05:05
        dee         | t08      | form_change       | /account  | profile | name     |       |              | 05:06
        dee         | t09      | form_change       | /account  | profile | phone    |       |              | 05:07
        dee         | t10      | form_change       | /account  | profile | name     |       |              | 05:08
        dee         | t11      | help_view         | /help     |         |          |       |              | 05:09
        dee         | t12      | identify          |           |         |          |       |              | 13:00:10
        dee         | t13      | identify          |           |         |          |       |              | 13:30:10
        """,
        """
        customer_id | wait_id | wait_type | channel | outcome | team  | reason  | started_at | ended_at
        dee         | t1      | queue     | chat    | served  | sales | parcel  | 13:00      | 13:01
        dee         | t2      | queue     | phone   | served  | bills | parcel  | 13:30      | 13:31
        dee         | t3      | queue     | phone   | served  | bills | damaged | 17:00      | 17:01
        """,
        """
        customer_id | error_id | order_id | error_type | occurred_at
        dee         | t1       | 1        | wrong_item | 15:30
        """,
    ) + world(
        """
        customer_id | event_id | event_name | device | product_id | outcome | value | shipping_cost | occurred_at
        dee         | t21      | view_item         | mobile  | p1         | error   |       |               | 07:00
        dee         | t22      | begin_checkout    | mobile  |            |         | 80    |               | 08:00
        dee         | t23      | add_shipping_info | mobile  |            |         | 80    | 40            | 08:01
        dee         | t24      | begin_checkout    | desktop |            |         | 80    |               | 09:00
        """
    )


def carts() -> World:
    """Eve's carts, each left for a day: the first on the day before the first, each an hour later than the last."""
    cart = world(
        """
        customer_id | event_id | event_name  | occurred_at
        eve         | cart     | add_to_cart | 01:00
        """
    )
    return reduce(add, (_moved(cart, days, hours=days) for days in range(-1, 3)))


def _moved(day: World, days: int, hours: int = 0) -> World:
    """The same some days and hours later, with ids and orders of their own."""
    ids = pl.selectors.by_name(
        "event_id", "wait_id", "contact_id", "case_id", "error_id", "order_id", require_all=False
    )
    times = pl.selectors.by_dtype(pl.Datetime)
    return World(
        *(
            getattr(day, each.name).with_columns(
                pl.format(f"dee-{days}-{{}}", ids), times + timedelta(days=days, hours=hours)
            )
            for each in fields(day)
        )
    )


def any_or(some: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
    """Now and then none of a kind."""
    return st.one_of(some, some, some, st.just([]))


@st.composite
def worlds(draw: st.DrawFn, *, kiosk: bool = True) -> World:
    """What is drawn beside `each_signal`; with a `kiosk`, some of it happens on one device that they all use."""
    return each_signal() + world(
        _frame("clickstream", _clicks(draw(moments), draw(any_or(clicks)), kiosk=kiosk)),
        _frame("wait_time", _waits(draw(any_or(waits)))),
        _frame("order_error", _errors(draw(any_or(errors)))),
        _frame("orders", _orders(draw(any_or(orders)))),
    )


def _frame(contract: str, rows: list[Row]) -> pl.DataFrame:
    known = schema(contract)
    return pl.DataFrame(rows, schema={name: known[name] for name in (rows[0] if rows else known)})


def _clicks(begin: float, drawn: list[tuple[Any, ...]], *, kiosk: bool) -> list[Row]:
    rows: list[Row] = []
    now = BEGIN + begin * HOUR
    for person, pause, (name, what, times, seconds), page, outcome, is_known, is_at_kiosk in drawn:
        now += timedelta(seconds=pause)
        for _ in range(times):
            rows.append(
                {
                    "event_id": f"e{len(rows):03}",
                    "occurred_at": now,
                    "event_name": name,
                    "customer_id": person if is_known or name == "login" else None,
                    "anonymous_id": "kiosk" if kiosk and is_at_kiosk else f"{person}-phone",
                    "page_path": page,
                    "element": what if name.endswith("click") else None,
                    "x": 5.0,
                    "y": 5.0,
                    "form_id": "address" if name.startswith("form_") else None,
                    "field_id": what if name.startswith("form_") else None,
                    "query": what if name == "search" else None,
                    "result_count": 0 if name == "search" and what == "shoes" else None,
                    "product_id": "p1" if name == "view_item" else None,
                    "shipping_cost": 20.0 if name == "add_shipping_info" else None,
                    "error_code": what if name.endswith("_error") and name != "form_error" else None,
                    "error_class": "hard" if what == "declined" else "soft",
                    "order_id": f"{person}-bought-{len(rows)}" if name == "purchase" else None,
                    "outcome": outcome,
                    "metric": "lcp" if name == "web_vital" else None,
                    "value": VALUES[name] + len(rows) if name in VALUES else None,
                    "currency": "TRY",
                    "device": "mobile" if is_known else "desktop",
                    "channel": "web",
                }
            )
            now += timedelta(seconds=seconds)
    return rows


def _waits(drawn: list[tuple[Any, ...]]) -> list[Row]:
    rows: list[Row] = []
    for person, begin, (kind, channel), lasts, outcome, reason, order, handled in drawn:
        start = BEGIN + begin * HOUR
        end = None if lasts is None else start + timedelta(seconds=lasts)
        rows.append(
            {
                "wait_id": f"w{len(rows)}",
                "customer_id": person,
                "wait_type": kind,
                "channel": channel,
                "started_at": start,
                "ended_at": end,
                "outcome": "open" if end is None else outcome,
                "promised_at": start + 12 * HOUR if kind in {"delivery", "callback", "refund"} else None,
                "case_id": f"{person}-case" if order == 1 else None,
                # who is passed on goes on with the same contact
                "contact_id": f"{person}-k{len(rows)}" if outcome == "transferred" else None,
                "order_id": None if order is None else f"{person}-o{order}",
                "reason": reason,
                "queue": "billing",
                "handled_seconds": None if end is None or outcome != "served" else handled,
            }
        )
        if outcome == "transferred" and end is not None:
            passed = rows[-1] | {"wait_id": f"w{len(rows)}", "queue": "returns", "outcome": "served"}
            rows.append(passed | {"started_at": end, "ended_at": end + timedelta(seconds=60)})
    return rows


def _errors(drawn: list[tuple[Any, ...]]) -> list[Row]:
    return [
        {
            "error_id": f"x{number}",
            "customer_id": person,
            "order_id": f"{person}-o{order}",
            "occurred_at": BEGIN + begin * HOUR,
            "error_type": kind,
            "error_class": severity,
            "warehouse": "izmir",
        }
        for number, (person, begin, kind, severity, order) in enumerate(drawn)
    ]


def _orders(drawn: list[tuple[Any, ...]]) -> list[Row]:
    def after(placed: datetime, hours: float | None) -> datetime | None:
        return None if hours is None else placed + hours * HOUR

    return [
        {
            "order_id": f"{person}-o{number}",
            "customer_id": person,
            "placed_at": BEGIN + begin * HOUR,
            "promised_at": after(BEGIN + begin * HOUR, promised),
            "delivered_at": after(BEGIN + begin * HOUR, delivered),
            "cancelled_at": after(BEGIN + begin * HOUR, cancelled),
            "value": 50.0,
            "currency": "TRY",
        }
        for person, number, begin, promised, delivered, cancelled in drawn
    ]

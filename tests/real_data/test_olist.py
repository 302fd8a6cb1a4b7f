"""A marketplace's orders: deliveries, orders called off and reviews, checked against the files as Python reads them."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.real_data import nights, plainly
from tests.real_data.nights import Ran
from tests.reports.days import Page

pytestmark = [pytest.mark.real_data, pytest.mark.xdist_group("real_olist")]

ORDERS, REVIEWS, CUSTOMERS = (f"olist_3k/olist_{name}_dataset.csv" for name in ("orders", "order_reviews", "customers"))
ZONE = ZoneInfo("America/Sao_Paulo")  # the clocks went back on 18 February
# What counts in the last 28 days was promised and delivered up to sixty days after the order: hence three months.
DAYS = nights.span(date(2018, 1, 1), date(2018, 3, 31))
CALLED_OFF = {"canceled", "unavailable"}


@dataclass(frozen=True)
class Order:
    id: str
    customer: str
    status: str
    placed: datetime
    last_known: datetime
    promised: date
    delivered: datetime | None

    @property
    def is_called_off(self) -> bool:
        return self.status in CALLED_OFF

    def is_late_on(self, day: date) -> bool:
        """Neither there nor called off when the promised day ends."""
        return self.promised == day and not self.is_called_off and not self.is_there_by(day)

    def is_there_by(self, day: date) -> bool:
        return self.delivered is not None and self.delivered.astimezone(ZONE).date() <= day


def instant(cell: str) -> datetime:
    """A local time as an instant."""
    return datetime.fromisoformat(cell).replace(tzinfo=ZONE).astimezone(UTC)


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZONE).astimezone(UTC)


@pytest.fixture(scope="module")
def orders(real_data: Path) -> list[Order]:
    people = {row["customer_id"]: row["customer_unique_id"] for row in nights.records(nights.raw(real_data, CUSTOMERS))}
    found = []
    for row in nights.records(nights.raw(real_data, ORDERS)):
        known = ["order_purchase_timestamp", "order_approved_at", "order_delivered_carrier_date"]
        delivered = row["order_delivered_customer_date"]
        found.append(
            Order(
                id=row["order_id"],
                customer=people[row["customer_id"]],
                status=row["order_status"],
                placed=instant(row["order_purchase_timestamp"]),
                last_known=max(instant(row[name]) for name in known if row[name]),
                promised=date.fromisoformat(row["order_estimated_delivery_date"][:10]),
                delivered=instant(delivered) if delivered else None,
            )
        )
    return found


@pytest.fixture(scope="module")
def reviews(real_data: Path) -> list[dict[str, str]]:
    return nights.records(nights.raw(real_data, REVIEWS))


@pytest.fixture(scope="module")
def ran(real_data: Path, tmp_path_factory) -> Ran:
    nights.raw(real_data, ORDERS)
    return nights.run("olist", tmp_path_factory.mktemp("olist"), real_data, DAYS, DAYS[-1:])


def test_every_order_and_review_is_read(ran: Ran, orders, reviews):
    query = "select source, rows_read, rows_kept, rows_quarantined + rows_duplicate from ops.loads order by 1"
    off = sum(order.is_called_off for order in orders)
    assert (len(orders), off, len(reviews)) == (3_000, 41, 2_993)
    assert ran.ask(query) == [
        ("deliveries", 2_959, 2_959, 0),
        ("order_errors", 41, 41, 0),
        ("orders", 3_000, 3_000, 0),
        ("reviews", 2_993, 2_993, 0),
    ]


def test_deliveries_after_the_promised_date_are_those_of_the_file(ran: Ran, real_data, orders):
    late = [
        row["order_id"]
        for row in nights.records(nights.raw(real_data, ORDERS))
        if row["order_delivered_customer_date"][:10] > row["order_estimated_delivery_date"][:10]
    ]
    assert len(late) == 191
    assert {order.id for order in orders if order.delivered and not order.is_there_by(order.promised)} == set(late)
    for table, ended in [("events.orders", "delivered_at"), ("events.wait_time", "ended_at")]:
        assert {order for (order,) in ran.ask(f"select order_id from {table} where {ended} > promised_at")} == set(late)


def test_an_order_is_late_on_the_day_on_which_its_promise_breaks(ran: Ran, orders):
    """Orders that never came are late too; those that were called off are not."""
    late = {(order.id, day) for day in DAYS for order in orders if order.is_late_on(day)}
    found = ran.ask("select visit_id, day from friction.flags where signal = 'late_delivery'")
    assert len(late) > 50
    assert sorted(found) == sorted((f"fulfilment:{order}", day) for order, day in late)


def test_orders_that_were_called_off_are_the_only_errors(ran: Ran, orders):
    query = "select order_id, customer_id, error_type, error_code, occurred_at from events.order_error"
    found = {(order, customer, kind, code, at.astimezone(UTC)) for order, customer, kind, code, at in ran.ask(query)}
    assert found == {
        (order.id, order.customer, "merchant_cancel", order.status, order.last_known)
        for order in orders
        if order.is_called_off
    }


def test_reviews_belong_to_the_person_who_ordered(ran: Ran, orders, reviews):
    people = {order.id: order.customer for order in orders}
    query = "select order_id, customer_id, score, given_at, scale_min, scale_max from events.feedback"
    found = [(order, who, score, at.astimezone(UTC), low, high) for order, who, score, at, low, high in ran.ask(query)]
    assert sorted(found) == sorted(
        (
            row["order_id"],
            people[row["order_id"]],
            float(row["review_score"]),
            instant(row["review_answer_timestamp"]),
            1.0,
            5.0,
        )
        for row in reviews
    )


def test_customers_whose_order_was_late_say_so(ran: Ran, orders, reviews):
    """Reviews are not in the score; they tell whether what it counts was felt."""
    query = """
        select late.visit_id is not null as is_late, count(*), count(*) filter (score <= 2)
        from events.feedback
        left join (select * from friction.flags where signal = 'late_delivery') as late
            on late.visit_id = 'fulfilment:' || order_id
        where order_id in (
            select order_id from events.orders
            where timezone('America/Sao_Paulo', promised_at)::date between $first and $last
        )
        group by 1 order by 1
        """
    by_id = {order.id: order for order in orders}
    counts: Counter[tuple[bool, bool]] = Counter()
    for row in reviews:
        order = by_id[row["order_id"]]
        if DAYS[0] <= order.promised <= DAYS[-1] and not order.is_called_off:
            counts[order.is_late_on(order.promised), int(row["review_score"]) <= 2] += 1
    told = {
        is_late: (bad + good, bad)
        for is_late in (False, True)
        for bad, good in [(counts[is_late, True], counts[is_late, False])]
    }
    assert ran.ask(query, first=DAYS[0], last=DAYS[-1]) == [(is_late, *told[is_late]) for is_late in (False, True)]
    low = {is_late: bad / all_ for is_late, (all_, bad) in told.items()}
    assert low[True] > 3 * low[False]


def decided(order: Order) -> tuple[date, bool] | None:
    """The day on which an order's fate is known, and whether it was lost; None while it is open.

    It is kept when fourteen days have passed since the delivery, and lost when it is called off or is not there after
    sixty.
    """
    latest = order.placed + timedelta(days=60)
    if order.is_called_off:
        return order.last_known.astimezone(ZONE).date(), True
    on = min(latest, order.delivered + timedelta(days=14)) if order.delivered else latest
    day = on.astimezone(ZONE).date()
    return day, order.delivered is None or order.delivered >= end_of(day)


def was_called_off(order: Order) -> bool:
    """On one of the days that were run."""
    return order.is_called_off and order.last_known.astimezone(ZONE).date() in DAYS


def test_orders_that_were_called_off_are_those_of_the_file(ran: Ran, orders):
    expected = sorted(order.id for order in orders if was_called_off(order))
    query = "select substr(evidence[1], 12) from friction.flags where signal = 'merchant_cancellation' order by all"
    assert [found for (found,) in ran.ask(query)] == expected
    assert len(expected) == 7


def test_flags_of_each_day_and_person_are_those_of_a_plain_query(ran: Ran, real_data):
    with plainly.open_csv(real_data, orders=ORDERS, customers=CUSTOMERS) as con:
        query = plainly.query("olist/flags.sql")
        expected = con.execute(query, {"first": DAYS[0], "last": DAYS[-1]}).fetchall()
    found = ran.ask("select signal, day, person_id, evidence from friction.flags order by all")
    assert found == expected
    assert {signal for signal, *_ in found} == {"late_delivery", "merchant_cancellation"}


def test_the_stage_counts_orders_that_were_decided_in_the_period(ran: Ran, orders):
    period = nights.span(DAYS[-1] - timedelta(days=27), DAYS[-1])
    fates = {order.id: fate[1] for order in orders if (fate := decided(order)) and fate[0] in period}
    affected = sum(
        order.id in fates and (any(order.is_late_on(day) for day in DAYS) or was_called_off(order)) for order in orders
    )
    query = """
        select entered, completed, lost, affected from friction.stage_scores where day = $day and stage = 'fulfilment'
        """
    lost = sum(fates.values())
    assert ran.one(query, day=DAYS[-1]) == (len(fates), len(fates) - lost, lost, affected)


def test_what_orders_cannot_tell_is_said_to_be_not_measurable(ran: Ran):
    missing = nights.why_unmeasurable(ran)
    assert missing["payment_failure"] == "no rows in clickstream"
    assert missing["long_wait"] == "no values in wait_time.queue"
    assert not set(missing) & {"late_delivery", "order_defect"}


def test_the_months_end_in_a_report(ran: Ran):
    page = Page(ran.page())
    assert "no rows in clickstream" in page.row("Payment failures")[1]
    assert "no values in wait_time.queue" in page.row("Long waits")[1]
    assert "Late deliveries" not in page.sections["missing"]
    assert "Late deliveries" in page.sections["ranked"]
    assert page.row("olist_orders", "deliveries")[1:5] == ["2,959", "2,959", "0", "0"]

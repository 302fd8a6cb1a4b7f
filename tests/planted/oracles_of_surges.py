"""A plain reading of surges of contacts: loops over the days of a world, contacts per order before and on each day."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

from tests.planted.oracles import Instance, Row

NO_CONTACT = {"delivery", "refund"}


def placed(purchases: list[Row], waits: list[Row], errors: list[Row], zone: ZoneInfo) -> Counter[date]:
    """Orders by the day on which they were placed: as the purchase says, else the parcel, else the first error."""
    at: dict[str, date] = {}
    told = [(row, "occurred_at", row["order_id"]) for row in purchases]
    told += [(row, "started_at", row["order_id"] or row["wait_id"]) for row in waits if row["wait_type"] == "delivery"]
    told += [(row, "occurred_at", row["order_id"]) for row in errors]
    for row, time, order in told:
        if order:
            at.setdefault(order, row[time].astimezone(zone).date())
    return Counter(at.values())


def contact_surge(waits: list[Row], orders: Counter[date], days: list[date], zone: ZoneInfo) -> Iterator[Instance]:
    """Contacts about a reason on a day with many more of them than its orders would lead one to expect.

    At least 20, half as many again as expected, and more than 3.1 standard deviations above it.
    """
    first: dict[str, Row] = {}
    for row in sorted(waits, key=lambda row: (row["started_at"], row["wait_id"])):
        if row["wait_type"] not in NO_CONTACT:
            first.setdefault(row["contact_id"] or row["wait_id"], row)
    begun = [(row["started_at"].astimezone(zone).date(), row) for row in first.values() if row["reason"]]
    counts = Counter((day, row["reason"]) for day, row in begun)
    for today in days:
        before = [day for day in days if today - timedelta(days=28) <= day < today and orders[day]]
        if len(before) < 7 or not orders[today]:
            continue
        for reason in sorted({name for day, name in counts if day == today}):
            known = sum(counts[day, reason] for day in before) + 0.5
            rate = known / sum(orders[day] for day in before)
            expected = rate * orders[today]
            squares = [(counts[day, reason] - rate * orders[day]) ** 2 / (rate * orders[day]) for day in before]
            spread = max(1.0, sum(squares) / (len(before) - 1))
            found = counts[today, reason]
            is_more = found - expected >= 3.1 * sqrt(spread * (expected + expected**2 / known))
            if found >= 20 and found >= 1.5 * expected and is_more:
                for day, row in begun:
                    if (day, row["reason"]) == (today, reason):
                        yield reason, row["started_at"], row["wait_id"]

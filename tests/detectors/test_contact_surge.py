from datetime import date, timedelta
from math import sqrt
from statistics import fmean

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.contracts.contract import load
from pipeline.detectors.contact_surge import Parameters, surges
from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY

TODAY = date(2026, 1, 29)
Daily = dict[str, list[int]]


def counted(**daily: list[int]) -> pl.DataFrame:
    """Rows of journeys.usual of the days before today, by reason or what else is counted; the last is yesterday's."""
    rows = [
        (TODAY - timedelta(days=len(times) - place), *_measure(name), "*", 1, each)
        for name, times in daily.items()
        for place, each in enumerate(times)
        if each
    ]
    return pl.DataFrame(rows, schema=load("usual").schema(), orient="row")


def _measure(name: str) -> tuple[str, str]:
    return (name, "*") if name in {"orders", "people"} else ("contacts", name)


def with_today(before: pl.DataFrame, **today: int) -> pl.DataFrame:
    rows = [(TODAY, *_measure(name), "*", 1, each) for name, each in today.items() if each]
    new = pl.DataFrame(rows, schema=before.schema, orient="row")
    return pl.concat([before, new]).with_columns(is_today=pl.col("day") == TODAY)


def called(times: int, reason: str = "invoice", days: int = 28) -> pl.DataFrame:
    """So many people on the phone today, a second apart."""
    return pl.DataFrame(
        [
            {"wait_id": f"{reason}-{n:03}", "customer_id": f"c{n:03}", "reason": reason, "wait_type": "queue"}
            | {"channel": "phone", "outcome": "served", "started_at": at(n) + timedelta(days=days)}
            | {"ended_at": at(n + 5) + timedelta(days=days)}
            for n in range(times)
        ]
    )


def test_every_contact_about_a_reason_that_surges_is_flagged_and_says_against_what():
    calls = world(wait_time=pl.concat([called(40), called(11, "parcel")]))
    before = counted(invoice=[20] * 28, parcel=[10] * 28, people=[5000] * 28, orders=[100] * 28)
    # ninety orders today would have been a surge, too
    today = world(
        orders=pl.DataFrame(
            [
                {"order_id": f"o{n}", "customer_id": f"c{n:03}", "placed_at": at(n) + timedelta(days=28)}
                for n in range(100)
            ]
        )
    )
    found = flags("contact_surge", calls + today, day_of(29), counted=before)
    assert customers(found) == {f"c{n:03}" for n in range(40)}
    shown, expected = picked(
        found.head(1),
        """
        flag_id | stage | locus_type | locus | visit_id | evidence | severity | flagged_at | detail
        contact_surge:invoice-000 | support | reason | invoice | support:invoice-000 | invoice-000 | 0.393 | AT | TOLD
        """.replace("AT", "2026-01-29 10:00").replace("TOLD", '{"contacts":40,"expected":20.0,"per":"orders"}'),
    )
    assert_frame_equal(shown, expected)


@pytest.mark.parametrize(
    ("daily", "today", "parameters", "surging"),
    [
        ({"a": [20] * 28}, {"a": 40}, {}, ["a"]),
        ({"a": [20] * 28}, {"a": 34}, {}, []),  # 1.7 times, and less than chance allows: 3.1 x sqrt(20.7)
        ({"a": [20] * 28}, {"a": 35}, {}, ["a"]),
        ({"a": [2000] * 28}, {"a": 2990}, {}, []),  # far beyond chance, and not yet half as many again
        ({"a": [2000] * 28}, {"a": 3010}, {}, ["a"]),
        ({"a": [2000] * 28}, {"a": 2990}, {"ratio": 1.2}, ["a"]),
        ({"a": [5] * 28}, {"a": 19}, {}, []),  # too few to be one
        ({"a": [5] * 28}, {"a": 20}, {}, ["a"]),
        ({"a": [20] * 6}, {"a": 90}, {}, []),  # less than a week is known
        ({"a": [20] * 7}, {"a": 90}, {}, ["a"]),
        ({"a": [0, 40] * 14}, {"a": 60}, {}, []),  # days differ by more than chance
        ({"a": [20] * 28}, {"b": 30, "a": 20}, {}, ["b"]),  # a reason that nobody had before
        ({"a": [20] * 28, "orders": [100] * 28}, {"a": 40, "orders": 200}, {}, []),  # as many per order
        ({"a": [20] * 28, "people": [100] * 28}, {"a": 40, "people": 200}, {}, []),
        ({"a": [20] * 28, "orders": [100] * 28}, {"a": 40}, {}, []),  # no order today: nothing to set them against
    ],
)
def test_both_sides_of_each_limit(daily, today, parameters, surging):
    counts = with_today(counted(**daily), **today)
    assert surges(counts, Parameters(**parameters))["reason"].to_list() == surging


def test_without_days_before_nothing_surges():
    assert flags("contact_surge", world(wait_time=called(90)), day_of(29)).is_empty()


def plainly(before: Daily, today: dict[str, int]) -> list[str]:
    demand, now = before["orders"], today["orders"]
    found = []
    for reason in sorted({*before, *today} - {"orders"}):
        seen = before.get(reason, [0] * len(demand))
        rate = (sum(seen) + 0.5) / sum(demand)
        chi = [(here - rate * there) ** 2 / (rate * there) for here, there in zip(seen, demand, strict=True)]
        spread = max(1.0, fmean(chi) * len(chi) / (len(chi) - 1))
        expected = rate * now
        deviation = sqrt(spread * (expected + expected * expected / (sum(seen) + 0.5)))
        count = today.get(reason, 0)
        if count >= 20 and count >= 1.5 * expected and count - expected >= 3.1 * deviation:
            found.append(reason)
    return found


@SLOWLY
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9), st.integers(50, 200)), min_size=7, max_size=28),
    st.tuples(st.integers(0, 150), st.integers(0, 60), st.integers(50, 200)),
)
def test_it_finds_what_a_plain_reading_finds(days, now):
    names = ("a", "b", "orders")
    before = {name: [day[place] for day in days] for place, name in enumerate(names)}
    today = dict(zip(names, now, strict=True))
    known = {name: times for name, times in before.items() if any(times)}
    assert surges(with_today(counted(**known), **today), Parameters())["reason"].to_list() == plainly(known, today)

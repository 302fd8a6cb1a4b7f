from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, frame, known_on, sessions_of

PAGES = world(
    """
    customer_id | event_id | event_name | page_path | occurred_at
    ------------+----------+------------+-----------+-------------
    back        | a1       | page_view  | /         | 10:00:00
    back        | a2       | page_view  | /p/1      | 10:00:10
    back        | a3       | view_item  | /p/1      | 10:00:11
    back        | a4       | page_view  | /         | 10:00:14.999
    slower      | b1       | page_view  | /         | 10:00:00
    slower      | b2       | page_view  | /p/1      | 10:00:10
    slower      | b3       | page_view  | /         | 10:00:15
    scrolls     | c1       | page_view  | /         | 10:00:00
    scrolls     | c2       | page_view  | /p/1      | 10:00:10
    scrolls     | c3       | scroll     | /p/1      | 10:00:11
    scrolls     | c4       | page_view  | /         | 10:00:12
    on          | d1       | page_view  | /         | 10:00:00
    on          | d2       | page_view  | /p/1      | 10:00:10
    on          | d3       | page_view  | /cart     | 10:00:11
    reloads     | e1       | page_view  | /         | 10:00:00
    reloads     | e2       | page_view  | /         | 10:00:01
    reloads     | e3       | page_view  | /         | 10:00:02
    anyway      | i1       | page_view  | /         | 10:00:00
    anyway      | i2       | page_view  | /p/1      | 10:00:10
    anyway      | i3       | page_view  | /p/1      | 10:00:11
    anyway      | i4       | page_view  | /         | 10:00:14
    acts        | j1       | page_view  | /         | 10:00:00
    acts        | j2       | page_view  | /p/1      | 10:00:10
    acts        | j3       | click      | /p/1      | 10:00:11
    acts        | j4       | page_view  | /p/1      | 10:00:11
    acts        | j5       | page_view  | /         | 10:00:14
    # the same page again is one flag with a count, and so is the page that is come back to from it
    again       | f1       | page_view  | /         | 10:00:00
    again       | f2       | page_view  | /p/1      | 10:00:10
    again       | f3       | page_view  | /         | 10:00:11
    again       | f4       | page_view  | /p/1      | 10:00:21
    again       | f5       | page_view  | /         | 10:00:22
    returns     | g1       | page_view  | /p/1      | 10:00:00
    returns     | g2       | page_view  | /         | 10:30:00
    another     | h1       | page_view  | /p/1      | 10:30:01
    """
)


def test_a_page_is_turned_back_from_where_nothing_was_done_on_it():
    found, expected = picked(
        flags("quick_back", PAGES),
        """
        flag_id       | locus_type | locus | visit_id    | evidence       | severity | flagged_at
        --------------+------------+-------+-------------+----------------+----------+------------------------
        quick_back:a2 | page       | /p/1  | evaluate:a2 | a2, a4         | 0.2      | 2026-01-01 10:00:14.999
        quick_back:i2 | page       | /p/1  | evaluate:i2 | i2, i4         | 0.2      | 2026-01-01 10:00:14
        quick_back:f2 | page       | /p/1  | evaluate:f2 | f2, f3, f4, f5 | 0.427    | 2026-01-01 10:00:11
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("seconds", "flagged"),
    [
        (1, set()),
        (4.999, {"anyway", "again"}),
        (5, {"back", "anyway", "again"}),
        (5.001, {"back", "slower", "anyway", "again"}),
    ],
)
def test_how_quick_is_a_parameter(seconds, flagged):
    assert customers(flags("quick_back", PAGES, seen=timedelta(seconds=seconds))) == flagged


@pytest.mark.parametrize(("day", "told"), [(1, ["evaluate:a2"]), (2, ["evaluate:b2"])])
def test_it_is_known_when_the_page_before_is_come_back_to(day, told):
    over_midnight = world(
        """
        customer_id | event_id | event_name | page_path | occurred_at
        before      | a1       | page_view  | /         | 23:59:50
        before      | a2       | page_view  | /p/1      | 23:59:56
        before      | a3       | page_view  | /         | 23:59:59.999
        after       | b1       | page_view  | /         | 23:59:50
        after       | b2       | page_view  | /p/1      | 23:59:56
        after       | b3       | page_view  | /         | d2 00:00
        """
    )
    assert flags("quick_back", over_midnight, day_of(day))["visit_id"].to_list() == told


def test_more_often_is_more_severe():
    rows = [
        {"event_id": f"{person}-{n:02}", "customer_id": f"c{person:02}", "event_name": "page_view"}
        | {"page_path": "/p/1" if n % 2 else "/"}
        | {"occurred_at": at(n * 10 - (n % 2 == 0) * 7)}
        for person in range(1, 9)
        for n in range(2 * person + 1)
    ]
    severities = flags("quick_back", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 8
    assert all(one < other <= 1 for one, other in pairwise(severities))


seen = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 1.0, 2.0, 4.999, 5.0, 1800]),
            "event_name": st.sampled_from(["page_view"] * 7 + ["view_item", "click"]),
            "page_path": st.sampled_from(["/checkout", "/checkout", "/p/1", "/p/1", "/", None]),
        }
    ),
    max_size=24,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        pages: list[list[dict]] = []
        for row in session:
            path, here = row["page_path"], pages[-1][0]["page_path"] if pages else None
            if path is not None and path != here:
                pages.append([])
            if pages:
                pages[-1].append(row)
        places: dict[str, list[tuple[object, str, str]]] = {}
        for before, page, after in zip(pages, pages[1:], pages[2:], strict=False):
            path, came, left = page[0]["page_path"], page[0], after[0]
            if not before[0]["page_path"] == left["page_path"] != path:
                continue
            is_quick = left["occurred_at"] - came["occurred_at"] < timedelta(seconds=5)
            if is_quick and not any(row["event_name"] == "click" for row in page):
                places.setdefault(path, []).append((left["occurred_at"], came["event_id"], left["event_id"]))
        for path, found in places.items():
            if found[0][0] >= day.start:
                yield path, found[0][0], tuple(event for _, *events in found for event in events)


@SLOWLY
@given(seen, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 24 * 3600 - 5]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("quick_back", world(rows), day).select("locus", "flagged_at", "evidence").rows()
    assert sorted((page, known, tuple(ids)) for page, known, ids in found) == sorted(slowly(rows.to_dicts(), day))

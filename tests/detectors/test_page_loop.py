from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, frame, known_on, sessions_of, together

PAGES = world(
    """
    customer_id | event_id | event_name | page_path | page_url | occurred_at
    ------------+----------+------------+-----------+----------+-------------
    thrice      | a1       | page_view  | /cart     |          | 10:00:00
    thrice      | a2       | page_view  | /cart     |          | 10:00:05
    thrice      | a3       | page_view  | /         |          | 10:00:10
    thrice      | a4       | page_view  | /cart     |          | 10:00:15
    slower      | b1       | page_view  | /cart     |          | 10:00:00
    slower      | b2       | page_view  | /cart     |          | 10:00:05
    slower      | b3       | page_view  | /cart     |          | 10:00:15.001
    stays       | c1       | page_view  | /cart     |          | 10:00:00
    stays       | c2       | click      | /cart     |          | 10:00:01
    stays       | c3       | click      | /cart     |          | 10:00:02
    filters     | d1       | page_view  | /c/shoes  | /c/shoes?red   | 10:00:00
    filters     | d2       | page_view  | /c/shoes  | /c/shoes?blue  | 10:00:05
    filters     | d3       | page_view  | /c/shoes  | /c/shoes?green | 10:00:10
    circles     | e1       | page_view  | /c/shoes  |          | 10:00:00
    circles     | e2       | page_view  | /p/1      |          | 10:01:00
    circles     | e3       | page_view  | /c/shoes  |          | 10:02:00
    circles     | e4       | page_view  | /p/1      |          | 10:03:00
    circles     | e5       | page_view  | /c/shoes  |          | 10:04:00
    circles     | e6       | page_view  | /cart     |          | 10:05:00
    back        | f1       | page_view  | /c/shoes  |          | 10:00:00
    back        | f2       | page_view  | /p/1      |          | 10:01:00
    back        | f3       | page_view  | /c/shoes  |          | 10:02:00
    back        | f4       | page_view  | /p/2      |          | 10:03:00
    reloads     | i1       | page_view  | /c/shoes  |          | 10:00:00
    reloads     | i2       | page_view  | /p/1      |          | 10:01:00
    reloads     | i3       | page_view  | /p/1      |          | 10:02:00
    reloads     | i4       | page_view  | /c/shoes  |          | 10:03:00
    reloads     | i5       | page_view  | /p/1      |          | 10:04:00
    # two circles that share no page
    apart       | g1       | page_view  | /cart     |          | 10:00:00
    apart       | g2       | page_view  | /cart     |          | 10:00:01
    apart       | g3       | page_view  | /cart     |          | 10:00:02
    apart       | g4       | page_view  | /         |          | 10:10:00
    apart       | g5       | page_view  | /         |          | 10:10:01
    apart       | g6       | page_view  | /         |          | 10:10:02
    returns     | h1       | page_view  | /cart     |          | 10:00:00
    returns     | h2       | page_view  | /         |          | 10:01:00
    returns     | h3       | page_view  | /cart     |          | 10:31:00
    returns     | h4       | page_view  | /         |          | 10:32:00
    """
)


def test_circles_that_share_a_page_are_one_flag_where_the_first_was_closed():
    found, expected = picked(
        flags("page_loop", PAGES),
        """
        flag_id      | locus_type | locus | visit_id    | evidence           | severity | flagged_at
        -------------+------------+-------+-------------+--------------------+----------+--------------------
        page_loop:a1 | page       | /cart | cart:a1     | a1, a2, a3, a4     | 0.455    | 2026-01-01 10:00:15
        page_loop:e1 | page       | /p/1  | evaluate:e2 | e1, e2, e3, e4, e5 | 0.575    | 2026-01-01 10:03
        page_loop:i1 | page       | /p/1  | evaluate:i2 | i1, i2, i3, i4, i5 | 0.575    | 2026-01-01 10:04
        page_loop:g1 | page       | /cart | cart:g1     | g1, g2, g3         | 0.3      | 2026-01-01 10:00:02
        page_loop:g4 | page       | /     | discover:g4 | g4, g5, g6         | 0.3      | 2026-01-01 10:10:02
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("times", "seconds", "flagged"),
    [
        (3, 14.999, {"circles", "reloads", "apart"}),
        (3, 15.001, {"thrice", "slower", "circles", "reloads", "apart"}),
        (4, 15, {"circles", "reloads"}),
        (2, 5, {"thrice", "slower", "circles", "reloads", "apart"}),
    ],
)
def test_times_and_seconds_are_parameters(times, seconds, flagged):
    assert customers(flags("page_loop", PAGES, min_times=times, within=timedelta(seconds=seconds))) == flagged


@pytest.mark.parametrize(("day", "told"), [(1, [["a1", "a2", "a3"]]), (2, [["b1", "b2", "b3"]])])
def test_it_belongs_to_the_day_on_which_the_circle_was_closed(day, told):
    over_midnight = world(
        """
        customer_id | event_id | event_name | page_path | occurred_at
        before      | a1       | page_view  | /cart     | 23:59:57
        before      | a2       | page_view  | /cart     | 23:59:58
        before      | a3       | page_view  | /cart     | 23:59:59.999
        before      | a4       | page_view  | /cart     | d2 00:00
        after       | b1       | page_view  | /cart     | 23:59:57
        after       | b2       | page_view  | /cart     | 23:59:58
        after       | b3       | page_view  | /cart     | d2 00:00
        """
    )
    assert flags("page_loop", over_midnight, day_of(day))["evidence"].to_list() == told


def test_more_pages_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n:02}", "customer_id": f"c{person:02}", "event_name": "page_view"}
        | {"page_path": "/cart", "occurred_at": at(n)}
        for person in range(3, 11)
        for n in range(person)
    ]
    severities = flags("page_loop", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 8
    assert all(one < other <= 1 for one, other in pairwise(severities))


seen = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "a", "b"]),
            "pause": st.sampled_from([0, 1.0, 5.0, 5.0, 7.5, 7.501, 15.0, 60.0, 1800]),
            "event_name": st.sampled_from(["page_view"] * 7 + ["view_item", "click"]),
            "page_path": st.sampled_from(["/checkout", "/checkout", "/p/1", "/p/1", "/", None]),
            "page_url": st.sampled_from([None] * 8 + ["/?a"]),
        }
    ),
    max_size=24,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        pages: list[dict] = []
        for row in session:
            path, here = row["page_path"], pages[-1]["here"] if pages else None
            if path is not None and (path != here or row["event_name"] == "page_view"):
                pages.append(row | {"here": path})
        loops = []
        for last in range(len(pages)):
            for first in range(last):
                some = pages[first : last + 1]
                address = [page["page_url"] or page["here"] for page in some]
                is_soon = some[-1]["occurred_at"] - some[0]["occurred_at"] <= timedelta(seconds=15)
                if is_soon and address[0] == address[-1] and address.count(address[-1]) == 3:
                    loops.append((first, last))
            first = last
            while pages[first : last + 1] and len(ways(pages[first : last + 1])) < 4 and first:
                first -= 1
            way = ways(pages[first : last + 1])
            is_new = last and pages[last]["here"] != pages[last - 1]["here"]
            if is_new and len(way) == 4 and way[:2] == way[2:]:
                while pages[first - 1]["here"] == pages[first]["here"] and first:
                    first -= 1
                loops.append((first, last))
        for first, last, place in together(loops):
            known = pages[place]
            if known["occurred_at"] >= day.start:
                yield known["here"], known["occurred_at"], tuple(page["event_id"] for page in pages[first : last + 1])


def ways(pages):
    """The pages one after the other, those that are loaded again once."""
    return [page["here"] for n, page in enumerate(pages) if not n or page["here"] != pages[n - 1]["here"]]


@SLOWLY
@given(seen, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 24 * 3600 - 15]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("page_loop", world(rows), day).select("locus", "flagged_at", "evidence").rows()
    assert sorted((page, known, tuple(ids)) for page, known, ids in found) == sorted(slowly(rows.to_dicts(), day))

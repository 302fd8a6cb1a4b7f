from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, frame, known_on, pages_of, sessions_of

PAGES = world(
    """
    customer_id | event_id | event_name     | page_path | occurred_at
    ------------+----------+----------------+-----------+------------
    pogo        | a1       | page_view      | /c/shoes  | 10:00
    pogo        | a2       | page_view      | /p/1      | 10:01
    pogo        | a3       | page_view      | /c/shoes  | 10:02
    pogo        | a4       | page_view      | /p/2      | 10:03
    pogo        | a5       | page_view      | /c/shoes  | 10:04
    pogo        | a6       | page_view      | /p/3      | 10:05
    pogo        | a7       | page_view      | /c/shoes  | 10:06
    twice       | b1       | page_view      | /c/shoes  | 10:00
    twice       | b2       | page_view      | /p/1      | 10:01
    twice       | b3       | page_view      | /c/shoes  | 10:02
    twice       | b4       | page_view      | /p/2      | 10:03
    twice       | b5       | page_view      | /c/shoes  | 10:04
    twice       | b6       | page_view      | /p/1      | 10:05
    twice       | b7       | page_view      | /c/shoes  | 10:06
    # coming to a list that was not seen before is no return; from the cart it is none from an item
    comes       | c1       | page_view      | /p/1      | 10:00
    comes       | c2       | page_view      | /c/shoes  | 10:01
    comes       | c3       | page_view      | /p/2      | 10:02
    comes       | c4       | page_view      | /c/shoes  | 10:03
    comes       | c5       | page_view      | /p/3      | 10:04
    comes       | c6       | page_view      | /cart     | 10:05
    comes       | c7       | page_view      | /c/shoes  | 10:06
    comes       | c8       | page_view      | /p/4      | 10:07
    comes       | c9       | page_view      | /c/hats   | 10:08
    # what is shown tells what a page is, also where its path does not; an item shows a list of what is like it
    shown       | d1       | view_item_list | /a        | 10:00
    shown       | d2       | view_item      | /b        | 10:01
    shown       | d3       | view_item_list | /b        | 10:01
    shown       | d4       | page_view      | /a        | 10:02
    shown       | d5       | view_item      | /d        | 10:03
    shown       | d6       | page_view      | /a        | 10:04
    shown       | d7       | view_item      | /e        | 10:05
    shown       | d8       | page_view      | /a        | 10:06
    returns     | e1       | page_view      | /c/shoes  | 10:00
    returns     | e2       | page_view      | /p/1      | 10:01
    returns     | e3       | page_view      | /c/shoes  | 10:02
    returns     | e4       | page_view      | /p/2      | 10:03
    returns     | e5       | page_view      | /c/shoes  | 10:04
    returns     | e6       | page_view      | /p/3      | 10:05
    returns     | e7       | page_view      | /c/shoes  | 10:35
    """
)


def test_three_returns_to_a_list_from_different_items_are_a_pogo_stick():
    found, expected = picked(
        flags("pogo_stick", PAGES),
        """
        flag_id       | locus_type | locus    | visit_id    | evidence               | severity | flagged_at
        --------------+------------+----------+-------------+------------------------+----------+-----------------
        pogo_stick:a2 | page       | /c/shoes | discover:a1 | a2, a3, a4, a5, a6, a7 | 0.3      | 2026-01-01 10:06
        pogo_stick:d2 | page       | /a       | evaluate:d2 | d2, d4, d5, d6, d7, d8 | 0.3      | 2026-01-01 10:06
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("given_", "flagged"),
    [
        ({"min_items": 2}, {"pogo", "twice", "shown", "returns"}),
        ({"min_items": 4}, set()),
        ({"item_pages": ()}, {"shown"}),
        ({"list_pages": ("/q*",)}, {"shown"}),
        ({"list_pages": ("/c/*", "/cart"), "min_items": 1}, {"pogo", "twice", "comes", "shown", "returns"}),
    ],
)
def test_how_many_items_and_what_their_pages_are_called_are_parameters(given_, flagged):
    assert customers(flags("pogo_stick", PAGES, **given_)) == flagged


@pytest.mark.parametrize(("day", "told"), [(1, ["pogo_stick:a2"]), (2, ["pogo_stick:b2"])])
def test_it_belongs_to_the_day_of_the_third_return(day, told):
    rows = [
        {"event_id": f"{person}{n}", "customer_id": person, "event_name": "page_view"}
        | {"page_path": f"/p/{n}" if n % 2 == 0 else "/c/shoes", "occurred_at": at(start + n, hour=23)}
        for person, start in [("a", 3592.999), ("b", 3593)]
        for n in range(1, 10)
    ]
    assert flags("pogo_stick", world(pl.DataFrame(rows)), day_of(day))["flag_id"].to_list() == told


def test_more_items_are_more_severe():
    rows = [
        {"event_id": f"{person:02}-{n:02}", "customer_id": f"c{person:02}", "event_name": "page_view"}
        | {"page_path": f"/p/{n}" if n % 2 else "/c/shoes", "occurred_at": at(n)}
        for person in range(3, 11)
        for n in range(2 * person + 1)
    ]
    severities = flags("pogo_stick", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 8
    assert all(one < other <= 1 for one, other in pairwise(severities))


seen = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a"] * 5 + ["b"]),
            "pause": st.sampled_from([0, 1.0, 5.0, 60.0, 1800] + [1.0] * 12),
            "event_name": st.sampled_from(["page_view"] * 7 + ["view_item", "view_item_list", "click"]),
            "page_path": st.sampled_from(["/", "/c/shoes", "/c/shoes", "/c/shoes", "/p/1", "/p/2", "/p/3", None]),
        }
    ),
    max_size=34,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        lists: dict[str, dict[str, list[dict]]] = {}
        before = None
        for path, there in pages_of(session):
            if before and path in lists and before[0] != path and is_item(*before):
                lists[path].setdefault(before[0], [before[1][0], there[0]])
            shows = any(row["event_name"] == "view_item_list" for row in there) or path.startswith("/c/")
            if shows and not is_item(path, there):
                lists.setdefault(path, {})
            before = (path, there)
        for path, items in lists.items():
            evidence = [row for pair in items.values() for row in pair]
            if len(items) >= 3 and evidence[5]["occurred_at"] >= day.start:
                yield path, evidence[5]["occurred_at"], tuple(row["event_id"] for row in evidence)


def is_item(path, there):
    return path.startswith("/p/") or any(row["event_name"] == "view_item" for row in there)


@SLOWLY
@given(seen, st.sampled_from([1, 1, 2]), st.sampled_from([10 * 3600, 24 * 3600 - 15]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("pogo_stick", world(rows), day).select("locus", "flagged_at", "evidence").rows()
    assert sorted((page, known, tuple(ids)) for page, known, ids in found) == sorted(slowly(rows.to_dicts(), day))

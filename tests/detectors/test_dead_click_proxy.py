from datetime import timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY, frame, known_on, sessions_of, visits_of

CLICKS = world(
    """
    customer_id | event_id | event_name | page_path | element | occurred_at
    ------------+----------+------------+-----------+---------+-------------
    dead        | a1       | click      | /cart     | pay     | 10:00:00
    dead        | a2       | scroll     | /cart     |         | 10:00:03.001
    answered    | b1       | click      | /cart     | pay     | 10:00:00
    answered    | b2       | scroll     | /cart     |         | 10:00:03.000
    leaves      | c1       | scroll     | /cart     |         | 10:00:00
    leaves      | c2       | click      | /cart     | pay     | 10:00:01
    slow        | d1       | click      | /cart     | pay     | 10:00:00
    slow        | d2       | scroll     | /checkout |         | 10:00:08
    reloads     | e1       | click      | /cart     | pay     | 10:00:00
    reloads     | e2       | page_view  | /cart     |         | 10:00:08
    # three clicks are one flag: two soon one after the other, another after a while
    thrice      | f1       | click      | /cart     | pay     | 10:00:00
    thrice      | f2       | click      | /cart     | pay     | 10:00:01
    thrice      | f3       | click      | /cart     | pay     | 10:00:06
    thrice      | f4       | click      | /cart     | help    | 10:00:12
    thrice      | f5       | scroll     |           |         | 10:00:12.5
    # the second attempt is answered
    second      | g1       | click      | /cart     | pay     | 10:00:00
    second      | g2       | click      | /cart     | pay     | 10:00:04
    second      | g3       | add_to_cart | /cart    | pay     | 10:00:05
    told        | h1       | click      | /cart     | pay     | 10:00:00
    told        | h2       | dead_click | /cart     | pay     | 10:00:00
    told        | h3       | click      | /cart     | help    | 10:00:10
    told        | h4       | dead_click | /cart     | pay     | 10:00:11
    told        | h5       | scroll     | /cart     |         | 10:00:20
    unnamed     | i1       | click      | /cart     |         | 10:00:00
    unnamed     | i2       | scroll     | /cart     |         | 10:00:10
    nowhere     | j1       | click      |           | pay     | 10:00:00
    nowhere     | j2       | scroll     | /cart     |         | 10:00:10
    returns     | k1       | click      | /cart     | pay     | 10:00:00
    returns     | k2       | scroll     | /cart     |         | 10:30:00
    """
)


def test_a_click_is_dead_when_silence_follows_it_and_the_session_goes_on_where_it_was():
    found, expected = picked(
        flags("dead_click_proxy", CLICKS),
        """
        flag_id             | locus_type | locus | visit_id | evidence   | severity | flagged_at
        --------------------+------------+-------+----------+------------+----------+------------------------
        dead_click_proxy:a1 | element    | pay   | cart:a1  | a1         | 0.2      | 2026-01-01 10:00:03.001
        dead_click_proxy:f1 | element    | pay   | cart:f1  | f1, f2, f3 | 0.589    | 2026-01-01 10:00:06
        dead_click_proxy:g1 | element    | pay   | cart:g1  | g1         | 0.2      | 2026-01-01 10:00:04
        dead_click_proxy:h3 | element    | help  | cart:h1  | h3         | 0.2      | 2026-01-01 10:00:20
        """,
    )
    assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("seconds", "flagged"),
    [(2.9, {"dead", "answered", "thrice", "second", "told"}), (4, {"thrice", "told"}), (10, set())],
)
def test_the_silence_is_a_parameter(seconds, flagged):
    assert customers(flags("dead_click_proxy", CLICKS, silence=timedelta(seconds=seconds))) == flagged


@pytest.mark.parametrize(("day", "told"), [(1, []), (2, [("dead_click_proxy:a2", "cart:a1")])])
def test_it_is_known_when_the_session_goes_on_and_stands_on_the_visit_of_the_click(day, told):
    over_midnight = world(
        """
        customer_id | event_id | event_name | page_path | element | occurred_at
        dead        | a1       | view_cart  | /cart     |         | 23:59:40
        dead        | a2       | click      | /cart     | pay     | 23:59:50
        dead        | a3       | begin_checkout | /cart |         | d2 00:00
        """
    )
    found = flags("dead_click_proxy", over_midnight, day_of(day))
    assert found.select("flag_id", "visit_id").rows() == told


def test_more_clicks_are_more_severe():
    rows = [
        {"event_id": f"{person}-{n}", "customer_id": f"c{person:02}", "event_name": "click" if n else "scroll"}
        | {"page_path": "/cart", "element": "pay", "occurred_at": at(99 - n)}
        for person in range(1, 9)
        for n in [*range(5, person + 5), 0]
    ]
    severities = flags("dead_click_proxy", world(pl.DataFrame(rows))).sort("customer_id")["severity"].to_list()
    assert len(severities) == 8
    assert all(one < other <= 1 for one, other in pairwise(severities))


happened = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["a", "a", "b"]),
            "pause": st.sampled_from([0, 1.0, 1.0, 3.0, 3.001, 3.001, 5.0, 1800]),
            "event_name": st.sampled_from(
                ["click"] * 9 + ["scroll", "page_view", "add_to_cart", "begin_checkout", "dead_click", "rage_click"]
            ),
            "page_path": st.sampled_from(["/checkout"] * 5 + ["/p/1", None]),
            "element": st.sampled_from(["pay"] * 5 + ["help", None]),
        }
    ),
    max_size=20,
)


def slowly(rows, day):
    for session in sessions_of(known_on(rows, day)):
        visit = {row["event_id"]: n for n, some in enumerate(visits_of([session])) for row in some}
        told = {row["element"] for row in session if row["event_name"] == "dead_click"}
        seen = [row for row in session if row["event_name"] not in {"dead_click", "rage_click"}]
        runs: list[list[tuple[dict, bool, object]]] = []
        for n, row in enumerate(seen):
            if row["event_name"] != "click" or not row["element"] or not row["page_path"]:
                continue
            before = seen[n - 1] if n else None
            if not (before and is_again(before, row) and visit[before["event_id"]] == visit[row["event_id"]]):
                runs.append([])
            runs[-1].append((row, *fate(seen, n, visit)))
        for run in runs:
            dead = [(row["event_id"], then) for row, is_dead, then in run if is_dead]
            known = [then for _, then in dead if then]
            if dead and run[0][0]["element"] not in told and known[0] >= day.start:
                yield known[0], tuple(event for event, _ in dead)


def fate(seen, n, visit):
    """Whether the click is dead, and when it was known where the silence came right after it."""
    if n + 1 == len(seen):
        return False, None
    row, then = seen[n], seen[n + 1]
    if then["occurred_at"] - row["occurred_at"] > timedelta(seconds=3):
        moved = then["event_name"] == "page_view" or (then["page_path"] or row["page_path"]) != row["page_path"]
        return not moved, None if moved else then["occurred_at"]
    goes_on = is_again(row, then) and visit[row["event_id"]] == visit[then["event_id"]]
    return goes_on and fate(seen, n + 1, visit)[0], None


def is_again(one, other):
    return {one["event_name"], other["event_name"]} == {"click"} and all(
        one[name] is not None and one[name] == other[name] for name in ("element", "page_path")
    )


@SLOWLY
@given(happened, st.sampled_from([1, 2]), st.sampled_from([10 * 3600, 23 * 3600 + 3590]))
def test_it_finds_what_a_slow_reading_finds(drawn, number, start):
    day, rows = day_of(number), frame(drawn, start)
    found = flags("dead_click_proxy", world(rows), day).select("flagged_at", "evidence").rows()
    assert sorted((known, tuple(ids)) for known, ids in found) == sorted(slowly(rows.to_dicts(), day))

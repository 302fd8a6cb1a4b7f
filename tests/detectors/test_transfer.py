from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.detectors.nights import at, customers, day_of, flags, picked, world
from tests.detectors.plainly import SLOWLY

CALLS = world(
    wait_time="""
    customer_id | contact_id | wait_id | wait_type | channel | queue   | team | agent_id | outcome     | started_at | ended_at
    ------------+------------+---------+-----------+---------+---------+------+----------+-------------+------------+---------
    # the queue tells: it ended in another one
    moved       | a          | a1      | queue     | phone   | billing |      |          | transferred | 10:00      | 10:01
    moved       | a          | a2      | queue     | phone   | returns | ret  | r1       | served      | 10:01      | 10:02
    # who served tells
    other_team  | b          | b1      | queue     | phone   | billing | bill | b1       | served      | 10:00      | 10:01
    other_team  | b          | b2      | queue     | phone   | returns | ret  | r1       | served      | 10:05      | 10:06
    other_agent | c          | c1      | queue     | phone   | billing | bill | b1       | served      | 10:00      | 10:01
    other_agent | c          | c2      | hold      | phone   | billing | bill | b2       | served      | 10:05      | 10:06
    ping_pong   | d          | d1      | queue     | phone   | billing | bill | b1       | served      | 10:00      | 10:01
    ping_pong   | d          | d2      | queue     | phone   | returns | ret  | r1       | served      | 10:05      | 10:06
    ping_pong   | d          | d3      | queue     | phone   | billing | bill | b2       | served      | 10:10      | 10:11
    onward      | e          | e1      | queue     | phone   | billing | bill | b1       | served      | 10:00      | 10:01
    onward      | e          | e2      | queue     | phone   | returns | ret  | r1       | served      | 10:05      | 10:06
    onward      | e          | e3      | queue     | phone   | billing | tech | t1       | served      | 10:10      | 10:11
    to_nowhere  | f          | f1      | queue     | phone   | billing |      |          | transferred | 10:00      | 10:01
    unnamed     | g          | g1      | queue     | phone   |         |      |          | transferred | 10:00      | 10:01
    unnamed     | g          | g2      | queue     | phone   |         |      |          | served      | 10:01      | 10:02
    # nobody was handed on
    same_agent  | h          | h1      | queue     | phone   | billing | bill | b1       | served      | 10:00      | 10:01
    same_agent  | h          | h2      | hold      | phone   | billing |      |          | served      | 10:05      | 10:06
    same_agent  | h          | h3      | queue     | phone   | returns | bill | b1       | served      | 10:10      | 10:11
    two_calls   | i          | i1      | queue     | phone   | billing | bill | b1       | served      | 10:00      | 10:01
    two_calls   | j          | j1      | queue     | phone   | returns | ret  | r1       | served      | 10:05      | 10:06
    # who will serve is not known yet
    waiting     | k          | k1      | queue     | phone   | billing | bill | b1       | served      | 10:00      | 10:01
    waiting     | k          | k2      | queue     | phone   | returns | ret  | r1       | served      | 23:59      | d2 00:01
    parcel      | l          | l1      | delivery  | courier | north   |      |          | transferred | 10:00      | 10:01
    """  # noqa: E501
)


def test_a_contact_that_was_handed_on_is_flagged_once_with_its_first_hand_off():
    found, expected = picked(
        flags("transfer", CALLS),
        """
        flag_id     | locus             | visit_id   | evidence   | severity | flagged_at       | detail
        ------------+-------------------+------------+------------+----------+------------------+---------------------------------
        transfer:a1 | billing → ret     | support:a1 | a1         | 0.3      | 2026-01-01 10:01 | {"hand_offs":1,"ping_pongs":0}
        transfer:b1 | bill → ret        | support:b1 | b1, b2     | 0.3      | 2026-01-01 10:06 | {"hand_offs":1,"ping_pongs":0}
        transfer:c1 | bill → bill       | support:c1 | c1, c2     | 0.3      | 2026-01-01 10:06 | {"hand_offs":1,"ping_pongs":0}
        transfer:d1 | bill → ret        | support:d1 | d1, d2, d3 | 0.742    | 2026-01-01 10:06 | {"hand_offs":2,"ping_pongs":1}
        transfer:e1 | bill → ret        | support:e1 | e1, e2, e3 | 0.498    | 2026-01-01 10:06 | {"hand_offs":2,"ping_pongs":0}
        transfer:f1 | billing → unknown | support:f1 | f1         | 0.3      | 2026-01-01 10:01 | {"hand_offs":1,"ping_pongs":0}
        transfer:g1 | unknown → unknown | support:g1 | g1         | 0.3      | 2026-01-01 10:01 | {"hand_offs":1,"ping_pongs":0}
        """,  # noqa: E501
    )
    assert_frame_equal(found, expected)


def test_who_serves_on_the_next_day_is_known_on_the_next_day():
    found = flags("transfer", CALLS, day_of(2)).select("flag_id", "locus").rows()
    assert found == [("transfer:k1", "bill → ret")]
    assert flags("transfer", CALLS, day_of(3)).is_empty()


def test_each_hand_off_makes_it_worse_and_ping_pong_most():
    routes = ["ab", "abc", "abcd", "aba", "abcda", "abab", "ababababa"]
    rows = [
        {"wait_id": f"w{number}-{n}", "contact_id": f"k{number}", "customer_id": f"c{number}", "team": team}
        | {
            "wait_type": "queue",
            "channel": "phone",
            "outcome": "served",
            "started_at": at(60 * n),
            "ended_at": at(60 * n),
        }
        for number, route in enumerate(routes)
        for n, team in enumerate(route)
    ]
    handed = world(wait_time=pl.DataFrame(rows))
    severities = flags("transfer", handed).sort("customer_id")["severity"].to_list()
    assert len(severities) == len(routes)
    assert all(0.3 <= one < other < 1 for one, other in pairwise(severities))
    found = flags("transfer", handed, first_severity=0.0, ping_pong=0.0).sort("customer_id")["severity"].round(3)
    assert found.to_list()[:4] == [0, 0.283, 0.487, 0.283]


TEAMS = [None, "x", "y", "z"]
# in minutes after 23:50 of the first of January; the first two days are judged
handed = st.lists(
    st.tuples(
        st.sampled_from(["k1", "k1", "k1", "k2"]),
        st.sampled_from([0, 1, 2, 5, 9, 11]),
        st.sampled_from([0, 0, 1, 1, 4, 12, None]),
        st.sampled_from(["served", "served", "transferred", "abandoned"]),
        st.sampled_from(TEAMS),
        st.sampled_from([None, None, "ann", "ben"]),
        st.sampled_from([None, "q", "r"]),
    ),
    max_size=8,
)
MIDNIGHT_LESS_TEN = 23 * 3600 + 50 * 60


def slowly(rows, day):
    """Follow each contact from wait to wait as they end."""
    for contact in ("k1", "k2"):
        waits = [(name, *row[1:]) for name, row in rows if row[0] == contact]
        waits = [wait for wait in waits if at(MIDNIGHT_LESS_TEN + 60 * wait[1], hour=0) < day.end]
        first = [name for _, name in sorted((wait[1], wait[0]) for wait in waits)][:1]
        ended = sorted((wait[1] + wait[2], wait[0], *wait[3:]) for wait in waits if wait[2] is not None)
        ended = [wait for wait in ended if at(MIDNIGHT_LESS_TEN + 60 * wait[0], hour=0) < day.end]
        place, team, agent, was_moved = "unknown", None, None, False
        places: list[str] = []
        handovers: list[list[Any]] = []
        for moment, name, outcome, its_team, its_agent, queue in ended:
            before = team or place
            place = its_team or queue or place
            is_other = (its_team and team and its_team != team) or (its_agent and agent and its_agent != agent)
            if was_moved:
                handovers[-1][3] = place
                handovers[-1][4] = place in places and place != handovers[-1][2]
            elif is_other:
                handovers.append([moment, name, before, place, place in places and place != before])
            places.append(place)
            team, agent, was_moved = its_team or team, its_agent or agent, outcome == "transferred"
            if was_moved:
                handovers.append([moment, name, place, "unknown", False])
        if handovers and at(MIDNIGHT_LESS_TEN + 60 * handovers[0][0], hour=0) >= day.start:
            told = f'{{"hand_offs":{len(handovers)},"ping_pongs":{sum(each[4] for each in handovers)}}}'
            evidence = list(dict.fromkeys([*first, *(each[1] for each in handovers)]))
            yield f"{handovers[0][2]} → {handovers[0][3]}", evidence, told


@SLOWLY
@given(handed, st.sampled_from([1, 2]))
def test_it_finds_what_a_slow_reading_finds(drawn, number):
    day, rows = day_of(number), [(f"w{9 - n}", row) for n, row in enumerate(drawn)]
    frame = pl.DataFrame(
        [
            {"wait_id": name, "contact_id": contact, "customer_id": "c", "wait_type": "queue", "channel": "phone"}
            | {"team": team, "agent_id": agent, "queue": queue}
            | {"outcome": "open" if lasts is None else outcome}
            | {"started_at": at(MIDNIGHT_LESS_TEN + 60 * start, hour=0)}
            | {"ended_at": None if lasts is None else at(MIDNIGHT_LESS_TEN + 60 * (start + lasts), hour=0)}
            for name, (contact, start, lasts, outcome, team, agent, queue) in rows
        ],
        schema_overrides={"ended_at": pl.Datetime("us", "UTC")}
        | dict.fromkeys(("team", "agent_id", "queue"), pl.String),
    )
    found = flags("transfer", world(wait_time=frame if rows else None), day).select("locus", "evidence", "detail")
    assert sorted(found.rows()) == sorted(slowly(rows, day))


@pytest.mark.parametrize(("day", "flagged"), [(1, {"before"}), (2, {"at_midnight"})])
def test_it_belongs_to_the_day_of_the_first_hand_off(day, flagged):
    late = world(
        wait_time="""
        customer_id | contact_id | wait_id | wait_type | channel | queue   | outcome     | started_at | ended_at
        before      | a          | a1      | queue     | phone   | billing | transferred | 23:00      | 23:59:59.999999
        before      | a          | a2      | queue     | phone   | returns | transferred | d2 00:00   | d2 00:01
        at_midnight | b          | b1      | queue     | phone   | billing | transferred | 23:00      | d2 00:00
        """
    )
    assert customers(flags("transfer", late, day_of(day))) == flagged

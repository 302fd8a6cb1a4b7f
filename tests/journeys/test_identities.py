from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.journeys import identities, sessions
from tests.detectors.nights import at, day_of, night, world
from tests.detectors.plainly import SLOWLY
from tests.drawn import INSTANT, Dtype, table

NOBODY = pl.DataFrame(schema={"anonymous_id": pl.String, "customer_id": pl.String, "last_seen_at": INSTANT})


def resolved(rows, known=NOBODY):
    events = world(rows).clickstream.select("event_id", "occurred_at", "anonymous_id", "customer_id")
    return dict(identities.resolve(events, known, sessions.GAP, sessions.CAP).sort("event_id").iter_rows())


def test_an_anonymous_event_belongs_to_who_logs_in_next_else_to_who_was_there_last():
    assert resolved(
        """
        anonymous_id | event_id | customer_id | event_name | occurred_at
        -------------+----------+-------------+------------+------------
        phone        | a1       |             | page_view  | 10:00
        phone        | a2       | ann         | login      | 10:10
        phone        | a3       |             | page_view  | 10:20
        # the visit is over, and nobody logs in any more: it is still her phone
        phone        | a4       |             | page_view  | 15:00
        # nobody ever logs in
        stranger     | b1       |             | page_view  | 10:00
        # logs in half an hour later: that is another visit
        later        | c1       |             | page_view  | 10:00
        later        | c2       | bob         | login      | 10:30
        in_time      | d1       |             | page_view  | 10:00
        in_time      | d2       | bob         | login      | 10:29:59.999
        """
    ) == {"a1": "ann", "a3": "ann", "a4": "ann", "d1": "bob"}


def test_a_kiosk_used_by_many_merges_nobody():
    assert resolved(
        """
        anonymous_id | event_id | customer_id | event_name | occurred_at
        -------------+----------+-------------+------------+------------
        kiosk        | a1       | ann         | login      | 10:00
        # logged out, and Bob comes: what is between them is the next one's
        kiosk        | a2       |             | logout     | 10:01
        kiosk        | a3       |             | page_view  | 10:02
        kiosk        | a4       | bob         | login      | 10:03
        kiosk        | a5       |             | page_view  | 10:04
        kiosk        | a6       | cem         | login      | 10:05
        kiosk        | a7       |             | page_view  | 10:06
        kiosk        | a8       |             | page_view  | 11:00
        """
    ) == {"a2": "bob", "a3": "bob", "a5": "cem", "a7": "cem", "a8": "cem"}


def test_five_hundred_customers_of_a_kiosk_stay_five_hundred_persons():
    rows = pl.DataFrame(
        [
            {"anonymous_id": "kiosk", "event_id": f"e{number:04}{step}", "event_name": name}
            | {"customer_id": f"c{number}" if name == "login" else None, "occurred_at": at(60 * number + 20 * step)}
            for number in range(500)
            for step, name in enumerate(["page_view", "login", "page_view"])
        ]
    )
    found = night(world(rows)).sessions
    assert found.height == found["person_id"].n_unique() == 500
    assert found["events"].sum() == 1500


def test_two_devices_of_a_customer_are_one_person_and_one_session():
    rows = world(
        """
        anonymous_id | event_id | customer_id | event_name | occurred_at
        phone        | a1       |             | page_view  | 10:00
        phone        | a2       | ann         | login      | 10:05
        laptop       | b1       |             | page_view  | 10:20
        laptop       | b2       | ann         | login      | 10:25
        kiosk        | c1       |             | page_view  | 10:20
        """
    )
    found = night(rows).sessions.sort("person_id").select("person_id", "session_id", "events")
    assert found.rows() == [("a:kiosk", "s:c1", 1), ("c:ann", "s:a1", 4)]


def test_a_day_is_judged_by_what_was_known_at_its_end():
    rows = world(
        """
        anonymous_id | event_id | customer_id | event_name | occurred_at
        phone        | a1       |             | page_view  | 10:00
        phone        | a2       |             | page_view  | d3 10:00
        phone        | a3       | ann         | login      | d5 10:00
        phone        | a4       |             | page_view  | d5 12:00
        phone        | a5       |             | page_view  | d9 10:00
        """
    )
    persons = [night(rows, day_of(day)).sessions.sort("session_id")["person_id"].to_list() for day in (1, 3, 5, 9)]
    assert persons == [["a:phone"], ["a:phone"], ["c:ann", "c:ann"], ["c:ann"]]


@pytest.mark.parametrize(("day", "person"), [(31, "c:ann"), (35, "a:phone")])
def test_a_device_is_remembered_for_thirty_days(day, person):
    rows = world(
        """
        anonymous_id | event_id | customer_id | event_name | occurred_at
        phone        | a1       | ann         | login      | 10:00
        phone        | a2       |             | page_view  | d31 10:00
        phone        | a3       |             | page_view  | 2026-02-04 10:00
        """
    )
    assert night(rows, day_of(day)).sessions["person_id"].to_list() == [person]


def test_of_several_customers_who_were_known_the_last_counts():
    known = table(
        """
        anonymous_id | customer_id | last_seen_at
        shared       | ann         | 2025-12-30 10:00
        shared       | bob         | 2025-12-31 10:00
        other        | cem         | 2025-12-31 11:00
        """,
        last_seen_at=INSTANT,
    )
    rows = """
        anonymous_id | event_id | customer_id | event_name | occurred_at
        shared       | a1       |             | page_view  | 10:00
        """
    assert resolved(rows, known) == {"a1": "bob"}


events = st.lists(
    st.tuples(
        st.sampled_from(["kiosk", "kiosk", "phone"]),
        st.sampled_from([None, None, None, "ann", "bob"]),
        st.sampled_from([0, 60, 600, 1799.999, 1800, 7200]),
    ),
    max_size=20,
)
before = st.lists(st.tuples(st.sampled_from(["kiosk", "phone"]), st.sampled_from(["cem", "dan"])), max_size=3)


@SLOWLY
@given(events, before)
def test_it_resolves_as_a_slow_reading_does(drawn, known):
    rows, seconds = [], 0.0
    for number, (device, customer, pause) in enumerate(drawn):
        seconds += pause
        rows.append((f"e{99 - number}", at(seconds), device, customer))
    pairs = [(device, customer, at(n, hour=0)) for n, (device, customer) in enumerate(known)]
    names: dict[str, Dtype] = {
        "event_id": pl.String(),
        "occurred_at": INSTANT,
        "anonymous_id": pl.String(),
        "customer_id": pl.String(),
    }
    found = identities.resolve(
        pl.DataFrame(rows, schema=names, orient="row"),
        pl.DataFrame(pairs, schema=dict(NOBODY.schema), orient="row"),
        sessions.GAP,
        sessions.CAP,
    )
    expected = {}
    for event, when, device, customer in rows:
        if customer is not None:
            continue
        here = sorted((row[1], row[0], row[3]) for row in rows if row[2] == device)
        place = here.index((when, event, None))
        upcoming, last = None, when
        for moment, _, who in here[place + 1 :]:
            if moment - last >= timedelta(minutes=30):
                break
            last, upcoming = moment, upcoming or who
        past = [who for _, name, who in pairs_before(pairs, device)] + [who for *_, who in here[:place] if who]
        if who := upcoming or (past[-1] if past else None):
            expected[event] = who
    assert dict(found.iter_rows()) == expected


def pairs_before(pairs, device):
    return [(moment, name, who) for name, who, moment in pairs if name == device]


@SLOWLY
@given(events)
def test_an_event_of_a_customer_is_never_given_to_another(drawn):
    rows = pl.DataFrame(
        [
            {"event_id": f"e{n}", "occurred_at": at(60 * n), "anonymous_id": device, "customer_id": customer}
            for n, (device, customer, _) in enumerate(drawn)
        ],
        schema={"event_id": pl.String, "occurred_at": INSTANT, "anonymous_id": pl.String, "customer_id": pl.String},
    )
    found = identities.resolve(rows, NOBODY, sessions.GAP, sessions.CAP)
    assert set(found["event_id"]) <= set(rows.filter(pl.col("customer_id").is_null())["event_id"])

"""What real exports do to visits: contacts taken up again, ids that two customers share, logins after midnight."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline import flagging, settings, steps
from pipeline.calendar import days_between
from pipeline.warehouse.connection import reading

# each line of the story: given up and called back; served and taken up again; one order of two customers
WAITS = """\
wait_id,customer_id,wait_type,channel,started_at,ended_at,outcome,contact_id,queue,reason,order_id,promised_at
w1,left,queue,phone,2026-01-01T10:00:00Z,2026-01-01T10:05:00Z,abandoned,k1,billing,invoice,,
w2,left,callback,phone,2026-01-02T10:00:00Z,2026-01-02T10:01:00Z,served,k1,billing,invoice,,
w3,again,queue,phone,2026-01-01T11:00:00Z,2026-01-01T11:00:10Z,served,k2,billing,invoice,,
w4,again,queue,phone,2026-01-12T11:00:00Z,2026-01-12T11:00:10Z,served,k2,billing,invoice,,
d1,giver,delivery,courier,2026-01-01T12:00:00Z,2026-01-03T12:00:00Z,served,,north,,o1,2026-01-04T12:00:00Z
d2,taker,delivery,courier,2026-01-01T12:00:00Z,2026-01-03T12:00:00Z,served,,north,,o1,2026-01-04T12:00:00Z
"""
CLICKS = """event_id,occurred_at,event_name,customer_id,anonymous_id
a1,2026-01-01T23:40:00Z,begin_checkout,c1,kiosk
a2,2026-01-01T23:50:00Z,purchase,,kiosk
a3,2026-01-02T00:10:00Z,login,c2,kiosk
b1,2026-01-01T23:10:00Z,begin_checkout,c3,phone
b2,2026-01-01T23:00:00Z,page_view,,laptop
b3,2026-01-01T23:25:00Z,page_view,,laptop
b4,2026-01-01T23:50:00Z,page_view,,laptop
b5,2026-01-02T00:10:00Z,login,c3,laptop
"""
SOURCES = "".join(
    f'[[sources]]\nname = "{name}"\ncontract = "{name}"\npath = "{name}.csv"\n' for name in ("wait_time", "clickstream")
)


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[date, str]]]:
    """Decisions by visit: night by night, with the checks that come before publishing."""
    folder: Path = tmp_path_factory.mktemp("once")
    (folder / "wait_time.csv").write_text(WAITS, encoding="utf-8")
    (folder / "clickstream.csv").write_text(CLICKS, encoding="utf-8")
    (folder / "friction.toml").write_text(SOURCES, encoding="utf-8")
    config = settings.load(folder / "friction.toml")
    for day in days_between(date(2026, 1, 1), date(2026, 1, 25)):
        steps.prepare(config, [day], f"{day}", datetime(2026, 2, 1, tzinfo=UTC))
        for step in (steps.ingest, steps.flag, steps.score, steps.publish):
            step(config, [day])
    found: dict[str, list[tuple[date, str]]] = {}
    with reading(config.warehouse) as con:
        rows = con.execute(
            "select visit_id, day, outcome from journeys.stage_visits where is_decided order by visit_id, day"
        ).fetchall()
    for visit, day, outcome in rows:
        found.setdefault(visit, []).append((day, outcome))
    return found


def test_a_contact_that_was_given_up_stays_lost_when_the_customer_is_called_back(decided):
    assert decided["support:w1"] == [(date(2026, 1, 1), "lost")]


def test_a_contact_that_is_taken_up_again_after_the_quiet_days_stays_completed(decided):
    assert decided["support:w3"] == [(date(2026, 1, 8), "completed")]


def test_an_order_of_two_customers_is_one_visit(decided):
    assert decided["fulfilment:o1"] == [(date(2026, 1, 17), "completed")]


@pytest.mark.parametrize("visit", ["checkout:a1", "checkout:b1"])
def test_a_visit_before_a_login_after_midnight_is_decided_once(decided, visit):
    assert len(decided[visit]) == 1


SHARED = {
    "orders": """\
order_id,customer_id,placed_at,value,promised_at
o1,mia,2026-01-01T10:00:00Z,50,2026-01-02T10:00:00Z
""",
    "clickstream": """\
event_id,occurred_at,event_name,customer_id,order_id,value
e1,2026-01-01T10:00:00Z,purchase,zoe,o1,70
""",
    "order_error": """\
error_id,customer_id,order_id,occurred_at,error_type
x1,mia,o1,2026-01-02T11:00:00Z,damaged
x2,zoe,o1,2026-01-02T12:00:00Z,wrong_item
x3,ann,o1,2026-01-02T13:00:00Z,wrong_item
x4,ann,o1,2026-01-02T14:00:00Z,late_delivery
""",
}


@pytest.mark.parametrize("bucket_events", [250_000, 1])
def test_an_order_that_three_customers_name_stops_no_night(tmp_path: Path, monkeypatch, bucket_events):
    """Its visit is the first one's who is known to have bought, and so is what went wrong with it."""
    monkeypatch.setattr(flagging, "BUCKET_EVENTS", bucket_events)
    for name, text in SHARED.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    source = '[[sources]]\nname = "{0}"\ncontract = "{0}"\npath = "{0}.csv"\n'
    (tmp_path / "friction.toml").write_text("".join(source.format(name) for name in SHARED), encoding="utf-8")
    config = settings.load(tmp_path / "friction.toml")
    for day in days_between(date(2026, 1, 1), date(2026, 1, 2)):
        steps.prepare(config, [day], f"{day}", datetime(2026, 2, 1, tzinfo=UTC))
        for step in (steps.ingest, steps.flag, steps.score, steps.publish):
            step(config, [day])
    with reading(config.warehouse) as con:
        flags = con.execute("select flag_id, person_id, visit_id from friction.flags order by all").fetchall()
        visits = con.execute(
            "select day, person_id from journeys.stage_visits where visit_id = 'fulfilment:o1' order by all"
        ).fetchall()
    names = ["late_delivery:o1", "late_delivery:x4", "order_defect:x1", "order_defect:x2", "order_defect:x3"]
    names.append("repeat_order_error:x4")  # hers, after the order had come late
    assert flags == [(name, "c:mia", "fulfilment:o1") for name in names]
    assert visits == [(date(2026, 1, 1), "c:mia"), (date(2026, 1, 2), "c:mia")]

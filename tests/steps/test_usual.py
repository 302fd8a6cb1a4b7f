"""What is usual is written by each night, and read by the nights after it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import flagging, settings, steps
from pipeline.warehouse.connection import reading

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(5)]
SETTINGS = """\
[[sources]]
name = "clickstream"
contract = "clickstream"
path = "clickstream.csv"

[[sources]]
name = "wait_time"
contract = "wait_time"
path = "wait_time.csv"

[signals.hesitation]
min_visits = 5

[signals.contact_surge]
min_contacts = 4
min_days = 3
"""


def clicks() -> str:
    """Every day five people take their time at the checkout: on the fourth one of them takes more, over midnight."""
    rows = ["event_id,occurred_at,event_name,customer_id,page_path,device"]
    for day in DAYS:
        for person in range(5):
            is_slow = day == DAYS[3] and person == 4
            begun = datetime(day.year, day.month, day.day, 23 if is_slow else 10, 50, person, tzinfo=UTC)
            until = begun + timedelta(seconds=700 if is_slow else 70 + person)
            rows.append(f"a{day:%d}{person},{begun:%FT%TZ},begin_checkout,c{person},/checkout,mobile")
            rows.append(f"b{day:%d}{person},{until:%FT%TZ},form_start,c{person},/checkout,mobile")
    return "\n".join(rows) + "\n"


def calls() -> str:
    """Every day one call about an invoice, and on the last day six."""
    rows = ["wait_id,customer_id,wait_type,channel,started_at,ended_at,outcome,reason"]
    for day in DAYS:
        callers = range(6 if day == DAYS[-1] else 1)
        rows += [f"w{day:%d}{n},c{n},queue,phone,{day}T12:00:00Z,{day}T12:00:05Z,served,invoice" for n in callers]
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module", params=[250_000, 4], ids=["one bucket", "some buckets"])
def worked(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The warehouse after five nights; the last of them is done twice."""
    folder = tmp_path_factory.mktemp("usual")
    for name, text in (("clickstream.csv", clicks()), ("wait_time.csv", calls()), ("friction.toml", SETTINGS)):
        (folder / name).write_text(text, encoding="utf-8")
    config = settings.load(folder / "friction.toml")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(flagging, "BUCKET_EVENTS", request.param)
        for run, day in enumerate([*DAYS, DAYS[-1]]):
            steps.prepare(config, [day], f"{run}", datetime(2026, 2, 1, tzinfo=UTC))
            for step in (steps.ingest, steps.flag, steps.score, steps.publish):
                step(config, [day])
    return config.warehouse


def rows(warehouse: Path, query: str) -> list[tuple[object, ...]]:
    with reading(warehouse) as con:
        return con.execute(query).fetchall()


def test_each_day_counts_what_was_seen_on_it_once(worked):
    assert rows(
        worked, "select measure, place, device, value, times from journeys.usual where day = '2026-01-03' order by all"
    ) == [
        ("contacts", "invoice", "*", 1, 1),
        *[("dwell_seconds", "checkout", "mobile", 70 + person, 1) for person in range(5)],
        ("people", "*", "*", 1, 5),
    ]


def test_a_session_that_goes_on_is_counted_when_it_is_over(worked):
    assert rows(worked, "select sum(times) from journeys.usual where measure = 'dwell_seconds'") == [(25,)]


def test_who_takes_longer_than_was_usual_is_flagged_and_the_first_day_knows_nothing(worked):
    found = rows(worked, "select flag_id, day, detail from friction.flags where signal = 'hesitation' order by all")
    # begun on the fourth day, it is compared with the three before
    assert found == [
        ("hesitation:a044", DAYS[4], '{"seconds":700.0,"usual_seconds":74,"visits":15}'),
    ]
    unmeasurable = rows(
        worked,
        "select signal, day from ops.signals where why like 'nothing to compare with%' order by all",
    )
    assert unmeasurable == [("contact_surge", DAYS[0]), ("hesitation", DAYS[0])]


def test_many_calls_about_one_reason_are_a_surge_for_all_who_call(worked):
    found = rows(worked, "select flag_id, customer_id from friction.flags where signal = 'contact_surge' order by all")
    assert found == [(f"contact_surge:w05{number}", f"c{number}") for number in range(6)]

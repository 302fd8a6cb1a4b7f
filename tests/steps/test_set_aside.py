"""What is set aside is kept and counted, and changes nothing else."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import answers, explaining
from pipeline.reports import html
from pipeline.settings import Settings, load
from pipeline.warehouse.connection import reading
from tests.sql.worlds import PARAMETERS, files, query
from tests.steps import world as w

THREE = w.DAYS[:3]
MIDDLE = THREE[1]
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
TRAFFIC = """
[traffic]
internal_addresses = ["203.0.113.0/24"]
internal_customers = ["staff-*"]
"""
# Views and questions about what is set aside, and one about the database itself.
ABOUT_THEM = {
    "marts/data_quality",
    "marts/dictionary",
    "marts/set_aside",
    "marts/source_columns",
    "analyses/who_is_set_aside",
}


def disturbed(events: int = 601) -> w.World:
    """The world, and beside it all that must not change what is found in it.

    A crawler that does what the customers do, under their own ids; a test of each input; a colleague at their side in
    the office; one of the staff; and somebody with `events` events within a minute of the middle day.
    """
    clean = w.world(THREE)
    found = {contract: list(rows) for contract, rows in clean.items()}
    for row in clean["clickstream"]:
        event = row["event_id"]
        found["clickstream"] += [
            row | {"event_id": f"bot-{event}", "user_agent": BOT},
            row | {"event_id": f"test-{event}", "is_test": True},
            row | {"event_id": f"office-{event}", "ip_address": "::ffff:203.0.113.9"},
            _of_staff(row | {"event_id": f"staff-{event}", "anonymous_id": "laptop"}),
        ]
        if row["event_name"] == "begin_checkout":  # before signing in
            before = {key: value for key, value in row.items() if key != "customer_id"}
            found["clickstream"].append(before | {"event_id": f"before-{event}", "anonymous_id": "laptop"})
    for contract, key in (("wait_time", "wait_id"), ("order_error", "error_id"), ("orders", "order_id")):
        for row in clean[contract]:
            found[contract] += [
                row | {key: f"test-{row[key]}", "is_test": True},
                _of_staff(row | {key: f"staff-{row[key]}"}),
            ]
    for row in clean["orders"]:
        delivery = {"wait_id": f"parcel-{row['order_id']}", "order_id": row["order_id"], "wait_type": "delivery"}
        moments = {"started_at": row["placed_at"], "promised_at": row["promised_at"], "ended_at": row["delivered_at"]}
        found["wait_time"].append(
            _of_staff({"customer_id": "", "channel": "courier", "outcome": "served"} | delivery | moments)
        )
    found["clickstream"] += scraper(events)
    return found


def _of_staff(row: w.Row) -> w.Row:
    """The row as one of the staff's, about an order of their own."""
    order = row.get("order_id")
    return row | {"customer_id": "staff-1"} | ({"order_id": f"own-{order.removeprefix('staff-')}"} if order else {})


def of_the_days(contract: str) -> list[w.Row]:
    """Rows of the world that lie in the days that are run."""
    return [row for row in w.world(THREE)[contract] if w.local_day(contract, row) <= THREE[-1]]


def scraper(events: int) -> list[w.Row]:
    noon = datetime.combine(MIDDLE, datetime.min.time(), UTC) + timedelta(hours=12)
    return [
        {
            "event_id": f"fast-{number:03}",
            "occurred_at": (noon + timedelta(milliseconds=90 * number)).isoformat(),
            "event_name": "begin_checkout" if number % 100 == 0 else "view_item",
            "anonymous_id": "fast",
            "page_path": f"/item/{number}",
        }
        for number in range(events)
    ]


def written(folder: Path, rows: w.World, **how: Any) -> Settings:
    return w.write(folder, rows, more=TRAFFIC, **how)


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Settings:
    settings = written(tmp_path_factory.mktemp("clean"), w.world(THREE))
    w.run(settings, THREE)
    return settings


@pytest.fixture(scope="module")
def crowded(tmp_path_factory) -> Settings:
    settings = written(tmp_path_factory.mktemp("crowded"), disturbed())
    w.run(settings, THREE)
    return settings


def ask(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with reading(settings.warehouse) as con:
        return con.execute(sql).fetchall()


def results(settings: Settings) -> dict[str, str]:
    return w.fingerprints(settings, ("journeys", "friction"))


def test_nothing_planted_nothing_set_aside(clean):
    assert ask(clean, "select sum(rows_set_aside) from ops.traffic") == [(0,)]
    assert ask(clean, "from marts.set_aside") == []


def test_everything_planted_is_set_aside_for_its_reason_and_nothing_else(crowded):
    found = ask(
        crowded, "select set_aside, split_part(event_id, '-', 1), count(*) from events.clickstream group by all"
    )
    clicks = len(of_the_days("clickstream"))
    checkouts = sum(row["event_name"] == "begin_checkout" for row in of_the_days("clickstream"))
    genuine = {row for row in found if row[0] is None}
    assert sum(row[2] for row in genuine) == clicks
    assert not {row[1] for row in genuine} & {"bot", "test", "office", "staff", "before", "fast"}
    assert set(found) - genuine == {
        ("bot", "bot", clicks),
        ("test", "test", clicks),
        ("internal", "office", clicks),
        ("internal", "staff", clicks),
        ("internal", "before", checkouts),
        ("impossible_rate", "fast", 601),
    }
    for contract in ("wait_time", "order_error", "orders"):
        count = len(of_the_days(contract))
        assert count > 5
        parcels = len(of_the_days("orders")) if contract == "wait_time" else 0
        reasons = ask(crowded, f"select set_aside, count(*) from events.{contract} group by all order by all")
        assert reasons == [("internal", count + parcels), ("test", count), (None, count)]


def test_it_changes_no_journey_no_flag_and_no_score(clean, crowded):
    before = results(clean)
    assert len(before) >= 8
    assert w.tell(results(crowded), before) == []


@pytest.mark.parametrize(
    "name",
    sorted(f"{folder}/{path.stem}" for folder in ("marts", "analyses") for path in files(folder)),
)
def test_it_changes_no_view_and_no_answer(clean, crowded, name):
    if name in ABOUT_THEM:
        return
    told = PARAMETERS | {
        "day": MIDDLE,
        "from_day": THREE[0],
        "to_day": THREE[-1],
        "min_flags": 1,
        "before": THREE[0],
        "days": 1,
    }
    found = []
    for settings in (clean, crowded):
        with reading(settings.warehouse) as con:
            rows = query(con, name, **told)
        lineage = {"load_id", "run_id", "loaded_at"} & set(rows.columns)
        found.append(rows.drop(lineage))
    assert found[0].equals(found[1])


def test_it_changes_no_check_that_looks_at_how_much_came_in(clean, crowded):
    day = THREE[-1]
    for settings in (clean, crowded):
        with reading(settings.warehouse) as con:
            assert query(con, "checks/traffic_miscounted", day=day).is_empty()


def test_a_report_shows_none_of_it_but_how_much_it_is(clean, crowded):
    with reading(clean.warehouse) as con:
        before = answers.gathered(con, clean, MIDDLE)
        assert not [line for line in answers.summary(con, clean, MIDDLE) if "aside" in line]
    with reading(crowded.warehouse) as con:
        after = answers.gathered(con, crowded, MIDDLE)
        lines = answers.summary(con, crowded, MIDDLE)
    for name in ("points", "stage_scores", "flags", "history", "signals", "kinds"):
        assert getattr(before, name).equals(getattr(after, name)), name
    assert len(lines) <= 11
    read, kept, aside = (int(after.loads[name].sum()) for name in ("rows_read", "rows_kept", "rows_quarantined"))
    assert lines[-2] == f"Rows: {read:,} read = {kept:,} kept + {aside} quarantined + 0 duplicate"
    counts = {name: int(after.loads[name].sum()) for name in ("test", "internal", "bot", "impossible_rate")}
    assert min(counts.values()) > 50
    assert lines[-1] == (
        f"Kept but set aside: {sum(counts.values()):,} (601 impossible rate, "
        f"{counts['internal']} internal, {counts['test']} test, {counts['bot']} bot)"
    )
    page = html.render(after)
    assert f"{sum(counts.values()):,} of the kept rows are set aside and counted nowhere else: " in page
    assert "set aside" not in html.render(before)


def test_status_counts_it_and_rows_still_add_up(crowded):
    with reading(crowded.warehouse) as con:
        found = answers.status(con)
    assert found["rows_read"] == found["rows_kept"]
    every = ask(crowded, "select sum(rows) from marts.set_aside")[0][0]
    assert found["rows_set_aside"] == every > 601
    assert str(found["set_aside"]).endswith(f"{len(of_the_days('clickstream'))} bot")
    assert "601 impossible rate" in str(found["set_aside"])
    balance = "select bool_and(is_balanced), sum(rows_kept), sum(rows_set_aside) from marts.data_quality"
    assert ask(crowded, balance) == [(True, found["rows_kept"], every)]


def test_an_explanation_shows_none_of_it(crowded):
    flags = ask(crowded, "select flag_id from friction.flags order by flag_id limit 20")
    assert len(flags) == 20
    with reading(crowded.warehouse) as con:
        shown = [str(row[2]) for (flag,) in flags for row in explaining.explain(con, crowded, flag, None).rows]
    assert shown
    assert not [
        name for name in shown if name.startswith(("bot-", "test-", "office-", "staff-", "before-", "parcel-", "own-"))
    ]


@pytest.mark.parametrize("parts", [1, 3], ids=["one file a day", "three files a day"])
def test_how_rows_are_spread_over_files_and_nights_is_irrelevant(tmp_path, crowded, parts):
    settings = written(tmp_path, disturbed(), parts=parts, shuffled=parts, name="export")
    for day in reversed(THREE):
        w.run(settings, [day])
    w.run(settings, [MIDDLE])
    assert w.tell(w.fingerprints(settings), w.fingerprints(crowded)) == []


def _half_is_late(contract: str, row: w.Row) -> date:
    late = contract == "clickstream" and row["event_id"].startswith("fast") and int(row["event_id"][-3:]) % 2
    return w.local_day(contract, row) + timedelta(days=bool(late))


def test_a_scraper_whose_other_half_comes_a_day_late_is_set_aside_then_and_its_day_is_computed_again(tmp_path, crowded):
    settings = written(tmp_path, disturbed(), file_of=_half_is_late)
    w.run(settings, THREE[:2])
    assert ask(settings, "select count(*) from events.clickstream where set_aside = 'impossible_rate'") == [(0,)]
    assert ask(settings, "select count(*) from journeys.stage_visits where person_id = 'a:fast'")[0][0] > 0
    w.run(settings, [THREE[2]])
    assert w.tell(w.fingerprints(settings), w.fingerprints(crowded)) == []


@pytest.mark.parametrize(
    ("correct", "remains"),
    [
        pytest.param(lambda _row: True, 601, id="the same again"),
        pytest.param(lambda row: row["event_id"] != "fast-600", 0, id="one event fewer is possible"),
    ],
)
def test_a_corrected_file_is_judged_anew(tmp_path, correct: Callable[[w.Row], bool], remains):
    rows = w.world(THREE)
    rows["clickstream"] += scraper(601)
    settings = written(tmp_path, rows)
    w.run(settings, [MIDDLE])
    rows["clickstream"] = [row | {"app_version": "2"} for row in rows["clickstream"] if correct(row)]
    settings = written(tmp_path, rows)
    w.run(settings, [MIDDLE])
    reasons = ask(settings, "select count(*) filter (set_aside = 'impossible_rate'), count(*) from events.clickstream")
    assert reasons[0][0] == remains
    day_s = sum(w.local_day("clickstream", row) == MIDDLE for row in rows["clickstream"])
    assert reasons[0][1] == day_s


def test_changed_settings_hold_for_the_days_that_are_run_and_the_others_are_named(tmp_path, clean, caplog):
    rows = w.world(THREE)
    rows["clickstream"] += [
        row | {"event_id": f"office-{row['event_id']}", "ip_address": "203.0.113.9"} for row in rows["clickstream"]
    ]
    w.run(w.write(tmp_path, rows), THREE)
    office = "select count(*) from events.clickstream where set_aside = 'internal' and day = '{}'"
    settings = written(tmp_path, rows)
    with caplog.at_level(logging.WARNING):
        w.run(settings, [MIDDLE])
    first, last = THREE[0], THREE[-1]
    assert (
        f"[traffic] has changed since 2 days from {first} to {last} were judged: "
        f"friction backfill --from {first} --to {last}"
    ) in caplog.messages
    assert ask(settings, office.format(MIDDLE))[0][0] > 0
    assert ask(settings, office.format(first))[0][0] == 0
    caplog.clear()
    w.run(settings, THREE)
    assert not [message for message in caplog.messages if "[traffic]" in message]
    assert w.tell(results(settings), results(clean)) == []


def test_a_wait_and_an_order_that_turn_out_to_be_tests_leave_the_rates(tmp_path):
    rows = w.world(THREE)
    settings = written(tmp_path, rows)
    w.run(settings, THREE)
    count = "select (select sum(contacts) from marts.contact_centre), (select sum(orders) from marts.order_quality)"
    contacts, orders = ask(settings, count)[0]
    visits = ask(settings, "select count(distinct visit_id) from journeys.stage_visits where stage = 'fulfilment'")[0][
        0
    ]
    named = {row["order_id"] for row in rows["order_error"]} | {row.get("order_id") for row in rows["clickstream"]}
    wait, order = rows["wait_time"][0], rows["orders"][0]
    assert order["order_id"] in named
    wait["is_test"] = order["is_test"] = True
    for other in (*rows["order_error"], *rows["clickstream"]):
        if other.get("order_id") == order["order_id"]:
            other["is_test"] = True
    settings = written(tmp_path, rows)
    w.run(settings, THREE)
    assert ask(settings, count) == [(contacts - 1, orders - 1)]
    after = ask(settings, "select count(distinct visit_id) from journeys.stage_visits where stage = 'fulfilment'")[0][0]
    assert after == visits - 1


def test_the_summary_speaks_turkish(crowded, tmp_path):
    config = (crowded.folder / "friction.toml").read_text(encoding="utf-8")
    (tmp_path / "friction.toml").write_text(
        config.replace(
            'currency = "TRY"', f'currency = "TRY"\nlanguage = "tr"\nwarehouse = {json.dumps(str(crowded.warehouse))}'
        ),
        encoding="utf-8",
    )
    settings = load(tmp_path / "friction.toml")
    with reading(settings.warehouse) as con:
        lines = answers.summary(con, settings, THREE[-1])
    assert lines[-1].startswith("Tutulup kenara ayrılan: ")
    assert "kurum içi" in lines[-1]
    assert max(map(len, lines)) <= 80

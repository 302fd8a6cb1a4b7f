"""Where a new point sits, from files to the table: what failed was one version of the app."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from pipeline.explaining import explain
from pipeline.settings import Settings
from pipeline.warehouse.connection import reading
from tests.steps import world as w

DAYS = w.DAYS[:4]
PEOPLE = 90
AGENT = {
    True: "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0",
    False: "Mozilla/5.0 Chrome/140.0 Safari/537.36",
}


def clicks(days: list[date] = DAYS) -> w.World:
    """Everybody looks at the checkout and clicks once; on the last day those with version 5.2 click in rage."""
    rows: list[w.Row] = []
    for day in days:
        for person in range(PEOPLE):
            start = datetime.combine(day, time(10, tzinfo=UTC)) + timedelta(seconds=person)
            is_mobile = person % 2 == 0
            who = {
                "customer_id": f"c{person}", "device": "mobile" if is_mobile else "desktop", "country": "TR",
                "app_version": "5.2" if person % 5 < 2 else "5.1", "user_agent": AGENT[is_mobile],
                "page_path": "/checkout",
            }  # fmt: skip
            told = [(0.0, "begin_checkout", None), (5.0, "click", "#pay")]
            if day == DAYS[-1] and who["app_version"] == "5.2":
                told += [(5.0 + 0.2 * number, "click", "#pay") for number in range(1, 6)]
            for number, (seconds, name, element) in enumerate(told):
                at = (start + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                event = {"event_id": f"{day}-{person}-{number}", "occurred_at": at, "event_name": name}
                rows.append(event | who | ({"element": element} if element else {}))
    return {"clickstream": rows}


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    made = w.write(tmp_path_factory.mktemp("segments"), clicks())
    w.run(made, DAYS)
    return made


def test_the_version_that_failed_is_named_and_carries_all_of_the_excess(settings):
    with reading(settings.warehouse) as con:
        found = con.execute(
            """
            select signal, dimension, value, s.exposed_today, s.affected_today, explained, s.rank
            from friction.point_segments s join friction.points p using (day, point_id)
            where day = $day and signal = 'rage_click' order by s.rank nulls last
            """,
            {"day": DAYS[-1]},
        ).fetchall()
        others = con.execute(
            "select count(*) from friction.point_segments where day < $day", {"day": DAYS[-1]}
        ).fetchall()
    assert found[0] == ("rage_click", "app_version", "5.2", 36, 36, 1.0, 1)
    assert {(dimension, value) for _, dimension, value, *_ in found} >= {("device", "mobile"), ("browser", "Firefox")}
    assert all(rank is None for *_, rank in found[1:])
    assert others == [(0,)], "nothing was new on the days before"


def test_what_visits_are_told_apart_by_is_what_they_were_entered_with(settings):
    with reading(settings.warehouse) as con:
        found = con.execute(
            """
            select country, app_version, browser, reason, count(*) from journeys.entries
            where day = $day group by all order by all
            """,
            {"day": DAYS[0]},
        ).fetchall()
    assert found == [
        ("TR", "5.1", "Chrome", None, 27),
        ("TR", "5.1", "Firefox", None, 27),
        ("TR", "5.2", "Chrome", None, 18),
        ("TR", "5.2", "Firefox", None, 18),
    ]


def test_night_by_night_names_what_one_backfill_names(settings, tmp_path: Path):
    apart = w.write(tmp_path, clicks())
    for day in DAYS:
        w.run(apart, [day])
    assert w.tell(w.fingerprints(apart), w.fingerprints(settings)) == []


def test_a_point_is_explained_with_where_it_sits(settings):
    with reading(settings.warehouse) as con:
        ids = con.execute(
            "select point_id, signal from friction.points where day = $day and signal = 'rage_click'", {"day": DAYS[-1]}
        ).fetchall()
        news = explain(con, settings, ids[0][0], DAYS[-1])
    table = next(each for each in news.workings if each.title.startswith("Where it sits"))
    assert "all points of the night" in table.title
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert (first["dimension"], first["value"], first["rank"]) == ("app_version", "5.2", 1)


def test_any_other_point_is_told_apart_too_when_it_is_asked_for(settings):
    with reading(settings.warehouse) as con:
        ids = con.execute(
            "select point_id from friction.points where day = $day and coalesce(trend, '') not in ('new', 'worsening') "
            "and exposed_today >= 60 order by point_id limit 1",
            {"day": DAYS[-1]},
        ).fetchall()
        found = explain(con, settings, ids[0][0], DAYS[-1])
    table = next(each for each in found.workings if each.title.startswith("Where it sits"))
    assert "this point alone" in table.title
    assert {row[table.columns.index("dimension")] for row in table.rows} >= {"device", "app_version", "browser"}

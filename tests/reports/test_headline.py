import pytest

from pipeline.reports import headline
from pipeline.reports.formats import Formats
from pipeline.reports.words import load
from tests.reports.days import WORLD, full, report


def said(found, language="en"):
    words, formats = load(language), Formats(language, "UTC")
    return headline.title(found, words, formats), " ".join(headline.sentences(found, words, formats))


def points(*rows):
    head = "day | point_id | kind | trend | baseline_rate | lost_visits | lost_visits_low | lost_visits_high"
    return f"{head} | revenue_at_risk | revenue_at_risk_low | revenue_at_risk_high | currency\n" + "\n".join(rows)


def point(name, trend, baseline="0.1", kind="obstacle", money="| | |"):
    return f"2026-01-15 | {name} | {kind} | {trend} | {baseline} | 1 | 0 | 3 | {money}"


@pytest.mark.parametrize(
    ("trends", "english"),
    [
        (["worsening"], "1 friction point is worsening"),
        (["worsening", "worsening"], "2 friction points are worsening"),
        (["new", "steady"], "1 new friction point"),
        (["new", "new", "worsening"], "2 new friction points and 1 worsening"),
        (["steady"], "Nothing changed today"),
        (["improving", "steady"], "Nothing got worse today"),
    ],
)
def test_the_head_line_says_what_changed(trends, english):
    found = report(points=points(*(point(f"p{n}", trend) for n, trend in enumerate(trends))))
    assert said(found)[0] == english


def test_without_a_baseline_nothing_is_called_new():
    found = report(points=points(point("a", "new", baseline=""), point("b", "", baseline="")))
    title, why = said(found)
    assert title == "A first look: nothing to compare with yet"
    assert "no point can be called new or worsening" in why
    assert headline.changes(found).is_empty()


def test_an_empty_day_says_that_there_is_nothing():
    title, why = said(report())
    assert title == "Nothing to report"
    assert "no events of any kind" in why


def test_a_quiet_day_with_events_does_not_blame_the_sources():
    _, why = said(report(clickstream="event_id | occurred_at\ne | 2026-01-15T10:00:00.000Z"))
    assert "no events" not in why


def test_the_cost_is_that_of_the_obstacles_with_the_ends_of_their_intervals_added_up():
    found = report(
        points=points(
            point("a", "steady", money="100 | 50 | 150 | TRY"),
            point("b", "steady", money="20 | 10 | 40 | TRY"),
            point("euro", "steady", money="7 | 1 | 9 | EUR"),
            point("unknown", "steady"),
            point("outcome", "steady", kind="outcome", money="999 | 999 | 999 | TRY"),
        )
    )
    cost = headline.cost(found)
    assert cost.lost == headline.Estimate(4.0, 0.0, 12.0)
    assert cost.money == {"EUR": headline.Estimate(7, 1, 9), "TRY": headline.Estimate(120, 60, 190)}


def test_the_sentence_names_visits_and_money_with_their_intervals():
    assert (
        "friction cost an estimated 38 of 7,000 stage visits (23 to 57), "
        "with TRY\u00a04,910 at risk (TRY\u00a03,040 to TRY\u00a07,340)." in said(full())[1]
    )
    assert "7.000 aşama ziyaretinin tahminen 38 kadarına" in said(full("tr"), "tr")[1]


def test_a_period_without_loss_says_so():
    world = WORLD | {"points": points("2026-01-15 | a | obstacle | steady | 0.1 | 0 | 0 | 2 | | | |")}
    assert "no loss could be put down to friction" in said(report(**world))[1]
